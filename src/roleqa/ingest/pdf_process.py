"""Reads a PDF from standard input: run as a program of its own, so that its time and memory end.

Writes what became of it as JSON: the text with its blocks and pages, or what went wrong.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from roleqa.errors import UnreadableFileError
from roleqa.ingest.pdf_blocks import read_lines
from roleqa.ingest.pdf_layout import lines_of
from roleqa.ingest.pdf_pages import pages_of

_SCANNED = "it has no text, only pictures of pages: recognise their text (OCR) and save it anew"


def main() -> None:
    """Takes the most bytes of memory that it may use as its argument."""
    _bound_memory(int(sys.argv[1]))
    try:
        said = _read(sys.stdin.buffer.read())
    except UnreadableFileError as error:
        said = {"refused": str(error)}
    except Exception as error:  # whatever the first odd byte leads to
        said = _failure(error)
    sys.stdout.write(json.dumps(said))


def _bound_memory(most: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _read(data: bytes) -> dict[str, Any]:
    lines, pages = lines_of(pages_of(data))
    if not lines:
        raise UnreadableFileError(_SCANNED)
    reading = read_lines(lines, pages, _SCANNED)
    return {"text": reading.text, "pages": reading.pages, "blocks": [block.fields for block in reading.blocks]}


def _failure(error: BaseException) -> dict[str, Any]:
    """What went wrong, by all its names: pdfplumber wraps whatever it was, more than once."""
    chain = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__ or _wrapped(chain[-1])) and inner not in chain:
        chain.append(inner)
    detail = next((str(found) for found in reversed(chain) if str(found)), "")
    return {"errors": [type(found).__name__ for found in chain], "detail": detail[:200]}


def _wrapped(error: BaseException) -> BaseException | None:
    return next((said for said in error.args if isinstance(said, BaseException)), None)


if __name__ == "__main__":
    main()
