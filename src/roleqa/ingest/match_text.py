"""What the encoder, BM25 and the reranker see, as opposed to the slice that the reader sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from roleqa.ingest.markup import plain
from roleqa.types import Document, Evidence, Passage

# Headings help to find a passage, but must not crowd its own words out of the encoder's window.
_MAX_HEADINGS = 200


def index_text(passage: Passage, document: Document, evidence: Sequence[Evidence]) -> str:
    """What is encoded and indexed for a passage: its headings, then its text without Markdown.

    A table's row reads "row header | column header: cell; column header: cell". `evidence` is the passage's own.
    """
    return _below(passage.headings, body_text(document.text, evidence))


def evidence_text(evidence: Evidence, passage: Passage, document: Document) -> str:
    """What the reranker reads for one piece of evidence: its headings, then its body."""
    return _below(passage.headings, evidence_body(evidence, document))


def evidence_body(evidence: Evidence, document: Document) -> str:
    """One piece of evidence as plain text, behind its lead-in, row and column headers."""
    body = _own_text(document.text, evidence)
    if evidence.column:
        body = f"{evidence.column}: {body}"
    if evidence.row:
        body = f"{evidence.row} | {body}"
    if evidence.lead_in:
        body = f"{evidence.lead_in} {body}"
    return body


def headings_text(headings: Sequence[str]) -> str:
    """The headings from root to leaf; the ones nearest the root are left out where there are too many words."""
    kept: list[str] = []
    room = _MAX_HEADINGS
    for heading in reversed(headings):
        if len(heading) > room and kept:
            break
        kept.insert(0, heading[:room].rstrip())
        room -= len(heading) + 3
    return " > ".join(kept)


def body_text(text: str, evidence: Iterable[Evidence]) -> str:
    """The passage's evidence as plain text, the cells of a row with their headers."""
    parts: list[str] = []
    for row, pieces in groupby(evidence, key=lambda piece: piece.row if piece.kind == "cell" else ""):
        if row == "":
            parts.extend(_own_text(text, piece) for piece in pieces)
        else:
            cells = "; ".join(_cell_text(text, piece) for piece in pieces)
            parts.append(f"{row} | {cells}" if row else cells)
    return " ".join(parts)


def _cell_text(text: str, cell: Evidence) -> str:
    own = _own_text(text, cell)
    return f"{cell.column}: {own}" if cell.column else own


def _own_text(text: str, evidence: Evidence) -> str:
    own = text[evidence.start : evidence.end]
    # Where there is nothing but markup, such as a picture without a description, the markup is what there is.
    return (plain(own) if evidence.kind != "code" else "") or " ".join(own.split())


def _below(headings: Sequence[str], body: str) -> str:
    return f"{headings_text(headings)}\n{body}" if headings else body
