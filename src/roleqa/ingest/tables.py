"""Pipe tables, with or without outer pipes: where each cell begins and ends."""

from __future__ import annotations

import re
from collections.abc import Sequence

from roleqa.ingest.blocks import Block, Span, trim

_PIPE = re.compile(r"(?<!\\)\|")
_DELIMITER_CELL = re.compile(r":?-+:?")


def has_pipe(text: str, line: Span) -> bool:
    """Whether the line holds a pipe that is not escaped, as every row of a table does."""
    return _PIPE.search(text, line.start, line.end) is not None


def row_cells(text: str, line: Span) -> tuple[Span, ...]:
    """The cells of a row, trimmed. An escaped pipe belongs to its cell; outer pipes make no cells."""
    edges = [match.start() for match in _PIPE.finditer(text, line.start, line.end)]
    starts = [line.start, *(edge + 1 for edge in edges)]
    ends = [*edges, line.end]
    if edges and edges[0] == line.start:
        starts, ends = starts[1:], ends[1:]
    if edges and edges[-1] == line.end - 1:
        starts, ends = starts[:-1], ends[:-1]
    return tuple(trim(text, start, end) for start, end in zip(starts, ends, strict=True))


def is_delimiter(text: str, line: Span) -> bool:
    """Whether the line is the row of dashes below a table's header."""
    cells = row_cells(text, line)
    return (
        has_pipe(text, line)
        and bool(cells)
        and all(_DELIMITER_CELL.fullmatch(text, cell.start, cell.end) for cell in cells)
    )


def table_end(text: str, lines: Sequence[Span], first: int) -> int:
    """The index after the last line of the table whose header is lines[first]; `first` if there is none.

    A header and its delimiter need not have as many cells as each other, nor as the rows: people's tables are
    ragged, and a row that is cut short is still a row. A table without a row is no table.
    """
    if first + 2 >= len(lines) or not has_pipe(text, lines[first]) or is_delimiter(text, lines[first]):
        return first
    if not is_delimiter(text, lines[first + 1]):
        return first
    end = first + 2
    while end < len(lines) and has_pipe(text, lines[end]):
        end += 1
    return end if end > first + 2 else first


def table_block(text: str, lines: Sequence[Span]) -> Block:
    """The table on these lines: a header, its delimiter and at least one row."""
    span = Span(lines[0].start, lines[-1].end)
    rows = tuple(row_cells(text, line) for line in lines[2:])
    return Block("table", span.start, span.end, span, header=row_cells(text, lines[0]), rows=rows)
