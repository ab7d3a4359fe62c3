"""The lines between two `---` at the top of a file: its title and its sources."""

from __future__ import annotations

import re
from dataclasses import dataclass

from roleqa.ingest.blocks import Span

_BLOCK = re.compile(r"---[ \t]*\n(?P<body>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_ENTRY = re.compile(r"(?P<key>[A-Za-z_][\w -]*):(?:[ \t]+(?P<value>.*))?")
_LIST_ITEM = re.compile(r"[ \t]*-[ \t]+(?P<value>.*)")
_COMMENT = re.compile(r"(?:^|\s)#.*$")

# Shown with everything that is opened of the document: the sources are bounded one by one and in their number.
_LONGEST = 300
_MOST_SOURCES = 50


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the front matter says, and the span it takes up (empty if there is none)."""

    span: Span
    title: str | None = None
    sources: tuple[str, ...] = ()


def read_front_matter(text: str) -> FrontMatter:
    """Read `title` and `sources` (or `source`).

    Deliberately a small part of YAML, `key: value` and lists of strings: no tag, alias or object can come out of
    a document, and an unquoted colon in a title is a colon. Keys and lines it does not know are passed over.
    """
    block = _BLOCK.match(text)
    nothing = FrontMatter(Span(0, 0))
    if block is None:
        return nothing
    lines = [line for line in block["body"].split("\n") if line.strip() and not line.lstrip().startswith("#")]
    if not lines or not _ENTRY.fullmatch(lines[0]):
        return nothing
    entries = _entries(lines)
    titles = entries.get("title", [])
    sources = entries.get("sources", []) or entries.get("source", [])
    kept = tuple(map(_bounded, sources[:_MOST_SOURCES]))
    return FrontMatter(Span(0, block.end()), _bounded(titles[0]) if titles else None, kept)


def _bounded(value: str) -> str:
    return value if len(value) <= _LONGEST else value[:_LONGEST] + "\u2026"


def _entries(lines: list[str]) -> dict[str, list[str]]:
    entries: dict[str, list[str]] = {}
    values: list[str] = []
    for line in lines:
        if item := _LIST_ITEM.fullmatch(line):
            values.extend(_scalars(item["value"]))
        elif entry := _ENTRY.fullmatch(line):
            values = entries.setdefault(entry["key"].strip().lower(), [])
            values.extend(_values(entry["value"] or ""))
    return entries


def _values(value: str) -> list[str]:
    value = value.strip()
    if value.startswith("[") and value.endswith("]"):
        return [scalar for part in value[1:-1].split(",") for scalar in _scalars(part)]
    return _scalars(value)


def _scalars(value: str) -> list[str]:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    else:
        value = _COMMENT.sub("", value).strip()
    return [value] if value else []
