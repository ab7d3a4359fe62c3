"""Evidence becomes citations, and every quote is compared with its document before it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from roleqa.blocks import page_at
from roleqa.errors import IndexDamagedError
from roleqa.index.load import Index
from roleqa.retrieve.evidence import ScoredEvidence
from roleqa.types import Citation


def cite(index: Index, chosen: Sequence[ScoredEvidence]) -> tuple[Citation, ...]:
    """Numbered citations, in the order given, each checked. Raises IndexDamagedError."""
    return tuple(_citation(index, number, scored) for number, scored in enumerate(chosen, start=1))


def _citation(index: Index, number: int, scored: ScoredEvidence) -> Citation:
    candidate = scored.candidate
    passage = index.passages[candidate.row]
    citation = Citation(
        number=number,
        evidence=candidate.evidence,
        quote=index.text(candidate.evidence, passage.document_id),
        passage=passage,
        passage_text=index.text(passage, passage.document_id),
        role=candidate.roles[0] if len(candidate.roles) == 1 else None,
        score=round(scored.score, 6),
        source=passage.source or index.documents[passage.document_id].source or None,
        page=page_at(index.documents[passage.document_id].pages, candidate.evidence.start),
    )
    check(index, citation)
    return citation


def check(index: Index, citation: Citation) -> None:
    """Holds a citation against the document as indexed.

    Raises:
        IndexDamagedError: the quote is not, character for character, what stands at its offsets, or lies
            outside its passage.
    """
    evidence, passage = citation.evidence, citation.passage
    document = index.documents.get(passage.document_id)
    inside = passage.start <= evidence.start < evidence.end <= passage.end
    if document is None or not inside or document.text[evidence.start : evidence.end] != citation.quote:
        raise IndexDamagedError(
            f"the quote at {passage.document_id}:{evidence.start}-{evidence.end} is not what the document says; "
            "nothing is shown. Run: roleqa build --full"
        )
