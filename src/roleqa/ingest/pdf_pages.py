"""The words and the ruled tables of a PDF, page by page: run as a program of its own, so that its time and memory end.

Reads a PDF from standard input, writes a line of JSON for each page, and a last one that says it is whole.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any

# In bytes. A few bytes of a PDF can be unpacked without end.
MOST_MEMORY = 3_000_000_000
MAX_PAGES = 2_000
_MEASURES = ("x0", "x1", "top", "bottom", "size")


def main() -> None:
    _bound_memory()
    try:
        _write_pages(sys.stdin.buffer.read())
    except MemoryError:
        _say({"error": "memory"})
    except Exception as error:  # whatever the first odd byte leads to
        _say({"error": type(error).__name__, "detail": f"{error} {error.__cause__ or ''}"[:200]})


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _say(said: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")


def _write_pages(data: bytes) -> None:
    import pdfplumber
    from pdfminer.pdfparser import PDFSyntaxError

    with pdfplumber.open(io.BytesIO(data)) as pdf:
        pages = len(pdf.pages)
        if pages > MAX_PAGES:
            _say({"error": "pages", "detail": f"{pages:,}"})
            return
        if not pages:
            raise PDFSyntaxError("no page")
        for page in pdf.pages:
            _say(_page(page))
            page.close()
    _say({"whole": True})


def _page(page: Any) -> dict[str, Any]:
    words = page.extract_words(extra_attrs=["fontname", "size"])
    tables = page.find_tables() if page.rects or page.lines or page.curves else []
    return {
        "width": float(page.width),
        "height": float(page.height),
        "words": [
            [word["text"], *(round(float(word[key]), 2) for key in _MEASURES), _is_bold(word["fontname"])]
            for word in words
        ],
        "tables": [
            {"box": [float(edge) for edge in table.bbox], "rows": _rows(table)}
            for table in tables
            if len(table.rows) > 1 and max(len(row.cells) for row in table.rows) > 1
        ],
    }


def _is_bold(font: str) -> bool:
    return any(sign in font.lower() for sign in ("bold", "black", "heavy", "semibold", "-bd"))


def _rows(table: Any) -> list[list[str]]:
    """The cells, merged ones repeated: where there is none, that above or beside reaches into its place."""
    boxes = [list(row.cells) for row in table.rows]
    rows = [[cell or "" for cell in row] for row in table.extract()]
    for y, row in enumerate(boxes):
        heights = [box for box in row if box]
        middle = min(((box[1] + box[3]) / 2 for box in heights), default=0.0)
        for x, box in enumerate(row):
            if box is not None:
                continue
            above = boxes[y - 1][x] if y else None
            left = row[x - 1] if x else None
            if above is not None and above[3] > middle:
                rows[y][x], row[x] = rows[y - 1][x], above
            elif left is not None:
                rows[y][x], row[x] = rows[y][x - 1], left
    return rows


if __name__ == "__main__":
    main()
