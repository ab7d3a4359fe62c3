"""Files that cannot be read, of every format: each is named with its reason, soon, and nothing else is lost."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas
from test_ingest_docx import BOMB, rewritten
from test_ingest_docx import saved as word
from test_ingest_sheets import saved as book

from article import FORMATS, article
from fakes import OverlapReader, WordEncoder
from roleqa.assistant import Assistant, build_index
from roleqa.errors import UnreadableFileError
from roleqa.ingest import corpus as corpus_module
from roleqa.ingest.blocks import Reading
from roleqa.ingest.bounded import read_bounded
from roleqa.ingest.corpus import read_file
from roleqa.ingest.pdf import read_pdf
from roleqa.ingest.readers import READERS, decoded_values
from roleqa.settings import Settings

DOCX = word(lambda document: document.add_paragraph("The zebra sleeps at noon."))
XLSX = book(lambda made: made.active.append(["Rank", "Pay"]))
HTML = b"<!DOCTYPE html><p>The zebra sleeps at noon."
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
FAR = b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"


def printed(text: str = "", **options: object) -> bytes:
    """One page, with a picture of a kind on it and these words."""
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4, **options)
    canvas.rect(60, 60, 200, 300, fill=1)
    canvas.drawString(60, 700, text)
    canvas.save()
    return stream.getvalue()


def pdf_of(pages: bytes, content: bytes) -> bytes:
    """A PDF written by hand: its tree of pages, and what the first of them shows (both without their `endobj`)."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        pages,
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        content,
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (i, said) for i, said in enumerate(objects, start=1))
    return b"%PDF-1.4\n" + body + b"trailer\n<</Root 1 0 R>>\n"


def flood(size: int) -> bytes:
    """A page whose few bytes are so many once unpacked."""
    packed = zlib.compressobj(9)
    stream = b"".join(packed.compress(b" " * 1_000_000) for _ in range(size // 1_000_000)) + packed.flush()
    content = b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(stream), stream)
    return pdf_of(b"<</Type/Pages/Count 1/Kids[3 0 R]>>", content)


def lying(data: bytes, name: str) -> bytes:
    """An archive one of whose parts is far longer than it says."""
    long = rewritten(data, {name: b"<a>" + b" " * 50_000_000})
    size = (50_000_003).to_bytes(4, "little")
    assert long.count(size) == 2  # before the part, and in the list at the end
    return long.replace(size, (10).to_bytes(4, "little"))


def stored(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, content)
    return stream.getvalue()


EMPTY = "it is empty: write something in it or remove it"
PROTECTED = "it is protected by a password"
REFUSED = {
    **{f"empty{suffix}": (b"", EMPTY) for suffix in READERS},
    "protected.docx": (OLD, f"{PROTECTED} or of an older format: save it as .docx without one"),
    "protected.xlsx": (OLD, f"{PROTECTED} or of an older format: save it as .xlsx without one"),
    "protected.pdf": (printed("x", encrypt=StandardEncryption("secret")), f"{PROTECTED}: save it without one"),
    "scanned.pdf": (printed(), "it has no text, only pictures of pages: recognise their text (OCR) and save it again"),
    "scanned.docx": (word(lambda document: document), "it has no text: if it holds pictures of pages, recognise their text first"),
    "menu.html": (b"<nav>Home</nav>", "it has no text outside of its navigation: save the page with its text, or as .txt"),
    "short.docx": (DOCX[:-300], "it is broken"),
    "short.xlsx": (XLSX[:-300], "it is broken"),
    "short.pdf": (printed("x")[:300], "it is broken"),
    "noise.pdf": (bytes(range(256)) * 9, "it is broken (it does not begin as a PDF does)"),
    "page.docx": (HTML, "it is a .html file by another name: end its name in .html"),
    "print.docx": (printed("x"), "it is a .pdf file by another name: end its name in .pdf"),
    "print.txt": (printed("x\0"), "it is a .pdf file by another name: end its name in .pdf"),
    "letter.xlsx": (DOCX, "it is a .docx file by another name: end its name in .docx"),
    "table.docx": (XLSX, "it is a .xlsx file by another name: end its name in .xlsx"),
    "table.csv": (XLSX, "it is a .xlsx file by another name: end its name in .xlsx"),
    "letter.pdf": (DOCX, "it is a .docx file by another name: end its name in .docx"),
    "other.docx": (stored("mimetype", b"x"), "it is no Word document"),
    "old.doc": (OLD, ".doc files are not read: save it as .docx"),
    "old.xls": (OLD, ".xls files are not read: save it as .xlsx"),
    "entities.docx": (rewritten(DOCX, {"word/document.xml": BOMB}), "it is broken (word/document.xml declares a document type)"),
    "outside.docx": (rewritten(DOCX, {"word/styles.xml": FAR}), "it is broken (word/styles.xml declares a document type)"),
    "outside.xlsx": (rewritten(XLSX, {"xl/styles.xml": FAR.decode().encode("utf-16")}), "it is broken (xl/styles.xml declares a document type)"),
    "bomb.docx": (rewritten(DOCX, {"word/document.xml": b" " * 61_000_000}), "it has over 29,"),
    "bomb.xlsx": (rewritten(XLSX, {"xl/worksheets/sheet1.xml": b" " * 61_000_000}), "it has over 26,"),
    "lying.docx": (lying(DOCX, "word/document.xml"), "it is broken"),
    "lying.xlsx": (lying(XLSX, "xl/worksheets/sheet1.xml"), "it is broken"),
}  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str) -> None:
    data, reason = REFUSED[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UnreadableFileError) as caught:
        read_file(tmp_path, tmp_path / name)
    assert str(caught.value).startswith(reason)
    assert len(str(caught.value)) < 300


def test_all_of_them_at_once_lose_nothing_else(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    bad = {name: reason for name, (_, reason) in REFUSED.items()}
    for name in bad:
        (corpus / name).write_bytes(REFUSED[name][0])
    good = {f"good{suffix}": save(article()) for suffix, save in FORMATS.items()}
    for name, data in good.items():
        (corpus / name).write_bytes(data)
    settings = Settings(corpus=corpus, index=tmp_path / "index")
    report = build_index(settings, encoder=WordEncoder())
    assert [problem.file for problem in report.problems] == sorted(bad)
    assert all(problem.reason.startswith(bad[problem.file]) for problem in report.problems)
    assistant = Assistant.load(settings, encoder=WordEncoder(), reader=OverlapReader())
    assert set(assistant.retriever.index.documents) == set(good)
    assert not assistant.status().changes
    assert not build_index(settings, encoder=WordEncoder()).built


def test_a_pdf_that_unpacks_without_end_is_refused_for_the_memory() -> None:
    with pytest.raises(UnreadableFileError, match="reading it takes over 3.. MB of memory, the limit for a file of 4.. kB"):
        read_bounded(".pdf", flood(500_000_000))


def test_a_pdf_of_too_many_pages_is_refused() -> None:
    stream = io.BytesIO()
    canvas = Canvas(stream)
    for _ in range(2001):
        canvas.showPage()
    canvas.save()
    with pytest.raises(UnreadableFileError, match="it has 2,001 pages, over the limit of 2,000"):
        read_pdf(stream.getvalue())


@pytest.mark.timeout(30)
def test_a_pdf_whose_pages_lead_back_to_themselves_ends() -> None:
    with pytest.raises(UnreadableFileError):
        read_pdf(pdf_of(b"<</Type/Pages/Count 1/Kids[2 0 R]>>", b"<</Length 0>>stream\n\nendstream"))


def test_a_pdf_that_only_its_printing_is_forbidden_of_is_read() -> None:
    reading = read_pdf(printed("The zebra sleeps.", encrypt=StandardEncryption("", "owner", canCopy=0, canPrint=0)))
    assert reading.text == "The zebra sleeps.\n"


def test_what_is_mended_while_it_is_refused_is_news(corpus: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts as refused are the bytes that were read, not those that are there by the time the reason is known."""
    file = corpus / "late.csv"
    file.write_bytes(b"Rank,Pay\n\0")

    def reader(data: bytes) -> Reading:
        file.write_bytes(b"Rank,Pay\nCook,2\n")
        decoded_values(data)
        raise AssertionError

    with monkeypatch.context() as patched:
        patched.setitem(corpus_module.READERS, ".csv", reader)
        report = build_index(settings, encoder=WordEncoder())
    assert [problem.file for problem in report.problems] == ["late.csv"]
    assistant = Assistant.load(settings, encoder=WordEncoder(), reader=OverlapReader())
    assert assistant.status().changes.added == ("late.csv",)
    assert not build_index(settings, encoder=WordEncoder()).problems
