"""What a document is made of, whatever the format was: blocks, as spans of its text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

BlockKind = Literal["heading", "paragraph", "item", "code", "table"]


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

    @property
    def fields(self) -> tuple[object, ...]:
        """All that it is, as JSON can write it."""
        return (self.kind, self.start, self.end, self.body, self.level, self.title, self.header, self.rows)

    @classmethod
    def of(
        cls,
        kind: BlockKind,
        start: int,
        end: int,
        body: Sequence[int],
        level: int,
        title: str,
        header: Sequence[Sequence[int]],
        rows: Sequence[Sequence[Sequence[int]]],
    ) -> Block:
        """The block that has these `fields`, as JSON reads them. Raises TypeError where they are those of none."""
        cells = tuple(tuple(Span(*cell) for cell in row) for row in rows)
        return cls(kind, start, end, Span(*body), level, title, tuple(Span(*cell) for cell in header), cells)


def page_at(pages: Sequence[int], offset: int) -> int | None:
    """The page, counted from 1, that a character stands on; `pages` says where each begins. None without pages."""
    return max(1, bisect_right(pages, offset)) if pages else None
