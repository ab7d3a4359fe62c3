"""A line of a page, as the reading of a PDF sees it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """Words side by side, in points from the top left; a table has `rows` and no words."""

    text: str
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    bold: bool
    page: int
    rows: tuple[tuple[str, ...], ...] = ()
