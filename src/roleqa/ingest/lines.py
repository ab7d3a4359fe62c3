"""The lines of plain text, each told by its look: a marked heading, a list item, a table, code or text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from roleqa.ingest.blocks import LONGEST_TITLE, Block, Span
from roleqa.ingest.tables import has_pipe, table_block, table_end

LineKind = Literal["blank", "text", "heading", "item", "block"]

# A shorter line may be a heading, a name or the end of a paragraph: it says nothing about where text is wrapped.
SHORTEST_WRAPPED = 40
_MAX_UNDERLINED = 100

# What may stand behind the last full stop of a paragraph: quotation marks, brackets, emphasis, a note's number. Read
# backwards, so that a row of them is looked at but once.
_CLOSERS = re.compile("(?:\\]\\w{1,20}\\^?\\[|[\"')\\]}*_\u2019\u201d\u00bb])*+")
_CLOSERS_LENGTH = 40
_TERMINAL = (".", "!", "?", ":", ";", "\u2026", "\u3002", "\uff01", "\uff1f")

_MARKED = re.compile(r"(?P<marks>#{1,6})[ \t]+(?=[^#\s])")
_UNDERLINE = re.compile(r"={3,}|-{3,}")
_RULE = re.compile(r"(?P<mark>[-=*_~#+])(?:[ \t]*(?P=mark)){2,}")
_FENCE = re.compile(r"`{3,}|~{3,}")
_BULLET = re.compile("[-*+\u2013\u2022\u2023\u2043\u25aa\u25cf\u25e6][ \t]+(?=\\S)")
_NUMBER = re.compile(r"(?:\d{1,3}[.)]|\d{1,3}(?:\.\d{1,3})+[.)]?|\((?:[a-z]|[ivx]{1,4}|\d{1,3})\)|[a-z]\))[ \t]+(?=\S)")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Line:
    """A line without the white space at its ends, or (`block`) several that a reader has made a block of.

    `body` is where its text begins, behind a bullet or number. `level` is a marked heading's, or how deep the number
    in front of the line goes. `continues` says that an indented line belongs to the list item above it.
    """

    span: Span
    kind: LineKind
    indent: int = 0
    body: int = 0
    level: int = 0
    continues: bool = False
    block: Block | None = None


def wrap_width(text: str, spans: Sequence[Span]) -> int | None:
    """How many characters a hard-wrapped text has to a line; None where a line is a whole paragraph.

    Wrapped lines mostly break off in mid-sentence, paragraphs do not. One line in ten may be too long to be wrapped.
    """
    lines = [
        line
        for line, below in pairwise(spans)
        if line_length(text, line) >= SHORTEST_WRAPPED and below.start < below.end and not has_pipe(text, line)
    ]
    unfinished = sorted(line_length(text, line) for line in lines if not ends_sentence(text, line))
    if 2 * len(unfinished) <= len(lines):
        return None
    return unfinished[(9 * len(unfinished) - 1) // 10]


def ends_sentence(text: str, line: Span) -> bool:
    """Whether the line ends as a paragraph does: with a full stop or the like."""
    return without_closers(text, line).endswith(_TERMINAL)


def without_closers(text: str, line: Span) -> str:
    """The end of the line, without the quotation marks, brackets and note numbers behind its last word."""
    end = text[max(line.start, line.end - _CLOSERS_LENGTH) : line.end]
    closers = _CLOSERS.match(end[::-1])
    return end[: len(end) - closers.end()] if closers else end


def broken_early(text: str, line: Span, following: Span, width: int | None) -> bool:
    """Whether the next line's first word would still have fitted: the break is meant, not made by wrapping."""
    if width is None:
        return True
    word = text[following.start : following.end].split(None, 1)[0]
    return line_length(text, line) + 1 + len(word) <= width


def line_length(text: str, line: Span) -> int:
    """How far the line reaches, its indentation counted."""
    return line.end - line.start + _indent(text, line)


def classify(text: str, spans: Sequence[Span], width: int | None) -> list[Line]:
    """The lines, in order; those of a table or of fenced code are one, and so are blank lines.

    A rule of dashes counts as blank.
    """
    lines: list[Line] = []
    unclosed: dict[str, int] = {}  # the shortest fence of each mark that nothing below closes
    i = 0
    while i < len(spans):
        span = spans[i]
        if span.start == span.end:
            if lines and lines[-1].kind != "blank":
                lines.append(Line(span, "blank"))
            i += 1
        elif _UNDERLINE.fullmatch(text, *span) and _can_be_underlined(text, lines, width):
            lines[-1] = replace(lines[-1], kind="heading", level=1 if text[span.start] == "=" else 2)
            lines.append(Line(span, "blank"))
            i += 1
        elif _RULE.fullmatch(text, *span):
            lines.append(Line(span, "blank"))
            i += 1
        elif (end := _fence_end(text, spans, i, unclosed)) > i:
            lines.append(_code(spans[i:end]))
            i = end
        elif (end := table_end(text, spans, i)) > i:
            lines.append(Line(span, "block", block=table_block(text, spans[i:end])))
            i = end
        else:
            lines.append(_line(text, spans, i, lines, width))
            i += 1
    return lines


def _line(text: str, spans: Sequence[Span], i: int, above: Sequence[Line], width: int | None) -> Line:
    span = spans[i]
    if (marked := _MARKED.match(text, *span)) and span.end - marked.end() <= LONGEST_TITLE:
        return Line(span, "heading", body=marked.end(), level=len(marked["marks"]))
    indent = _indent(text, span)
    before = above[-1] if above else None
    if bullet := _BULLET.match(text, *span):
        if _list_may_start(text, before, span, width):
            return Line(span, "item", indent, bullet.end())
    elif number := _NUMBER.match(text, *span):
        depth = max(1, len(_DIGITS.findall(number[0])))
        first = number[0].strip("(). \t") in ("1", "a", "i")
        if _list_may_start(text, before, span, width, marked=first):
            listed = _is_listed(text, spans, i, above, depth)
            return Line(span, "item" if listed else "text", indent, number.end(), depth)
    if before is not None and before.kind == "item" and indent > before.indent:
        return Line(span, "item", before.indent, span.start, continues=True)
    return Line(span, "text", indent, span.start)


def _indent(text: str, span: Span) -> int:
    return span.start - text.rfind("\n", 0, span.start) - 1


def _list_may_start(text: str, before: Line | None, span: Span, width: int | None, marked: bool = True) -> bool:
    """Whether a bullet or number is one, and not a dash or number that wrapping has put at the start of a line."""
    if before is None or before.kind != "text":
        return True
    return broken_early(text, before.span, span, width) or (marked and ends_sentence(text, before.span))


def _is_listed(text: str, spans: Sequence[Span], i: int, above: Sequence[Line], depth: int) -> bool:
    """Whether a numbered line is one of a list rather than a numbered heading or paragraph."""
    before = next((line for line in reversed(above) if line.kind != "blank"), None)
    if before is not None and before.kind == "item":
        return True
    below = next((spans[j] for j in range(i + 1, len(spans)) if spans[j].start < spans[j].end), None)
    if below is None:
        return False
    if number := _NUMBER.match(text, *below):
        return max(1, len(_DIGITS.findall(number[0]))) == depth
    return below == spans[i + 1] and _indent(text, below) > _indent(text, spans[i])


def _can_be_underlined(text: str, lines: Sequence[Line], width: int | None) -> bool:
    if not lines or lines[-1].kind != "text":
        return False
    span = lines[-1].span
    if span.end - span.start > _MAX_UNDERLINED or text[span.end - 1] in ".,;":
        return False
    before = lines[-2] if len(lines) > 1 else None
    return (
        before is None
        or before.kind != "text"
        or ends_sentence(text, before.span)
        or broken_early(text, before.span, span, width)
    )


def _fence_end(text: str, spans: Sequence[Span], first: int, unclosed: dict[str, int]) -> int:
    """The index after the line that closes the fence opened on lines[first]; `first` if none opens or closes."""
    fence = _FENCE.match(text, *spans[first])
    if fence is None or len(fence[0]) >= unclosed.get(fence[0][0], len(fence[0]) + 1):
        return first
    for i in range(first + 1, len(spans)):
        line = text[spans[i].start : spans[i].end]
        if line.startswith(fence[0]) and not line.strip(fence[0][0]):
            return i + 1
    unclosed[fence[0][0]] = len(fence[0])
    return first


def _code(spans: Sequence[Span]) -> Line:
    whole = Span(spans[0].start, spans[-1].end)
    filled = [span for span in spans[1:-1] if span.start < span.end]
    body = Span(filled[0].start, filled[-1].end) if filled else Span(whole.end, whole.end)
    return Line(whole, "block", block=Block("code", *whole, body))
