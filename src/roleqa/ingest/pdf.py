"""PDF with text in it: paragraphs, headings by their looks, lists and ruled tables, each with its page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from roleqa.errors import UnreadableFileError
from roleqa.ingest.blocks import Reading
from roleqa.ingest.extract import Extract, one_line
from roleqa.ingest.limits import MAX_BYTES
from roleqa.ingest.pdf_layout import Line, lines_of

# What taking a PDF apart may take, in seconds and bytes: two hundred pages of text take about ten and 150 million.
MOST_TIME = 240
MOST_MEMORY = 3_000_000_000

_SCANNED = "it has no text, only pictures of pages: recognise their text (OCR) and save it anew"
_ERRORS = {
    "PDFPasswordIncorrect": "it is protected by a password: save it without one",
    "PDFEncryptionError": "it is encrypted: save it without protection",
    "MemoryError": "it takes up too much memory: split it into several files",
    "pages": "it has {} pages, over the limit of 2,000: split it into several files",
    "long": f"it has over {MAX_BYTES // 1_000_000} million characters of text: split it into several files",
}
_BROKEN = "it is broken ({}): save it anew from the program that made it"

_BULLET = re.compile(
    r"(?P<mark>[\u2022\u25cf\u25aa\u25a0\u25e6\u2023\u2013\uf0b7\u00b7*-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+(?=\S)"
)
_ENDS = (".", "!", "?", ":", ";", "\u201d", '"')
_HYPHEN = re.compile(r"[^\W\d_]-$")
_NOTE = re.compile(r"(?:\d{1,3}|[*\u2020\u2021])\s*\S")
_LARGER = 1.08
_SMALLER = 0.9
_FULL = 0.75
_LONGEST_HEADING = 150


def read_pdf(data: bytes) -> Reading:
    """Read a PDF. Another process takes it apart: what it may take of time and memory is bounded.

    Raises:
        UnreadableFileError: it is protected, broken, too large, or holds pictures of text alone.
    """
    if b"%PDF-" not in data[:1024]:
        raise UnreadableFileError(_BROKEN.format("it does not begin as a PDF does"))
    pages = _pages(data)
    lines = lines_of(map(json.loads, pages))
    if not lines:
        raise UnreadableFileError(_SCANNED)
    return _Reader(lines, len(pages)).read()


def _pages(data: bytes) -> list[bytes]:
    """What stands on each page, as JSON: all of them at once would take up a great deal of memory."""
    command = [sys.executable, "-P", "-m", "roleqa.ingest.pdf_pages", str(MOST_MEMORY)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=MOST_TIME, check=False)
    except subprocess.TimeoutExpired:
        raise UnreadableFileError(f"it takes over {MOST_TIME} seconds to read: split it into several files") from None
    pages = done.stdout.splitlines() if done.returncode == 0 else []
    last: dict[str, Any] = json.loads(pages.pop()) if pages else {"errors": ["MemoryError"]}
    if errors := last.get("errors"):
        said = next((_ERRORS[name] for name in errors if name in _ERRORS), _BROKEN)
        raise UnreadableFileError(said.format(one_line(last.get("detail") or errors[0])))
    return pages


class _Reader:
    """One pass over the lines. Footnotes wait for the end of their section."""

    def __init__(self, lines: Sequence[Line], pages: int) -> None:
        self._lines = lines
        self._pages = pages
        self._page = 0
        self._extract = Extract()
        self._notes: list[Line] = []
        self._indents: list[float] = []  # of the list items that the next one may stand below
        self._words = Counter(word for line in lines for word in re.findall(r"[^\W\d_][\w-]*\w", line.text.lower()))
        sizes: Counter[float] = Counter()
        for line in lines:
            sizes[line.size] += len(line.text)
        self._body = sizes.most_common(1)[0][0] if sizes else 0.0
        self._widths: dict[tuple[int, int], float] = {}
        for line in lines:
            self._widths[_column(line)] = max(line.x1 - line.x0, self._widths.get(_column(line), 0.0))
        gaps = [b.top - a.top for a, b in pairwise(lines) if self._is_below(a, b)]
        self._gap = median(gaps) if gaps else 1.3 * self._body
        looks = {_looks(line) for line in lines if self._is_heading(line)}
        self._levels = {look: level for level, look in enumerate(sorted(looks, reverse=True), start=1)}

    def read(self) -> Reading:
        i = 0
        while i < len(self._lines):
            first = self._lines[i]
            end = self._end(i)
            group = self._lines[i:end]
            if first.rows:
                self._table(group)
            elif self._is_note(i):
                self._notes += group
            else:
                self._text(group)
            i = end
        self._write_notes()
        while self._page < self._pages:
            self._turn()
        return self._extract.reading(empty=_SCANNED)

    def _turn(self, offset: int | None = None) -> None:
        self._extract.page(offset)
        self._page += 1

    def _text(self, group: Sequence[Line]) -> None:
        first = group[0]
        if self._is_heading(first):
            self._write_notes()
            self._indents = []
        while self._page < first.page:
            self._turn()
        text, turns = self._put_together(group)
        bullet = _BULLET.match(text)
        if self._is_heading(first):
            self._extract.heading(text, self._levels[_looks(first)])
        elif bullet:
            self._indents = [indent for indent in self._indents if indent < first.x0 - 2] + [first.x0]
            mark = bullet["mark"] if bullet["mark"][-1] in ".)" else "-"
            self._extract.item(text[bullet.end() :], len(self._indents), mark)
            turns = [(page, max(0, offset - bullet.end())) for page, offset in turns]
        else:
            self._indents = []
            self._extract.paragraph(text)
        for page, offset in turns:
            while self._page < page:
                self._turn(offset)

    def _table(self, group: Sequence[Line]) -> None:
        while self._page < group[0].page:
            self._turn()
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
            while self._page < page:
                self._turn(begins[row] if row < len(begins) else None)

    def _cell(self, cell: str) -> str:
        text = ""
        for line in cell.split("\n"):
            text = self._join(text, line.strip())
        return text

    def _write_notes(self) -> None:
        for line in self._notes:
            self._extract.paragraph(line.text)
        self._notes = []

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
        if _HYPHEN.search(text) and line[0].islower():
            head, tail = re.findall(r"[\w-]*-$", text)[0][:-1].lower(), re.match(r"\w*", line)
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
        if self._is_heading(start) or self._is_heading(line):
            same = self._is_heading(start) and self._is_heading(line) and _looks(start) == _looks(line)
            return same and self._is_below(above, line) and line.top - above.bottom < 0.6 * line.size
        if self._is_note(i) or self._is_note(first):
            return self._is_note(first) and not _NOTE.match(line.text) and self._is_below(above, line)
        if _BULLET.match(line.text) or abs(line.size - above.size) > 1.5:
            return False
        ended = above.text.rstrip().endswith(_ENDS)
        item = _BULLET.match(start.text)
        lower = line.text[:1].islower()
        if not self._is_below(above, line):  # another column or page
            return not ended and (lower or (not item and self._is_full(above)))
        if line.top - above.top > 1.25 * self._gap:
            return False
        if item:
            return line.x0 > start.x0 + 2 or (lower and not ended)
        indented = line.x0 > above.x0 + 0.8 * line.size and ended
        return not indented

    def _is_full(self, line: Line) -> bool:
        """Whether a line goes on nearly to the end of its column."""
        return line.x1 - line.x0 > _FULL * self._widths[_column(line)]

    def _is_below(self, above: Line, line: Line) -> bool:
        """Whether a line stands in the same column as that above it, close below."""
        overlap = min(above.x1, line.x1) - max(above.x0, line.x0)
        return (
            not above.rows
            and not line.rows
            and above.page == line.page
            and overlap > 0
            and 0 < line.top - above.top < 2.2 * max(above.size, line.size, 1)
        )

    def _is_heading(self, line: Line) -> bool:
        if line.rows or len(line.text) > _LONGEST_HEADING or not re.search(r"[^\W\d_]{2}", line.text):
            return False
        if line.size >= _LARGER * self._body:
            return True
        bare = line.bold and line.size >= 0.97 * self._body
        return bare and not _BULLET.match(line.text) and not line.text.rstrip().endswith((".", ":", ",", ";"))

    def _is_note(self, i: int) -> bool:
        """Whether a line is set smaller than the text, and is or goes on with what begins as a footnote does."""
        line = self._lines[i]
        if line.rows or line.size > _SMALLER * self._body:
            return False
        while i and not self._lines[i].rows and self._lines[i].page == line.page and self._lines[i].size == line.size:
            if _NOTE.match(self._lines[i].text):
                return True
            i -= 1
        return False


def _column(line: Line) -> tuple[int, int]:
    """The lines of a page that begin much at the same place."""
    return line.page, int(line.x0) // 40


def _looks(line: Line) -> tuple[float, bool]:
    return (line.size, line.bold)


def _same_table(above: Line, line: Line) -> bool:
    """Whether a table goes on at the top of the next page."""
    return (
        line.page == above.page + 1
        and len(line.rows[0]) == len(above.rows[0])
        and abs(line.x0 - above.x0) < 6
        and abs(line.x1 - above.x1) < 6
    )
