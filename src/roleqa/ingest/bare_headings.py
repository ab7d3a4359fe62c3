"""Which lines of plain text are headings, though nothing marks them as such.

Text copied from a page has lost its markup: a heading is a short line of its own above the text it heads. A line is
taken for one when it looks like one, comes after the end of a paragraph, and is broken early: the next word would
still have fitted. Names in a list look the same, so three such lines with no text between them are text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile, zip_longest

from roleqa.ingest.lines import (
    SHORTEST_WRAPPED,
    Line,
    broken_early,
    ends_sentence,
    line_length,
    without_closers,
)
from roleqa.ingest.sentences import sentence_spans
from roleqa.ingest.source_line import opens_source

_MAX_HEADING = 100
_LONGEST_RUN = 2
_NEAR = 10

_OPENERS = "\"'([*_\u2018\u201c\u00ab"
_OPEN_ENDS = (",", "-", "\u2013", "\u2014")
_NO_HEADING_ENDS = (".", "!", ":", ";", "\u2026", "\u3002", *_OPEN_ENDS)
_LETTER = re.compile(r"[^\W\d_]")


def bare_headings(text: str, lines: Sequence[Line], width: int | None) -> dict[int, bool]:
    """The lines that are headings; True for one directly above another, which it is then the parent of."""
    filled = [i for i, line in enumerate(lines) if line.kind != "blank"]
    runs = [
        run
        for run in _likely_runs(text, lines, filled, width)
        if len(run) <= _LONGEST_RUN and _above_prose(text, lines, run[-1])
    ]
    # A last line with nothing below it heads nothing: it is a heading only where others before it are.
    if len(runs) == 1 and runs[0][-1] == filled[-1]:
        return {}
    return {i: i != run[-1] for run in runs for i in run}


def _likely_runs(text: str, lines: Sequence[Line], filled: Sequence[int], width: int | None) -> list[list[int]]:
    """The lines that look like headings, those with nothing but blank lines between them together."""
    runs: list[list[int]] = []
    after_likely = False
    for i, following in zip_longest(filled, filled[1:]):
        below = lines[following] if following is not None else None
        likely = (
            _looks_like_heading(text, lines[i])
            and (after_likely or _paragraph_ended(text, lines, i, width))
            and _heads_something(text, lines, i, below, width)
        )
        if likely and after_likely:
            runs[-1].append(i)
        elif likely:
            runs.append([i])
        after_likely = likely
    return runs


def _looks_like_heading(text: str, line: Line) -> bool:
    words = text[line.span.start : line.span.end]
    if line.kind != "text" or len(words) > _MAX_HEADING or "|" in words or not _LETTER.search(words):
        return False
    if opens_source(words):
        return False
    first = words.lstrip(_OPENERS)[:1]
    if first.islower() or without_closers(text, line.span).endswith(_NO_HEADING_ENDS):
        return False
    return len(sentence_spans(text, *line.span)) == 1


def _paragraph_ended(text: str, lines: Sequence[Line], i: int, width: int | None) -> bool:
    if i == 0 or lines[i - 1].kind not in ("text", "item"):
        return True
    before = lines[i - 1]
    if ends_sentence(text, before.span):
        return True
    # A line of unwrapped text or of a list may end a paragraph without a full stop, but not with a comma.
    may_end = width is None or (before.kind == "item" and broken_early(text, before.span, lines[i].span, width))
    return may_end and not text[before.span.start : before.span.end].endswith(_OPEN_ENDS)


def _heads_something(text: str, lines: Sequence[Line], i: int, below: Line | None, width: int | None) -> bool:
    if below is None:
        return True
    if below.kind == "heading" or (below.block is not None and below.block.kind == "heading"):
        return False
    if below is not lines[i + 1] or below.kind != "text":
        return True
    goes_on = text[below.span.start].islower()
    return not goes_on and broken_early(text, lines[i].span, below.span, _width_below(text, lines, i + 1, width))


def _width_below(text: str, lines: Sequence[Line], first: int, width: int | None) -> int | None:
    """The width that the next lines are wrapped at: a text put together from several may have more than one."""
    if width is None:
        return None
    near = takewhile(lambda line: line.kind == "text", lines[first : first + _NEAR])
    lengths = [line_length(text, line.span) for line in near if not ends_sentence(text, line.span)]
    return min(width, max((length for length in lengths if length >= SHORTEST_WRAPPED), default=width))


def _above_prose(text: str, lines: Sequence[Line], i: int) -> bool:
    """Whether what stands below the line is no other short line without a full stop, as in a list of names."""
    below = next((lines[j] for j in range(i + 1, len(lines)) if lines[j].kind != "blank"), None)
    if below is None or below.kind != "text":
        return True
    return ends_sentence(text, below.span) or line_length(text, below.span) >= SHORTEST_WRAPPED
