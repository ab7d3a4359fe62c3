"""Word documents: headings by style or by their looks, lists, tables, and footnotes below their section."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from roleqa.errors import UnreadableFileError
from roleqa.ingest.blocks import Reading
from roleqa.ingest.extract import Extract, one_line
from roleqa.ingest.limits import Limits
from roleqa.ingest.office import children, open_archive, xml_part
from roleqa.ingest.word_styles import Numbering, Style, Styles, W, is_on, value, whole

_NOT_A_DOCUMENT = "it is no Word document: save it as .docx from the program that made it"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_CODE = re.compile(r"(?:html )?preformatted.*|macro ?text|(?:source )?code.*")
_LONGEST_BARE_HEADING = 100
_NO_HEADING_ENDS = (".", ":", ";", ",", "!")
_NO_HEADINGS = ("title", "caption")
_LARGER = 1.15
_SIGNS = {W + "tab": "\t", W + "br": "\n", W + "cr": "\n", W + "noBreakHyphen": "\u2011"}
_UNREAD = frozenset({W + "del", W + "moveFrom", W + "txbxContent", W + "rPr", W + "pPr", _FALLBACK})
_MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class _Paragraph:
    """A paragraph: its words, what they look like, and the notes that they refer to."""

    text: str
    style: Style
    level: int
    number: str | None
    depth: int
    size: int
    all_bold: bool
    notes: tuple[tuple[str, str], ...]

    @property
    def look(self) -> tuple[int, bool]:
        return self.size, self.all_bold

    def looks_like_heading(self, body: int) -> bool:
        """Whether it is short and bold, or larger than the text, whose size `body` is, and no style says what it is."""
        words = one_line(self.text)
        return (
            (self.all_bold or self.size > _LARGER * body > 0)
            and self.number is None
            and not self.level
            and 0 < len(words) <= _LONGEST_BARE_HEADING
            and not words.endswith(_NO_HEADING_ENDS)
            and not self.style.name.endswith(_NO_HEADINGS)
        )


def read_docx(data: bytes) -> Reading:
    """Read a Word document: what stands in its text, not what is printed above and below every page.

    Raises:
        UnreadableFileError: it is protected, broken, too large, or has no text.
    """
    archive = open_archive(data, ".docx")
    document = xml_part(archive, "word/document.xml")
    body = document.find(W + "body") if document is not None else None
    if body is None:
        raise UnreadableFileError(_NOT_A_DOCUMENT)
    styles, numbering = (xml_part(archive, f"word/{name}.xml") for name in ("styles", "numbering"))
    reader = _Reader(Styles(styles), Numbering.of(numbering), Limits.of(len(data)))
    for kind in ("footnote", "endnote"):
        notes = xml_part(archive, f"word/{kind}s.xml")
        for note in notes.iter(W + kind) if notes is not None else ():
            reader.notes[kind, note.get(W + "id")] = note
    reader.read(list(_elements(body)))
    return reader.extract.reading(empty="it has no text: if it holds pictures of pages, recognise their text first")


def _elements(parent: Any, depth: int = 0) -> Iterator[Any]:
    """The paragraphs and tables in reading order, those in controls with them, but for the table of contents."""
    for child in parent:
        if child.tag in (W + "p", W + "tbl"):
            yield child
        elif child.tag == W + "sdt":
            gallery = value(child, "sdtPr/docPartObj/docPartGallery") or ""
            content = child.find(W + "sdtContent")
            if content is not None and gallery != "Table of Contents" and depth < _MAX_DEPTH:
                yield from _elements(content, depth + 1)
        elif child.tag in (W + "customXml", W + "ins", W + "smartTag") and depth < _MAX_DEPTH:
            yield from _elements(child, depth + 1)


class _Reader:
    """One pass over the body. Footnotes wait for the end of their section."""

    def __init__(self, styles: Styles, numbering: Numbering, limits: Limits) -> None:
        self.extract = Extract(limits)
        self.notes: dict[tuple[str, str], Any] = {}
        self._styles = styles
        self._numbering = numbering
        self._waiting: list[tuple[str, str]] = []
        self._code: list[str] = []
        self._level = 0  # of the last heading that a style makes one
        self._below = 0  # how far a title pushes the headings down
        self._bare: dict[int, int] = {}  # how far below that each heading stands which only its looks make one

    def read(self, elements: list[Any]) -> None:
        paragraphs = [self._paragraph(e) if e.tag == W + "p" else None for e in elements]
        self._below = int(any(p and p.style.name == "title" and p.text.strip() for p in paragraphs))
        self._bare = _bare_headings(paragraphs)
        for element, paragraph in zip(elements, paragraphs, strict=True):
            if paragraph is None:
                self._end_code()
                self.extract.table(list(self._rows(element)))
                continue
            self._add(paragraph)
            for box in element.iter(W + "txbxContent"):
                if not any(above.tag == _FALLBACK for above in box.iterancestors()):
                    for inner in children(box, W + "p"):
                        self.extract.paragraph(self._paragraph(inner).text)
        self._end_code()
        self._write_notes()

    def _add(self, paragraph: _Paragraph) -> None:
        name = paragraph.style.name
        if name.startswith("toc "):
            return
        if _CODE.fullmatch(name):
            self._code.append(paragraph.text)
            return
        self._end_code()
        if not paragraph.text.strip():
            return
        if name == "title" or paragraph.level:
            self._level = 1 if name == "title" else paragraph.level + self._below
            self._heading(paragraph, self._level)
        elif id(paragraph) in self._bare:
            self._heading(paragraph, self._level + self._bare[id(paragraph)])
        elif paragraph.number not in (None, "0"):
            mark = self._numbering.mark(str(paragraph.number), paragraph.depth)
            self.extract.item(paragraph.text, paragraph.depth + 1, mark)
        else:
            self.extract.paragraph(paragraph.text)
        self._waiting += paragraph.notes

    def _heading(self, paragraph: _Paragraph, level: int) -> None:
        self._write_notes()
        self.extract.heading(paragraph.text, level)

    def _end_code(self) -> None:
        self.extract.code("\n".join(self._code))
        self._code = []

    def _write_notes(self) -> None:
        for key in dict.fromkeys(self._waiting):
            note = self.notes.get(key)
            for inner in note.iter(W + "p") if note is not None else ():
                self.extract.paragraph(self._paragraph(inner).text)
        self._waiting = []

    def _paragraph(self, element: Any) -> _Paragraph:
        style = self._styles.get(value(element, "pPr/pStyle"))
        outline = value(element, "pPr/outlineLvl")
        level = style.level if outline is None else int(outline) + 1 if outline in set("012345678") else 0
        number = value(element, "pPr/numPr/numId") or style.number
        depth = value(element, "pPr/numPr/ilvl")
        pieces: list[str] = []
        bold: list[bool] = []
        sizes: list[int] = []
        notes: list[tuple[str, str]] = []
        for run in _runs(element):
            words = "".join(_words(run))
            if is_on(run, "rPr/vanish"):
                continue
            pieces.append(words)
            if words.strip():
                said = is_on(run, "rPr/b")
                bold.append(style.bold if said is None else said)
                sizes.append(whole(value(run, "rPr/sz"), style.size))
            for kind in ("footnote", "endnote"):
                notes += [(kind, mark.get(W + "id")) for mark in run.iter(W + kind + "Reference")]
        return _Paragraph(
            text="".join(pieces),
            style=style,
            level=level,
            number=None if number == "0" else number,
            depth=min(whole(depth, style.depth), 8),
            size=min(sizes, default=0),
            all_bold=bool(bold) and all(bold),
            notes=tuple(notes),
        )

    def _rows(self, table: Any) -> Iterator[list[str]]:
        """The rows, a merged cell repeated in every column and row that it takes up."""
        above: list[str] = []
        for row in children(table, W + "tr"):
            if row.find(f"{W}trPr/{W}del") is not None:
                continue
            cells = [""] * min(whole(value(row, "trPr/gridBefore")), 100)
            for cell in row.iterchildren(W + "tc", W + "sdt"):
                for inner in [cell] if cell.tag == W + "tc" else cell.iter(W + "tc"):
                    width = max(1, min(whole(value(inner, "tcPr/gridSpan"), 1), 100))
                    merged = value(inner, "tcPr/vMerge", "continue")
                    at = len(cells)
                    text = above[at] if merged == "continue" and at < len(above) else self._cell(inner)
                    cells += [text] * width
            above = cells
            yield cells

    def _cell(self, cell: Any) -> str:
        paragraphs = [self._paragraph(inner) for inner in cell.iter(W + "p")]
        self._waiting += [note for paragraph in paragraphs for note in paragraph.notes]
        return " ".join(paragraph.text for paragraph in paragraphs)


def _bare_headings(paragraphs: Sequence[_Paragraph | None]) -> dict[int, int]:
    """The paragraphs that look like headings, by id, each with its rank among those looks: larger is higher up.

    What stands above another of the same looks is none, nor is what stands above nothing.
    """
    sizes: Counter[int] = Counter()
    for paragraph in paragraphs:
        if paragraph:
            sizes[paragraph.size] += len(paragraph.text)
    body = sizes.most_common(1)[0][0] if sizes else 0
    filled = [p for p in paragraphs if p is None or p.text.strip()]
    found: list[_Paragraph] = []
    for paragraph, below in pairwise(filled):
        if paragraph and paragraph.looks_like_heading(body):
            alike = below is not None and below.looks_like_heading(body) and below.look >= paragraph.look
            found += [] if alike else [paragraph]
    looks = sorted({paragraph.look for paragraph in found}, reverse=True)
    ranks = {look: rank for rank, look in enumerate(looks, start=1)}
    return {id(paragraph): ranks[paragraph.look] for paragraph in found}


def _runs(element: Any, depth: int = 0) -> Iterator[Any]:
    """The runs of a paragraph, those in links and controls with them; not what was deleted or stands in a box."""
    for child in element:
        if child.tag == W + "r":
            yield child
        elif child.tag not in _UNREAD and depth < _MAX_DEPTH:
            yield from _runs(child, depth + 1)


def _words(run: Any) -> Iterator[str]:
    for child in run:
        if child.tag == W + "t":
            yield child.text or ""
        elif child.tag in _SIGNS:
            yield _SIGNS[child.tag]
