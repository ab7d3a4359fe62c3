"""Small pictures for buttons, drawn in the colour of their text. Their buttons have names; they have none."""

from __future__ import annotations

from roleqa.ui.markup import Html, element

# Lines on a sheet of 24 by 24.
_DRAWN = {
    "history": "M4 12a8 8 0 1 0 2.6-5.9L4 8.4M4 4v4.4h4.4M12 8v4.4l3 1.8",
    "download": "M12 4v11m0 0-4.5-4.5M12 15l4.5-4.5M5 19.5h14",
    "thumb": "M7.5 10.5 11 3.8c1.5 0 2.5 1.2 2.2 2.7L12.5 10H18c1.3 0 2.2 1.2 1.9 2.4l-1.6 6.2c-.3 1.1-1.2 1.9-2.4 1.9"
    "H7.5m0-10v10m0-10H4v10h3.5",
    "delete": "M4.5 7h15M10 7V4.5h4V7M6.5 7l.9 12.5h9.2L17.5 7M10.3 10.5v5.5m3.4-5.5v5.5",
    "close": "m6 6 12 12M18 6 6 18",
}


def icon(name: str) -> Html:
    lines = element("path", d=_DRAWN[name])
    return element("svg", lines, viewBox="0 0 24 24", aria_hidden="true", focusable="false", class_="icon")
