"""What the encoder, BM25 and the reader see, as opposed to the slice that a person sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from roleqa.ingest.blocks import Span
from roleqa.ingest.markup import plain
from roleqa.types import Document, Evidence, MatchText, Passage

# Headings help to find a passage, but must not crowd its own words out of the encoder's window.
_MAX_HEADINGS = 200


def index_text(passage: Passage, document: Document, evidence: Sequence[Evidence]) -> str:
    """What is encoded and indexed for a passage: its headings, then its text without Markdown.

    A table's row reads "column: cell; column: cell", its first cell included. A list that begins with the passage
    follows the sentence that introduces it. `evidence` is the passage's own.
    """
    return match_text(passage, document, evidence).text


def match_text(passage: Passage, document: Document, evidence: Sequence[Evidence]) -> MatchText:
    """The text of `index_text`, and where each piece of evidence stands in it."""
    headings = below_headings(passage.headings, "")
    pieces = [headings]
    spans = []
    length = len(headings)
    for label, own in _labelled(document.text, evidence):
        spans.append(Span(length + len(label), length + len(label) + len(own)))
        pieces += (label, own)
        length = spans[-1].end
    return MatchText("".join(pieces), tuple(spans))


def evidence_text(evidence: Evidence, passage: Passage, document: Document) -> str:
    """One piece of evidence with its headings, as words of a question are looked for in it."""
    return below_headings(passage.headings, evidence_body(evidence, document))


def evidence_body(evidence: Evidence, document: Document) -> str:
    """One piece of evidence as plain text, behind its lead-in, row and column headers."""
    body = plain_text(document.text, evidence)
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


def body_text(text: str, evidence: Sequence[Evidence]) -> str:
    """The passage's evidence as plain text, each cell with its column's header."""
    return "".join(label + own for label, own in _labelled(text, evidence))


def _labelled(text: str, evidence: Sequence[Evidence]) -> Iterator[tuple[str, str]]:
    """Each piece as plain text, behind what joins it to the piece before and says what it is about."""
    for i, piece in enumerate(evidence):
        yield _label(piece, evidence[i - 1] if i else None), plain_text(text, piece)


def _label(piece: Evidence, before: Evidence | None) -> str:
    column = f"{piece.column}: " if piece.kind == "cell" and piece.column else ""
    if before is not None:
        return ("; " if piece.kind == before.kind == "cell" else " ") + column
    if piece.kind == "cell":
        return f"{piece.row}; {column}" if piece.row else column
    return f"{piece.lead_in} " if piece.lead_in else ""


def plain_text(text: str, evidence: Evidence) -> str:
    """One piece of evidence without its markup, and without labels."""
    own = text[evidence.start : evidence.end]
    # Where there is nothing but markup, such as a picture without a description, the markup is what there is.
    return (plain(own) if evidence.kind != "code" else "") or " ".join(own.split())


def below_headings(headings: Sequence[str], body: str) -> str:
    """A text below the headings that it stands under; itself where there are none."""
    return f"{headings_text(headings)}\n{body}" if headings else body
