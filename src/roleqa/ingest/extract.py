"""The text of a document that is no text file, put together block by block; every offset is into what comes of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from roleqa.errors import UnreadableFileError
from roleqa.ingest.blocks import DEEPEST_HEADING, LONGEST_TITLE, Block, BlockKind, Reading, Span
from roleqa.ingest.limits import LARGEST, Limits

_SPACE = re.compile(r"\s+")
# What nobody sees and nothing needs: controls, soft hyphens, zero-width spaces and marks of byte order.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
_CELL_END = " | "


def one_line(text: str) -> str:
    """The text in one line: all white space single spaces, nothing that cannot be seen."""
    return _SPACE.sub(" ", _UNSEEN.sub("", text)).strip()


class Extract:
    """Collects blocks in reading order. What has no words makes no block.

    Raises:
        UnreadableFileError: there is more than a document may have.
    """

    def __init__(self, limits: Limits = LARGEST) -> None:
        self._limits = limits
        self._pieces: list[str] = []
        self._length = 0
        self._parts = 0
        self._blocks: list[Block] = []
        self._pages: list[int] = []

    def page(self, offset: int | None = None) -> None:
        """A page begins: what is added next stands on it, or what stands at the offset in the block just added."""
        inside = offset is not None and bool(self._blocks)
        self._pages.append(self._blocks[-1].body.start + (offset or 0) if inside else self._length)

    def heading(self, text: str, level: int) -> None:
        title = one_line(text)
        if len(title) > LONGEST_TITLE:
            self.paragraph(title)
        elif title:
            span = self._add(title)
            self._block("heading", span, span, level=min(max(level, 1), DEEPEST_HEADING), title=title)

    def paragraph(self, text: str) -> None:
        if words := one_line(text):
            span = self._add(words)
            self._block("paragraph", span, span)

    def item(self, text: str, level: int, mark: str = "-") -> None:
        """A list item behind its bullet or number; without a mark, another paragraph of the item before."""
        if words := one_line(text):
            indent = "  " * (min(level, DEEPEST_HEADING) - 1)
            bullet = f"{mark} " if mark else "  "
            start = self._add(indent + bullet + words, end="\n").start + len(indent)
            body = Span(start + len(bullet), start + len(bullet) + len(words))
            self._block("item", Span(start if mark else body.start, body.end), body, level=level)

    def code(self, text: str) -> None:
        lines = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)).strip("\n").rstrip()
        if lines.strip():
            span = self._add(lines)
            self._block("code", span, span)

    def table(self, rows: Sequence[Sequence[str]]) -> tuple[int, ...]:
        """A table whose first row is its header; returns how far into it each row begins.

        One row alone, or one column, is no table: its cells are text.
        """
        lines = [[one_line(cell) for cell in row] for row in rows]
        lines = [row for row in lines if any(row)]
        if len(lines) < 2 or max(map(len, lines)) < 2:
            for row in lines:
                self.paragraph(" ".join(cell for cell in row if cell))
            return ()
        spans = [self._row(row) for row in lines]
        self._push("\n")
        whole = Span(spans[0][0].start, spans[-1][-1].end)
        self._block("table", whole, whole, header=spans[0], rows=tuple(spans[1:]))
        return tuple(row[0].start - whole.start for row in spans)

    def reading(self, title: str | None = None, empty: str = "it has no text: write some or remove it") -> Reading:
        """What was collected. Raises UnreadableFileError, saying `empty`, where that is nothing."""
        if not self._blocks:
            raise UnreadableFileError(empty)
        text = "".join(self._pieces).rstrip() + "\n"
        pages = tuple(min(start, len(text)) for start in self._pages)
        return Reading(text, tuple(self._blocks), one_line(title or "")[:LONGEST_TITLE] or None, pages=pages)

    def _row(self, cells: Sequence[str]) -> tuple[Span, ...]:
        spans: list[Span] = []
        for i, cell in enumerate(cells):
            self._push(_CELL_END if i else "")
            spans.append(Span(self._length, self._length + len(cell)))
            self._push(cell)
            self._count()
        self._push("\n")
        return tuple(spans)

    def _add(self, words: str, end: str = "\n\n") -> Span:
        if end == "\n\n" and self._blocks and self._blocks[-1].kind == "item":
            self._push("\n")
        span = Span(self._length, self._length + len(words))
        self._push(words + end)
        return span

    def _push(self, piece: str) -> None:
        self._pieces.append(piece)
        self._length += len(piece)
        self._limits.check(self._length, self._limits.characters, "characters of text")

    def _count(self) -> None:
        self._parts += 1
        self._limits.check(self._parts, self._limits.parts, "paragraphs and cells")

    def _block(
        self,
        kind: BlockKind,
        whole: Span,
        body: Span,
        *,
        level: int = 0,
        title: str = "",
        header: tuple[Span, ...] = (),
        rows: tuple[tuple[Span, ...], ...] = (),
    ) -> None:
        self._count()
        self._blocks.append(Block(kind, *whole, body, level, title, header, rows))
