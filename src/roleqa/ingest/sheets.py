"""Tables by themselves: comma-separated values, and the sheets of a workbook."""

from __future__ import annotations

import csv
import datetime
import io
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from roleqa.errors import UnreadableFileError
from roleqa.ingest.blocks import Reading
from roleqa.ingest.extract import Extract, one_line
from roleqa.ingest.limits import LARGEST, MAX_PARTS, Limits
from roleqa.ingest.office import Archive, open_archive

Row = list[str]

_DELIMITERS = (",", ";", "\t", "|")
_LOOKED_AT = 20
_SAID = re.compile(r"\ufeff?sep=([^\w\s\"]|\t)\n")  # how a file tells some programs what its separator is
# No tag holds the sign that begins one: where it does not close, it ends at the next.
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^<>]*?ref=\"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})\"")
_NOT_A_WORKBOOK = "it is no workbook, or a broken one ({}): save it again as .xlsx"


def read_csv(text: str) -> Reading:
    """Read separated values: the separator is the one that makes the most even columns.

    Raises:
        UnreadableFileError: a value in it is too long to be one.
    """
    extract = Extract()
    said = _SAID.match(text)
    values = text[said.end() :] if said else text
    delimiter = said[1] if said else _delimiter(text)
    try:
        _add(extract, csv.reader(io.StringIO(values, newline=""), delimiter=delimiter), LARGEST)
    except csv.Error as error:
        raise UnreadableFileError(f"it is no table of separated values ({error}): save it as .txt") from error
    return extract.reading()


def _delimiter(text: str) -> str:
    def evenness(delimiter: str) -> tuple[int, int]:
        rows = csv.reader(io.StringIO(text[:100_000], newline=""), delimiter=delimiter)
        widths = [len(row) for _, row in zip(range(_LOOKED_AT), rows, strict=False) if row]
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        return (widths.count(usual) if usual > 1 else 0, usual)

    return max(_DELIMITERS, key=evenness)


def read_xlsx(data: bytes) -> Reading:
    """Read a workbook: of each sheet that is not hidden its values, those of formulas as they were last reckoned.

    Raises:
        UnreadableFileError: it is protected, broken, too large, or empty.
    """
    archive = open_archive(data, ".xlsx")
    limits = Limits.of(len(data))
    extract = Extract(limits)
    cells = _Cells(limits)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts that openpyxl does not keep when it writes
            book = _workbook(data, archive)
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            for sheet in sheets:
                rows = cells.of(sheet, archive)
                if len(sheets) > 1 and rows:
                    extract.heading(sheet.title, 2)
                _add(extract, rows, limits)
    except UnreadableFileError:
        raise
    except Exception as error:  # openpyxl raises whatever the first odd value leads to
        raise UnreadableFileError(_NOT_A_WORKBOOK.format(one_line(str(error))[:200])) from error
    return extract.reading()


def _workbook(data: bytes, archive: Archive) -> Any:
    """The workbook, every part of which is read from `archive`, whatever it is called."""
    from openpyxl.reader.excel import ExcelReader

    reader = ExcelReader(io.BytesIO(data), read_only=True, keep_vba=False, data_only=True, keep_links=False)
    reader.archive = archive
    reader.read()
    return reader.wb


class _Cells:
    """What the cells of a workbook show, and how many there have been."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._passed = self._filled = self._characters = self._merged = 0

    def of(self, sheet: Any, archive: Archive) -> list[Row]:
        """The rows with something in them, merged cells repeated; where rows without lie between, one that is empty."""
        sheet.reset_dimensions()  # what a file says of its size is not to be relied on
        rows: dict[int, Row] = {}
        height = 0
        for height, row in enumerate(sheet.rows, start=1):
            self._passed += len(row) + 1
            self._limits.check(self._passed, self._limits.cells, "cells, empty ones included")
            if any(shown := [self._counted(_shown(cell)) for cell in row]):
                rows[height - 1] = shown
        for left, top, right, bottom in _MERGED.findall(archive.read(sheet._worksheet_path.lstrip("/"))):
            self._repeat(rows, _column(left), int(top) - 1, _column(right), min(int(bottom), height) - 1)
        return [row for y in sorted(rows) for row in ((rows[y],) if y - 1 in rows else ([], rows[y]))]

    def _counted(self, shown: str) -> str:
        if shown:
            self._filled += 1
            self._limits.check(self._filled, self._limits.parts, "cells")
            self._characters += len(shown)
            self._limits.check(self._characters, self._limits.characters, "characters of text")
        return shown

    def _repeat(self, rows: dict[int, Row], left: int, top: int, right: int, bottom: int) -> None:
        """Writes what a merged cell says into all its places, but not into those of a whole sheet."""
        text = rows[top][left] if top in rows and left < len(rows[top]) else ""
        if not text or (right - left + 1) * (bottom - top + 1) > MAX_PARTS:
            return
        self._merged += (right + 1) * max(0, bottom - top + 1)
        self._limits.check(self._merged, self._limits.merged, "cells in its merged ranges")
        for y in range(top, bottom + 1):
            row = rows.setdefault(y, [])
            row += [""] * (right + 1 - len(row))
            row[left : right + 1] = [text] * (right + 1 - left)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number - 1


def _shown(cell: Any) -> str:
    """A value much as the sheet shows it: dates without a midnight, shares as per cent, whole numbers whole."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime.datetime):
        return f"{value.date()} {_time(value.time())}" if value.time() != datetime.time() else str(value.date())
    if isinstance(value, datetime.time):
        return _time(value)
    if isinstance(value, int | float):
        share = "%" in (cell.number_format or "")
        return f"{100 * value:.10g}%" if share else f"{value:.15g}"
    return one_line(str(value))


def _time(value: datetime.time) -> str:
    return value.isoformat("seconds" if value.second else "minutes")


def _add(extract: Extract, rows: Iterable[Sequence[str]], limits: Limits) -> None:
    """The tables between empty rows. A row above a table that says but one thing is text about it."""
    for block in _blocks(rows):
        first = next((i for i, row in enumerate(block) if len({cell for cell in row if cell}) > 1), len(block))
        for row in block[:first]:
            extract.paragraph(next(cell for cell in row if cell))
        left = min((i for row in block[first:] for i, cell in enumerate(row) if cell), default=0)
        right = max((i for row in block[first:] for i, cell in enumerate(row) if cell), default=0)
        limits.check((right + 1 - left) * len(block[first:]), limits.parts, "cells in a table")
        extract.table([_padded(row[left : right + 1], right + 1 - left) for row in block[first:]])


def _padded(row: Row, width: int) -> Row:
    return row + [""] * (width - len(row))


def _blocks(rows: Iterable[Sequence[str]]) -> Iterator[list[Row]]:
    block: list[Row] = []
    for row in rows:
        shown = [one_line(cell) for cell in row]
        if any(shown):
            block.append(shown)
        elif block:
            yield block
            block = []
    if block:
        yield block
