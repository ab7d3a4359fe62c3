"""What can be quoted of a block: its sentences, its list item, its cells, its code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from roleqa.ingest.blocks import Block, Span
from roleqa.ingest.markup import plain
from roleqa.ingest.sentences import sentence_spans
from roleqa.types import Evidence, EvidenceKind

# The headers of a cell and the lead-in of an item say where a quote stands and are never quoted themselves:
# they may be cut short, and are, lest they take up more room than the quote.
_MAX_HEADER = 100
_MAX_LEAD_IN = 200

_MAX_INDENT = 80
_QUOTE_MARK = re.compile(r"(?:>\s*)+")
_KINDS: dict[str, EvidenceKind] = {"paragraph": "sentence", "item": "item", "code": "code"}


@dataclass(frozen=True, slots=True)
class Piece:
    """Evidence that has no passage yet. The passage also takes in what `start` to `end` adds: a bullet, a fence."""

    evidence: Evidence
    start: int
    end: int


def block_pieces(text: str, blocks: Sequence[Block]) -> tuple[tuple[Piece, ...], ...]:
    """The pieces of each block of a section; none for tables, whose pieces come row by row.

    A list item knows the sentence that introduces it: the last one before the list, or of the item it is below.
    """
    lead_ins: dict[int, str] = {}  # by depth: 0 for paragraphs, then that of the items
    found: list[tuple[Piece, ...]] = []
    for block in blocks:
        depth = block.level if block.kind == "item" else 0
        lead_in = lead_ins.get(depth - 1)
        spans = _quotable(text, block)
        found.append(tuple(_pieces(block, spans, lead_in)))
        lead_ins = {level: label for level, label in lead_ins.items() if level < depth}
        if spans and block.kind != "code":
            lead_ins[depth] = _label(text, spans[-1], _MAX_LEAD_IN)
    return tuple(found)


def _quotable(text: str, block: Block) -> tuple[Span, ...]:
    if block.kind == "code":
        return (block.body,) if block.body.start < block.body.end else ()
    spans = sentence_spans(text, *block.body) if block.kind in _KINDS else ()
    return tuple(span for span in (_unquoted(text, span) for span in spans) if span.start < span.end)


def _unquoted(text: str, span: Span) -> Span:
    """The sentence without the mark of a quote, where it is the first of its line."""
    mark = _QUOTE_MARK.match(text, *span)
    indented = text[max(0, span.start - _MAX_INDENT) : span.start].rstrip(" \t")
    return Span(mark.end(), span.end) if mark and indented.endswith("\n") else span


def _pieces(block: Block, spans: Sequence[Span], lead_in: str | None) -> Iterator[Piece]:
    for i, (start, end) in enumerate(spans):
        yield Piece(
            Evidence("", start, end, _KINDS[block.kind], lead_in=lead_in),
            block.start if i == 0 else start,
            block.end if i == len(spans) - 1 else end,
        )


def row_pieces(text: str, table: Block) -> Iterator[tuple[Piece, ...]]:
    """The cells of each row of a table, but the empty ones. The first cell is the row's header for the others."""
    columns = [_label(text, cell, _MAX_HEADER) or None for cell in table.header]
    for cells in table.rows:
        filled = [i for i, cell in enumerate(cells) if cell.start < cell.end]
        row = _label(text, cells[0], _MAX_HEADER) or None if filled else None
        if pieces := tuple(
            Piece(
                Evidence(
                    "", *cells[i], "cell", row=row if i else None, column=columns[i] if i < len(columns) else None
                ),
                *cells[i],
            )
            for i in filled
        ):
            yield pieces


def _label(text: str, span: Span, longest: int) -> str:
    # Markup and white space are taken out before the label is cut, but not of a whole page.
    return plain(text[span.start : min(span.end, span.start + 4 * longest)])[:longest].rstrip()
