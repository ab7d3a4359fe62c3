"""What every reader gives back: the text and its blocks, whatever the format was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

BlockKind = Literal["heading", "paragraph", "item", "code", "table"]

# A heading is written into every passage below it, and at most so many of them are: a longer one is a paragraph,
# a deeper one stands beside those above it.
LONGEST_TITLE = 300
DEEPEST_HEADING = 12


class Span(NamedTuple):
    """Character offsets into the document's text, half open."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a document, in reading order.

    `start` to `end` is the block as it stands in the text, bullet or code fence included; `body` is what can
    be quoted from it. `level` is a heading's level (1 is the top) or a list item's depth (1 is the outermost).
    Only a heading has a `title`; only a table has a `header` (cell spans) and `rows` (cell spans, row by row).
    """

    kind: BlockKind
    start: int
    end: int
    body: Span
    level: int = 0
    title: str = ""
    header: tuple[Span, ...] = ()
    rows: tuple[tuple[Span, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as a reader understood it. All offsets are into `text`."""

    text: str
    blocks: tuple[Block, ...]
    title: str | None = None
    sources: tuple[str, ...] = ()


def trim(text: str, start: int, end: int) -> Span:
    """The span without the white space at its ends. An empty span lies at `start`."""
    part = text[start:end]
    if not (length := len(part.strip())):
        return Span(start, start)
    start += len(part) - len(part.lstrip())
    return Span(start, start + length)


def line_spans(text: str) -> list[Span]:
    """The lines of the text, each without the white space at its ends."""
    spans: list[Span] = []
    position = 0
    for line in text.split("\n"):
        spans.append(trim(text, position, position + len(line)))
        position += len(line) + 1
    return spans


def paragraph(span: Span) -> Block:
    """A paragraph that can be quoted as a whole."""
    return Block("paragraph", span.start, span.end, span)
