"""Evidence becomes citations, and every quote is compared with its document before it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from roleqa.blocks import Span, page_at
from roleqa.errors import IndexDamagedError
from roleqa.index.load import Index
from roleqa.ingest.markup import plain
from roleqa.ingest.match_text import match_text
from roleqa.retrieve.evidence import ScoredEvidence
from roleqa.text.alignment import source_span
from roleqa.types import Citation, Evidence

# The least margin at which answering words are shown: wrong ones are worse than none.
LEAST_MARGIN = 0.0
_MARKS = "*_`~[]"


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
        answer=answering_words(index, scored),
    )
    check(index, citation)
    return citation


def answering_words(index: Index, scored: ScoredEvidence) -> Span | None:
    """Where the words that answer stand in the document; None where the reader is not sure enough of them."""
    candidate, answer = scored.candidate, scored.answer
    if answer is None or scored.margin < LEAST_MARGIN or candidate.evidence.kind in ("list", "code"):
        return None
    passage = index.passages[candidate.row]
    document = index.documents[passage.document_id]
    pieces = index.evidence[candidate.row]
    text = match_text(passage, document, pieces)
    ends = []
    for offset in (answer.start, answer.end - 1):
        place = next((i for i, span in enumerate(text.spans) if span.start <= offset < span.end), None)
        if place is None:
            return None
        own, piece, span = text.text[slice(*text.spans[place])], pieces[place], text.spans[place]
        source = document.text[piece.start : piece.end]
        ends.append(piece.start + source_span(own, source, offset - span.start, offset - span.start + 1)[0])
    found = Span(ends[0], ends[1] + 1)
    # Where markup is so intricate that the words are not found again, none are better than the wrong ones.
    tried = (found, _with_marks(document.text, found, candidate.evidence))
    return next((span for span in tried if plain(document.text[slice(*span)]) == text.text[slice(*answer)]), None)


def _with_marks(text: str, span: Span, evidence: Evidence) -> Span:
    """The span with the marks of emphasis, code or a link that stand around it inside the evidence."""
    start, end = span
    while start > evidence.start and text[start - 1] in _MARKS:
        start -= 1
    while end < evidence.end and text[end] in _MARKS:
        end += 1
    return Span(start, end)


def check(index: Index, citation: Citation) -> None:
    """Holds a citation against the document as indexed.

    Raises:
        IndexDamagedError: the quote is not, character for character, what stands at its offsets, or lies
            outside its passage.
    """
    evidence, passage, answer = citation.evidence, citation.passage, citation.answer
    document = index.documents.get(passage.document_id)
    inside = passage.start <= evidence.start < evidence.end <= passage.end
    inside = inside and (answer is None or evidence.start <= answer.start < answer.end <= evidence.end)
    if document is None or not inside or document.text[evidence.start : evidence.end] != citation.quote:
        raise IndexDamagedError(
            f"the quote at {passage.document_id}:{evidence.start}-{evidence.end} is not what the document says; "
            "nothing is shown. Run: roleqa build --full"
        )
