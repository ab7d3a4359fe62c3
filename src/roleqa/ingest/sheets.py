"""Tables by themselves: comma-separated values, and the sheets of a workbook."""

from __future__ import annotations

import csv
import datetime
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from roleqa.errors import UnreadableFileError
from roleqa.ingest.blocks import Reading
from roleqa.ingest.extract import Extract, one_line
from roleqa.ingest.limits import MAX_PARTS
from roleqa.ingest.office import open_archive

Row = list[str]

_DELIMITERS = (",", ";", "\t", "|")
_LOOKED_AT = 20
_SAID = re.compile(r"\ufeff?sep=([^\w\s\"]|\t)\n")  # how a file tells some programs what its separator is
# Empty cells are cheap, and a workbook may have a great many: so many are passed over, filled ones not counted.
_MOST_CELLS = 10_000_000
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})\"")
_NOT_A_WORKBOOK = "it is no workbook, or a broken one ({}): save it anew as .xlsx"


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
        _add(extract, csv.reader(io.StringIO(values, newline=""), delimiter=delimiter))
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
    import openpyxl

    extract = Extract()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts that openpyxl does not keep when it writes
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            for sheet in sheets:
                rows = _values(sheet, archive)
                if len(sheets) > 1 and any(any(row) for row in rows):
                    extract.heading(sheet.title, 2)
                _add(extract, rows)
    except UnreadableFileError:
        raise
    except Exception as error:  # openpyxl raises whatever the first odd value leads to
        raise UnreadableFileError(_NOT_A_WORKBOOK.format(one_line(str(error))[:200])) from error
    return extract.reading()


def _values(sheet: Any, archive: zipfile.ZipFile) -> list[Row]:
    """The cells as they are shown, merged ones repeated."""
    sheet.reset_dimensions()  # what a file says of its size is not to be relied on
    rows: list[Row] = []
    cells = filled = 0
    for row in sheet.rows:
        shown = [_shown(cell) for cell in row]
        cells += len(shown) + 1
        filled += sum(map(bool, shown))
        if cells > _MOST_CELLS or filled > MAX_PARTS:
            raise UnreadableFileError(f"it has over {MAX_PARTS:,} cells: split it into several files")
        rows.append(shown if any(shown) else [])
    for left, top, right, bottom in _MERGED.findall(archive.read(sheet._worksheet_path.lstrip("/"))):
        _repeat(rows, _column(left), int(top) - 1, _column(right), int(bottom) - 1)
    return rows


def _repeat(rows: list[Row], left: int, top: int, right: int, bottom: int) -> None:
    text = rows[top][left] if top < len(rows) and left < len(rows[top]) else ""
    if not text or (right - left + 1) * (bottom - top + 1) > MAX_PARTS:
        return
    for row in rows[top : bottom + 1]:
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


def _add(extract: Extract, rows: Iterable[Sequence[str]]) -> None:
    """The tables between empty rows. A row above a table that says but one thing is text about it."""
    for block in _blocks(rows):
        first = next((i for i, row in enumerate(block) if len({cell for cell in row if cell}) > 1), len(block))
        for row in block[:first]:
            extract.paragraph(next(cell for cell in row if cell))
        left = min((i for row in block[first:] for i, cell in enumerate(row) if cell), default=0)
        right = max((i for row in block[first:] for i, cell in enumerate(row) if cell), default=0)
        extract.table([[*row, *[""] * right][left : right + 1] for row in block[first:]])


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
