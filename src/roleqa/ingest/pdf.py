"""PDF with text in it: paragraphs, headings by their looks, lists and ruled tables, each with its page."""

from __future__ import annotations

from roleqa.errors import UnreadableFileError
from roleqa.ingest.blocks import Reading
from roleqa.ingest.extract import one_line
from roleqa.ingest.limits import Limits
from roleqa.ingest.pdf_blocks import read_lines
from roleqa.ingest.pdf_layout import lines_of
from roleqa.ingest.pdf_pages import pages_of

_SCANNED = "it has no text, only pictures of pages: recognise their text (OCR) and save it again"
_ERRORS = {
    "PDFPasswordIncorrect": "it is protected by a password: save it without one",
    "PDFEncryptionError": "it is encrypted: save it without protection",
}
_BROKEN = "it is broken ({}): save it again from the program that made it"


def read_pdf(data: bytes) -> Reading:
    """Read a PDF.

    Raises:
        UnreadableFileError: it is protected, broken, too large, or holds pictures of text alone.
    """
    if b"%PDF-" not in data[:1024]:
        raise UnreadableFileError(_BROKEN.format("it does not begin as a PDF does"))
    limits = Limits.of(len(data))
    try:
        lines, pages = lines_of(pages_of(data, limits))
    except UnreadableFileError:
        raise
    except Exception as error:  # whatever the first odd byte leads to
        raise _failure(error, limits) from error
    if not lines:
        raise UnreadableFileError(_SCANNED)
    return read_lines(lines, pages, _SCANNED, limits)


def _failure(error: BaseException, limits: Limits) -> UnreadableFileError:
    """What went wrong, by all its names: pdfplumber wraps whatever it was, more than once."""
    chain = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__ or _wrapped(chain[-1])) and inner not in chain:
        chain.append(inner)
    names = [type(one).__name__ for one in chain]
    if "MemoryError" in names:
        return limits.too_much_memory()
    detail = one_line(next((str(one) for one in reversed(chain) if str(one)), ""))[:200] or names[0]
    return UnreadableFileError(next((_ERRORS[name] for name in names if name in _ERRORS), _BROKEN.format(detail)))


def _wrapped(error: BaseException) -> BaseException | None:
    return next((inner for inner in error.args if isinstance(inner, BaseException)), None)
