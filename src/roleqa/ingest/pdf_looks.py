"""What the lines of a PDF look like, against the rest of it: text, headings and their levels, footnotes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise
from statistics import median

from roleqa.ingest.pdf_line import Line

BULLET = re.compile(
    r"(?P<mark>[\u2022\u25cf\u25aa\u25a0\u25e6\u2023\u2013\uf0b7\u00b7*-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+(?=\S)"
)
_NUMBERED = re.compile(r"\d{1,2}(?:\.\d{1,2})*[.)]?\s+(?=\S)")
_NOTE = re.compile(r"(?:\d{1,3}|[*\u2020\u2021])\s*\S")
_LARGER = 1.08
_SMALLER = 0.9
_LONGEST_HEADING = 150


class Looks:
    """The size of the text, how far its lines are apart, and what looks like a heading or a footnote in it."""

    def __init__(self, lines: Sequence[Line]) -> None:
        sizes: Counter[float] = Counter()
        for line in lines:
            sizes[line.size] += len(line.text)
        self._body = sizes.most_common(1)[0][0] if sizes else 0.0
        self.gap = _gap(lines) or 1.3 * self._body
        self._numbered = {id(a) for a, b in pairwise(lines) if _is_numbered_heading(a, b)}
        headings = [line for line in lines if self.is_heading(line)]
        self._depths: dict[tuple[float, bool], int] = {}
        for line in headings:
            if depth := _depth(line):
                self._depths[looks(line)] = min(depth, self._depths.get(looks(line), depth))
        ranks = sorted({self._rank(line) for line in headings}, reverse=True)
        self._levels = {rank: level for level, rank in enumerate(ranks, start=1)}

    def is_heading(self, line: Line) -> bool:
        """Whether a line is larger than the text, or bold and not a sentence or list item."""
        if line.rows or len(line.text) > _LONGEST_HEADING or not re.search(r"[^\W\d_]{2}", line.text):
            return False
        if line.size >= _LARGER * self._body:
            return True
        bare = line.bold and line.size >= 0.97 * self._body and not line.text.rstrip().endswith((".", ":", ",", ";"))
        return bare and (not BULLET.match(line.text) or id(line) in self._numbered)

    def level(self, line: Line) -> int:
        """A heading's: 1 is the top."""
        return self._levels[self._rank(line)]

    def without_notes(self, lines: Sequence[Line]) -> tuple[list[Line], list[list[Line]]]:
        """The lines of the text, and of each footnote its own."""
        text: list[Line] = []
        notes: list[list[Line]] = []
        for _, group in groupby(lines, key=lambda line: line.page):
            page = list(group)
            inside = False
            for line in page:
                goes_on = inside and line.size == notes[-1][-1].size
                begins = bool(_NOTE.match(line.text)) and self._is_last(line, page)
                inside = self._is_small(line) and (goes_on or begins)
                if not inside:
                    text.append(line)
                elif _NOTE.match(line.text) or not goes_on:
                    notes.append([line])
                else:
                    notes[-1].append(line)
        return text, notes

    def _rank(self, line: Line) -> tuple[float, bool, int]:
        """Larger is higher up; of headings that look the same, the one whose number has fewer parts."""
        return (*looks(line), -(_depth(line) or self._depths.get(looks(line), 0)))

    def _is_small(self, line: Line) -> bool:
        return not line.rows and line.size <= _SMALLER * self._body

    def _is_last(self, line: Line, page: Sequence[Line]) -> bool:
        """Whether nothing of the size of the text stands below in the same column."""
        return not any(
            other.top > line.bottom and min(other.x1, line.x1) > max(other.x0, line.x0) and not self._is_small(other)
            for other in page
        )


def looks(line: Line) -> tuple[float, bool]:
    """The size, and whether it is bold."""
    return line.size, line.bold


def is_below(above: Line, line: Line) -> bool:
    """Whether a line stands in the same column as that above it, close below."""
    overlap = min(above.x1, line.x1) - max(above.x0, line.x0)
    return (
        not above.rows
        and not line.rows
        and above.page == line.page
        and overlap > 0
        and 0 < line.top - above.top < 2.2 * max(above.size, line.size, 1)
    )


def _gap(lines: Sequence[Line]) -> float:
    """How far a line is from the one above it in the same paragraph; 0 where nothing tells.

    A line that goes on in small letters is surely of the same; of all lines, half may begin a paragraph or item.
    """
    pairs = [(a, b) for a, b in pairwise(lines) if is_below(a, b)]
    sure = [b.top - a.top for a, b in pairs if b.text[:1].islower() and not BULLET.match(b.text) and a.size == b.size]
    gaps = sorted(b.top - a.top for a, b in pairs)
    return median(sure) if sure else gaps[len(gaps) // 4] if gaps else 0.0


def _depth(line: Line) -> int:
    """Of how many parts the number in front of a heading is; 0 without one."""
    number = _NUMBERED.match(line.text)
    return len(re.findall(r"\d+", number[0])) if number else 0


def _is_numbered_heading(line: Line, below: Line) -> bool:
    """Whether what begins as a list item does is a heading: text that is not bold follows, and no other item."""
    return line.bold and not below.bold and not BULLET.match(below.text) and bool(_NUMBERED.match(line.text))
