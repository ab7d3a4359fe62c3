"""The Quality tab: the last evaluation of this index, and running it anew while the chat goes on answering."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from roleqa.errors import RoleqaError
from roleqa.evaluate.background import BackgroundEvaluation, Run
from roleqa.evaluate.display import as_duration
from roleqa.evaluate.page import CAPTIONS
from roleqa.evaluate.saved import load_plots, load_report
from roleqa.ui.access import Access
from roleqa.ui.figures import render_evaluation
from roleqa.ui.layout import QUIET, Quality
from roleqa.ui.markup import EMPTY, Html, element, foreign, join, text
from roleqa.ui.render import render_error
from roleqa.ui.service import Service

if TYPE_CHECKING:
    from roleqa.assistant import Assistant

LABEL = (
    '{"query_id": "q1", "question": "Who lights the lamp?", "answerable": true, '
    '"gold": [{"document": "harbour.md", "quote": "lights the lamp at dusk"}]}'
)

SAID = {
    "none": EMPTY,
    "running": element("p", text("The evaluation is running. The chat goes on answering.")),
    "done": element("p", text("The evaluation is done. Its report is below.")),
    "cancelled": element("p", text("The evaluation was cancelled. The last report stays.")),
}


def connect_quality(quality: Quality, service: Service, access: Access) -> None:
    """The tab's events. What is looked at is looked up when the tab is opened."""
    assistant = service.assistant
    evaluation = BackgroundEvaluation(assistant, service.line.turn_of_evaluation)
    controls = [quality.hint, quality.run, quality.upload, quality.cancel, quality.timer]
    outputs = [quality.said, quality.progress, *controls, quality.report]

    def refresh(request: gr.Request) -> tuple[Any, ...]:
        report = _report(assistant, evaluation)
        return (*_state(assistant, evaluation.run, access.admin_allowed(request.username)), report)

    def tick(request: gr.Request) -> tuple[Any, ...]:
        if evaluation.run.outcome != "running":
            return refresh(request)
        # Only what has changed: a live region that is written to is read out again.
        return (gr.skip(), render_progress(evaluation.run), *(gr.skip() for _ in controls), gr.skip())

    def run(request: gr.Request) -> tuple[Any, ...]:
        questions = assistant.settings.questions
        if questions and access.admin_allowed(request.username):
            evaluation.start(questions)
        return refresh(request)

    def upload(file: str | None, request: gr.Request) -> tuple[Any, ...]:
        if file:
            _run_uploaded(evaluation, Path(file), access.admin_allowed(request.username))
        return refresh(request)

    def cancel(request: gr.Request) -> None:
        if access.admin_allowed(request.username):
            evaluation.cancel()

    quality.tab.select(refresh, None, outputs, **QUIET)
    quality.timer.tick(tick, None, outputs, **QUIET)
    quality.run.click(run, None, outputs, **QUIET)
    quality.upload.upload(upload, quality.upload, outputs, **QUIET)
    quality.cancel.click(cancel, None, None, **QUIET)


def _run_uploaded(evaluation: BackgroundEvaluation, questions: Path, allowed: bool) -> None:
    """What was uploaded is deleted when it has been asked, so that no one can fetch it."""
    if not allowed or not evaluation.start(questions, on_end=questions.unlink):
        questions.unlink()


def _state(assistant: Assistant, run: Run, allowed: bool) -> tuple[Any, ...]:
    """What is said of the run, and which buttons there are: to run, to upload, to cancel; whether to look again."""
    running = run.outcome == "running"
    questions = assistant.settings.questions
    return (
        render_error(run.problem) if run.outcome == "failed" else SAID[run.outcome],
        render_progress(run) if running else EMPTY,
        render_hint(questions),
        gr.update(visible=questions is not None, interactive=allowed and not running),
        gr.update(visible=questions is None, interactive=allowed and not running),
        gr.update(visible=running, interactive=allowed),
        gr.update(active=running),
    )


def _report(assistant: Assistant, evaluation: BackgroundEvaluation) -> Html:
    folder = evaluation.folder
    try:
        report = load_report(folder)
        if report is None:
            return render_no_report(assistant.settings.index)
        plots = {name: found for name in CAPTIONS if (found := load_plots(folder, name))}
        return render_evaluation(report, plots, assistant.status().generation.id)
    except RoleqaError as error:
        return render_error(str(error))


def render_progress(run: Run) -> Html:
    """How many questions have been asked, and how long the others may take."""
    if not run.total:
        return element("p", text("Reading the labelled questions \u2026"))
    bar = element("progress", value=str(run.done), max=str(run.total), aria_label="Questions asked")
    left = "" if run.seconds_left is None else f", about {as_duration(run.seconds_left)} left"
    return join(bar, element("p", text(f"{run.done} of {run.total} questions{left}")))


def render_hint(questions: Path | None) -> Html:
    """Which questions will be asked."""
    if questions:
        named = foreign("code", questions.name)
        return element("p", text("Asks the labelled questions of "), named, text(" of the index that answers now."))
    return join(
        element("p", text("Upload a file of labelled questions (JSONL, one a line) to have them asked. A line is:")),
        element("pre", text(LABEL)),
    )


def render_no_report(index: Path) -> Html:
    """Instead of a report: how to come by one."""
    command = f"roleqa eval --questions questions.jsonl --index {shlex.quote(str(index))}"
    return element(
        "div",
        element("h3", text("No evaluation yet")),
        element(
            "p",
            text(
                "An evaluation asks questions whose right answers are known, and shows how many are answered by the "
                "right quote, how many are rightly refused, and how long it takes. Run one here, or in a shell:"
            ),
        ),
        foreign("pre", command),
        class_="no-report",
    )
