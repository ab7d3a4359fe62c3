"""The words and the ruled tables of a PDF, page by page."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from roleqa.errors import UnreadableFileError
from roleqa.ingest.limits import MAX_PAGES, Limits

_MEASURES = ("x0", "x1", "top", "bottom", "size")
# A drawing may have a hundred thousand lines, and what they enclose is sought from each to each.
_MOST_RULES = 3_000
_MOST_SLANT = 0.1
# Fonts of signs: a single one of them is a bullet, whatever letter it has the place of.
_SIGN_FONTS = ("dingbat", "wingding", "webding")
_BULLET = "\u2022"
_LARGEST_DOT = 8  # in points


def _lean(page: Any) -> Any:
    """The page, to say of each character only what is asked of it: half of the time goes into the rest."""
    from pdfminer.layout import LTChar

    all_of = page.process_object
    page.process_object = lambda found: _character(page, found) if isinstance(found, LTChar) else all_of(found)
    return page


def _character(page: Any, found: Any) -> dict[str, Any]:
    left, above = page.mediabox[:2]
    top = page.height + above
    return {
        "object_type": "char",
        "text": found.get_text(),
        "x0": found.x0 + left,
        "x1": found.x1 + left,
        "top": top - found.y1,
        "bottom": top - found.y0,
        "doctop": top - found.y1,
        "width": found.width,
        "height": found.height,
        "size": found.size,
        "turn": _turn(found.matrix),
        "upright": True,
        "fontname": found.fontname if isinstance(found.fontname, str) else "",
    }


def _turn(matrix: Sequence[float]) -> int | None:
    """By how many degrees a character is turned, clockwise; None where it stands aslant, as over a page."""
    along, up = matrix[:2]
    if abs(up) <= _MOST_SLANT * abs(along):
        return 0 if along > 0 else 180
    if abs(along) <= _MOST_SLANT * abs(up):
        return 270 if up > 0 else 90
    return None


def pages_of(data: bytes, limits: Limits) -> Iterator[dict[str, Any]]:
    """What stands on each page, one at a time.

    Raises:
        UnreadableFileError: it has more pages or more text than a document may have.
        Exception: whatever the first odd byte leads to.
    """
    import pdfplumber

    length = 0
    with pdfplumber.open(io.BytesIO(data)) as pdf:
        pages = len(pdf.pages)
        if pages > MAX_PAGES:
            limit = f"over the limit of {MAX_PAGES:,}"
            raise UnreadableFileError(f"it has {pages:,} pages, {limit}: split it into several files")
        if not pages:
            raise ValueError("it has no page")
        for page in pdf.pages:
            found = _page(_upright(_lean(page)))
            length += sum(len(word[0]) for word in found["words"])
            limits.check(length, limits.characters, "characters of text")
            yield found
            page.close()


def _upright(page: Any) -> Any:
    """The page turned as most of its text is; what stands otherwise, such as a stamp up its side, is left out."""
    turns = Counter(char["turn"] for char in page.chars)
    turn = next((turn for turn, _ in turns.most_common() if turn is not None), 0)
    if turn:
        page.page_obj.rotate = page.page_obj.attrs["Rotate"] = (page.rotation - turn) % 360
        page = _lean(type(page)(page.pdf, page.page_obj, page.page_number))
    return page.filter(_is_upright) if len(turns) > 1 else page


def _is_upright(found: dict[str, Any]) -> bool:
    return not found.get("turn", 0) and found.get("turn", 0) is not None


def _page(page: Any) -> dict[str, Any]:
    found = page.extract_words(extra_attrs=["fontname", "size"])
    words = [
        [_text(word), *(round(float(word[key]), 2) for key in _MEASURES), _is_bold(word["fontname"])] for word in found
    ]
    rules = len(page.rects) + len(page.lines) + len(page.curves)
    tables = page.find_tables() if 0 < rules <= _MOST_RULES else []
    if rules <= _MOST_RULES:
        words += _drawn_bullets([*page.curves, *page.rects], words)
    return {
        "height": float(page.height),
        "words": words,
        "tables": [
            {"box": [float(edge) for edge in table.bbox], "rows": _rows(table)}
            for table in tables
            if len(table.rows) > 1 and max(len(row.cells) for row in table.rows) > 1
        ],
    }


def _drawn_bullets(shapes: Sequence[dict[str, Any]], words: Sequence[list[Any]]) -> list[list[Any]]:
    """Dots and squares that stand in front of a line, which some programs draw rather than write, as words."""
    found: list[list[Any]] = []
    for shape in shapes:
        width, height = shape["x1"] - shape["x0"], shape["bottom"] - shape["top"]
        if not (1 <= width <= _LARGEST_DOT and abs(width - height) <= 1):
            continue
        middle = (shape["top"] + shape["bottom"]) / 2
        beside = [word for word in words if word[3] < middle < word[4]]
        behind = min((word for word in beside if word[1] > shape["x1"]), key=lambda word: word[1], default=None)
        before = max((word[2] for word in beside if word[1] <= shape["x1"]), default=float("-inf"))
        if behind and behind[1] - shape["x1"] < 2 * behind[5] < shape["x0"] - before:
            found.append([_BULLET, round(shape["x0"], 2), round(shape["x1"], 2), *behind[3:6], False])
    return found


def _text(word: dict[str, Any]) -> str:
    is_sign = len(word["text"]) == 1 and any(font in word["fontname"].lower() for font in _SIGN_FONTS)
    return _BULLET if is_sign else str(word["text"])


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
