"""The command `roleqa`: parses, calls the assistant, prints. Nothing is decided here."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from roleqa.errors import RoleqaError
from roleqa.report import print_answer, print_build, print_hits, print_status, printable, show_progress
from roleqa.settings import Settings

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Ask a folder of documents; get quotes you can check at a glance. No LLM, no key, no network.",
    epilog="Start with: roleqa build, then: roleqa serve. Every option can also be set as ROLEQA_NAME in the "
    "environment or in roleqa.toml.",
)

Corpus = Annotated[Path | None, typer.Option(help="Folder of the documents. [default: corpus]", show_default=False)]
Index = Annotated[Path | None, typer.Option(help="Folder of the index. [default: index]", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]


@app.command()
def build(
    corpus: Corpus = None,
    index: Index = None,
    full: Annotated[bool, typer.Option("--full", help="Encode every passage anew.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at a file that cannot be read.")] = False,
    as_json: Json = False,
) -> None:
    """Read the documents and build the index that questions are answered from.

    The index in use goes on answering until the new one is complete. Unchanged passages are not encoded again.
    """
    from roleqa.assistant import build_index

    settings = _settings(corpus=corpus, index=index, strict=strict or None)
    with show_progress() as progress:
        report = build_index(settings, full=full, progress=progress)
    _print_json(report.to_dict()) if as_json else print_build(report)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotation marks.")],
    index: Index = None,
    role: Annotated[str | None, typer.Option(help="Ask about this role only (its id in roles.toml).")] = None,
    as_json: Json = False,
) -> None:
    """Answer a question with quotes from the documents, or say that they don't answer it."""
    from roleqa.assistant import Assistant

    answer = Assistant.load(_settings(index=index)).ask(question, role=role)
    _print_json(answer.to_dict()) if as_json else print_answer(answer)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    index: Index = None,
    top_k: Annotated[int | None, typer.Option(help="How many passages. [default: 5]", show_default=False)] = None,
    mode: Annotated[
        Literal["dense", "bm25", "hybrid", "rerank"],
        typer.Option(help="By meaning, by keywords, by both, or by the best quote."),
    ] = "rerank",
    as_json: Json = False,
) -> None:
    """List the passages that fit a query best."""
    from roleqa.assistant import Assistant

    settings = _settings(index=index, top_k=top_k)
    hits = Assistant.load(settings).search(query, mode=mode)
    _print_json([hit.to_dict() for hit in hits]) if as_json else print_hits(hits)


@app.command()
def serve(
    corpus: Corpus = None,
    index: Index = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]", show_default=False)
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 picks a free one. [default: 7860]", show_default=False)
    ] = None,
) -> None:
    """Open the chat, to be used in a browser. Ctrl-C stops it."""
    from roleqa.assistant import Assistant
    from roleqa.ui.serve import serve as serve_chat

    settings = _settings(corpus=corpus, index=index, host=host, port=port)
    assistant = Assistant.load(settings)
    typer.echo("loading the models ...", err=True)
    assistant.warm_up()
    serve_chat(assistant, settings.host, settings.port, on_ready=lambda url: typer.echo(f"the chat is at {url}"))


@app.command()
def status(index: Index = None, as_json: Json = False) -> None:
    """Say what the index holds, when it was built, and whether the documents changed since."""
    from roleqa.assistant import Assistant

    found = Assistant.load(_settings(index=index)).status()
    _print_json(found.to_dict()) if as_json else print_status(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code: 0 done, 1 a RoleqaError, 2 wrong usage."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="roleqa")
    except RoleqaError as error:
        typer.echo(f"roleqa: {printable(str(error))}", err=True)
        return 1
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0


def _settings(**flags: Any) -> Settings:
    """Settings in which a flag that was given wins over everything else."""
    return Settings(**{name: value for name, value in flags.items() if value is not None})


def _print_json(data: Any) -> None:
    json.dump(data, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
