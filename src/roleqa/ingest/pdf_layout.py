"""The words of a page become lines and tables in the order that they are read in, without what every page repeats."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from roleqa.ingest.pdf_furniture import Furniture
from roleqa.ingest.pdf_line import Line
from roleqa.ingest.right_to_left import is_right_to_left, logical

# What the reader gives for a sign that the font does not name: most often a bullet.
_UNKNOWN = re.compile(r"\(cid:\d+\)|[\ue000-\uf8ff]")
_BULLET = "\u2022"
# Looked at from the first of its signs on: not from each of them to the end of the line.
_LEADER = re.compile(
    r"(?<![.\u2026\u00b7_])(?<![.\u2026\u00b7_] )(?:[.\u2026\u00b7_][ ]?){5,}+[ ]?(?:\d{1,4}|[ivxlc]{1,7})?$"
)
_SAME_LINE = 0.5  # of the size of the words
_GUTTER_GAP = 0.7  # of the size of the words: wider, two words may be of two columns
_SPACE = 0.1  # of the size: closer, what changes its font within a word is one
_NARROWEST = 60  # in points
_MOST_CROSSING = 0.4  # of the rows
_LEAST_LINES = 3  # in each column


def lines_of(pages: Iterable[dict[str, Any]]) -> tuple[list[Line], int]:
    """The lines and tables of all pages, in reading order, and how many pages there are.

    Without what every page repeats, and the entries of a table of contents.
    """
    raw = [(_segments(page, number), float(page["height"])) for number, page in enumerate(pages, start=1)]
    furniture = Furniture(raw)
    found: list[Line] = []
    for segments, height in raw:
        kept = [line for line in segments if not furniture.holds(line, segments, height)]
        found += (line for line in _joined(_ordered(kept)) if not _LEADER.search(line.text))
    return found, len(raw)


def _segments(page: dict[str, Any], number: int) -> list[Line]:
    """Words that stand close together on a line, and the tables."""
    boxes = [table["box"] for table in page["tables"]]
    words = [[_UNKNOWN.sub(_BULLET, word[0]), *word[1:]] for word in page["words"]]
    words = [word for word in words if not any(_inside(word, box) for box in boxes)]
    rows: list[list[Any]] = []
    for word in sorted(words, key=lambda word: (word[3] + word[4]) / 2):
        middle = (word[3] + word[4]) / 2
        if rows and abs(middle - (rows[-1][-1][3] + rows[-1][-1][4]) / 2) < _SAME_LINE * word[5]:
            rows[-1].append(word)
        else:
            rows.append([word])
    placed: list[tuple[float, Line]] = []
    for row in rows:
        # All parts of a row have its place: a bullet may stand a little higher than its item.
        top = min(word[3] for word in row)
        placed += [(top, _line(part, number)) for part in _parts(sorted(row, key=lambda word: float(word[1])))]
    for table in page["tables"]:
        x0, top, x1, bottom = table["box"]
        cells = tuple(tuple(row) for row in table["rows"])
        placed.append((top, Line("", x0, x1, top, bottom, 0.0, False, number, cells)))
    return [line for _, line in sorted(placed, key=lambda place: (place[0], place[1].x0))]


def _inside(word: Sequence[Any], box: Sequence[float]) -> bool:
    x, y = (word[1] + word[2]) / 2, (word[3] + word[4]) / 2
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])


def _parts(row: list[Any]) -> Iterator[list[Any]]:
    part = [row[0]]
    for word in row[1:]:
        if word[1] - part[-1][2] > _GUTTER_GAP * min(word[5], part[-1][5]):
            yield part
            part = []
        part.append(word)
    yield part


def _line(words: Sequence[Any], number: int) -> Line:
    sizes: Counter[float] = Counter()
    for word in words:
        sizes[round(word[5] * 2) / 2] += len(word[0])
    return Line(
        text=_put_together(words),
        x0=words[0][1],
        x1=max(word[2] for word in words),
        top=min(word[3] for word in words),
        bottom=max(word[4] for word in words),
        size=sizes.most_common(1)[0][0],
        bold=all(word[6] for word in words),
        page=number,
    )


def _put_together(words: Sequence[Sequence[Any]]) -> str:
    """The words with spaces where there is room for one, from the right where they are of such a writing."""
    text = "".join(word[0] for word in words)
    if is_right_to_left(text):
        return logical([word[0] for word in words])
    pieces = [words[0][0]]
    for before, word in pairwise(words):
        pieces += [" " if word[1] - before[2] > _SPACE * min(before[5], word[5]) else "", word[0]]
    return "".join(pieces)


def _ordered(segments: Sequence[Line]) -> list[Line]:
    """Column by column, where there are columns: what crosses them stands between what is above and below it."""
    gutter = _gutter(segments)
    if gutter is None:
        return list(segments)
    found: list[Line] = []
    sides: tuple[list[Line], list[Line]] = ([], [])
    for line in segments:
        if line.x0 < gutter < line.x1:
            found += _ordered(sides[0]) + _ordered(sides[1])
            sides = ([], [])
            found.append(line)
        else:
            sides[line.x0 >= gutter].append(line)
    return found + _ordered(sides[0]) + _ordered(sides[1])


def _gutter(segments: Sequence[Line]) -> float | None:
    """Where the gap between two columns is: most lines end before it or begin behind it, some of them right there."""
    edges = Counter(round(line.x0) for line in segments)
    left = min((line.x0 for line in segments), default=0.0)
    rows: dict[int, list[Line]] = {}
    for line in segments:
        rows.setdefault(round(line.bottom), []).append(line)
    best: tuple[int, float] | None = None
    for edge in sorted(edge for edge, count in edges.items() if count >= _LEAST_LINES and edge > left + _NARROWEST):
        crossing = _crossing(list(rows.values()), edge - 1)
        if crossing is not None and (best is None or crossing < best[0]):
            best = (crossing, edge - 1)
    return best[1] if best else None


def _crossing(rows: Sequence[Sequence[Line]], x: float) -> int | None:
    """How many rows go over a place between two columns; None where it is none.

    Both sides are text of some width: bullets and their items are not, nor are numbers and theirs.
    """
    crossing = 0
    widths: tuple[list[float], list[float]] = ([], [])
    for row in rows:
        if any(line.x0 < x < line.x1 for line in row):
            crossing += 1
            continue
        for side, behind in zip(widths, (False, True), strict=True):
            if own := [line for line in row if (line.x0 >= x) is behind]:
                side.append(max(line.x1 for line in own) - min(line.x0 for line in own))
    if crossing > _MOST_CROSSING * len(rows) or min(map(len, widths)) < _LEAST_LINES:
        return None
    narrow, wide = sorted(map(median, widths))
    return crossing if narrow > max(_NARROWEST, 0.35 * wide) else None


def _joined(segments: Sequence[Line]) -> list[Line]:
    """Segments that follow one another on the same line are one."""
    found: list[Line] = []
    for line in segments:
        last = found[-1] if found else None
        same = last and not line.rows and not last.rows and line.x0 >= last.x1 - 1
        height = _SAME_LINE * max(line.size, last.size) if last else 0.0
        if last and same and abs(line.top + line.bottom - last.top - last.bottom) / 2 < height:
            found[-1] = Line(
                _side_by_side(last.text, line.text),
                last.x0, line.x1, min(last.top, line.top), max(last.bottom, line.bottom),
                last.size if len(last.text) > len(line.text) else line.size, last.bold and line.bold, line.page,
            )  # fmt: skip
        else:
            found.append(line)
    return found


def _side_by_side(left: str, right: str) -> str:
    return f"{right} {left}" if is_right_to_left(left + right) else f"{left} {right}"
