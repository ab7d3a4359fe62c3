"""The figures as one page: no script, nothing from elsewhere, in the looks of an evaluation's report."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from benchmarks.figures import as_shipped, by_size
from benchmarks.figures.data import SIZES, STORES, Figures, as_revision, of_store, sizes
from benchmarks.figures.plots import draw_plots

_TABLES = (
    by_size.indexes, by_size.building, by_size.cold, by_size.answering, by_size.modes_by_size, by_size.memory,
    as_shipped.program, as_shipped.shipped_build, as_shipped.shipped_cold, as_shipped.shipped_answer, as_shipped.modes,
    as_shipped.kinds, as_shipped.runs,
)  # fmt: skip
_TEMPLATE = Path(__file__).with_name("page.html.jinja")


def render_page(figures: Figures) -> str:
    """The page of what was measured; what was not is said to be missing."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["code"] = _code
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        looks=Markup(_looks()),
        machines=machines(figures),
        missing=missing(figures),
        plots={name: Markup(svg) for name, svg in draw_plots(figures).items()},
        tables={table.__name__: table(figures) for table in _TABLES},
        has_server=any("server" in one for one in of_store(figures, "milvus").values()),
        real=real_passages(figures),
        methods=[
            (f"{size:,}", title, one["vectors"]["method"], one["vectors"]["reason"])
            for store, title in STORES.items()
            for size, one in of_store(figures, store).items()
        ],
    )


def _code(text: str) -> Markup:
    """A cell, what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]*)`", r"<code>\1</code>", str(escape(text))))


def _looks() -> str:
    """The style sheet of an evaluation's page."""
    page = files("roleqa.evaluate").joinpath("page.html.jinja").read_text(encoding="utf-8")
    (style,) = re.findall(r"<style>\n(.*?)</style>", page, flags=re.DOTALL)
    return style


def machines(figures: Figures) -> list[dict[str, Any]]:
    """Each machine that a part was measured on, with the revisions."""
    found: list[dict[str, Any]] = []
    for part in figures.values():
        machine, revision = part["stamp"]["machine"], as_revision(part["stamp"]["git"])
        own = next((one for one in found if one | machine == one), None)
        if own is None:
            found.append(own := {**machine, "revisions": []})
        if revision not in own["revisions"]:
            own["revisions"].append(revision)
    return found


def missing(figures: Figures) -> list[str]:
    """What the page would have if all had been run, and gone well."""
    failed = [f"{part['what']}: {part['failed']}" for part in figures.values() if "failed" in part]
    never = [
        f"{size:,} passages: not run" for size in SIZES if size not in sizes(figures) and f"faiss-{size}" not in figures
    ]
    return failed + never


def real_passages(figures: Figures) -> int | None:
    """How many passages of an index are the documents' own."""
    own = [one["passages"] - one["made_passages"] for one in of_store(figures, "faiss").values()]
    return max(own, default=None)
