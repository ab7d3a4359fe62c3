"""What the command prints for people: answers, hits, builds, status, evaluations, and how long work gets on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from roleqa.errors import RoleqaError
from roleqa.evaluate.display import as_figure, as_milliseconds, as_share
from roleqa.stores import VectorSearch
from roleqa.terminal import one_line, printable
from roleqa.types import Answer, BuildReport, Citation, Hit, Progress, Status

if TYPE_CHECKING:
    from roleqa.bundle.check import CheckedQuote, Verification
    from roleqa.doctor import Diagnosis
    from roleqa.evaluate.results import Report as EvaluationReport
    from roleqa.feedback.labels import Labels
    from roleqa.index.rollback import Rollback
    from roleqa.index.verify import Inspection

INDENT = "    "


def print_error(error: RoleqaError) -> None:
    """Prints an error on standard error: no name in it starts a line."""
    _print(f"roleqa: {error.summary}", err=True)
    for detail in error.details:
        _print(f"  {detail}", err=True)


def print_warning(message: str) -> None:
    """Prints on standard error what works now and will not for ever."""
    _print(f"roleqa: {message}", err=True)


def print_answer(answer: Answer) -> None:
    if answer.resolved_question != answer.question:
        _print(f"Understood as: {answer.resolved_question}")
        _print("")
    _print_text(answer.text)
    if answer.closest:
        _print("")
        _print("Closest passages (not an answer):")
    else:
        _print("")
        _print(f"Confidence {answer.confidence:.2f}. Sources:")
    for citation in answer.citations or answer.closest:
        _print_citation(citation)


def _print_citation(citation: Citation) -> None:
    evidence = citation.evidence
    place = " > ".join((citation.passage.document_id, *citation.passage.headings))
    headers = ", ".join(header for header in (evidence.row, evidence.column) if header)
    _print(f"[{citation.number}] {place}" + (f" ({headers})" if headers else ""))
    before, answer, after = map(printable, citation.parts)
    answer = typer.style(answer, bold=True) if answer and _has_styles() else answer
    quote = f"\N{LEFT DOUBLE QUOTATION MARK}{before}{answer}{after}\N{RIGHT DOUBLE QUOTATION MARK}"
    typer.echo(_indented(quote))
    if citation.source:
        _print(f"{INDENT}Source: {citation.source}")


def _has_styles() -> bool:
    """Whether the output is a terminal on which bold is wanted (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def print_hits(hits: Sequence[Hit]) -> None:
    if not hits:
        _print("No passage fits.")
    for rank, hit in enumerate(hits, start=1):
        place = " > ".join((hit.passage.document_id, *hit.passage.headings))
        _print(f"{rank}. {place}  ({hit.mode} {hit.score:.3f})")
        _print_text(_indented(hit.text))


def print_build(report: BuildReport) -> None:
    holds = f"{report.documents} documents, {report.passages} passages, {report.evidence} quotable pieces"
    if report.built:
        _print(
            f"Built {holds} in {report.seconds:.1f} s ({report.encoded} passages encoded, {report.kept} documents "
            f"unchanged). Generation {report.generation}."
        )
    else:
        _print(f"Nothing to do: {holds} are up to date ({report.seconds:.1f} s). Generation {report.generation}.")
    if report.reason:
        _print(f"Nothing was carried over: {report.reason}.")
    if report.built and report.vectors.queries:
        _print(f"Vectors: {_search(report.vectors)}.")
    for problem in report.problems:
        _print(f"Left out {problem.file}: {problem.reason}", err=True)


def _search(vectors: VectorSearch) -> str:
    """How the nearest passages are found, why so, and how many of them."""
    found = f"recall@10 {vectors.recall:.3f} of {vectors.queries} passages" if vectors.queries else ""
    return f"{vectors.store}, {vectors.method} ({'; '.join(filter(None, (vectors.reason, found)))})"


def print_inspection(inspection: Inspection) -> None:
    for damage in inspection.damages:
        _print(f"Damaged  {damage.file}: {damage.reason}")
    if inspection.is_whole:
        _print(
            f"Generation {inspection.generation} is whole: {inspection.files} files, {inspection.documents} documents, "
            f"{inspection.passages} passages, {inspection.evidence} quotable pieces; {inspection.encoded} of them "
            "were encoded anew."
        )


def print_rollback(rollback: Rollback) -> None:
    _print(
        f"Live again: generation {rollback.generation}, built {rollback.built_at} ({rollback.documents} documents, "
        f"{rollback.passages} passages), instead of {rollback.instead_of or 'none'}."
    )


def print_diagnosis(diagnosis: Diagnosis) -> None:
    for check in diagnosis.checks:
        _print(f"{check.state:<8} {check.name}: {check.found}")
        if check.remedy:
            _print(f"{INDENT}what to do: {check.remedy}")


def print_status(status: Status) -> None:
    _print(f"Generation  {status.generation.id}, built {status.generation.built_at}")
    _print(f"Corpus      {status.corpus}")
    if status.corpus_problem:
        _print(f"            {status.corpus_problem}; the index goes on answering")
    _print(f"Holds       {status.documents} documents, {status.passages} passages, {status.evidence} quotable pieces")
    _print(f"Roles       {', '.join(role.name for role in status.roles) or 'none (no roles.toml)'}")
    _print(f"Encoder     {status.encoder}")
    _print(f"Vectors     {_search(status.vectors)}")
    if status.store:
        _print(f"Store       {status.store}")
    _print(f"Reader      {status.reader}")
    for problem in status.problems:
        _print(f"Left out    {problem.file}: {problem.reason}")
    changes = status.changes
    for word, names in (("added", changes.added), ("changed", changes.changed), ("removed", changes.removed)):
        for name in names:
            _print(f"Since then  {word}: {name}")
    if changes:
        _print("Run `roleqa build` to bring the index up to date.")


def print_evaluation(report: EvaluationReport, page: Path) -> None:
    from roleqa.evaluate.results import HEADLINE

    figures = report.groups[HEADLINE]
    time = report.timing.groups[HEADLINE]
    _print(f"The {figures.questions} questions of the half to report, of {report.provenance.labels}:")
    _print("")
    unanswerable = figures.questions - figures.answerable
    _print(f"First quote right  {as_share(figures.right):>8} of {figures.answerable} answerable questions")
    _print(f"Answered           {as_share(figures.coverage):>8} of them")
    _print(f"Refused            {as_share(figures.refusals.recall):>8} of {unanswerable} unanswerable questions")
    _print(f"Rightly refused    {as_share(figures.refusals.precision):>8} of {figures.refusals.refused} refusals")
    _print(f"AUROC of refusal   {as_figure(figures.auroc):>8}")
    _print(f"Answering words F1 {as_figure(figures.answer_f1):>8}")
    _print(f"Exact quotes       {as_share(figures.exact_quotes):>8}")
    _print("")
    _print_table(
        ("kind", "questions", "answered", "first right", "complete"),
        [
            (
                kind.kind,
                str(kind.questions),
                *(as_share(share, 0) for share in (kind.answered, kind.right, kind.complete)),
            )
            for kind in figures.kinds
        ],
    )
    _print_table(
        ("passages", "hit@1", "hit@5", "MRR@10", "nDCG@10"),
        [(mode, *map(as_figure, astuple(found) if found else (None,) * 4)) for mode, found in figures.modes.items()],
    )
    _print_table(
        ("time", "p50", "p95"),
        [(stage, as_milliseconds(taken.p50), as_milliseconds(taken.p95)) for stage, taken in time.items()],
    )
    calibration = report.provenance.calibration
    _print(f"Refused below a confidence of {calibration.threshold:.2f}. Fitted on {calibration.fitted_on}.")
    _print(f"Every question, and the plots: {page}")


def print_verification(verification: Verification) -> None:
    for quote in verification.quotes:
        _print_checked(quote)
    for name in verification.changed_files:
        _print(f"Not the file it was: {name}")
    if verification.stands:
        _print(f"{verification.summary} in generation {verification.generation}.")


def _print_checked(quote: CheckedQuote) -> None:
    citation, found = quote.citation, quote.found
    evidence = citation.evidence
    now = f" to {found.start}-{found.end}" if found.outcome == "moved" else ""
    nearest = f" (nearest at {found.start}-{found.end})" if found.outcome == "changed" else ""
    number = "nearest" if quote.closest else f"[{citation.number}]"
    place = f"{citation.passage.document_id}:{evidence.start}-{evidence.end}"
    _print(f"question {quote.question} {number}  {found.outcome}{now}{nearest}  {place}")
    if found.outcome != "stands":
        _print_text(_indented(citation.quote))


def print_labels(labels: Labels, output: Path | None) -> None:
    """The labelled questions, unless they went into a file; beside them, how many, and why not more."""
    if output is None:
        typer.echo(labels.to_jsonl(), nl=False)  # exactly as they are: another program reads them
    count = len(labels.labels)
    made = "1 labelled question" if count == 1 else f"{count} labelled questions"
    _print(f"{made} in {output}" if output else made, err=output is None)
    for reason, count in labels.counts.items():
        _print(f"left out: {count} ({reason})", err=output is None)


def _print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, head in enumerate(heads):
        table.add_column(one_line(head), justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(one_line, row))
    console = Console(markup=False, emoji=False, highlight=False)
    console.print(table)
    console.print()


@contextmanager
def show_progress() -> Iterator[Progress]:
    """A progress bar, with rate and time left, on standard error while work runs; none where that is no terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class RateColumn(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.0f}/s" if task.speed else "")

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), RateColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: dict[str, object] = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total or None)
            bars.update(tasks[stage], completed=done, total=total or None)  # type: ignore[arg-type]

        yield progress


def _indented(text: str) -> str:
    return "\n".join(INDENT + line for line in text.splitlines())


def _print(text: str, *, err: bool = False) -> None:
    """Prints one line."""
    typer.echo(one_line(text), err=err)


def _print_text(text: str) -> None:
    """Prints lines of a document or an answer."""
    typer.echo(printable(text))
