"""What every page repeats: running headers and footers, and page numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from roleqa.ingest.pdf_line import Line

# Parts of a page's height that headers and footers stand in.
_MARGIN = 0.1
_PAGE_NUMBER = re.compile(
    r"(?:page|p\.)?\s*+(?:[-\u2013(]\s*+)?(?:\d{1,4}|[ivxlc]{1,7})\s*+(?:[-\u2013)]\s*+)?(?:(?:/|of)\s*+\d{1,4})?",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_APART = 1.8  # of its size: how far a header is from the text
_LEAST_PAGES = 3

Pages = Sequence[tuple[Sequence[Line], float]]


class Furniture:
    """Lines in the margins that say the same on several pages, numbers aside, or stand at the same place on most."""

    def __init__(self, pages: Pages) -> None:
        sizes: Counter[float] = Counter()
        for segments, _ in pages:
            for line in segments:
                sizes[line.size] += len(line.text)
        self._body = sizes.most_common(1)[0][0] if sizes else 0.0
        words: Counter[str] = Counter()
        places: Counter[tuple[int, float]] = Counter()
        for segments, height in pages:
            lines = [line for line in segments if _in_margin(line, height)]
            words.update({_without_numbers(line) for line in lines})
            places.update({_place(line) for line in lines if self._is_apart(line, segments)})
        self._words = {said for said, count in words.items() if count >= max(2, min(_LEAST_PAGES, len(pages)))}
        self._places = {place for place, count in places.items() if count >= max(_LEAST_PAGES, len(pages) / 2)}

    def holds(self, line: Line, segments: Sequence[Line], height: float) -> bool:
        """Whether a line of a page is no part of its text."""
        return _in_margin(line, height) and (
            _without_numbers(line) in self._words
            or _PAGE_NUMBER.fullmatch(line.text.strip()) is not None
            or (_place(line) in self._places and self._is_apart(line, segments))
        )

    def _is_apart(self, line: Line, segments: Sequence[Line]) -> bool:
        """Whether nothing stands close above or below a line that does not look like a heading."""
        if line.bold or line.size > self._body:
            return False
        gaps = (max(other.top - line.bottom, line.top - other.bottom) for other in segments)
        return not any(0 < gap < _APART * line.size for gap in gaps)


def _in_margin(line: Line, height: float) -> bool:
    edge = line.bottom < _MARGIN * height or line.top > (1 - _MARGIN) * height
    # A bullet says the same on every page, and is none of what is repeated.
    return edge and not line.rows and any(map(str.isalnum, line.text))


def _without_numbers(line: Line) -> str:
    return _DIGITS.sub("#", line.text)


def _place(line: Line) -> tuple[int, float]:
    return round(line.top / 3), line.size
