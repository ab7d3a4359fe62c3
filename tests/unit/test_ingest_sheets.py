"""Sheets and separated values: tables with their headers, what stands above them, merged cells, odd values."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from test_ingest_docx import BOMB, rewritten
from test_ingest_html import shown

from roleqa.errors import UnreadableFileError
from roleqa.ingest.sheets import read_csv, read_xlsx

CSV = [
    pytest.param("Rank,Pay\nCook,2\n", [("table", ["Rank", "Pay"], ["Cook", "2"])], id="commas"),
    pytest.param("Rank;Pay\nCook;2,5\n", [("table", ["Rank", "Pay"], ["Cook", "2,5"])], id="semicolons"),
    pytest.param("Rank\tPay\nCook, old\t2\n", [("table", ["Rank", "Pay"], ["Cook, old", "2"])], id="tabs"),
    pytest.param('A,B\n"x, ""y""","two\nlines"\n', [("table", ["A", "B"], ['x, "y"', "two lines"])], id="quoted"),
    pytest.param(
        "Pay of 2026,,\n\nRank,Pay,\nCook,2,\n", [("paragraph", "Pay of 2026"), ("table", ["Rank", "Pay"], ["Cook", "2"])], id="title-above"
    ),
    pytest.param("one\ntwo\n", [("paragraph", "one"), ("paragraph", "two")], id="one-column"),
    pytest.param("A,B\n1\n1,2,3\n", [("table", ["A", "B"], ["1"], ["1", "2", "3"])], id="ragged"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CSV)
def test_separated_values(text: str, expected: list[tuple[object, ...]]) -> None:
    assert shown(read_csv(text)) == expected


def test_a_value_without_an_end_is_refused() -> None:
    with pytest.raises(UnreadableFileError, match="no table of separated values"):
        read_csv('A,B\n"' + "x" * 200_000)


def saved(fill: Callable[[openpyxl.Workbook], object]) -> bytes:
    book = openpyxl.Workbook()
    fill(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def sheet(*rows: list[Any]) -> Callable[[openpyxl.Workbook], None]:
    def fill(book: openpyxl.Workbook) -> None:
        for row in rows:
            book.active.append(row)

    return fill


def merged(book: openpyxl.Workbook) -> None:
    sheet(["Pay", None, None], ["Rank", "Low", "High"], ["Cook", 1, 2], [None, 3, 4])(book)
    book.active.merge_cells("A1:C1")
    book.active.merge_cells("A3:A4")


def several(book: openpyxl.Workbook) -> None:
    for name in ("Pay", "Leave"):
        made = book.create_sheet(name)
        made.append(["Rank", "Days"])
        made.append([name, 1])
    book.create_sheet("Secret").append(["a", "b"])
    book["Secret"].sheet_state = "hidden"


def away(book: openpyxl.Workbook) -> None:
    book.active["C5"], book.active["D5"], book.active["C6"], book.active["D6"] = "A", "B", "x", "y"


def share(book: openpyxl.Workbook) -> None:
    sheet(["A", "B"], ["x", 0.125])(book)
    book.active["B2"].number_format = "0.0%"


BOOKS = [
    pytest.param(sheet(["A", "B"], ["x", 2], ["y", 0.1 + 0.2]), [("table", ["A", "B"], ["x", "2"], ["y", "0.3"])], id="numbers"),
    pytest.param(
        sheet(["A", "B"], [datetime.date(2026, 5, 1), True], [datetime.datetime(2026, 5, 1, 9, 30), False]),
        [("table", ["A", "B"], ["2026-05-01", "TRUE"], ["2026-05-01 09:30", "FALSE"])],
        id="dates",
    ),
    pytest.param(merged, [("paragraph", "Pay"), ("table", ["Rank", "Low", "High"], ["Cook", "1", "2"], ["Cook", "3", "4"])], id="merged"),
    pytest.param(
        several,
        [("h2", "Pay"), ("table", ["Rank", "Days"], ["Pay", "1"]), ("h2", "Leave"), ("table", ["Rank", "Days"], ["Leave", "1"])],
        id="sheets",
    ),
    pytest.param(away, [("table", ["A", "B"], ["x", "y"])], id="away-from-the-corner"),
    pytest.param(share, [("table", ["A", "B"], ["x", "12.5%"])], id="per-cent"),
    pytest.param(sheet(["A", "B"], [1, 2], [], ["C", "D"], [3, 4]), [("table", ["A", "B"], ["1", "2"]), ("table", ["C", "D"], ["3", "4"])], id="two-tables"),
]  # fmt: skip


@pytest.mark.parametrize(("fill", "expected"), BOOKS)
def test_a_workbook(fill: Callable[[openpyxl.Workbook], object], expected: list[tuple[object, ...]]) -> None:
    assert shown(read_xlsx(saved(fill))) == expected


SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%b</sheetData></worksheet>'
FAR = b"".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (n, n) for n in range(1, 5000))


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"PK", "broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "protected by a password"),
        (rewritten(saved(share), {"xl/worksheets/sheet1.xml": BOMB}), "declares a document type"),
        (rewritten(saved(share), {"xl/worksheets/sheet1.xml": b"<a"}), "no workbook"),
        (rewritten(saved(share), {"xl/worksheets/sheet1.xml": SHEET % FAR}), "over 500,000 cells"),
        (rewritten(saved(share), {"xl/more.xml": b" " * 70_000_000}), "over the limit"),
        (saved(lambda book: book), "it has no text"),
    ],
    ids=["broken", "protected", "entities", "half-xml", "far-cells", "zip-bomb", "empty"],
)
def test_what_cannot_be_read_says_why(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableFileError, match=why):
        read_xlsx(data)
