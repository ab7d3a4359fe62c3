"""Text without its Markdown: for matching and for labels, never for quotes."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# The parser's time grows with the square of the marks. What has very many of them, and little else, is no prose.
_MANY_MARKS = 32
_DENSE_MARKS = 8
_MARKUP = re.compile(r"[*_`\[\]<&\\~]")
_QUOTE_MARKER = re.compile(r"\n[ \t]*(?:>[ \t]*)+")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,40}\]")
_REFERENCE = re.compile(r"(?<!\\)\[([^\[\]]+)\]\[[^\[\]]*\]")


def plain(text: str) -> str:
    """The text with emphasis, link targets, code ticks and tags taken out, white space made single spaces."""
    if "\n" in text:
        text = _QUOTE_MARKER.sub("\n", text)
    marks = len(_MARKUP.findall(text))
    if 0 < marks <= max(_MANY_MARKS, len(text) // _DENSE_MARKS):
        text = _without_markup(_REFERENCE.sub(r"\1", _FOOTNOTE.sub("", text)))
    return " ".join(text.split())


def _without_markup(text: str) -> str:
    pieces: list[str] = []
    for token in _inline_parser().parseInline(text)[0].children or ():
        if token.type in ("text", "code_inline", "text_special"):
            pieces.append(token.content)
        elif token.type in ("softbreak", "hardbreak", "html_inline"):
            pieces.append(" ")
        elif token.type == "image":
            pieces.append(token.content)
    return "".join(pieces)


@cache
def _inline_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("strikethrough")
