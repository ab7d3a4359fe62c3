"""Shipped documents as other programs would save them: each format by its own tools, from the same blocks."""

from __future__ import annotations

import io
from collections.abc import Callable
from html import escape
from itertools import groupby
from pathlib import Path
from textwrap import wrap

import docx
from reportlab.lib.pagesizes import A5
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, ListFlowable, ListItem, Paragraph, SimpleDocTemplate, Table

from roleqa.ingest.blocks import Block, Reading
from roleqa.ingest.markdown import read_markdown
from roleqa.ingest.markup import plain

CORPUS = Path(__file__).parents[1] / "corpus"
FILE = CORPUS / "role-comparison.md"


def article(file: Path = FILE) -> Reading:
    return read_markdown(file.read_text(encoding="utf-8"))


def words(reading: Reading, block: Block) -> str:
    return plain(reading.text[slice(*block.body)])


def rows(reading: Reading, table: Block) -> list[list[str]]:
    return [[plain(reading.text[slice(*cell)]) for cell in row] for row in (table.header, *table.rows)]


def to_txt(reading: Reading) -> bytes:
    """As a text is published: headings underlined, paragraphs wrapped to lines, tables without outer bars."""
    parts: list[str] = []
    for kind, group in groupby(reading.blocks, key=lambda block: block.kind):
        blocks = list(group)
        if kind == "item":
            parts.append("\n".join("- " + words(reading, block) for block in blocks))
            continue
        for block in blocks:
            if kind == "heading":
                parts.append(f"{block.title}\n{'=-'[block.level - 1] * 10}" if block.level < 3 else f"{'#' * block.level} {block.title}")
            elif kind == "table":
                head, *rest = rows(reading, block)
                parts.append("\n".join(" | ".join(row) for row in (head, ["---"] * len(head), *rest)))
            else:
                parts.append("\n".join(wrap(words(reading, block), 90, break_on_hyphens=False)))
    return "\n\n".join(parts).encode()


def to_html(reading: Reading) -> bytes:
    """A page with a menu above and beside the text, without end tags where HTML needs none."""
    parts = ["<!DOCTYPE html><title>Site: article</title><nav><ul><li>Home<li>Contact</ul></nav><main>"]
    for kind, group in groupby(reading.blocks, key=lambda block: block.kind):
        blocks = list(group)
        if kind == "item":
            parts += ["<ul>", *(f"<li>{escape(words(reading, block))}" for block in blocks), "</ul>"]
            continue
        for block in blocks:
            if kind == "table":
                parts.append("<table>")
                for row in rows(reading, block):
                    parts.append("<tr>" + "".join(f"<td>{escape(cell)}" for cell in row))
                parts.append("</table>")
            else:
                tag = f"h{block.level}" if kind == "heading" else "p"
                parts.append(f"<{tag}>{escape(block.title or words(reading, block))}</{tag}>")
    parts.append("</main><footer>Imprint</footer>")
    return "\n".join(parts).encode()


def to_docx(reading: Reading) -> bytes:
    """As Word saves it with its own styles, a header and a footer on every page."""
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Confidential draft"
    document.sections[0].footer.paragraphs[0].text = "Page 1"
    for block in reading.blocks:
        if block.kind == "heading":
            document.add_heading(block.title, block.level)
        elif block.kind == "item":
            document.add_paragraph(words(reading, block), style="List Bullet")
        elif block.kind == "table":
            cells = rows(reading, block)
            table = document.add_table(len(cells), len(cells[0]))
            for row, texts in zip(table.rows, cells, strict=True):
                for cell, text in zip(row.cells, texts, strict=True):
                    cell.text = text
        else:
            document.add_paragraph(words(reading, block))
    saved = io.BytesIO()
    document.save(saved)
    return saved.getvalue()


def to_pdf(reading: Reading) -> bytes:
    """Printed on small pages, so that paragraphs and tables go over them, with a header and a number on each."""
    return printed(flow(reading))


def flow(reading: Reading) -> list[Flowable]:
    """The document as what a printer lets flow over pages."""
    styles = getSampleStyleSheet()
    things: list[Flowable] = []
    for kind, group in groupby(reading.blocks, key=lambda block: block.kind):
        blocks = list(group)
        if kind == "item":
            items = [ListItem(Paragraph(escape(words(reading, block)), styles["BodyText"])) for block in blocks]
            things.append(ListFlowable(items, bulletType="bullet", start="\u2022"))
            continue
        for block in blocks:
            if kind == "table":
                cells = [[Paragraph(escape(cell), styles["BodyText"]) for cell in row] for row in rows(reading, block)]
                things.append(Table(cells, repeatRows=1, style=[("GRID", (0, 0), (-1, -1), 0.5, "black")]))
            else:
                style = f"Heading{block.level}" if kind == "heading" else "BodyText"
                things.append(Paragraph(escape(block.title or words(reading, block)), styles[style]))
    return things


def printed(things: list[Flowable], size: tuple[float, float] = A5) -> bytes:
    """The pages that these things flow over, each with a header and its number."""

    def furniture(canvas: Canvas, _: object) -> None:
        canvas.drawString(60, size[1] - 30, "Handbook of the archive")
        canvas.drawCentredString(size[0] / 2, 25, f"Page {canvas.getPageNumber()}")

    stream = io.BytesIO()
    SimpleDocTemplate(stream, pagesize=size).build(things, onFirstPage=furniture, onLaterPages=furniture)
    return stream.getvalue()


FORMATS: dict[str, Callable[[Reading], bytes]] = {".txt": to_txt, ".html": to_html, ".docx": to_docx, ".pdf": to_pdf}
