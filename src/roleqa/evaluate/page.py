"""A report as one page: no script, nothing from elsewhere, every text escaped by the template engine."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Protocol, TypeVar

from jinja2 import Environment, StrictUndefined

from roleqa.evaluate.display import as_figure, as_milliseconds, as_minute, as_share
from roleqa.evaluate.results import HEADLINE, Report
from roleqa.evaluate.timing import STAGES
from roleqa.types import MODES

CAPTIONS = {
    "risk_coverage": "If only the most confident questions were answered: how many, and how many of those wrongly.",
    "confidence": "How confident the best quote is where it is right, where it is wrong, and where none can be right.",
    "reliability": "Each dot is a tenth of the confidences. On the line, as many are right as the confidence says.",
    "kinds": "Questions that the documents answer: the first quote is right. The others: refused.",
}


class Judged(Protocol):
    """A question of a report, as far as telling its outcome needs."""

    @property
    def answerable(self) -> bool: ...
    @property
    def answered(self) -> bool: ...
    @property
    def confidence(self) -> float: ...
    @property
    def best_right(self) -> bool: ...
    @property
    def complete(self) -> bool: ...


Asked = TypeVar("Asked", bound=Judged)


def render_page(report: Report, light: Mapping[str, bytes], dark: Mapping[str, bytes]) -> str:
    """The page; `light` and `dark` are the plots, by name, for either colour scheme."""
    engine = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    engine.filters.update(share=as_share, figure=as_figure, milliseconds=as_milliseconds, minute=as_minute)
    folder = files("roleqa.evaluate")
    template = engine.from_string(folder.joinpath("page.html.jinja").read_text(encoding="utf-8"))
    return template.render(
        report=report,
        headline=report.groups[HEADLINE],
        results=outcomes(report.headline),
        plots=[(name, CAPTIONS[name], picture_url(light[name]), picture_url(dark[name])) for name in CAPTIONS],
        modes=MODES,
        stages=("all", *STAGES),
    )


def outcomes(results: Sequence[Asked]) -> dict[str, list[Asked]]:
    """The questions by what became of them, the failures first, the most confident failures first among those."""
    found: dict[str, list[Asked]] = {
        "Answered by a wrong quote first": [],
        "Answered, though the documents do not say": [],
        "Refused, though the documents say": [],
        "Right first, but not all that was to be quoted": [],
        "Right": [],
    }
    wrong, invented, refused, partial, right = found.values()
    for result in sorted(results, key=lambda result: -result.confidence):
        if not result.answerable:
            (invented if result.answered else right).append(result)
        elif not result.answered:
            refused.append(result)
        elif not result.best_right:
            wrong.append(result)
        else:
            (right if result.complete else partial).append(result)
    return found


def picture_url(png: bytes) -> str:
    """A PNG as an address that holds it whole."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
