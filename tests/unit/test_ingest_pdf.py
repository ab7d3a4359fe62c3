"""PDF as printed from layouts people use: columns, tables over pages, running headers, hyphens, lists, footnotes."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import matplotlib
import pytest
from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, Table
from test_ingest_html import shown

from article import printed
from roleqa.blocks import page_at
from roleqa.errors import UnreadableFileError
from roleqa.ingest.blocks import Reading
from roleqa.ingest.pdf import read_pdf

Draw = Callable[[Canvas], object]
GRID = (("GRID", (0, 0), (-1, -1), 0.5, "black"),)
UNICODE = "DejaVuSans"
pdfmetrics.registerFont(TTFont(UNICODE, Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")))


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
    lines(canvas, 60, 740, "Visits", size=14)
    lines(canvas, 60, 700, *LEFT)
    lines(canvas, 60, 120, "1 See the act of the", "house, article two.", size=7)
    canvas.showPage()
    lines(canvas, 60, 740, *RIGHT)
    lines(canvas, 60, 680, "Leaving", size=14)
    lines(canvas, 60, 660, *LEFT[3:])


def sized(canvas: Canvas) -> None:
    """Headings by their size alone, one of two lines."""
    lines(canvas, 60, 780, "The house and", size=24)
    lines(canvas, 60, 752, "its garden", size=24)
    lines(canvas, 60, 720, "Visits", size=16)
    lines(canvas, 60, 700, LEFT[0])
    lines(canvas, 60, 670, "In winter", size=12)
    lines(canvas, 60, 650, LEFT[3])
    lines(canvas, 60, 620, "Leaving", size=16)
    lines(canvas, 60, 600, "Ring the bell.")


def numbered(canvas: Canvas) -> None:
    lines(canvas, 60, 780, "1 Visits", size=14, font="Helvetica-Bold")
    lines(canvas, 60, 760, "1.1 In winter", font="Helvetica-Bold")
    lines(canvas, 60, 740, LEFT[0])
    lines(canvas, 60, 716, "1.2 In summer", font="Helvetica-Bold")
    lines(canvas, 60, 696, LEFT[3])
    lines(canvas, 60, 672, "2. Leaving", size=14, font="Helvetica-Bold")
    lines(canvas, 60, 652, "2.1. By the gate", font="Helvetica-Bold")
    lines(canvas, 60, 632, LEFT[3])


def same_looks(canvas: Canvas) -> None:
    """Headings that only their numbers tell apart, above a list in bold type."""
    lines(canvas, 60, 760, "1. Visits", font="Helvetica-Bold")
    lines(canvas, 60, 740, LEFT[0])
    lines(canvas, 60, 716, "1.1 In winter", font="Helvetica-Bold")
    lines(canvas, 60, 696, LEFT[3])
    lines(canvas, 60, 672, "Leaving", font="Helvetica-Bold")
    lines(canvas, 60, 652, "1. Ring the bell", "2. Wait", font="Helvetica-Bold")


def indented(canvas: Canvas) -> None:
    """Paragraphs told by the indent of their first line alone, as in books."""
    lines(canvas, 72, 700, "The archive opens at nine in the morning")
    lines(canvas, 60, 688, "for all who come with a pass of their own.")
    lines(canvas, 72, 676, "It closes at five in the afternoon, when")
    lines(canvas, 60, 664, "the keeper rings the bell.")


def furnished(canvas: Canvas) -> None:
    """A header that changes with its section, and several ways to number a page."""
    for number, (head, foot) in enumerate(zip(("Visits", "Visits", "Leaving"), ("- 1 -", "Page 2 of 3", "iii"), strict=True), start=1):
        lines(canvas, 60, 810, f"The house | {number}")
        lines(canvas, 480, 810, head)
        lines(canvas, 60, 700, f"This is what stands on page {number} of it.")
        lines(canvas, 280, 30, foot)
        canvas.showPage()


def items_over_columns(canvas: Canvas) -> None:
    """A list that goes on in the next column, further to the right, and with an item below another there."""
    lines(canvas, 60, 700, *LEFT, "- a pass that lets visitors in", "- a pen that writes in blue")
    lines(canvas, 310, 700, "- a coat against the cold of it")
    lines(canvas, 325, 688, "- with a hood")
    lines(canvas, 310, 676, "- a book to read while waiting")
    lines(canvas, 310, 652, *RIGHT)


def low_items(canvas: Canvas) -> None:
    """Lists that go on to the very end of each page."""
    for i, text in enumerate(("a pass", "a pen", "a coat", "a book")):
        lines(canvas, 60, 72, "\u2022", "\u2022")
        lines(canvas, 80, 72, text, f"two of {text}")
        lines(canvas, 280, 30, f"{i + 1}")
        canvas.showPage()


def odd_bullets(canvas: Canvas) -> None:
    for i, text in enumerate(("a pass", "a pen that writes in blue, and that does not", "a coat")):
        y = 700 - 30 * i
        canvas.setFont("Symbol" if i else "ZapfDingbats", 10)
        canvas.drawString(60, y, "\u2022" if i else "\u25cf")
        lines(canvas, 75, y, *((text, "leak") if i == 1 else (text,)))


def drawn_bullets(canvas: Canvas) -> None:
    """Dots and squares that are drawings, as browsers print them, and ones that are no bullets."""
    lines(canvas, 60, 720, "Bring with you:")
    for i, text in enumerate(("a pass", "a pen that writes in blue", "a coat")):
        canvas.circle(72, 703.5 - 16 * i, 2, fill=1, stroke=0) if i else canvas.rect(70, 701, 4, 4, fill=1, stroke=0)
        lines(canvas, 84, 700 - 16 * i, text)
    lines(canvas, 60, 640, "Tick the box")
    canvas.rect(120, 640, 5, 5)
    canvas.circle(300, 500, 2, fill=1)


def justified(canvas: Canvas) -> None:
    """Words driven apart in a narrow column, the last line as it comes."""
    style = ParagraphStyle("narrow", alignment=TA_JUSTIFY, fontSize=10, leading=12)
    text = Paragraph("Visitors acknowledge responsibilities. Correspondence notwithstanding, acknowledgement is unnecessary.", style)
    text.wrapOn(canvas, 120, 500)
    text.drawOn(canvas, 60, 600)


def justified_columns(canvas: Canvas) -> None:
    """As in journals: the columns ten points apart, the words of some lines as far apart as those."""
    style = ParagraphStyle("column", alignment=TA_JUSTIFY, fontSize=10, leading=12)
    for x, words in ((60, PROSE[0]), (240, PROSE[1])):
        text = Paragraph(f"{words} Responsibilities notwithstanding, acknowledgement is unnecessary.", style)
        _, height = text.wrapOn(canvas, 170, 500)
        text.drawOn(canvas, x, 700 - height)


def turned(canvas: Canvas) -> None:
    """A landscape table on a page that is turned when it is shown."""
    lines(canvas, 60, 700, "Before it.")
    canvas.showPage()
    canvas.setPageRotation(90)
    sideways(canvas)


def sideways(canvas: Canvas) -> None:
    """The same on a page that is not turned."""
    canvas.translate(A4[0], 0)
    canvas.rotate(90)
    put_table(canvas, [["Rank", "Pay"], ["Cook", "2"]], 60, 400)
    lines(canvas, 60, 300, "Below it, turned.")


def put_table(canvas: Canvas, cells: list[list[str]], x: float, y: float, style: tuple[tuple[object, ...], ...] = GRID) -> None:
    table = Table(cells, style=style)
    table.wrapOn(canvas, 400, 400)
    table.drawOn(canvas, x, y)


def marked(canvas: Canvas) -> None:
    """A word across the page, and one up its side."""
    lines(canvas, 60, 700, *LEFT)
    canvas.saveState()
    canvas.translate(100, 600)
    canvas.rotate(45)
    lines(canvas, 0, 0, "DRAFT COPY", size=60)
    canvas.restoreState()
    canvas.saveState()
    canvas.translate(30, 400)
    canvas.rotate(90)
    lines(canvas, 0, 0, "Stamped on the first of May", size=12)
    canvas.restoreState()


def ligatures(canvas: Canvas) -> None:
    lines(canvas, 60, 700, "The o\ufb03ce is on the \ufb01rst \ufb02oor.", font=UNICODE)


def right_to_left(canvas: Canvas) -> None:
    """As it is printed: each line's glyphs from the left, the last letter first."""
    lines(canvas, 60, 700, "\u05d4\u05d7\u05d5\u05ea\u05e4 \u05df\u05d5\u05d9\u05db\u05e8\u05d0\u05d4", "1948 \u05ea\u05e0\u05e9\u05de", font=UNICODE)


def between_columns(canvas: Canvas) -> None:
    """Two columns, a table across both, and two columns again."""
    lines(canvas, 60, 760, *LEFT)
    lines(canvas, 310, 760, *RIGHT)
    put_table(canvas, [["Rank of those who keep the house and its garden", "Pay in euros, each day"], ["Cook of the house", "Two, and bread"]], 60, 660)
    lines(canvas, 60, 630, *LEFT)
    lines(canvas, 310, 630, *RIGHT)


def raised(canvas: Canvas) -> None:
    """The mark of a note stands higher and is smaller."""
    lines(canvas, 60, 700, "Ask the keeper")
    lines(canvas, 60 + canvas.stringWidth("Ask the keeper", "Helvetica", 10), 704, "2", size=6)
    lines(canvas, 138, 700, "for the pass.")


def contents(canvas: Canvas) -> None:
    lines(canvas, 60, 740, "Contents", size=16)
    lines(canvas, 60, 710, "Visits " + "." * 60 + " 2", "Leaving " + ". " * 40 + "3")
    lines(canvas, 60, 640, "Visits", size=16)
    lines(canvas, 60, 620, LEFT[0])


def short(canvas: Canvas) -> None:
    """Paragraphs of a line or two: lines are as far apart as paragraphs more often than not."""
    for i, text in enumerate(("The archive opens at nine.", "It closes at five.", "Bags stay below.", "Coats stay below.")):
        lines(canvas, 60, 700 - 18 * i, text)
    lines(canvas, 60, 628, "The keeper rings the bell and", "walks through the house.")
    lines(canvas, 60, 598, "No one stays behind.")


def spaced(canvas: Canvas) -> None:
    """Lines twice as far apart as usual."""
    for i, text in enumerate(LEFT[1:3]):
        lines(canvas, 60, 700 - 24 * i, text)
    for i, text in enumerate(RIGHT[1:3]):
        lines(canvas, 60, 628 - 24 * i, text)


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
        [
            ("h1", "Visits"), ("paragraph", PROSE[0]), ("paragraph", "1 See the act of the house, article two."), ("paragraph", PROSE[1]),
            ("h1", "Leaving"), ("paragraph", LEFT[3]),
        ],
        id="footnote",
    ),
    pytest.param(
        sized,
        [
            ("h1", "The house and its garden"), ("h2", "Visits"), ("paragraph", LEFT[0]), ("h3", "In winter"), ("paragraph", LEFT[3]),
            ("h2", "Leaving"), ("paragraph", "Ring the bell."),
        ],
        id="headings-by-size",
    ),
    pytest.param(
        numbered,
        [("h1", "1 Visits"), ("h2", "1.1 In winter"), ("paragraph", LEFT[0]), ("h2", "1.2 In summer"), ("paragraph", LEFT[3]), ("h1", "2. Leaving"), ("h2", "2.1. By the gate"), ("paragraph", LEFT[3])],
        id="numbered-headings",
    ),
    pytest.param(
        same_looks,
        [
            ("h1", "1. Visits"), ("paragraph", LEFT[0]), ("h2", "1.1 In winter"), ("paragraph", LEFT[3]),
            ("h1", "Leaving"), ("item1", "Ring the bell"), ("item1", "Wait"),
        ],
        id="headings-by-number",
    ),
    pytest.param(
        indented,
        [
            ("paragraph", "The archive opens at nine in the morning for all who come with a pass of their own."),
            ("paragraph", "It closes at five in the afternoon, when the keeper rings the bell."),
        ],
        id="paragraphs-by-indent",
    ),
    pytest.param(furnished, [("paragraph", f"This is what stands on page {number} of it.") for number in (1, 2, 3)], id="headers-and-numbers"),
    pytest.param(
        items_over_columns,
        [
            ("paragraph", PROSE[0]), ("item1", "a pass that lets visitors in"), ("item1", "a pen that writes in blue"),
            ("item1", "a coat against the cold of it"), ("item2", "with a hood"), ("item1", "a book to read while waiting"),
            ("paragraph", PROSE[1]),
        ],
        id="items-over-columns",
    ),
    pytest.param(low_items, [("item1", text) for name in ("a pass", "a pen", "a coat", "a book") for text in (name, f"two of {name}")], id="items-at-the-end-of-pages"),
    pytest.param(
        odd_bullets,
        [("item1", "a pass"), ("item1", "a pen that writes in blue, and that does not leak"), ("item1", "a coat")],
        id="bullets-of-odd-fonts",
    ),
    pytest.param(
        drawn_bullets,
        [
            ("paragraph", "Bring with you:"), ("item1", "a pass"), ("item1", "a pen that writes in blue"), ("item1", "a coat"),
            ("paragraph", "Tick the box"),
        ],
        id="bullets-drawn",
    ),
    pytest.param(
        justified,
        [("paragraph", "Visitors acknowledge responsibilities. Correspondence notwithstanding, acknowledgement is unnecessary.")],
        id="justified",
    ),
    pytest.param(
        justified_columns,
        [("paragraph", f"{words} Responsibilities notwithstanding, acknowledgement is unnecessary.") for words in PROSE],
        id="justified-columns",
    ),
    pytest.param(turned, [("paragraph", "Before it."), ("table", ["Rank", "Pay"], ["Cook", "2"]), ("paragraph", "Below it, turned.")], id="turned-page"),
    pytest.param(sideways, [("table", ["Rank", "Pay"], ["Cook", "2"]), ("paragraph", "Below it, turned.")], id="sideways-page"),
    pytest.param(marked, [("paragraph", PROSE[0])], id="watermark"),
    pytest.param(ligatures, [("paragraph", "The office is on the first floor.")], id="ligatures"),
    pytest.param(
        right_to_left,
        [("paragraph", "\u05d4\u05d0\u05e8\u05db\u05d9\u05d5\u05df \u05e4\u05ea\u05d5\u05d7\u05d4 \u05de\u05e9\u05e0\u05ea 1948")],
        id="right-to-left",
    ),
    pytest.param(
        between_columns,
        [
            ("paragraph", PROSE[0]), ("paragraph", PROSE[1]),
            ("table", ["Rank of those who keep the house and its garden", "Pay in euros, each day"], ["Cook of the house", "Two, and bread"]),
            ("paragraph", PROSE[0]), ("paragraph", PROSE[1]),
        ],
        id="table-across-columns",
    ),
    pytest.param(raised, [("paragraph", "Ask the keeper2 for the pass.")], id="raised-mark"),
    pytest.param(contents, [("h1", "Contents"), ("h1", "Visits"), ("paragraph", LEFT[0])], id="contents"),
    pytest.param(
        short,
        [
            ("paragraph", text)
            for text in (
                "The archive opens at nine.", "It closes at five.", "Bags stay below.", "Coats stay below.",
                "The keeper rings the bell and walks through the house.", "No one stays behind.",
            )
        ],
        id="short-paragraphs",
    ),
    pytest.param(spaced, [("paragraph", " ".join(LEFT[1:3])), ("paragraph", " ".join(RIGHT[1:3]))], id="double-spaced"),
]  # fmt: skip


@pytest.mark.parametrize(("draw", "expected"), LAYOUTS)
def test_a_layout(draw: Draw, expected: list[tuple[object, ...]]) -> None:
    assert shown(read_pdf(drawn(draw))) == expected


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
