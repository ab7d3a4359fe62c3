"""The commands that measure answers, and gather what people thought of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from roleqa.cli.options import Index, Json, print_json, settings_from
from roleqa.report import print_evaluation, print_labels, show_progress


def evaluate(
    questions: Annotated[
        Path | None, typer.Option(help="File of labelled questions, one JSON object a line.", show_default=False)
    ] = None,
    index: Index = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder of the report. [default: evaluation in the index folder]", show_default=False),
    ] = None,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="First fit the confidence on the tuning half, and keep it in the index.")
    ] = False,
    refusal_recall: Annotated[
        float,
        typer.Option(min=0, max=1, help="With --calibrate: the share of unanswerable questions to be refused."),
    ] = 0.9,
    as_json: Json = False,
) -> None:
    """Ask labelled questions, and report how right and how fast the answers are.

    The questions are split by a hash of their query_id into a half to tune on and a half to report.
    """
    from roleqa.assistant import Assistant
    from roleqa.evaluate import calibrate as calibration
    from roleqa.evaluate import questions as labels
    from roleqa.evaluate import run, save

    settings = settings_from(index=index, questions=questions)
    if settings.questions is None:
        raise typer.BadParameter("give a file of labelled questions", param_hint="--questions")
    assistant = Assistant.load(settings)
    labelled = labels.load_questions(settings.questions, assistant.retriever.index.documents)
    folder = output or assistant.settings.index / save.FOLDER
    save.check_output(folder)
    with show_progress() as progress:
        if calibrate:
            assistant = calibration.calibrate(
                assistant, labelled, refusal_recall, settings.questions.name, progress=progress
            )
        report = run.evaluate(assistant, labelled, progress=progress)
    page = save.save_report(report, folder)
    print_json(report.to_dict()) if as_json else print_evaluation(report, page)


def export_feedback(
    index: Index = None,
    output: Annotated[Path | None, typer.Option(help="File to write them to. [default: print them]")] = None,
    as_json: Json = False,
) -> None:
    """Turn the thumbs given in the chat into labelled questions, which `roleqa eval` reads.

    An answer that was liked becomes a question with its quote, a refusal that was liked one that has no answer.
    """
    from roleqa.feedback import labels, store
    from roleqa.index.library import load_library

    folder = settings_from(index=index).index
    made = labels.make_labels(store.load_feedback(folder), load_library(folder).documents)
    if output:
        made.save(output)
    print_json(made.to_dict()) if as_json else print_labels(made, output)
