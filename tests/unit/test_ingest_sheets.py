"""Sheets and separated values: tables with their headers, what stands above them, merged cells, odd values."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.styles import Font
from test_ingest_docx import BOMB, rewritten
from test_ingest_html import shown

from roleqa.errors import UnreadableFileError
from roleqa.ingest.readers import READERS
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
    pytest.param("sep=;\nRank;Pay\nCook;1,5\n", [("table", ["Rank", "Pay"], ["Cook", "1,5"])], id="separator-said"),
    pytest.param("Rank|Pay\nCook|2\n", [("table", ["Rank", "Pay"], ["Cook", "2"])], id="bars"),
    pytest.param(
        "Pay of 2026\nRank,Pay\nCook,2\n\nSource: the act\n",
        [("paragraph", "Pay of 2026"), ("table", ["Rank", "Pay"], ["Cook", "2"]), ("paragraph", "Source: the act")],
        id="source-below",
    ),
    pytest.param(
        "Rank;Remark\nCook;cooks, serves, and cleans, daily\nKeeper;lights, and puts out, the lamp\n",
        [("table", ["Rank", "Remark"], ["Cook", "cooks, serves, and cleans, daily"], ["Keeper", "lights, and puts out, the lamp"])],
        id="commas-inside",
    ),
    pytest.param("Rank,Pay\nCook,\n,3\n", [("table", ["Rank", "Pay"], ["Cook", ""], ["", "3"])], id="empty-cells"),
    pytest.param("A,B\n1\n1,2,3\n", [("table", ["A", "B", ""], ["1", "", ""], ["1", "2", "3"])], id="ragged"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CSV)
def test_separated_values(text: str, expected: list[tuple[object, ...]]) -> None:
    assert shown(read_csv(text)) == expected


@pytest.mark.parametrize(
    "data",
    [
        "Caf\u00e9;Pay\nBr\u00fbl\u00e9;2 \u20ac\n".encode("cp1252"),
        "\ufeffCaf\u00e9;Pay\nBr\u00fbl\u00e9;2 \u20ac\n".encode(),
        "Caf\u00e9\tPay\r\nBr\u00fbl\u00e9\t2 \u20ac\r\n".encode("utf-16"),
    ],
    ids=["cp1252", "mark-of-byte-order", "unicode-text"],
)
def test_separated_values_in_the_encodings_that_sheets_are_saved_in(data: bytes) -> None:
    assert shown(READERS[".csv"](data)) == [("table", ["Caf\u00e9", "Pay"], ["Br\u00fbl\u00e9", "2 \u20ac"])]


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


def titled(book: openpyxl.Workbook) -> None:
    """A title over the table, a note below it, and a column of remarks beside it."""
    sheet(["Pay of 2026", None, None], [], ["Rank", "Pay", "Remark"], ["Cook", 2, None], ["Keeper", 3, "by night"], [], ["Source: the act"])(book)
    book.active.merge_cells("A1:C1")


def timed(book: openpyxl.Workbook) -> None:
    sheet(["A", "B"], [datetime.time(9, 30), datetime.timedelta(hours=1, minutes=5)], ["two\nlines", "=1+1"], ["#N/A", -0.5])(book)


def linked(book: openpyxl.Workbook) -> None:
    sheet(["Rank", "See"], ["Cook", "the act"])(book)
    book.active["B2"].hyperlink = "https://example.org"
    book.active["A2"].comment = Comment("Is it?", "A. Reader")
    book.active["A1"].font = Font(bold=True)


def charted(book: openpyxl.Workbook) -> None:
    """A sheet that is a chart alone, and one that is empty."""
    sheet(["A", "B"], ["x", 1])(book)
    book.create_sheet("Empty")
    chart = BarChart()
    chart.add_data(Reference(book.active, min_col=2, min_row=1, max_row=2))
    book.create_chartsheet("Chart").add_chart(chart)


BOOKS = [
    pytest.param(
        titled,
        [
            ("paragraph", "Pay of 2026"), ("table", ["Rank", "Pay", "Remark"], ["Cook", "2", ""], ["Keeper", "3", "by night"]),
            ("paragraph", "Source: the act"),
        ],
        id="title-and-note",
    ),
    pytest.param(timed, [("table", ["A", "B"], ["09:30", "1:05:00"], ["two lines", ""], ["#N/A", "-0.5"])], id="times-and-formula-never-reckoned"),
    pytest.param(linked, [("table", ["Rank", "See"], ["Cook", "the act"])], id="links-and-comments"),
    pytest.param(charted, [("h2", "Sheet"), ("table", ["A", "B"], ["x", "1"])], id="chart-and-empty-sheet"),
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


def test_a_formula_shows_what_was_last_reckoned() -> None:
    cells = b'<row r="1"><c r="A1" t="inlineStr"><is><t>Rank</t></is></c><c r="B1" t="inlineStr"><is><r><t>Pay</t></r><r><t> in all</t></r></is></c></row>'
    sums = b'<row r="2"><c r="A2" t="str"><f>"Co"&amp;"ok"</f><v>Cook</v></c><c r="B2"><f>SUM(1,1)</f><v>2</v></c></row>'
    data = rewritten(saved(share), {"xl/worksheets/sheet1.xml": SHEET % (cells + sums)})
    assert shown(read_xlsx(data)) == [("table", ["Rank", "Pay in all"], ["Cook", "2"])]


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
        (rewritten(saved(share), {"xl/worksheets/sheet1.xml": SHEET % FAR}), "cells, empty ones included, the limit for a file of"),
        (rewritten(saved(share), {"xl/styles.xml": b" " * 70_000_000}), "bytes of text and markup in it, the limit for a file of"),
        (saved(lambda book: book), "it has no text"),
    ],
    ids=["broken", "protected", "entities", "half-xml", "far-cells", "zip-bomb", "empty"],
)
def test_what_cannot_be_read_says_why(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableFileError, match=why):
        read_xlsx(data)
