"""Blocks of a document become HTML, made of slices of its text: every character shown stands there as it is.

Only what Markdown writes around text is left out: number signs, bullets, pipes and fences.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from roleqa.ingest.blocks import Block, Span
from roleqa.ingest.source_line import source_block
from roleqa.ui.inline import styled
from roleqa.ui.markup import EMPTY, Html, element, join, text

# Lists nested deeper than this are shown no deeper: a column of text is only so wide.
_DEEPEST = 6
_BULLETS = "-*+>\u2013\u2022\u2023\u2043\u25aa\u25cf\u25e6 \t\n"


@dataclass(frozen=True, slots=True)
class Prose:
    """A document's text and the span of it that is marked wherever it is shown (empty: none)."""

    text: str
    marked: Span

    def render(self, blocks: Sequence[Block]) -> Html:
        """The blocks of a part, in order; list items that follow one another make a list."""
        source = source_block(self.text, blocks)
        pieces: list[Html] = []
        for is_item, group in groupby(blocks[:-1] if source else blocks, key=lambda block: block.kind == "item"):
            run = list(group)
            pieces += [self._list(run)] if is_item else map(self._block, run)
        if source:
            pieces.append(element("p", self.words(*source.body), class_="source-line", dir="auto"))
        return join(*pieces)

    def words(self, start: int, end: int, plain: bool = False) -> Html:
        """The text between two offsets, what is to be marked in one `mark`; `plain`: without looking for markup."""
        inside = Span(max(start, self.marked.start), min(end, self.marked.end))
        looks = () if plain else tuple(styled(self.text, start, end))
        if inside.start >= inside.end:
            return join(*self._pieces(start, end, looks))
        return join(
            *self._pieces(start, inside.start, looks),
            element("mark", *self._pieces(*inside, looks), tabindex="-1"),
            *self._pieces(inside.end, end, looks),
        )

    def _pieces(self, start: int, end: int, looks: Sequence[tuple[int, int, str]]) -> Iterator[Html]:
        position = start
        for first, last, look in looks:
            first, last = max(first, start), min(last, end)
            if first < last:
                yield text(self.text[position:first])
                yield element("span", text(self.text[first:last]), class_=look)
                position = last
        yield text(self.text[position:end])

    def _block(self, block: Block) -> Html:
        if block.kind == "table":
            return self._table(block)
        if block.kind == "code":
            # The first line's indentation stands in front of what can be quoted.
            line = self.text.rfind("\n", 0, block.body.start) + 1
            indented = not self.text[line : block.body.start].strip(" \t")
            code = self.words(line if indented else block.body.start, block.body.end, plain=True)
            return element("pre", element("code", code), tabindex="0")
        return element("p", self.words(*block.body), dir="auto")

    def _list(self, items: Sequence[Block], depth: int = 1) -> Html:
        """Items of the first one's depth, or above it, each with the deeper ones that follow it."""
        entries: list[Html] = []
        i = 0
        while i < len(items):
            end = i + 1
            while end < len(items) and items[end].level > items[0].level and depth < _DEEPEST:
                end += 1
            below = self._list(items[i + 1 : end], depth + 1) if end > i + 1 else EMPTY
            entries.append(self._item(items[i], below))
            i = end
        return element("ul", *entries)

    def _item(self, item: Block, below: Html) -> Html:
        """A bullet is the list's to draw; a number or a tick box is the author's, and a second paragraph has none."""
        bullet = self.text[item.start : item.body.start]
        number = bullet.strip(_BULLETS)
        drawn = "numbered" if number else "bulleted" if bullet.strip() else "continued"
        label = element("span", text(number), text(" "), class_="number") if number else EMPTY
        return element("li", label, self.words(*item.body), below, class_=drawn, dir="auto")

    def _table(self, table: Block) -> Html:
        """A table as wide as its widest row: people's tables are ragged."""
        columns = max(len(row) for row in (table.header, *table.rows))
        head = element("tr", *self._cells(table.header, columns, ("th", "col"), ("th", "col")))
        rows = (element("tr", *self._cells(row, columns, ("th", "row"), ("td", None))) for row in table.rows)
        made = element("table", element("thead", head), element("tbody", *rows))
        return element("div", made, class_="tabular")

    def _cells(
        self, row: Sequence[Span], columns: int, first: tuple[str, str | None], other: tuple[str, str | None]
    ) -> Iterator[Html]:
        for i in range(columns):
            cell = row[i] if i < len(row) else Span(0, 0)
            tag, scope = first if i == 0 and columns > 1 else other
            cited = max(cell.start, self.marked.start) < min(cell.end, self.marked.end)
            yield element(tag, self.words(*cell), scope=scope, class_="cited" if cited else None, dir="auto")
