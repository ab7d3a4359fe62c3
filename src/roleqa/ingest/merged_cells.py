"""Tables whose cells reach over several rows and columns: each of those has what the cell says."""

from __future__ import annotations

from roleqa.ingest.limits import Limits

# A page may say that a cell is ten thousand rows high: it is repeated no further.
_FURTHEST = 1000


class Grid:
    """Cells put into the first free place of their row."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._cells: dict[tuple[int, int], str] = {}
        self._columns: dict[int, int] = {}
        self._last = -1

    def put(self, y: int, text: str, columns: int = 1, rows: int = 1) -> None:
        """The next cell of row `y`, which takes up so many columns and rows.

        Raises:
            UnreadableFileError: the table has more cells than a document may have.
        """
        self._last = max(self._last, y)
        x = self._columns.get(y, 0)
        while (y, x) in self._cells:
            x += 1
        width, height = (max(1, min(number, _FURTHEST)) for number in (columns, rows))
        self._check(len(self._cells) + width * height)
        for down in range(height):
            for right in range(width):
                self._cells.setdefault((y + down, x + right), text)
        self._columns[y] = x + width

    def rows(self) -> list[list[str]]:
        """The rows that cells were put into, as wide as the widest; raises UnreadableFileError as `put` does."""
        width = 1 + max((x for y, x in self._cells if y <= self._last), default=-1)
        self._check(width * (self._last + 1))
        return [[self._cells.get((y, x), "") for x in range(width)] for y in range(self._last + 1)]

    def _check(self, cells: int) -> None:
        self._limits.check(cells, self._limits.parts, "cells in a table")
