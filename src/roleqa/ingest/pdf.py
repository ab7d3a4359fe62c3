"""PDF with text in it: paragraphs, headings by their looks, lists and ruled tables, each with its page."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from roleqa.errors import UnreadableFileError
from roleqa.ingest.blocks import Reading
from roleqa.ingest.extract import one_line
from roleqa.ingest.limits import MAX_BYTES
from roleqa.ingest.pdf_blocks import read_lines
from roleqa.ingest.pdf_layout import lines_of

# What taking a PDF apart may take, in seconds and bytes: two hundred pages of text take about ten and 150 million.
MOST_TIME = 240
MOST_MEMORY = 3_000_000_000

_SCANNED = "it has no text, only pictures of pages: recognise their text (OCR) and save it anew"
_ERRORS = {
    "PDFPasswordIncorrect": "it is protected by a password: save it without one",
    "PDFEncryptionError": "it is encrypted: save it without protection",
    "MemoryError": "it takes up too much memory: split it into several files",
    "pages": "it has {} pages, over the limit of 2,000: split it into several files",
    "long": f"it has over {MAX_BYTES // 1_000_000} million characters of text: split it into several files",
}
_BROKEN = "it is broken ({}): save it anew from the program that made it"


def read_pdf(data: bytes) -> Reading:
    """Read a PDF. Another process takes it apart: what it may take of time and memory is bounded.

    Raises:
        UnreadableFileError: it is protected, broken, too large, or holds pictures of text alone.
    """
    if b"%PDF-" not in data[:1024]:
        raise UnreadableFileError(_BROKEN.format("it does not begin as a PDF does"))
    pages = _pages(data)
    lines = lines_of(map(json.loads, pages))
    if not lines:
        raise UnreadableFileError(_SCANNED)
    return read_lines(lines, len(pages), _SCANNED)


def _pages(data: bytes) -> list[bytes]:
    """What stands on each page, as JSON: all of them at once would take up a great deal of memory."""
    command = [sys.executable, "-P", "-m", "roleqa.ingest.pdf_pages", str(MOST_MEMORY)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=MOST_TIME, check=False)
    except subprocess.TimeoutExpired:
        raise UnreadableFileError(f"it takes over {MOST_TIME} seconds to read: split it into several files") from None
    pages = done.stdout.splitlines() if done.returncode == 0 else []
    last: dict[str, Any] = json.loads(pages.pop()) if pages else {"errors": ["MemoryError"]}
    if errors := last.get("errors"):
        said = next((_ERRORS[name] for name in errors if name in _ERRORS), _BROKEN)
        raise UnreadableFileError(said.format(one_line(last.get("detail") or errors[0])))
    return pages
