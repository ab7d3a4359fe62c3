"""Above the conversation: earlier ones to open again, and this one to be saved as a file."""

from __future__ import annotations

from roleqa.ui.icons import icon
from roleqa.ui.markup import Html, element, join, text

KEPT_WHERE = "Kept in this browser only, the newest 50. Whoever uses this browser can read them."


def render_record_bar() -> Html:
    """Two groups of buttons, and the list that the first opens, which the page's script fills."""
    history = element("button", icon("history"), text("History"), type="button", id="history-open")
    exports = (_export(form, name) for form, name in (("markdown", "Markdown"), ("json", "JSON")))
    bar = element(
        "div",
        history,
        element("span", role="status", class_="said"),
        element("span", *exports, class_="exports", role="group", aria_label="Export this conversation", hidden=""),
        class_="bar",
    )
    return join(bar, _dialog())


def _export(form: str, name: str) -> Html:
    said = f"Export as {name}"
    return element("button", icon("download"), text(name), type="button", data_export=form, aria_label=said, title=said)


def _dialog() -> Html:
    name = "history-title"
    close = element("button", icon("close"), type="button", class_="close", aria_label="Close", title="Close")
    # The script makes a line of this for each conversation.
    line = element(
        "li",
        element("button", element("span", dir="auto"), element("span", class_="aside"), type="button", class_="open"),
        element("button", icon("delete"), type="button", class_="delete", title="Delete"),
    )
    clear = element("button", text("Delete all"), type="button", class_="clear")
    return element(
        "dialog",
        element("header", element("h2", text("Earlier conversations"), id=name), close),
        element("p", text(KEPT_WHERE), class_="aside"),
        element("ul"),
        element("template", line),
        element("p", text("None yet. What you ask is kept here once it is answered."), class_="none"),
        element("footer", element("span", role="status", class_="said"), clear),
        id="history",
        aria_labelledby=name,
    )
