"""The lines of a PDF become blocks: paragraphs over columns and pages, headings, list items, tables, footnotes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from roleqa.ingest.blocks import Reading
from roleqa.ingest.extract import Extract, one_line
from roleqa.ingest.limits import Limits
from roleqa.ingest.pdf_line import Line
from roleqa.ingest.pdf_looks import BULLET, Looks, is_below, looks

_ENDS = (".", "!", "?", ":", ";", "\u201d", '"')
_HYPHEN = re.compile(r"[^\W\d_]-")
_WORD_START = re.compile(r"\w*")
_WORD = re.compile(r"[^\W\d_][\w-]*\w")
_FULL = 0.75


def read_lines(lines: Sequence[Line], pages: int, empty: str, limits: Limits) -> Reading:
    """Put the lines of so many pages together. Raises UnreadableFileError, saying `empty`, where there is no text."""
    return _Reader(lines, limits).read(pages, empty)


class _Reader:
    """One pass over the lines. Footnotes wait for the end of their section or page."""

    def __init__(self, lines: Sequence[Line], limits: Limits) -> None:
        self._looks = Looks(lines)
        self._lines, self._notes = self._looks.without_notes(lines)
        self._page = 0
        self._extract = Extract(limits)
        self._indents: list[float] = []  # of the list items that the next one may stand below
        self._item: Line | None = None  # the last one of them
        self._words = Counter(word for line in lines for word in _WORD.findall(line.text.lower()))
        self._widths: dict[tuple[int, int], float] = {}
        for line in lines:
            self._widths[_column(line)] = max(line.x1 - line.x0, self._widths.get(_column(line), 0.0))

    def read(self, pages: int, empty: str) -> Reading:
        i = 0
        while i < len(self._lines):
            end = self._end(i)
            group = self._lines[i:end]
            last = self._lines[i - 1].page if i else 0
            # Before what goes over to the next page: behind it, they would stand there.
            self._write_notes(last if self._looks.is_heading(group[0]) else group[-1].page - 1)
            self._turn(group[0].page)
            if group[0].rows:
                self._table(group)
            else:
                self._text(group)
            i = end
        self._write_notes(pages)
        self._turn(pages)
        return self._extract.reading(empty=empty)

    def _turn(self, page: int, offset: int | None = None) -> None:
        while self._page < page:
            self._extract.page(offset)
            self._page += 1

    def _write_notes(self, page: int) -> None:
        """Those of the pages up to this one."""
        while self._notes and self._notes[0][0].page <= page:
            note = self._notes.pop(0)
            self._turn(note[0].page)
            self._extract.paragraph(self._put_together(note)[0])

    def _text(self, group: Sequence[Line]) -> None:
        first = group[0]
        text, turns = self._put_together(group)
        bullet = BULLET.match(text)
        if self._looks.is_heading(first):
            self._indents = []
            self._extract.heading(text, self._looks.level(first))
        elif bullet:
            self._indents = self._indents_with(first)
            mark = bullet["mark"] if bullet["mark"][-1] in ".)" else "-"
            self._extract.item(text[bullet.end() :], len(self._indents), mark)
            turns = [(page, max(0, offset - bullet.end())) for page, offset in turns]
        else:
            self._indents = []
            self._extract.paragraph(text)
        for page, offset in turns:
            self._turn(page, offset)

    def _indents_with(self, item: Line) -> list[float]:
        """Where the items begin that this one stands below, and its own; in another column, all are shifted."""
        before, self._item = self._item, item
        if self._indents and before and before.page == item.page and item.top < before.top:
            return [indent + item.x0 - before.x0 for indent in self._indents]
        return [indent for indent in self._indents if indent < item.x0 - 2] + [item.x0]

    def _table(self, group: Sequence[Line]) -> None:
        rows: list[list[str]] = []
        starts: list[tuple[int, int]] = []
        for part in group:
            own = [[self._cell(cell) for cell in row] for row in part.rows]
            if rows and own[0] == rows[0]:
                own = own[1:]
            starts.append((part.page, len(rows)))
            rows += own
        begins = self._extract.table(rows)
        for page, row in starts[1:]:
            self._turn(page, begins[row] if row < len(begins) else None)

    def _cell(self, cell: str) -> str:
        text = ""
        for line in cell.split("\n"):
            text = self._join(text, line.strip())
        return text

    def _put_together(self, group: Sequence[Line]) -> tuple[str, list[tuple[int, int]]]:
        """The words of the lines, and where in them another page begins."""
        text, turns = "", []
        for before, line in zip([None, *group], group, strict=False):
            text = self._join(text, one_line(line.text))
            if before and line.page != before.page:
                turns.append((line.page, len(text) - len(one_line(line.text))))
        return text, turns

    def _join(self, text: str, line: str) -> str:
        """The text and the next line. A hyphen between them stays where the document writes the word so elsewhere."""
        if not text or not line:
            return text or line
        if _HYPHEN.fullmatch(text[-2:]) and line[0].islower():
            head, tail = _last_word(text[:-1]).lower(), _WORD_START.match(line)
            joined = tail[0].lower() if tail else ""
            keep = self._words[f"{head}-{joined}"] > self._words[head + joined]
            return text + line if keep else text[:-1] + line
        return f"{text} {line}"

    def _end(self, first: int) -> int:
        """The index after the last line of what begins at `first`."""
        end = first + 1
        while end < len(self._lines) and self._continues(first, end):
            end += 1
        return end

    def _continues(self, first: int, i: int) -> bool:
        above, line, start = self._lines[i - 1], self._lines[i], self._lines[first]
        if line.rows or above.rows:
            return bool(line.rows and above.rows) and _same_table(above, line)
        heads = self._looks.is_heading(start), self._looks.is_heading(line)
        if any(heads):
            same = all(heads) and looks(start) == looks(line)
            return same and is_below(above, line) and line.top - above.bottom < 0.6 * line.size
        if BULLET.match(line.text) or abs(line.size - above.size) > 1.5:
            return False
        ended = above.text.rstrip().endswith(_ENDS)
        item = BULLET.match(start.text)
        lower = line.text[:1].islower()
        if not is_below(above, line):  # another column or page
            return not ended and (lower or (not item and self._is_full(above)))
        if line.top - above.top > 1.25 * self._looks.gap:
            return False
        if item:
            return line.x0 > start.x0 + 2 or (lower and not ended)
        indented = line.x0 > above.x0 + 0.8 * line.size and ended
        return not indented

    def _is_full(self, line: Line) -> bool:
        """Whether a line goes on nearly to the end of its column."""
        return line.x1 - line.x0 > _FULL * self._widths[_column(line)]


def _last_word(text: str) -> str:
    """The letters, digits and hyphens that a text ends with."""
    start = len(text)
    while start and (text[start - 1].isalnum() or text[start - 1] in "-_"):
        start -= 1
    return text[start:]


def _column(line: Line) -> tuple[int, int]:
    """The lines of a page that begin much at the same place."""
    return line.page, int(line.x0) // 40


def _same_table(above: Line, line: Line) -> bool:
    """Whether a table goes on at the top of the next page."""
    return (
        line.page == above.page + 1
        and len(line.rows[0]) == len(above.rows[0])
        and abs(line.x0 - above.x0) < 6
        and abs(line.x1 - above.x1) < 6
    )
