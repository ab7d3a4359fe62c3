"""Plain text: headings without marks, hard-wrapped or one line a paragraph, lists and pipe tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from roleqa.ingest.bare_headings import bare_headings
from roleqa.ingest.blocks import DEEPEST_HEADING, Block, Reading, Span, line_spans
from roleqa.ingest.comments import without
from roleqa.ingest.front_matter import read_front_matter
from roleqa.ingest.lines import Line, broken_early, classify, ends_sentence, wrap_width
from roleqa.ingest.markup import plain


def read_plain_text(text: str) -> Reading:
    """Read text as it was published. All but front matter and rules of dashes and the like is in one of the blocks."""
    front_matter = read_front_matter(text)
    body = without(text, (front_matter.span,))
    spans = line_spans(body)
    width = wrap_width(body, spans)
    lines = with_headings(body, classify(body, spans, width), width)
    return Reading(text, tuple(blocks_of(body, lines, width)), front_matter.title, front_matter.sources)


def with_headings(text: str, lines: Sequence[Line], width: int | None) -> list[Line]:
    """The lines with the bare headings among them marked, below the level of the marked ones.

    Where an author marks headings, two or more, the lines that are not marked are none.
    """
    marked = [line.level for line in lines if line.kind == "heading"]
    found = bare_headings(text, lines, width) if len(marked) < 2 else {}
    level = max(marked, default=1) + 1
    return [_settled(line, found.get(i), level) for i, line in enumerate(lines)]


def _settled(line: Line, parent: bool | None, level: int) -> Line:
    """The line as heading or as what else it is. A number's depth says more of a heading's level than its place."""
    if parent is not None:
        depth = line.level - 1 if line.level else -int(parent)
        return replace(line, kind="heading", level=min(level + depth, DEEPEST_HEADING), body=line.span.start)
    if line.kind == "text" and line.level == 1:
        return replace(line, kind="item")
    return line


def blocks_of(text: str, lines: Sequence[Line], width: int | None) -> Iterator[Block]:
    """The blocks that the lines make up."""
    indents: list[int] = []  # of the list items that the next line may stand below
    i = 0
    while i < len(lines):
        first = lines[i]
        end = _block_end(text, lines, i, width)
        span = Span(first.span.start, lines[end - 1].span.end)
        if first.block is not None:
            indents = []
            yield first.block
        elif first.kind == "item":
            indents = [indent for indent in indents if indent < first.indent] + [first.indent]
            yield Block("item", *span, Span(first.body, span.end), level=len(indents))
        elif first.kind != "blank":
            indents = []
            yield _block(text, first, span)
        i = end


def _block(text: str, first: Line, span: Span) -> Block:
    if first.kind == "heading":
        title = text[first.body : span.end]
        return Block("heading", *span, span, level=first.level, title=plain(title.rstrip("# ") or title))
    return Block("paragraph", *span, span)


def _block_end(text: str, lines: Sequence[Line], first: int, width: int | None) -> int:
    end = first + 1
    if lines[first].block is None and lines[first].kind in ("text", "item"):
        in_item = lines[first].kind == "item"
        while end < len(lines) and _continues(text, lines[end - 1], lines[end], in_item, width):
            end += 1
    return end


def _continues(text: str, above: Line, line: Line, in_item: bool, width: int | None) -> bool:
    """Whether the line goes on with the paragraph or list item above it."""
    if line.continues:
        return in_item
    if line.kind != "text" or line.level:
        return False
    if not broken_early(text, above.span, line.span, width):
        return True
    if ends_sentence(text, above.span):
        return False
    return text[line.span.start].islower() or (not in_item and width is not None)
