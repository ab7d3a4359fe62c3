"""A document as its reader goes through it: part by part, each with the heading that stands above it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from roleqa.blocks import Block
from roleqa.types import Document


@dataclass(frozen=True, slots=True)
class Part:
    """A heading, None above the first, and the blocks below it, up to the next heading."""

    start: int
    heading: Block | None
    blocks: tuple[Block, ...]

    @property
    def title(self) -> str:
        return self.heading.title if self.heading else ""

    @property
    def level(self) -> int:
        """1 is the top."""
        return self.heading.level if self.heading else 1


@lru_cache(maxsize=32)
def parts_of(document: Document) -> tuple[Part, ...]:
    """The parts of a document, in order. All of its blocks are in one of them."""
    blocks = document.blocks
    edges = [i for i, block in enumerate(blocks) if block.kind == "heading"]
    ends = [*edges[1:], len(blocks)]
    lead = tuple(blocks[: edges[0] if edges else len(blocks)])
    parts = [Part(0, None, lead)] if lead else []
    parts += [Part(blocks[i].start, blocks[i], tuple(blocks[i + 1 : end])) for i, end in zip(edges, ends, strict=False)]
    return tuple(parts)


def part_at(parts: Sequence[Part], offset: int) -> int:
    """The index of the part that a character of the document stands in; the first for what comes before any."""
    return max(0, bisect_right([part.start for part in parts], offset) - 1)
