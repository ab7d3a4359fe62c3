"""What is said of the corpus when something was done to it: files added, refused, removed; a rebuild, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from roleqa.evaluate.display import as_duration
from roleqa.ui.markup import EMPTY, Html, element, foreign, join, text
from roleqa.ui.panel import render_report
from roleqa.ui.rebuild import Outcome, Step
from roleqa.ui.render import render_error

STAGES = {
    "starting": "Starting",
    "waiting": "Waiting for another build to end",
    "reading": "Reading the documents",
    "splitting": "Splitting the documents into passages",
    "encoding": "Encoding what is new",
    "writing": "Writing the index",
    "storing": "Sending the vectors to their server",
    "switching": "Switching to it",
}
MEANWHILE = "The index from before goes on answering."
REBUILD_TO_USE = "Rebuild the index to answer from it."


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not added, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Additions:
    """What came of files that were uploaded; `waiting` are the name that is taken and the path of each upload."""

    added: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()
    waiting: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()


def render_additions(done: Additions) -> Html:
    said = []
    if done.added:
        said.append(element("p", text("Added "), _names(done.added), text(f". {REBUILD_TO_USE}")))
    if done.waiting:
        names = tuple(name for name, _ in done.waiting)
        said.append(element("p", _names(names), text(" is there already. Say below what to do.")))
    if done.dropped:
        said.append(element("p", text("Nothing was changed.")))
    for file in done.refused:
        reason = join(text("Not added: "), foreign("code", file.name), text(": "), foreign("span", file.reason))
        said.append(element("p", reason, class_="notice"))
    return join(*said)


def render_conflicts(offers: Sequence[tuple[str, str]]) -> Html:
    """The question about names that are taken; an offer is the name and the one that is free."""
    if not offers:
        return EMPTY
    entries = (
        element("li", foreign("code", name), text(" (to keep both, it is added as "), foreign("code", free), text(")"))
        for name, free in offers
    )
    title = "There is a document of that name" if len(offers) == 1 else "There are documents of these names"
    return join(element("h3", text(title)), element("ul", *entries))


def render_removal(document: str) -> Html:
    rest = text(". What the index holds of it goes with the next rebuild.")
    return element("p", text("Removed "), foreign("code", document), rest)


def render_step(step: Step) -> tuple[Html, Html]:
    """The bar of a rebuild that is running, and what is said of it once."""
    name = "Cancelling" if step.cancelling else STAGES.get(step.stage, step.stage.capitalize())
    counted = f"{step.done:,} of {step.total:,}" if step.total else ""
    if step.total and step.pace:
        counted += f", {step.pace:,.0f} a second, about {as_duration((step.total - step.done) / step.pace)} left"
    # Without a value, a bar says that it is not known how long.
    value = {"max": str(step.total), "value": str(step.done)} if step.total else {}
    bar = element("progress", aria_label="Rebuild", **value)
    label = element("p", element("span", text(name)), element("span", text(counted), class_="counted"))
    said = element("p", text(f"The index is being rebuilt. {MEANWHILE}"))
    return element("div", label, bar, class_="progress"), said


def render_outcome(outcome: Outcome) -> Html:
    if outcome.report:
        return render_report(outcome.report)
    return join(render_error(outcome.error), element("p", text(MEANWHILE)))


def _names(names: Sequence[str]) -> Html:
    parts = [foreign("code", name) for name in names]
    return join(*(part if i == 0 else join(text(", "), part) for i, part in enumerate(parts)))
