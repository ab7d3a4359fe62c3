"""HTML: what a reader of the page reads, without the navigation around it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any

from roleqa.errors import UnreadableFileError
from roleqa.ingest.blocks import Reading
from roleqa.ingest.extract import Extract, one_line
from roleqa.ingest.limits import Limits
from roleqa.ingest.merged_cells import Grid

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*+=\s*+[\"']?\s*+([\w.:-]{1,40})", re.IGNORECASE)
_META_REACH = 4096
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

# Not the head: the parser may leave the whole page in it.
# What is not read: no words of the page, or words about the site and not of the document.
_SKIPPED = frozenset(
    {"title", "script", "style", "noscript", "template", "nav", "aside", "footer", "button", "select", "textarea"}
    | {"svg", "iframe", "object", "embed", "canvas", "video", "audio", "map", "dialog"}
)
_SKIPPED_ROLES = frozenset({"navigation", "banner", "contentinfo", "complementary", "search", "menu", "toolbar"})
# What a line break is until its paragraph ends: two of them end it.
_BREAK = "\v"
_PARAGRAPH_END = re.compile(rf"{_BREAK}\s*{_BREAK}\s*")
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
# Elements that end the paragraph before them and begin another.
_BLOCKS = frozenset(
    {"address", "article", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset", "figcaption"}
    | {"figure", "form", "header", "hgroup", "hr", "html", "legend", "main", "p", "section", "summary"}
)
_APART = _BLOCKS | _HEADINGS.keys() | {"br", "dir", "li", "menu", "ol", "pre", "table", "td", "th", "tr", "ul"}
# Beyond this, elements are read as text of the one that they are in: no page is nested so deep by hand.
_DEEPEST = 150


def read_html(data: bytes) -> Reading:
    """Read a page. Its `title` is the title of the document where it has no heading of the first level.

    Raises:
        UnreadableFileError: it is no page, or has no text outside of its navigation.
    """
    from lxml import etree

    text = _decoded(data)
    if not text.strip():
        raise UnreadableFileError("it is empty: write something in it or remove it")
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError) as error:
        raise UnreadableFileError(f"it cannot be read as HTML ({error}): save it again from a browser") from error
    if root is None:
        raise UnreadableFileError("it has no text: write some in it or remove it")
    _close_headings(root)
    walk = _Walk(root, Limits.of(len(data)))
    walk.element(root)
    walk.end_paragraph()
    headed = next((e for e in root.iter("h1") if not _is_hidden(e)), None)
    title = _title(headed) if headed is not None else _words(next(root.iter("title"), None))
    empty = "it has no text outside of its navigation: save the page with its text, or as .txt"
    return walk.extract.reading(title, empty)


def _decoded(data: bytes) -> str:
    name = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if not name:
        said = _CHARSET.search(data[:_META_REACH])
        name = said[1].decode("ascii") if said else "utf-8"
    try:
        # What pages call Latin-1 is this in every browser.
        name = "cp1252" if codecs.lookup(name).name in ("iso8859-1", "ascii") else name
        text = data.decode(name)
    except (LookupError, UnicodeError) as error:
        raise UnreadableFileError(f"it is not {name}, as it should be: save it as UTF-8") from error
    if "\0" in text:
        raise UnreadableFileError("it holds binary data, not text: remove it or save it as text")
    return text


def _close_headings(root: Any) -> None:
    """Has each heading end where another one begins: the parser nests those without an end tag."""
    for inner in list(root.iter(*_HEADINGS)):
        outer = next(inner.iterancestors(*_HEADINGS), None)
        if outer is not None:
            for moved in reversed([inner, *inner.itersiblings()]):
                outer.addnext(moved)


def _words(element: Any) -> str:
    return one_line(" ".join(element.itertext())) if element is not None else ""


def _title(heading: Any) -> str:
    """The words of a heading, without the sign that links to it."""
    return _visible_words(heading).rstrip(" \u00b6#\u00a7\U0001f517")


def _heading_level(element: Any) -> int:
    """Of a heading, by its tag or by what it is said to be; 0 for anything else."""
    if (element.get("role") or "").lower() == "heading":
        return _number(element, "aria-level", 2)
    return _HEADINGS.get(element.tag, 0)


def _is_hidden(element: Any) -> bool:
    """Whether a reader of the page does not see the element, or sees no part of the document in it."""
    get = element.get
    return (
        element.tag in _SKIPPED
        or get("hidden") is not None
        or get("aria-hidden") == "true"
        or (get("role") or "").lower() in _SKIPPED_ROLES
        or bool(_HIDING.search(get("style") or ""))
        or (element.tag == "header" and not _in_text(element))
    )


def _in_text(element: Any) -> bool:
    """Whether a header is that of the text itself: inside of an article, or with the title in it."""
    return any(above.tag in ("article", "main", "section") for above in element.iterancestors()) or (
        next(element.iter("h1"), None) is not None and next(element.iter("nav"), None) is None
    )


class _Walk:
    """One pass over the elements in reading order; what stands between two blocks becomes a paragraph."""

    def __init__(self, root: Any, limits: Limits) -> None:
        self.extract = Extract(limits)
        self._limits = limits
        self._open: list[str] = []  # the words of the paragraph or item that is not at its end yet
        self._lists: list[int | None] = []  # the lists around: the next number, None for bullets
        self._mark: str | None = None  # of the item that is being read; "" once it has been written
        main = [found for found in root.iter("main") if not _is_hidden(found)]
        self._main = main[0] if len(main) == 1 and _words(main[0]) else None

    def element(self, element: Any, depth: int = 0) -> None:
        """Reads an element and, with the words behind them, all that it holds."""
        tag = element.tag
        if not isinstance(tag, str) or _is_hidden(element) or self._is_outside(element):
            return
        if depth > _DEEPEST:
            self._open.append(" ".join(element.itertext()))
        elif level := _heading_level(element):
            self.end_paragraph()
            self.extract.heading(_title(element), level)
        elif tag == "pre":
            self.end_paragraph()
            self.extract.code("".join(element.itertext()))
        elif tag == "table":
            self._table(element, depth)
        elif tag in ("ul", "ol", "menu", "dir"):
            self._list(element, depth)
        elif tag == "li":
            self._item(element, depth)
        elif tag in _BLOCKS:
            self.end_paragraph()
            self._inside(element, depth)
            self.end_paragraph()
        elif tag == "br":
            self._open.append(_BREAK)
        else:
            self._inside(element, depth)

    def _is_outside(self, element: Any) -> bool:
        """Whether the element stands beside the one that holds the text of the page, and holds none of it."""
        main = self._main
        if main is None or element.tag not in _BLOCKS | {"ul", "ol", "table"}:
            return False
        return element is not main and not any(above is main for above in element.iterancestors()) and not any(
            below is main for below in element.iter("main")
        )

    def _inside(self, element: Any, depth: int) -> None:
        self._open.append(element.text or "")
        for child in element:
            self.element(child, depth + 1)
            self._open.append(child.tail or "")

    def end_paragraph(self) -> None:
        """Writes the words that have come together as a paragraph or list item."""
        text, self._open = "".join(self._open), []
        for part in _PARAGRAPH_END.split(text):
            words = one_line(part.replace(_BREAK, " "))
            if words and self._mark is not None and self._lists:
                self.extract.item(words, len(self._lists), self._mark)
                self._mark = ""
            else:
                self.extract.paragraph(words)

    def _list(self, element: Any, depth: int) -> None:
        self.end_paragraph()
        mark = self._mark
        self._lists.append(_number(element, "start") if element.tag == "ol" else None)
        self._mark = None
        self._inside(element, depth)
        self.end_paragraph()
        self._lists.pop()
        self._mark = mark

    def _item(self, element: Any, depth: int) -> None:
        self.end_paragraph()
        if not self._lists:
            self._lists.append(None)
            self._item(element, depth)
            self._lists.pop()
            return
        number = self._lists[-1]
        self._mark = "-" if number is None else f"{number}."
        if number is not None:
            self._lists[-1] = number + 1
        self._inside(element, depth)
        self.end_paragraph()
        self._mark = None

    def _table(self, table: Any, depth: int) -> None:
        """A table of cells; what only puts things in their place on the page is read cell by cell."""
        self.end_paragraph()
        rows = list(_rows(table))
        inner = next((found for found in table.iter("table") if found is not table), None)
        if inner is not None or all(len(row) < 2 for row in rows):
            for row in rows:
                for cell in row:
                    self._inside(cell, depth + 1)
                    self.end_paragraph()
            return
        for caption in table.iter("caption"):
            self.extract.paragraph(_words(caption))
        grid = Grid(self._limits)
        for y, row in enumerate(rows):
            for cell in row:
                grid.put(y, _visible_words(cell), _number(cell, "colspan"), _number(cell, "rowspan"))
        self.extract.table(grid.rows())


def _rows(table: Any) -> Iterator[list[Any]]:
    """The rows of a table, those of its head first and those of its foot last."""
    places = {"thead": 0, "tfoot": 2}
    found: list[tuple[int, list[Any]]] = []
    for row in table.iter("tr"):
        above = next((a for a in row.iterancestors("table")), None)
        if above is table and not _is_hidden(row):
            cells = [cell for cell in row if cell.tag in ("td", "th") and not _is_hidden(cell)]
            found.append((places.get(row.getparent().tag, 1), cells))
    yield from (cells for _, cells in sorted(found, key=lambda row: row[0]))


def _visible_words(element: Any) -> str:
    return one_line("".join(_texts(element)))


def _texts(element: Any, depth: int = 0) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str) and not _is_hidden(child):
            apart = " " if child.tag in _APART else ""
            yield apart
            yield from _texts(child, depth + 1) if depth < _DEEPEST else child.itertext()
            yield apart
        yield child.tail or ""


def _number(element: Any, name: str, default: int = 1) -> int:
    said = (element.get(name) or "").strip()
    return int(said) if said.isdecimal() and len(said) < 6 else default
