"""What the styles and the numbering of a Word document say of its paragraphs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

_HEADING = re.compile(r"heading ([1-9])")
_LIST_LEVEL = re.compile(r"list .*?([2-5])?")
_BODY_TEXT = 9  # the outline level of what is no heading
_LONGEST_CHAIN = 20
_ROMAN = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


def value(element: Any, path: str, default: str | None = None) -> str | None:
    """The w:val of the element at a path of tags; `default` where the element is there without one."""
    for tag in path.split("/"):
        element = element.find(W + tag) if element is not None else None
    return element.get(W + "val", default) if element is not None else None


def is_on(element: Any, path: str) -> bool | None:
    """Whether a switch such as bold is on; None where nothing is said of it."""
    found = value(element, path, "1")
    return None if found is None else found not in ("0", "false", "off", "none")


def whole(text: str | None, default: int = 0) -> int:
    """The number that a text writes in a few digits; `default` where it is none."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 7 else default


@dataclass(frozen=True, slots=True)
class Style:
    """A paragraph style with what it has from those that it is based on.

    `level` is a heading's, 0 for other text; `size` is in half points, 0 where nothing says it.
    """

    name: str = ""
    level: int = 0
    bold: bool = False
    size: int = 0
    number: str | None = None
    depth: int = 0


class Styles:
    """The paragraph styles of a document, by their ids."""

    def __init__(self, root: Any) -> None:
        found = root.iter(W + "style") if root is not None else ()
        self._elements = {element.get(W + "styleId"): element for element in found}
        self._styles: dict[str | None, Style] = {}
        own = {id: e for id, e in self._elements.items() if e.get(W + "type") == "paragraph"}
        defaults = root.find(f"{W}docDefaults/{W}rPrDefault") if root is not None else None
        self._plain = Style(size=whole(value(defaults, "rPr/sz")) if defaults is not None else 0)
        self._default = next((id for id, e in own.items() if e.get(W + "default") == "1"), None)

    def get(self, id: str | None) -> Style:
        """The style of that id, or the default one."""
        id = id if id in self._elements else self._default
        if id not in self._styles:
            self._styles[id] = self._read(id)
        return self._styles[id]

    def _read(self, id: str | None) -> Style:
        style = self._plain
        chain: list[Any] = []
        while id in self._elements and len(chain) < _LONGEST_CHAIN:
            chain.append(self._elements[id])
            id = value(chain[-1], "basedOn")
        for element in reversed(chain):
            name = (value(element, "name") or "").lower()
            outline = value(element, "pPr/outlineLvl")
            heading = _HEADING.fullmatch(name)
            level = int(heading[1]) if heading else _level(outline) if outline else style.level
            bold = is_on(element, "rPr/b")
            number = value(element, "pPr/numPr/numId") or style.number
            depth = whole(value(element, "pPr/numPr/ilvl")) or style.depth
            listed = _LIST_LEVEL.fullmatch(name)
            if listed and listed[1]:
                depth = int(listed[1]) - 1
            size = whole(value(element, "rPr/sz"), style.size)
            style = Style(name, level, style.bold if bold is None else bold, size, number, depth)
        return style


def _level(outline: str) -> int:
    level = whole(outline, _BODY_TEXT)
    return level + 1 if level < _BODY_TEXT else 0


@dataclass(slots=True)
class Numbering:
    """Counts the items of numbered lists: what stands before an item is nowhere in its text."""

    formats: dict[str, dict[int, tuple[str, int]]] = field(default_factory=dict)
    _counts: dict[str, dict[int, int]] = field(default_factory=dict)  # by list and depth

    @classmethod
    def of(cls, root: Any) -> Numbering:
        if root is None:
            return cls()
        kinds = {
            kind.get(W + "abstractNumId"): {
                whole(level.get(W + "ilvl")): (value(level, "numFmt") or "bullet", whole(value(level, "start"), 1))
                for level in kind.iter(W + "lvl")
            }
            for kind in root.iter(W + "abstractNum")
        }
        return cls({n.get(W + "numId"): kinds.get(value(n, "abstractNumId"), {}) for n in root.iter(W + "num")})

    def mark(self, number: str, depth: int) -> str:
        """The bullet or number of the next item at that depth of the list."""
        kind, first = self.formats.get(number, {}).get(depth, ("bullet", 1))
        counts = self._counts.get(number, {})
        count = counts.get(depth, first - 1) + 1
        self._counts[number] = {level: n for level, n in counts.items() if level < depth} | {depth: count}
        if kind in ("bullet", "none"):
            return "-"
        return f"{_written(count, kind)}."


def _written(count: int, kind: str) -> str:
    if kind in ("lowerLetter", "upperLetter") and 1 <= count <= 26:
        letter = chr(ord("a") + count - 1)
        return letter if kind == "lowerLetter" else letter.upper()
    if kind in ("lowerRoman", "upperRoman") and 1 <= count < 400:
        rest, roman = count, ""
        for worth, sign in _ROMAN:
            roman += sign * (rest // worth)
            rest %= worth
        return roman if kind == "lowerRoman" else roman.upper()
    return str(count)
