"""A source file becomes what is retrieved and what is quoted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from roleqa.ingest.corpus import SourceFile
from roleqa.ingest.evidence import Piece
from roleqa.ingest.passages import Budget, CountTokens, section_passages
from roleqa.ingest.sections import find_sections
from roleqa.types import Evidence, Passage, Section


@dataclass(frozen=True, slots=True)
class SplitDocument:
    """The sections of a document, its passages, and for each passage its evidence (`evidence[i]`)."""

    sections: tuple[Section, ...]
    passages: tuple[Passage, ...]
    evidence: tuple[tuple[Evidence, ...], ...]


def split(source: SourceFile, count_tokens: CountTokens, window: int) -> SplitDocument:
    """Split a document into passages of at most `window` tokens, headings included.

    `count_tokens` says how many tokens the encoder makes of a text. It may include the special tokens: what it gives
    for an empty text is taken for their number. The same input always gives the same ids.
    """
    document = source.document
    sections = find_sections(document)
    passages: list[Passage] = []
    evidence: list[tuple[Evidence, ...]] = []
    for found in sections:
        budget = Budget.below(found.section.headings, document.text, count_tokens, window)
        for pieces in section_passages(found, budget):
            passage = _passage(found.section, pieces)
            passages.append(passage)
            evidence.append(tuple(replace(piece.evidence, passage_id=passage.id) for piece in pieces))
    return SplitDocument(tuple(found.section for found in sections), tuple(passages), tuple(evidence))


def _passage(section: Section, pieces: Sequence[Piece]) -> Passage:
    start, end = pieces[0].start, pieces[-1].end
    id = f"{section.document_id}#{start}-{end}"
    return Passage(id, section.document_id, section.headings, start, end, section.source)
