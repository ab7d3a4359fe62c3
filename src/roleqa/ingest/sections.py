"""The sections of a document, each with its headings from root to leaf and the blocks that stand in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from roleqa.ingest.blocks import Block, trim
from roleqa.ingest.source_line import source_block, source_text
from roleqa.types import Document, Section


@dataclass(frozen=True, slots=True)
class SectionBlocks:
    """A section and its blocks, in reading order, without the one that names its source."""

    section: Section
    blocks: tuple[Block, ...]


def find_sections(document: Document) -> tuple[SectionBlocks, ...]:
    """The sections that have text of their own. A heading with none lives on in the headings of those below it."""
    blocks = document.blocks
    found: list[SectionBlocks] = []
    path: list[Block] = []
    start, own = 0, 0  # where the section's text and its blocks begin
    for i, block in enumerate(blocks):
        if block.kind != "heading":
            continue
        found.extend(_section(document, path, blocks[own:i], start, block.start))
        path = [heading for heading in path if heading.level < block.level] + [block]
        start, own = block.end, i + 1
    found.extend(_section(document, path, blocks[own:], start, len(document.text)))
    return tuple(found)


def _section(
    document: Document, path: Sequence[Block], blocks: Sequence[Block], start: int, end: int
) -> tuple[SectionBlocks, ...]:
    if not blocks:
        return ()
    headings = tuple(heading.title for heading in path if heading.title)
    span = trim(document.text, min(start, blocks[0].start), end)
    source = source_block(document.text, blocks)
    named = source_text(document.text, source) if source else None
    section = Section(document.id, headings, span.start, span.end, named)
    return (SectionBlocks(section, tuple(blocks[:-1] if source else blocks)),)
