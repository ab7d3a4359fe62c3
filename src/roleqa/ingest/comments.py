"""Where the comments of a Markdown text are: the parts that no reader of the page would see."""

from __future__ import annotations

import re
from collections.abc import Sequence

from roleqa.ingest.blocks import Span

_OPENING = re.compile(r"<!--|(?:^|(?<=\n))[ \t>]*(?P<fence>`{3,}|~{3,})|(?P<ticks>`+)")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_VISIBLE = re.compile(r"[^\n]")


def comment_spans(text: str, start: int = 0) -> tuple[Span, ...]:
    """The comments from `start` on, but not what code shows as one. A comment that is never closed is text."""
    spans: list[Span] = []
    last_close = text.rfind("-->")
    position = start
    while opening := _OPENING.search(text, position):
        if opening["fence"]:
            position = _fence_close(text, opening["fence"], opening.end())
        elif opening["ticks"]:
            position = _ticks_close(text, opening["ticks"], opening.end())
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


def _ticks_close(text: str, ticks: str, position: int) -> int:
    blank = _BLANK_LINE.search(text, position)
    close = re.compile(rf"(?<!`){ticks}(?!`)").search(text, position, blank.start() if blank else len(text))
    return close.end() if close else position
