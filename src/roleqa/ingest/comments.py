"""Where the comments of a Markdown text are: the parts that no reader of the page would see."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Sequence

from roleqa.ingest.blocks import Span

_OPENING = re.compile(r"<!--|(?:^|(?<=\n))[ \t>]*(?P<fence>`{3,}|~{3,})|(?P<ticks>`+)")
_TICKS = re.compile(r"`+")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_VISIBLE = re.compile(r"[^\n]")


def comment_spans(text: str, start: int = 0) -> tuple[Span, ...]:
    """The comments from `start` on, but not what code shows as one. A comment that is never closed is text."""
    spans: list[Span] = []
    last_close = text.rfind("-->")
    code = _CodeSpans(text)
    position = start
    while opening := _OPENING.search(text, position):
        if opening["fence"]:
            position = _fence_close(text, opening["fence"], opening.end())
        elif opening["ticks"]:
            position = code.close(len(opening["ticks"]), opening.end())
        elif opening.start() + 4 > last_close:
            position = opening.end()
        else:
            position = text.index("-->", opening.end()) + 3
            spans.append(Span(opening.start(), position))
    return tuple(spans)


def without(text: str, hidden: Sequence[Span]) -> str:
    """The text with spaces in place of the hidden spans: every offset and line stays where it was."""
    pieces: list[str] = []
    position = 0
    for start, end in hidden:
        pieces += [text[position:start], _VISIBLE.sub(" ", text[start:end])]
        position = end
    return "".join([*pieces, text[position:]])


def _fence_close(text: str, fence: str, position: int) -> int:
    close = re.compile(rf"\n[ \t>]*{fence[0]}{{{len(fence)},}}[ \t]*(?=\n|\Z)").search(text, position)
    return close.end() if close else len(text)


class _CodeSpans:
    """Where code between backticks ends: at as many backticks, before the paragraph does."""

    def __init__(self, text: str) -> None:
        self._closings: dict[int, list[int]] = {}
        for run in _TICKS.finditer(text):
            self._closings.setdefault(len(run[0]), []).append(run.start())
        self._blank_lines = [match.start() for match in _BLANK_LINE.finditer(text)] if self._closings else []

    def close(self, ticks: int, position: int) -> int:
        """The end of the code that `ticks` backticks open before `position`; `position` if they open none."""
        closings = self._closings[ticks]
        i = bisect_left(closings, position)
        blank = bisect_left(self._blank_lines, position)
        end = self._blank_lines[blank] if blank < len(self._blank_lines) else math.inf
        return closings[i] + ticks if i < len(closings) and closings[i] < end else position
