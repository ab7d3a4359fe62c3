"""Word documents made with Word's own parts: styles, fake headings, lists, merged cells, footnotes, revisions."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import docx
import pytest
from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Pt
from test_ingest_html import shown

from roleqa.errors import UnreadableFileError
from roleqa.ingest.docx import read_docx


def saved(fill: Callable[[Document], object]) -> bytes:
    document = docx.Document()
    fill(document)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def rewritten(data: bytes, parts: dict[str, bytes]) -> bytes:
    """The archive with some of its parts put in or replaced."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, content in parts.items():
            new.writestr(name, content)
    return stream.getvalue()


def bold(document: Document, text: str) -> None:
    document.add_paragraph().add_run(text).bold = True


def put(document: Document, xml: str) -> None:
    document.element.body.insert(len(document.element.body) - 1, parse_xml(xml.replace("<w:p>", f"<w:p {nsdecls('w')}>", 1)))


def titled(document: Document) -> None:
    document.add_heading("Rules", 0)
    document.add_heading("Visits", 1)
    document.add_paragraph("Open at nine.")


def faked(document: Document) -> None:
    bold(document, "Opening hours")
    document.add_paragraph("Open at nine.")
    bold(document, "Mind: this is bold, and it is a sentence.")
    bold(document, "Fees")
    document.add_paragraph("Two euros.")


def outlined(document: Document) -> None:
    put(document, '<w:p><w:pPr><w:outlineLvl w:val="1"/></w:pPr><w:r><w:t>Scope</w:t></w:r></w:p>')
    document.add_paragraph("All of it.")


def listed(document: Document) -> None:
    document.add_paragraph("one", style="List Bullet")
    document.add_paragraph("below", style="List Bullet 2")
    document.add_paragraph("two", style="List Bullet")


def numbered(document: Document) -> None:
    for text in ("first", "second"):
        document.add_paragraph(text, style="List Number")


def merged(document: Document) -> None:
    table = document.add_table(3, 3)
    for y, row in enumerate(table.rows):
        for x, cell in enumerate(row.cells):
            cell.text = f"{y}{x}"
    table.cell(1, 0).merge(table.cell(2, 0)).text = "both"
    table.cell(0, 1).merge(table.cell(0, 2)).text = "wide"


def revised(document: Document) -> None:
    put(document, "<w:p><w:r><w:t>Kept </w:t></w:r><w:del><w:r><w:delText>gone </w:delText></w:r></w:del><w:ins><w:r><w:t>new</w:t></w:r></w:ins></w:p>")


def hidden(document: Document) -> None:
    put(document, "<w:p><w:r><w:t>Seen</w:t></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t> unseen</w:t></w:r></w:p>")


def linked(document: Document) -> None:
    put(document, "<w:p><w:r><w:t>See </w:t></w:r><w:hyperlink><w:r><w:t>the act</w:t></w:r></w:hyperlink><w:r><w:tab/><w:t>now</w:t></w:r></w:p>")


def contents(document: Document) -> None:
    put(document, "<w:p><w:pPr><w:pStyle w:val='x'/></w:pPr><w:r><w:t>One.</w:t></w:r></w:p>")
    body = document.element.body
    entry = f"<w:sdt {nsdecls('w')}><w:sdtPr>%s</w:sdtPr><w:sdtContent><w:p><w:r><w:t>%s</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    gallery = '<w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj>'
    body.insert(0, parse_xml(entry % (gallery, "Contents 1")))
    body.insert(0, parse_xml(entry % ("", "In a control.")))


def around(document: Document) -> None:
    document.sections[0].header.paragraphs[0].text = "Every page"
    document.sections[0].footer.paragraphs[0].text = "Page 1"
    document.add_paragraph("Text.")


def boxed(document: Document) -> None:
    """A text box, as Word saves it: once for itself, and once more for programs that do not know it."""
    inner = "<w:txbxContent><w:p><w:r><w:t>In the box.</w:t></w:r></w:p></w:txbxContent>"
    names = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" xmlns:v="urn:schemas-microsoft-com:vml"'
    choice = f"<mc:Choice Requires='wps'><w:drawing><wps:wsp><wps:txbx>{inner}</wps:txbx></wps:wsp></w:drawing></mc:Choice>"
    fallback = f"<mc:Fallback><w:pict><v:textbox>{inner}</v:textbox></w:pict></mc:Fallback>"
    xml = f"<w:p {names}><w:r><w:t>Beside it.</w:t></w:r><w:r><mc:AlternateContent>{choice}{fallback}</mc:AlternateContent></w:r></w:p>"
    put(document, xml.replace("<w:p ", f"<w:p {nsdecls('w')} ", 1))


def commented(document: Document) -> None:
    paragraph = document.add_paragraph("Open at nine.")
    document.add_comment(paragraph.runs, "Is it not ten?", "A. Reader")


def sized(document: Document) -> None:
    """Headings that only larger letters make ones, of two sizes."""
    for text, size in (("The house", 20), ("Opening hours", 14), ("Open at nine.", None), ("Fees", 14), ("Two euros.", None)):
        document.add_paragraph().add_run(text).font.size = Pt(size) if size else None


def row_deleted(document: Document) -> None:
    table = document.add_table(3, 2)
    for row, texts in zip(table.rows, (("Rank", "Pay"), ("Cook", "2"), ("Keeper", "3")), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    row._tr.get_or_add_trPr().append(parse_xml(f"<w:del {nsdecls('w')}/>"))


def with_lists(document: Document) -> None:
    """A list in a cell, a table in a cell, and a heading between lists that are numbered anew."""
    table = document.add_table(2, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Rank", "Duties"
    table.cell(1, 0).text = "Cook"
    cell = table.cell(1, 1)
    cell.text = "Daily:"
    cell.add_paragraph("cook", style="List Bullet")
    cell.add_paragraph("serve", style="List Bullet")
    inner = cell.add_table(1, 2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "noon", "six"


def lettered(document: Document) -> None:
    """A list of several levels as Word numbers them: 1., then a., then i."""
    part = document.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="%{i + 1}."/></w:lvl>'
        for i, kind in enumerate(("decimal", "lowerLetter", "lowerRoman"))
    )
    part.insert(0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="77">{levels}</w:abstractNum>'))
    part.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="77"><w:abstractNumId w:val="77"/></w:num>'))
    for text, depth in (("first", 0), ("below", 1), ("deeper", 2), ("also", 2), ("beside", 1), ("second", 0), ("anew", 1)):
        put(document, f'<w:p><w:pPr><w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="77"/></w:numPr></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>')


def captioned(document: Document) -> None:
    """What a caption, a quotation and a subtitle are: text, the last below its title."""
    document.add_heading("Rules", 0)
    document.add_paragraph("Of the house", style="Subtitle")
    document.add_paragraph("Figure 1", style="Caption")
    document.add_paragraph("Keep the lamp lit.", style="Intense Quote")


def counted(document: Document) -> None:
    """A field shows what was last reckoned for it, not how."""
    field = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    put(
        document,
        "<w:p><w:r><w:t>See page </w:t></w:r>"
        + field.format("begin") + "<w:r><w:instrText> PAGEREF x </w:instrText></w:r>" + field.format("separate")
        + "<w:r><w:t>7</w:t></w:r>" + field.format("end") + '<w:fldSimple w:instr="DATE"><w:r><w:t>, in May</w:t></w:r></w:fldSimple></w:p>',
    )  # fmt: skip


def leftwards(document: Document) -> None:
    document.add_heading("\u05d4\u05d0\u05e8\u05db\u05d9\u05d5\u05df", 1)
    put(document, "<w:p><w:pPr><w:bidi/></w:pPr><w:r><w:rPr><w:rtl/></w:rPr><w:t>\u05e4\u05ea\u05d5\u05d7 (\u05d1-1948)</w:t></w:r></w:p>")


LAYOUTS = [
    pytest.param(titled, [("h1", "Rules"), ("h2", "Visits"), ("paragraph", "Open at nine.")], id="title-above-headings"),
    pytest.param(
        faked,
        [
            ("h1", "Opening hours"), ("paragraph", "Open at nine."), ("paragraph", "Mind: this is bold, and it is a sentence."),
            ("h1", "Fees"), ("paragraph", "Two euros."),
        ],
        id="bold-headings",
    ),
    pytest.param(outlined, [("h2", "Scope"), ("paragraph", "All of it.")], id="outline-level"),
    pytest.param(listed, [("item1", "one"), ("item2", "below"), ("item1", "two")], id="nested-list"),
    pytest.param(numbered, [("item1", "first"), ("item1", "second")], id="numbered-list"),
    pytest.param(merged, [("table", ["00", "wide", "wide"], ["both", "11", "12"], ["both", "21", "22"])], id="merged-cells"),
    pytest.param(revised, [("paragraph", "Kept new")], id="revisions"),
    pytest.param(hidden, [("paragraph", "Seen")], id="hidden"),
    pytest.param(linked, [("paragraph", "See the act now")], id="links-and-tabs"),
    pytest.param(contents, [("paragraph", "In a control."), ("paragraph", "One.")], id="contents-and-controls"),
    pytest.param(boxed, [("paragraph", "Beside it."), ("paragraph", "In the box.")], id="text-box"),
    pytest.param(commented, [("paragraph", "Open at nine.")], id="comment"),
    pytest.param(
        sized,
        [("h1", "The house"), ("h2", "Opening hours"), ("paragraph", "Open at nine."), ("h2", "Fees"), ("paragraph", "Two euros.")],
        id="headings-by-size",
    ),
    pytest.param(row_deleted, [("table", ["Rank", "Pay"], ["Cook", "2"])], id="deleted-row"),
    pytest.param(with_lists, [("table", ["Rank", "Duties"], ["Cook", "Daily: cook serve noon six"])], id="list-and-table-in-a-cell"),
    pytest.param(
        lettered,
        [
            ("item1", "first"), ("item2", "below"), ("item3", "deeper"), ("item3", "also"), ("item2", "beside"),
            ("item1", "second"), ("item2", "anew"),
        ],
        id="numbers-and-letters",
    ),
    pytest.param(
        captioned,
        [("h1", "Rules"), ("paragraph", "Of the house"), ("paragraph", "Figure 1"), ("paragraph", "Keep the lamp lit.")],
        id="subtitle-caption-quote",
    ),
    pytest.param(counted, [("paragraph", "See page 7, in May")], id="fields"),
    pytest.param(
        leftwards,
        [("h1", "\u05d4\u05d0\u05e8\u05db\u05d9\u05d5\u05df"), ("paragraph", "\u05e4\u05ea\u05d5\u05d7 (\u05d1-1948)")],
        id="right-to-left",
    ),
    pytest.param(around, [("paragraph", "Text.")], id="header-and-footer"),
]  # fmt: skip


@pytest.mark.parametrize(("fill", "expected"), LAYOUTS)
def test_a_layout(fill: Callable[[Document], object], expected: list[tuple[object, ...]]) -> None:
    assert shown(read_docx(saved(fill))) == expected


def test_the_numbers_of_a_list_are_counted() -> None:
    assert read_docx(saved(numbered)).text == "1. first\n2. second\n"


def test_the_letters_of_a_list_are_counted_anew_below_each_number() -> None:
    marks = [line.split()[0] for line in read_docx(saved(lettered)).text.splitlines()]
    assert marks == ["1.", "a.", "i.", "ii.", "b.", "2.", "a."]


def test_footnotes_stand_at_the_end_of_their_section() -> None:
    def fill(document: Document) -> None:
        document.add_heading("A", 1)
        put(document, '<w:p><w:r><w:t>One</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:t>.</w:t></w:r></w:p>')
        document.add_paragraph("Two.")
        document.add_heading("B", 1)
        document.add_paragraph("Three.")

    note = f"<w:footnotes {nsdecls('w')}><w:footnote w:id='0'><w:p/></w:footnote><w:footnote w:id='2'><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t> See the act.</w:t></w:r></w:p></w:footnote></w:footnotes>"
    data = rewritten(saved(fill), {"word/footnotes.xml": note.encode()})
    assert [said for _, said in shown(read_docx(data))] == ["A", "One.", "Two.", "See the act.", "B", "Three."]


BOMB = b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]><a>&b;</a>"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "broken"),
        (b"PK\x03\x04 not an archive", "broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "protected by a password"),
        (rewritten(saved(titled), {"word/document.xml": b"<a"}), "broken"),
        (rewritten(saved(titled), {"word/document.xml": b"<a/>"}), "no Word document"),
        (rewritten(saved(titled), {"word/document.xml": BOMB}), "declares a document type"),
        (rewritten(saved(titled), {"word/styles.xml": b" " * 70_000_000}), "bytes of text and markup in it, the limit for a file of"),
        (rewritten(saved(titled), {f"x{n}": b"" for n in range(5001)}), "files in it"),
        (saved(lambda document: document), "it has no text"),
        (saved(titled)[:-2000], "broken"),
    ],
    ids=["empty", "no-archive", "protected", "half-xml", "no-body", "entities", "zip-bomb", "many-files", "no-text", "cut-short"],
)  # fmt: skip
def test_what_cannot_be_read_says_why(data: bytes, why: str) -> None:
    with pytest.raises(UnreadableFileError, match=why):
        read_docx(data)
