"""The paragraph that ends a section and names where its passages come from: "Source: ..." or "Sources: ..."."""

from __future__ import annotations

import re
from collections.abc import Sequence

from roleqa.ingest.blocks import Block

_OPENING = re.compile(r"Sources?:\s+(?=\S)")
# A quote's marks at the beginning of a line.
_QUOTE_MARKS = re.compile(r"\n[ \t]*(?:>[ \t]*)+")
# Kept with every passage of the section, and shown under every quote: a longer paragraph is text like any other.
LONGEST_SOURCE = 1000


def opens_source(text: str, start: int = 0, end: int | None = None) -> bool:
    """Whether text[start:end] begins as such a paragraph does."""
    return _OPENING.match(text, start, len(text) if end is None else end) is not None


def source_block(text: str, blocks: Sequence[Block]) -> Block | None:
    """The last of a section's blocks, if it names the source of those before it; alone it would be of nothing."""
    if len(blocks) < 2 or blocks[-1].kind != "paragraph":
        return None
    start, end = blocks[-1].body
    return blocks[-1] if end - start <= LONGEST_SOURCE and opens_source(text, start, end) else None


def source_text(text: str, block: Block) -> str:
    """What such a paragraph names, on one line, without the word that it begins with."""
    said = _OPENING.sub("", text[block.body.start : block.body.end], count=1)
    return " ".join(_QUOTE_MARKS.sub("\n", said).split())
