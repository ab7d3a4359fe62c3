"""PDF with text in it: paragraphs, headings by their looks, lists and ruled tables, each with its page."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from roleqa.errors import UnreadableFileError
from roleqa.ingest.blocks import Block, Reading
from roleqa.ingest.extract import one_line

# What reading a PDF may take, in seconds and bytes: two hundred pages of text take about eight, and 90 million.
MOST_TIME = 240
MOST_MEMORY = 3_000_000_000

_ERRORS = {
    "PDFPasswordIncorrect": "it is protected by a password: save it without one",
    "PDFEncryptionError": "it is encrypted: save it without protection",
    "MemoryError": "it takes up too much memory: split it into several files",
}
_BROKEN = "it is broken ({}): save it anew from the program that made it"


def read_pdf(data: bytes) -> Reading:
    """Read a PDF. Another process does so: what it may take of time and memory is bounded.

    Raises:
        UnreadableFileError: it is protected, broken, too large, or holds pictures of text alone.
    """
    if b"%PDF-" not in data[:1024]:
        raise UnreadableFileError(_BROKEN.format("it does not begin as a PDF does"))
    said = _said_of(data)
    if refused := said.get("refused"):
        raise UnreadableFileError(refused)
    if errors := said.get("errors"):
        reason = next((_ERRORS[name] for name in errors if name in _ERRORS), _BROKEN)
        raise UnreadableFileError(reason.format(one_line(said["detail"]) or errors[0]))
    return Reading(said["text"], tuple(Block.of(*fields) for fields in said["blocks"]), pages=tuple(said["pages"]))


def _said_of(data: bytes) -> dict[str, Any]:
    command = [sys.executable, "-P", "-m", "roleqa.ingest.pdf_process", str(MOST_MEMORY)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=MOST_TIME, check=False)
    except subprocess.TimeoutExpired:
        raise UnreadableFileError(f"it takes over {MOST_TIME} seconds to read: split it into several files") from None
    # Where there is too little memory even to say so, it just ends.
    return dict(json.loads(done.stdout)) if done.returncode == 0 else {"errors": ["MemoryError"], "detail": ""}
