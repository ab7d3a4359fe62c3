"""HTML that cannot be built from unescaped text: only `text` and `element` make an `Html`."""

from __future__ import annotations

import html
from typing import NewType

Html = NewType("Html", str)

EMPTY = Html("")


def text(value: str) -> Html:
    """Any text, as text: whatever a document or a question holds, nothing of it becomes markup."""
    return Html(html.escape(value, quote=True))


def element(tag: str, *children: Html, **attributes: str | None) -> Html:
    """`<tag attributes>children</tag>`; attribute values are escaped, and None leaves one out.

    A trailing underscore is dropped and the others become hyphens: `class_="a"`, `aria_label="b"`.
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{html.escape(value, quote=True)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return Html(f"<{tag}{written}>{join(*children)}</{tag}>")


def foreign(tag: str, value: str, **attributes: str | None) -> Html:
    """Text of a document or a person in an element of its own, so that its direction changes no other's."""
    return element(tag, text(value), dir="auto", **attributes)


def join(*parts: Html) -> Html:
    return Html("".join(parts))
