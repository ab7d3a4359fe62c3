"""What every reader gives back: the text and its blocks, whatever the format was."""

from __future__ import annotations

from dataclasses import dataclass

from roleqa.blocks import Block, BlockKind, Span

__all__ = [
    "DEEPEST_HEADING",
    "LONGEST_TITLE",
    "Block",
    "BlockKind",
    "Reading",
    "Span",
    "line_spans",
    "paragraph",
    "trim",
]

# A heading is written into every passage below it, and at most so many of them are: a longer one is a paragraph,
# a deeper one stands beside those above it.
LONGEST_TITLE = 300
DEEPEST_HEADING = 12


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as a reader understood it. All offsets are into `text`; `pages` are those where its pages begin."""

    text: str
    blocks: tuple[Block, ...]
    title: str | None = None
    sources: tuple[str, ...] = ()
    pages: tuple[int, ...] = ()


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
