"""A reader for each format: the bytes of a file in, its text and blocks out."""

from __future__ import annotations

import codecs
import contextlib
from collections.abc import Callable
from functools import partial

from roleqa.errors import UnreadableFileError
from roleqa.ingest.blocks import Reading
from roleqa.ingest.bounded import read_bounded
from roleqa.ingest.docx import read_docx
from roleqa.ingest.html import read_html
from roleqa.ingest.limits import MAX_PARTS
from roleqa.ingest.markdown import read_markdown
from roleqa.ingest.pdf import read_pdf
from roleqa.ingest.plain_text import read_plain_text
from roleqa.ingest.sheets import read_csv, read_xlsx

# The parts by which archives are told apart; their names are never compressed.
_PARTS = {".docx": b"word/document.xml", ".xlsx": b"xl/workbook.xml"}
_PAGE = (b"<!doctype html", b"<html")
# What most bytes of UTF-16 text in a language of Europe are, every other one.
_UTF_16_ZEROS = 0.3


def decoded(data: bytes) -> str:
    """The text of a file, its newlines as "\\n". Nothing changes it after this.

    Raises:
        UnreadableFileError: it is no text in UTF-8, or has too many parts to be read.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _is_bare_utf_16(data):
        raise UnreadableFileError("it is UTF-16, not UTF-8: save it as UTF-8")
    if b"\0" in data:
        raise UnreadableFileError("it holds binary data, not text: remove it or save it as text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"it is not UTF-8 (byte {error.start + 1}): save it as UTF-8") from error
    if not text.strip():
        raise UnreadableFileError("it is empty: write something in it or remove it")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    parts = text.count("\n") + text.count("|")
    if parts > MAX_PARTS:
        raise UnreadableFileError(
            f"it has {parts:,} lines and table cells, over the limit of {MAX_PARTS:,}: split it into several files"
        )
    return text


def _is_bare_utf_16(data: bytes) -> bool:
    """Whether the bytes are UTF-16 without the mark that says so: every other one is mostly zero, the others never."""
    zeros = data[0:4096:2].count(0), data[1:4096:2].count(0)
    return len(data) > 3 and min(zeros) == 0 and max(zeros) > _UTF_16_ZEROS * len(data[:4096])


def _csv(data: bytes) -> Reading:
    return read_csv(decoded_values(data))


def _markdown(data: bytes) -> Reading:
    return read_markdown(decoded(data))


def _plain_text(data: bytes) -> Reading:
    return read_plain_text(decoded(data))


def decoded_values(data: bytes) -> str:
    """The text of separated values, which programs save as UTF-8, as "Unicode text", or as Windows does in the west.

    Raises:
        UnreadableFileError: it is none of these, or has too many parts to be read.
    """
    with contextlib.suppress(UnicodeError):
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            data = data.decode("utf-16").encode()
        elif not _is_utf_8(data):
            data = data.decode("cp1252").encode()
    return decoded(data)


def kind_of(data: bytes) -> str | None:
    """The suffix that files such as this one have, where their bytes say it."""
    if data.startswith(b"%PDF-"):
        return ".pdf"
    if data.startswith(b"PK\x03\x04"):
        return next((kind for kind, part in _PARTS.items() if part in data), None)
    return ".html" if data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE) else None


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


# What libraries take apart is read in a process of its own, which knows these.
PARSERS: dict[str, Callable[[bytes], Reading]] = {
    ".html": read_html,
    ".htm": read_html,
    ".docx": read_docx,
    ".csv": _csv,
    ".pdf": read_pdf,
    ".xlsx": read_xlsx,
}
READERS: dict[str, Callable[[bytes], Reading]] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".txt": _plain_text,
    **{suffix: partial(read_bounded, suffix) for suffix in PARSERS},
}
# How those that are text are decoded: that is soon done, and tells most of the files that cannot be read.
TEXTS: dict[str, Callable[[bytes], str]] = {
    ".csv": decoded_values,
    ".md": decoded,
    ".markdown": decoded,
    ".txt": decoded,
}
# To be named where someone asks what may be added.
KINDS = ".md, .txt, .html, .docx, .pdf, .csv or .xlsx"
# People expect these to be read; to leave them out in silence would hide that part of their corpus is missing.
SAVE_AS = {
    ".doc": ".docx",
    ".epub": ".html",
    ".odt": ".docx",
    ".rst": ".md or .txt",
    ".rtf": ".docx",
    ".xls": ".xlsx",
}
