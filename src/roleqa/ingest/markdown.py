"""Markdown: the blocks that a CommonMark parser (with tables) finds, as spans of the text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from roleqa.ingest.blocks import LONGEST_TITLE, Block, Reading, Span, line_spans, paragraph, trim
from roleqa.ingest.comments import comment_spans, without
from roleqa.ingest.front_matter import read_front_matter
from roleqa.ingest.lines import Line, wrap_width
from roleqa.ingest.markup import plain
from roleqa.ingest.plain_text import blocks_of, with_headings
from roleqa.ingest.tables import table_block, table_end

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# The parser passes over what is nested deeper than this; it is then read as a paragraph.
_MAX_NESTING = 100

# The marks of a quote and of a list's empty item. A longer number is a year or the like that stands by itself.
_MARKERS = re.compile(r"[\s>*+-]*(?:\d{1,2}[.)][\s>*+-]*)*")
_LEADING_MARKS = re.compile(r"[\s>]*(?:(?:[*+-]|\d{1,2}[.)])(?=\s)[\s>]*)*")
_QUOTE = re.compile(r"[\s>]*")
_LEAVES = frozenset({"inline", "fence", "code_block", "html_block", "table_open", "hr"})
_TASK = re.compile(r"\[[ xX]\]\s+")
_FOOTNOTE = re.compile(r"^\[\^[^\]\s]+\]:[ \t]*", re.MULTILINE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>\s*")
_HARD_BREAK = re.compile(r"  \n|\\\n")


def read_markdown(text: str) -> Reading:
    """Read Markdown. Front matter, comments and link definitions are in no block, all other text is in one."""
    front_matter = read_front_matter(text)
    comments = comment_spans(text, front_matter.span.end)
    # A comment that is never closed would hide the rest of the file: its opening is read as text.
    visible = without(text, (front_matter.span, *comments)).replace("<!--", "x!--")
    found = _with_bare_headings(visible, _found_blocks(visible))
    blocks = tuple(part for block in found for part in _cut(visible, block, comments))
    return Reading(text, blocks, front_matter.title, front_matter.sources)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable("table")
    parser.core.ruler.enableOnly(["block"])
    return parser


def _found_blocks(text: str) -> list[Block]:
    """The blocks of the text in order, and as paragraphs the lines that the parser makes nothing of."""
    environment: dict[str, Any] = {}
    walk = _Walk(text, line_spans(text))
    blocks = list(walk.blocks(_parser().parse(text, environment)))
    definitions = [(label, entry["map"]) for label, entry in environment.get("references", {}).items()]
    definitions += [(entry["label"], entry["map"]) for entry in environment.get("duplicate_refs", ())]
    for label, lines in definitions:
        if not label.startswith("^"):  # a footnote's short text looks like a link's target
            walk.read(lines)
    blocks += walk.left_over()
    return sorted(blocks, key=lambda block: block.start)


@dataclass(slots=True)
class _Walk:
    """One pass over the parser's tokens, noting which lines have been read."""

    text: str
    lines: list[Span]
    unread: bytearray = field(init=False)

    def __post_init__(self) -> None:
        self.unread = bytearray(line.start < line.end for line in self.lines)

    def read(self, lines: Sequence[int]) -> None:
        self.unread[lines[0] : lines[1]] = bytes(lines[1] - lines[0])

    def blocks(self, tokens: Sequence[Token]) -> Iterator[Block]:
        depth = 0  # how many lists the token stands in
        item_line = -1  # the line that the latest list item begins on
        heading: Token | None = None
        for token in tokens:
            if token.type.endswith("_list_open") or token.type.endswith("_list_close"):
                depth += token.nesting
            elif token.type == "list_item_open" and token.map:
                item_line = token.map[0]
            elif token.type == "heading_open" and token.level == 0:
                heading = token
            elif token.type == "inline" and heading is not None:
                yield self._heading(heading, token.content)
                heading = None
            elif token.type in _LEAVES and token.map and self.unread.find(1, *token.map) >= 0:
                yield from self._leaf(token, token.map, depth, item_line)

    def _heading(self, heading: Token, content: str) -> Block:
        lines = heading.map or [0, 0]
        self.read(lines)
        span = self._span(lines)
        title = plain(content)
        if len(title) > LONGEST_TITLE:
            underlined = not heading.markup.startswith("#")
            return paragraph(Span(self._content_start(lines[0], content), self.lines[lines[1] - 1 - underlined].end))
        return Block("heading", *span, span, level=int(heading.tag[1]), title=title)

    def _leaf(self, token: Token, lines: list[int], depth: int, item_line: int) -> Iterator[Block]:
        self.read(lines)
        span = self._span(lines)
        if token.type == "hr":
            return
        if token.type in ("fence", "code_block"):
            yield Block("code", *span, self._code(token, lines))
        elif token.type == "html_block":
            yield Block("paragraph", *span, self._untagged(span))
        elif token.type == "table_open" or depth == 0:
            yield from self._prose(lines, token.content)
        else:
            body = trim(self.text, self._content_start(lines[0], token.content), span.end)
            task = _TASK.match(self.text, *body)
            start = self._unquoted(lines[0]).start if lines[0] == item_line else body.start
            body = Span(task.end() if task else body.start, span.end)
            yield Block("item", start, span.end, body, level=depth)

    def _prose(self, lines: Sequence[int], content: str) -> Iterator[Block]:
        """The tables and paragraphs on these lines: a row without a pipe is none, whatever the parser says."""
        spans = [self._unquoted(i) for i in range(*lines)]
        if content:
            spans[0] = Span(self._content_start(lines[0], content), spans[0].end)
        start = i = 0
        while i < len(spans):
            end = table_end(self.text, spans, i)
            if end > i:
                if start < i:
                    yield paragraph(trim(self.text, spans[start].start, spans[i - 1].end))
                yield table_block(self.text, spans[i:end])
                start = end
            i = max(end, i + 1)
        if start < len(spans):
            yield paragraph(trim(self.text, spans[start].start, spans[-1].end))

    def left_over(self) -> Iterator[Block]:
        """The lines that no block has taken, but those that hold only the marks of a quote or list.

        Where a line begins with a list's mark, a paragraph begins behind it.
        """
        start = self.unread.find(1)
        while start >= 0:
            end = self.unread.find(0, start)
            end = len(self.lines) if end < 0 else end
            yield from map(paragraph, self._paragraphs(self.lines[start:end]))
            start = self.unread.find(1, end)

    def _paragraphs(self, lines: Sequence[Span]) -> list[Span]:
        found: list[Span] = []
        for line in lines:
            if _MARKERS.fullmatch(self.text, *line):
                continue
            marks = _LEADING_MARKS.match(self.text, *line)
            words = Span(marks.end() if marks else line.start, line.end)
            if found and not self.text[line.start : words.start].strip("> \t"):
                found[-1] = Span(found[-1].start, line.end)
            else:
                found.append(words)
        return found

    def _span(self, lines: Sequence[int]) -> Span:
        filled = [line for line in self.lines[lines[0] : lines[1]] if line.start < line.end]
        return Span(filled[0].start, filled[-1].end)

    def _code(self, token: Token, lines: Sequence[int]) -> Span:
        if token.type == "code_block":
            return self._span(lines)
        first, last = lines[0] + 1, lines[1]
        closing = self._unquoted(last - 1)
        if last > first and not self.text[closing.start : closing.end].strip(token.markup[0]):
            last -= 1
        filled = [line for line in self.lines[first:last] if line.start < line.end]
        end = self.lines[lines[0]].end
        return Span(filled[0].start, filled[-1].end) if filled else Span(end, end)

    def _untagged(self, span: Span) -> Span:
        """What a block of HTML says: the tags at its ends are no words."""
        start, end = span
        while tag := _TAG.match(self.text, start, end):
            start = tag.end()
        while (opening := self.text.rfind("<", start, end)) >= 0 and _TAG.fullmatch(self.text, opening, end):
            end = opening
        return trim(self.text, start, end)

    def _unquoted(self, line: int) -> Span:
        start, end = self.lines[line]
        quote = _QUOTE.match(self.text, start, end)
        return Span(quote.end() if quote else start, end)

    def _content_start(self, line: int, content: str) -> int:
        """Where the text of a paragraph begins on its first line, behind the marks of quotes and lists."""
        start, end = self.lines[line]
        found = self.text.rfind(content.split("\n", 1)[0].strip(), start, end)
        if found >= 0:
            return found
        # The parser drops white space of every kind: behind the marks, the line may hold nothing else.
        return end if _MARKERS.fullmatch(self.text, start, end) else start


def _cut(text: str, block: Block, comments: Sequence[Span]) -> Iterator[Block]:
    """The block in parts: a comment or a footnote's number is in none, and a forced line break ends one."""
    if block.kind not in ("paragraph", "item"):
        yield block
        return
    first = bisect_left(comments, (block.start, block.start))
    cuts = list(comments[first : bisect_left(comments, (block.end, block.end))])
    for mark in (_HARD_BREAK, _FOOTNOTE):
        cuts += [Span(*match.span()) for match in mark.finditer(text, *block.body)]
    position = block.body.start
    bodies: list[Span] = []
    for start, end in [*sorted(cuts), (block.body.end, block.body.end)]:
        bodies.append(trim(text, position, start))
        quote = _QUOTE.match(text, end, block.body.end)
        position = max(position, quote.end() if quote else end)
    bodies = [body for body in bodies if body.start < body.end]
    for i, body in enumerate(bodies):
        start = block.start if i == 0 else body.start
        end = block.end if i == len(bodies) - 1 else body.end
        yield Block(block.kind, start, end, body, level=block.level)


def _with_bare_headings(text: str, blocks: Sequence[Block]) -> Sequence[Block]:
    """The blocks, with the bare headings of a file that marks none but perhaps its title."""
    if sum(block.kind == "heading" for block in blocks) > 1:
        return blocks
    lines = list(_lines(text, blocks))
    width = wrap_width(text, [line.span if line.kind == "text" else Span(0, 0) for line in lines])
    settled = with_headings(text, lines, width)
    return blocks if settled == lines else tuple(blocks_of(text, settled, width))


def _lines(text: str, blocks: Sequence[Block]) -> Iterator[Line]:
    end = 0
    for block in blocks:
        span = Span(block.start, block.end)
        if text.count("\n", end, block.start) > 1:
            yield Line(Span(end, end), "blank")
        end = block.end
        if _is_bare(text, block):
            for line in text[block.start : block.end].split("\n"):
                part = trim(text, span.start, span.start + len(line))
                span = Span(span.start + len(line) + 1, span.end)
                yield Line(part, "text" if part.start < part.end else "blank", body=part.start)
        elif block.kind == "heading":
            yield Line(span, "heading", level=block.level, block=block)
        else:
            yield Line(span, "block", block=block)


def _is_bare(text: str, block: Block) -> bool:
    """Whether it is a paragraph without any mark of its own: no quote, HTML, footnote or forced line break."""
    line_start = text.rfind("\n", 0, block.start) + 1
    return (
        block.kind == "paragraph"
        and block.body == (block.start, block.end)
        and not text[line_start : block.start].strip()
        and not any(mark.search(text, block.start, block.end) for mark in (_FOOTNOTE, _HARD_BREAK))
    )
