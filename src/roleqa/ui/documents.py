"""The documents of the corpus as a list: what each is, how it stands to the index, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

from roleqa.index.catalog import Entry
from roleqa.ingest.readers import KINDS
from roleqa.types import Generation
from roleqa.ui.markup import EMPTY, Html, element, foreign, join, text
from roleqa.ui.panel import count, exact_time

# More documents than this are named by the count of the rest alone.
MOST_LISTED = 500

BADGES = {
    "added": ("Added since", "stale"),
    "changed": ("Changed since", "stale"),
    "removed": ("Removed since", "stale"),
    "unreadable": ("Not readable", "problem"),
    "indexed": ("Indexed", "fresh"),
}
NO_DOCUMENTS = f"There is no document yet. Add some: {KINDS}."


def render_documents(entries: Sequence[Entry], generation: Generation, removable: bool) -> Html:
    """Every document, those to look at first on top; `removable` where whoever looks may remove them."""
    title = element("h2", text("Documents "), element("span", text(f"{len(entries):,}"), class_="count"), tabindex="-1")
    if not entries:
        return join(title, element("p", text(NO_DOCUMENTS), class_="aside"))
    ordered = sorted(entries, key=lambda entry: (entry.state == "indexed", entry.id))
    listed = [_document(entry, generation, removable) for entry in ordered[:MOST_LISTED]]
    more = len(ordered) - MOST_LISTED
    rest = element("p", text(f"and {more:,} more"), class_="aside") if more > 0 else EMPTY
    return join(title, element("ul", *listed, class_="documents"), rest)


def _document(entry: Entry, generation: Generation, removable: bool) -> Html:
    word, kind = BADGES[entry.state]
    head = element(
        "div",
        foreign("h3", entry.title),
        element("span", text(word), class_=f"badge {kind}"),
        class_="head",
    )
    reason = foreign("p", entry.reason, class_="reason") if entry.reason else EMPTY
    tools = element("div", *_tools(entry, removable), class_="tools")
    return element("li", head, _facts(entry, generation), reason, tools, class_="document", data_state=entry.state)


def _facts(entry: Entry, generation: Generation) -> Html:
    """File, size, passages and when they were indexed, in one line."""
    if entry.passages:
        indexed = element("time", text(exact_time(generation.built_at)), datetime=generation.built_at)
        said = [text(count(entry.passages, "passage")), join(text("indexed "), indexed)]
    else:
        said = [text("not in the index")]
    facts = (foreign("code", entry.id), text(readable_size(entry.size)), *said)
    return element("p", *(element("span", fact) for fact in facts), class_="facts")


def _tools(entry: Entry, removable: bool) -> list[Html]:
    tools = []
    if entry.passages:
        name = element("span", text(" of "), foreign("span", entry.id), class_="unseen")
        tools.append(
            element(
                "button",
                text("Passages"),
                name,
                type="button",
                class_="show-split",
                aria_expanded="false",
                data_document=entry.id,
            )
        )
    if removable and entry.is_file:
        name = element("span", text(" "), foreign("span", entry.id), class_="unseen")
        tools.append(
            element("button", text("Remove"), name, type="button", class_="remove", data_document=entry.id)
        )
    return tools


def readable_size(size: int) -> str:
    """Bytes as a person reads them: "512 bytes", "3.4 kB", "12 MB"."""
    if size < 1000:
        return count(size, "byte")
    value, unit = (size / 1e3, "kB") if size < 999_500 else (size / 1e6, "MB")
    return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"
