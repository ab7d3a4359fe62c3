"""What the command prints for people: answers, hits, builds, status, and how long work gets on."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer

from roleqa.types import Answer, BuildReport, Citation, Hit, Progress, Status

INDENT = "    "


def printable(text: str) -> str:
    """Text without control characters, so that a document cannot steer the terminal; newlines and tabs stay."""
    return "".join(
        letter if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cf") else "\N{REPLACEMENT CHARACTER}"
        for letter in text
    )


def print_answer(answer: Answer) -> None:
    if answer.resolved_question != answer.question:
        _print(f"Understood as: {answer.resolved_question}\n")
    _print(answer.text)
    if answer.closest:
        _print("\nClosest passages (not an answer):")
    else:
        _print(f"\nConfidence {answer.confidence:.2f}. Sources:")
    for citation in answer.citations or answer.closest:
        _print_citation(citation)


def _print_citation(citation: Citation) -> None:
    evidence = citation.evidence
    place = " > ".join((citation.passage.document_id, *citation.passage.headings))
    headers = ", ".join(header for header in (evidence.row, evidence.column) if header)
    _print(f"[{citation.number}] {place}" + (f" ({headers})" if headers else ""))
    _print(_indented(f"\N{LEFT DOUBLE QUOTATION MARK}{citation.quote}\N{RIGHT DOUBLE QUOTATION MARK}"))


def print_hits(hits: Sequence[Hit]) -> None:
    if not hits:
        _print("No passage fits.")
    for rank, hit in enumerate(hits, start=1):
        place = " > ".join((hit.passage.document_id, *hit.passage.headings))
        _print(f"{rank}. {place}  ({hit.mode} {hit.score:.3f})")
        _print(_indented(hit.text))


def print_build(report: BuildReport) -> None:
    _print(
        f"Built {report.documents} documents, {report.passages} passages, {report.evidence} quotable pieces "
        f"in {report.seconds:.1f} s ({report.encoded} passages encoded). Generation {report.generation}."
    )
    for problem in report.problems:
        _print(f"Left out {problem.file}: {problem.reason}", err=True)


def print_status(status: Status) -> None:
    _print(f"Generation  {status.generation.id}, built {status.generation.built_at}")
    _print(f"Corpus      {status.corpus}")
    _print(f"Holds       {status.documents} documents, {status.passages} passages, {status.evidence} quotable pieces")
    _print(f"Roles       {', '.join(role.name for role in status.roles) or 'none (no roles.toml)'}")
    _print(f"Encoder     {status.encoder}")
    _print(f"Reranker    {status.reranker}")
    for problem in status.problems:
        _print(f"Left out    {problem.file}: {problem.reason}")
    changes = status.changes
    for word, names in (("added", changes.added), ("changed", changes.changed), ("removed", changes.removed)):
        for name in names:
            _print(f"Since then  {word}: {name}")
    if changes:
        _print("Run `roleqa build` to bring the index up to date.")


@contextmanager
def show_progress() -> Iterator[Progress]:
    """A progress bar on standard error while work runs; nothing where that is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
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
    typer.echo(printable(text), err=err)
