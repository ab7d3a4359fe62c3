"""PDF as printed from layouts people use: columns, tables over pages, running headers, hyphens, lists, footnotes."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Table
from test_ingest_html import shown

from article import printed
from roleqa.blocks import page_at
from roleqa.errors import UnreadableFileError
from roleqa.ingest.blocks import Reading
from roleqa.ingest.pdf import read_pdf

Draw = Callable[[Canvas], object]


def drawn(draw: Draw, **options: object) -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4, **options)
    draw(canvas)
    canvas.save()
    return stream.getvalue()


def lines(canvas: Canvas, x: float, y: float, *texts: str, size: float = 10, font: str = "Helvetica") -> None:
    canvas.setFont(font, size)
    for i, text in enumerate(texts):
        canvas.drawString(x, y - 12 * i, text)


LEFT = ("The archive opens at nine in the morning.", "Visitors sign the book at the door and", "leave their coats with the keeper.", "Bags stay in the hall below.")
RIGHT = ("It closes at five in the afternoon. Then", "the keeper rings the bell and walks", "through every room of the house. No one", "stays behind for the night.")


def columns(canvas: Canvas) -> None:
    lines(canvas, 60, 760, "Rules of the house and of its garden, for all who come to visit it", size=18, font="Helvetica-Bold")
    lines(canvas, 60, 700, *LEFT)
    lines(canvas, 310, 700, *RIGHT)


def hyphens(canvas: Canvas) -> None:
    lines(canvas, 60, 700, "The keeper coordi-", "nates all short-", "term visits. A short-term visit is free.")


def paragraphs(canvas: Canvas) -> None:
    lines(canvas, 60, 700, "One goes on to the end of the line and", "ends here.")
    lines(canvas, 60, 660, "Two stands below a gap.")
    lines(canvas, 60, 648, "It goes on.")


def bold(canvas: Canvas) -> None:
    lines(canvas, 60, 720, "Opening hours", font="Helvetica-Bold")
    lines(canvas, 60, 700, "The archive opens at nine, and it closes at five.")


def listed(canvas: Canvas) -> None:
    lines(canvas, 60, 700, "Bring with you:", "1. a pass that has", "    been signed", "2) a pen")
    lines(canvas, 75, 640, "- in blue", "- in black")


def footnoted(canvas: Canvas) -> None:
    lines(canvas, 60, 740, "A", size=14)
    lines(canvas, 60, 720, "First", size=14)
    lines(canvas, 60, 700, *LEFT)
    lines(canvas, 60, 120, "1 See the act of the house.", size=7)
    canvas.showPage()
    lines(canvas, 60, 740, *RIGHT)
    lines(canvas, 60, 680, "Second", size=14)
    lines(canvas, 60, 660, *LEFT[3:])


PROSE = " ".join(LEFT), " ".join(RIGHT)
LAYOUTS = [
    pytest.param(
        columns,
        [("h1", "Rules of the house and of its garden, for all who come to visit it"), ("paragraph", PROSE[0]), ("paragraph", PROSE[1])],
        id="two-columns",
    ),
    pytest.param(hyphens, [("paragraph", "The keeper coordinates all short-term visits. A short-term visit is free.")], id="hyphens"),
    pytest.param(
        paragraphs,
        [("paragraph", "One goes on to the end of the line and ends here."), ("paragraph", "Two stands below a gap. It goes on.")],
        id="paragraphs",
    ),
    pytest.param(
        bold, [("h1", "Opening hours"), ("paragraph", "The archive opens at nine, and it closes at five.")], id="bold-heading"
    ),
    pytest.param(
        listed,
        [("paragraph", "Bring with you:"), ("item1", "a pass that has been signed"), ("item1", "a pen"), ("item2", "in blue"), ("item2", "in black")],
        id="nested-list",
    ),
    pytest.param(
        footnoted,
        [("paragraph", PROSE[0]), ("paragraph", PROSE[1]), ("paragraph", "1 See the act of the house."), ("h1", "Second"), ("paragraph", LEFT[3])],
        id="footnote-below-its-section",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("draw", "expected"), LAYOUTS)
def test_a_layout(draw: Draw, expected: list[tuple[object, ...]]) -> None:
    found = shown(read_pdf(drawn(draw)))
    assert found[-len(expected) :] == expected


def pages_of(reading: Reading, *words: str) -> list[int | None]:
    return [page_at(reading.pages, reading.text.index(word)) for word in words]


def test_a_table_over_pages_is_one_and_each_row_knows_its_page() -> None:
    cells = [["Rank", "Pay"], *([f"Rank {n}", f"{n} euros"] for n in range(60))]
    reading = read_pdf(printed([Table(cells, repeatRows=1, style=[("GRID", (0, 0), (-1, -1), 0.5, "black")])]))
    assert shown(reading) == [("table", *cells)]
    assert len(reading.pages) >= 3
    assert pages_of(reading, "Rank 0", "Rank 59") == [1, len(reading.pages)]


def test_merged_cells_are_repeated() -> None:
    cells = [["Rank", "Pay", ""], ["Cook", "low", "high"], ["", "1", "2"]]
    spans = [("GRID", (0, 0), (-1, -1), 0.5, "black"), ("SPAN", (1, 0), (2, 0)), ("SPAN", (0, 1), (0, 2))]
    reading = read_pdf(printed([Table(cells, style=spans)]))
    assert shown(reading)[-1] == ("table", ["Rank", "Pay", "Pay"], ["Cook", "low", "high"], ["Cook", "1", "2"])


def test_a_paragraph_over_pages_is_one_and_knows_where_the_page_turns() -> None:
    def draw(canvas: Canvas) -> None:
        for number in (1, 2, 3):
            lines(canvas, 60, 810, "Handbook of the archive")
            lines(canvas, 300, 20, f"{number} / 3")
            lines(canvas, 60, 700, f"Paragraph {number} begins here and goes on to", "the end of its page and on to the")
            canvas.showPage()

    reading = read_pdf(drawn(draw))
    assert "Handbook" not in reading.text
    assert "/ 3" not in reading.text
    assert pages_of(reading, "Paragraph 1", "Paragraph 2", "Paragraph 3") == [1, 2, 3]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is broken"),
        (b"%PDF-1.4\nnothing", "it is broken"),
        (drawn(lambda canvas: canvas.rect(10, 10, 50, 50)), "recognise their text"),
        (drawn(columns, encrypt=StandardEncryption("secret")), "password"),
        (drawn(columns)[:700], "it is broken"),
    ],
    ids=["empty", "nothing", "scanned", "protected", "cut-short"],
)
def test_what_cannot_be_read_says_why(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableFileError, match=why):
        read_pdf(data)
