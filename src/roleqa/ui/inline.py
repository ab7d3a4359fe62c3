"""Markup inside a line of Markdown: what is emphasised and which characters only say so.

For the eye alone. Nothing is taken out of the text and nothing of it becomes markup of the page: a guess that
goes wrong costs a shade of grey.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Look = Literal["syntax", "strong", "emphasis", "code", "label"]

# The lengths are bounded so that many marks that never close cost no more than a few hundred steps each.
_MARKUP = re.compile(
    r"(?P<code>(?<!`)`(?!`)[^`\n]{1,200}`(?!`))"
    r"|(?P<strong>(?<![\w*])\*\*(?=[^\s*])[^*\n]{1,300}(?<=\S)\*\*(?!\*))"
    r"|(?P<emphasis>(?<![\w*])\*(?=[^\s*])[^*\n]{1,300}(?<=\S)\*(?![\w*]))"
    r"|(?P<label>!?\[[^\[\]\n]{1,300}\]\([^()\s]{0,500}\))"
    r"|(?P<syntax>\n[ \t]*(?:>[ \t]?)+)"
)


class Styled(NamedTuple):
    """A span of the text and how it looks."""

    start: int
    end: int
    look: Look


def styled(text: str, start: int, end: int) -> Iterator[Styled]:
    """The spans of text[start:end] that do not look like plain words, in order and apart."""
    for match in _MARKUP.finditer(text, start, end):
        look: Look = match.lastgroup  # type: ignore[assignment]  # the groups are named after the looks
        first, last = match.span()
        opening, closing = _words(text, first, last, look)
        yield from (Styled(first, opening, "syntax"), Styled(opening, closing, look), Styled(closing, last, "syntax"))


def _words(text: str, start: int, end: int, look: Look) -> tuple[int, int]:
    """What stands between the marks; nothing where there are only marks."""
    if look == "syntax":
        return end, end
    if look == "label":
        return text.index("[", start) + 1, text.index("](", start)
    width = 2 if look == "strong" else 1
    return start + width, end - width
