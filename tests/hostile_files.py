"""Files that were made to take all the time and memory there is, by name: each is small, and made when it is asked for."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterable

SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

ROWS = "".join(
    f'<row r="{y}"><c r="A{y}" t="inlineStr"><is><t>{name}</t></is></c><c r="B{y}" t="inlineStr"><is><t>{rank}</t></is></c></row>'
    for y, (name, rank) in enumerate((("Name", "Rank"), ("Ada", "Colonel")), start=1)
)


def archive(parts: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return stream.getvalue()


def xlsx(
    rows: str = ROWS,
    *,
    attributes: str = "",
    after: str = "",
    strings: str = "",
    styles: str = "",
    sheets: int = 1,
    part: str = "xl/worksheets/sheet1.xml",
) -> bytes:
    """A workbook whose sheets, so many, are all the same part, with these rows and what stands after them."""
    listed = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in range(1, sheets + 1))
    links = "".join(f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="/{part}"/>' for n in range(1, sheets + 1))
    overrides = {part: "worksheet", "xl/sharedStrings.xml": "sharedStrings", "xl/styles.xml": "styles"}
    types = "".join(f'<Override PartName="/{name}" ContentType="{KIND}.{kind}+xml"/>' for name, kind in overrides.items())
    return archive(
        {
            "[Content_Types].xml": f'<Types xmlns="{TYPES}"><Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>{types}</Types>',
            "_rels/.rels": f'<Relationships xmlns="{LINKS}"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{LINKS}">{links}</Relationships>',
            "xl/sharedStrings.xml": f'<sst xmlns="{SHEET}">{strings}</sst>',
            "xl/styles.xml": f'<styleSheet xmlns="{SHEET}">{styles}</styleSheet>',
            part: f'<worksheet xmlns="{SHEET}"{attributes}><sheetData>{rows}</sheetData>{after}</worksheet>',
        }
    )


def docx(body: str, **parts: str) -> bytes:
    """A Word document with this body; `parts` are others by the name of their file."""
    own = {f"word/{name}.xml": text for name, text in parts.items()}
    return archive({"word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>', **own})


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"


def word_table(cells: str, rows: int) -> str:
    return f"<w:tbl>{f'<w:tr>{cells}</w:tr>' * rows}</w:tbl>"


def word_part(tag: str, content: str) -> str:
    return f'<w:{tag} xmlns:w="{WORD}">{content}</w:{tag}>'


def pdf(content: bytes, pages: int = 1, more: Iterable[bytes] = (), resources: bytes = b"") -> bytes:
    """A PDF of so many pages that all show the same content, which is packed; `more` are objects from 5 on."""
    packed = zlib.compress(content, 9)
    kids = b" ".join(b"%d 0 R" % (1000 + n) for n in range(pages))
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids),
        3: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        4: b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed),
        **dict(enumerate(more, start=5)),
    }
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 3 0 R>>%s>>>>" % resources
    objects |= {1000 + n: page for n in range(pages)}
    body, places = b"%PDF-1.4\n", {}
    for number, text in objects.items():
        places[number] = len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    table = b"".join(b"%d 1\n%010d 00000 n \n" % place for place in places.items())
    return body + b"xref\n0 1\n0000000000 65535 f \n%strailer\n<</Root 1 0 R/Size 9999>>\nstartxref\n%d\n%%%%EOF\n" % (table, len(body))


def form(content: bytes, inner: int) -> bytes:
    """Something drawn that draws the object `inner`."""
    own = b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</XObject<</X %d 0 R>>>>" % inner
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), own, content)


def merges(*places: str) -> str:
    return "<mergeCells>" + "".join(f'<mergeCell ref="{place}"/>' for place in places) + "</mergeCells>"


TEXT = b"BT /F 12 Tf 72 700 Td (The keeper lights the lamp at dusk.) Tj ET\n"
FAR_ROW = '<row r="%d"><c r="A%d"><v>1</v></c></row>'
LINE = b"%d 0 m %d 800 l 0 %d m 600 %d l S\n"

MAKERS: dict[str, Callable[[], bytes]] = {
    # Regular expressions: marks that can be read in several ways, and never close.
    "footnotes.txt": lambda: b"The lamp is lit." + b"[^a]" * 60 + b"x",
    "many-footnotes.md": lambda: b"The lamp is lit." + b"[^a]" * 30_000 + b"x",
    "footnotes.docx": lambda: docx(paragraph("The lamp is lit." + "[^a]" * 30_000 + "x")),
    "footnotes.html": lambda: b"<p>The lamp is lit." + b"[^a]*_~`" * 10_000 + b"x",
    "footnotes.csv": lambda: b"Name,Rank\nAda,The lamp is lit." + b"[^a]" * 10_000 + b"x\n",
    # Workbooks.
    "merges-in-a-comment.xlsx": lambda: xlsx(after="<!-- " + "<mergeCell " * 16_000 + "-->"),
    "merges-never-closed.xlsx": lambda: xlsx(after="<!-- " + "<mergeCell ref " * 300_000 + "-->"),
    "merges.xlsx": lambda: xlsx(after=merges(*["A1:XFD30"] * 3000)),
    "merged-titles.xlsx": lambda: xlsx(after=merges(*(f"A{y}:XFD{y}" for y in range(1, 400)))),
    "merged-columns.xlsx": lambda: xlsx(ROWS + FAR_ROW % (400_000, 400_000), after=merges("A1:A400000", "B2:B400000")),
    "long-attribute.xlsx": lambda: xlsx(attributes=f' a="{"x" * 55_000_000}"'),
    "attribute.xlsx": lambda: xlsx(attributes=f' a="{"x" * 4_000_000}"'),
    "many-attributes.xlsx": lambda: xlsx("<row " + " ".join(f'a{n}=""' for n in range(100_000)) + "/>" + ROWS),
    "picture.xlsx": lambda: xlsx(attributes=f' a="{"x" * 4_000_000}"', part="xl/media/picture.png"),
    "flood-in-a-picture.xlsx": lambda: xlsx("<row/>" * 9_000_000, part="xl/media/picture.png"),
    "one-part-for-all-sheets.xlsx": lambda: xlsx(ROWS + "<row/>" * 100_000, sheets=1000),
    "long-strings.xlsx": lambda: xlsx('<row r="1">' + '<c t="s"><v>0</v></c>' * 16_000 + "</row>", strings=f"<si><t>{'x ' * 400_000}</t></si>"),
    "many-strings.xlsx": lambda: xlsx(strings="<si><t/></si>" * 700_000),
    "strings.xlsx": lambda: xlsx(strings="<si/>" * 90_000),
    "far-row.xlsx": lambda: xlsx(ROWS + FAR_ROW % (10**9, 10**9)),
    "farther-row.xlsx": lambda: xlsx(ROWS + FAR_ROW % (10**30, 10**30)),
    "last-rows.xlsx": lambda: xlsx(ROWS + FAR_ROW % (1_048_576, 1_048_576), sheets=50),
    "far-columns.xlsx": lambda: xlsx(ROWS + "".join(f'<row r="{y}"><c r="XFD{y}"><v>{y}</v></c></row>' for y in range(3, 3000))),
    "farther-column.xlsx": lambda: xlsx(ROWS + '<row r="3"><c r="ZZZZZZ3"><v>1</v></c></row>'),
    "formats.xlsx": lambda: xlsx(styles="<cellXfs>" + '<xf numFmtId="0"/>' * 180_000 + "</cellXfs>"),
    "empty-cells.xlsx": lambda: xlsx(ROWS + '<row r="3">' + "<c/>" * 150_000 + "</row>"),
    "numbers.xlsx": lambda: xlsx("".join(f"<row>{'<c><v>1</v></c>' * 10}</row>" for _ in range(4_500))),
    "deep.xlsx": lambda: xlsx("<row>" * 150_000),
    # Word documents.
    "empty-paragraphs.docx": lambda: docx("<w:p/>" * 9_800_000),
    "paragraphs.docx": lambda: docx("<w:p/>" * 190_000),
    "letters.docx": lambda: docx(paragraph("a") * 16_000),
    "empty-rows.docx": lambda: docx(word_table("", 90_000)),
    "wide-cells.docx": lambda: docx(word_table('<w:tc><w:tcPr><w:gridSpan w:val="100"/></w:tcPr>' + paragraph("a") + "</w:tc>", 8_000)),
    "tables-in-tables.docx": lambda: docx("<w:tbl><w:tr><w:tc>" * 80 + paragraph("a") * 1000 + "</w:tc></w:tr></w:tbl>" * 80),
    "deep.docx": lambda: docx("<w:sdt><w:sdtContent>" * 50_000),
    "lists.docx": lambda: docx("".join(paragraph("a", f'<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="{n}"/></w:numPr></w:pPr>') for n in range(12_000))),
    "one-note-again-and-again.docx": lambda: docx(
        (paragraph("a", '<w:pPr><w:outlineLvl w:val="0"/></w:pPr>') + '<w:p><w:r><w:t>b</w:t><w:footnoteReference w:id="1"/></w:r></w:p>') * 5_000,
        footnotes=word_part("footnotes", f'<w:footnote w:id="1">{paragraph("long " * 20_000)}</w:footnote>'),
    ),
    "boxes.docx": lambda: docx("<w:p>" + "<w:txbxContent><w:p>" * 100 + "<w:r/>" * 1000 + "</w:p></w:txbxContent>" * 100 + "</w:p>"),
    "styles.docx": lambda: docx(paragraph("a") * 100, styles=word_part("styles", '<w:style w:type="paragraph"/>' * 190_000)),
    "long-text.docx": lambda: docx(paragraph("word " * 2_500_000)),
    "runs.docx": lambda: docx("<w:p>" + "<w:r/>" * 190_000 + "</w:p>"),
    # Pages.
    "tables-in-tables.html": lambda: b"<table><tr><td>" * 20_000 + b"The lamp is lit.",
    "elements.html": lambda: b"<div>" * 200_000 + b"The lamp is lit.",
    "headings.html": lambda: b"<h1>a" * 50_000,
    "headings-in-headings.html": lambda: b"<h1><span>" * 20_000 + b"a" + b"<h2>b" * 20_000,
    "headers.html": lambda: b"<header>a</header>" * 5_000 + b"<p>b" * 10_000,
    "nested-headers.html": lambda: b"<header><i>" * 5_000 + b"<p>b" * 50_000,
    "mains.html": lambda: b"<p>b" * 100_000 + b"<main>The lamp is lit.</main>",
    "spans.html": lambda: b"<table>" + b"<tr><td colspan=1000 rowspan=1000>a<td>b" * 2_000,
    "wide-table.html": lambda: b"<table><tr>" + b"<td>a" * 40_000 + b"<tr><td>b" * 40_000,
    "long-attribute.html": lambda: b"<p style='" + b"display:" * 120_000 + b"'>The lamp is lit.",
    "attributes.html": lambda: b"<p " + b" ".join(b"a%d=b" % n for n in range(20_000)) + b">The lamp is lit.",
    "entities.html": lambda: b"<p>" + b"&lt;&amp;&#120;" * 100_000,
    "breaks.html": lambda: b"<p>a" + b"<br> " * 200_000 + b"b",
    "lists.html": lambda: b"<ul><li>a" * 30_000,
    "charset.html": lambda: b"<meta " * 2_000 + b"<p>The lamp is lit.",
    # PDF.
    "forms.pdf": lambda: pdf(b"/X Do " + TEXT, more=[form(b"/X Do " * 10, 6 + n) for n in range(10)], resources=b"/XObject<</X 5 0 R>>"),
    "flood.pdf": lambda: pdf(b" " * 300_000_000),
    "operators.pdf": lambda: pdf(b"q " * 5_000_000 + TEXT),
    "pages.pdf": lambda: pdf(TEXT * 2_000, pages=300),
    "many-pages.pdf": lambda: pdf(TEXT, pages=2_001),
    "letters.pdf": lambda: pdf(b"BT /F 12 Tf 72 700 Td (" + b"a" * 2_000_000 + b") Tj ET"),
    "lines.pdf": lambda: pdf(TEXT + b"".join(LINE % (n, n, n, n) for n in range(1400))),
    "drawing.pdf": lambda: pdf(TEXT + b"".join(LINE % (n % 600, n % 600, n % 800, n % 800) for n in range(20_000))),
    "dots.pdf": lambda: pdf(b"0 0 4 4 re f\n" * 2_900 + TEXT * 3_000),
    "deep.pdf": lambda: pdf(b"[" * 100_000 + TEXT),
    # Separated values.
    "wide-and-high.csv": lambda: b"a" + b"," * 20_000 + b"x\n" + b"a,b\n" * 10_000,
    "commas.csv": lambda: b"a,b\n" + b"," * 1_000_000,
    "quotes.csv": lambda: b'a,"' * 100_000,
    "columns.csv": lambda: (b"a," * 300 + b"\n") * 300,
}  # fmt: skip
