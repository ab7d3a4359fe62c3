"""The command `roleqa`: parses, calls the assistant, prints. Nothing is decided here."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from getpass import getpass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from roleqa.errors import BundleError, RoleqaError, SettingsError
from roleqa.report import (
    print_answer,
    print_build,
    print_evaluation,
    print_hits,
    print_labels,
    print_status,
    print_verification,
    printable,
    show_progress,
)
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
    auth_file: Annotated[
        Path | None, typer.Option(help="File of the users who may log in (see: roleqa user).", show_default=False)
    ] = None,
    questions: Annotated[
        Path | None,
        typer.Option(help="File of labelled questions that the Quality tab asks.", show_default=False),
    ] = None,
    mcp: Annotated[bool, typer.Option("--mcp", help="Offer ask, search and status as MCP tools as well.")] = False,
) -> None:
    """Open the chat, to be used in a browser, and its API. Ctrl-C stops it.

    On an address that other machines can reach, only admins of an --auth-file may change the documents from the page.
    """
    from roleqa.assistant import Assistant
    from roleqa.ui import access, users
    from roleqa.ui import serve as server

    settings = _settings(
        corpus=corpus,
        index=index,
        host=host,
        port=port,
        auth_file=auth_file,
        questions=questions,
        mcp=mcp or None,
    )
    known = users.load_users(settings.auth_file) if settings.auth_file else None
    if settings.mcp:
        server.require_mcp()
    for warning in access.warnings(settings.host, settings.auth_file):
        typer.echo(f"roleqa: warning: {printable(warning)}", err=True)
    assistant = Assistant.load(settings)
    typer.echo("loading the models ...", err=True)
    assistant.warm_up()

    def say_where(url: str) -> None:
        typer.echo(f"the chat is at {url}" + (f" and its MCP tools at {url}{server.MCP_PATH}" if settings.mcp else ""))

    server.serve(assistant, settings.host, settings.port, say_where, users=known, mcp=settings.mcp)


@app.command("user")
def add_user(
    file: Annotated[Path, typer.Argument(help="The auth file; made where there is none.")],
    name: Annotated[str, typer.Argument(help="The name to log in with.")],
    admin: Annotated[bool, typer.Option("--admin", help="May also upload, remove and rebuild.")] = False,
) -> None:
    """Let someone log in: ask for their password twice, and write its hash to an auth file.

    A name that the file has gets the new password and role. A running chat reads the file anew when it is restarted.
    """
    from roleqa.ui import users

    user = users.check_name(name)
    was_open = users.is_open_to_others(file)
    password = users.check_password(getpass("Password: "))
    if getpass("Again: ") != password:
        raise SettingsError("the passwords differ; nothing was written")
    replaced = users.add_user(file, users.User(user, admin, users.PasswordHash.of(password)))
    typer.echo(f"{'changed' if replaced else 'added'} {name}, {'an admin' if admin else 'a user'}, in {file}")
    if was_open:
        typer.echo(f"roleqa: warning: others on this machine could open {file} until now", err=True)


@app.command()
def status(index: Index = None, as_json: Json = False) -> None:
    """Say what the index holds, when it was built, and whether the documents changed since."""
    from roleqa.assistant import Assistant

    found = Assistant.load(_settings(index=index)).status()
    _print_json(found.to_dict()) if as_json else print_status(found)


@app.command("eval")
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

    settings = _settings(index=index, questions=questions)
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
    _print_json(report.to_dict()) if as_json else print_evaluation(report, page)


@app.command()
def verify(
    bundle: Annotated[
        Path | None, typer.Option(help="A conversation, exported from the chat as JSON.", show_default=False)
    ] = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Say which quotes of an exported conversation still stand in the documents as they are indexed now."""
    from roleqa.bundle import check, read
    from roleqa.index.library import load_library

    if bundle is None:
        raise BundleError("nothing to verify; name a conversation that was exported as JSON: --bundle FILE")
    checked = check.verify(read.read_file(bundle), load_library(_settings(index=index).index))
    _print_json(checked.to_dict()) if as_json else print_verification(checked)
    if not checked.stands:
        raise BundleError(f"{checked.summary}; ask again what the documents say now")


feedback = typer.Typer(no_args_is_help=True, help="What people thought of answers.")
app.add_typer(feedback, name="feedback")


@feedback.command("export")
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

    folder = _settings(index=index).index
    made = labels.make_labels(store.load_feedback(folder), load_library(folder).documents)
    if output:
        made.save(output)
    _print_json(made.to_dict()) if as_json else print_labels(made, output)


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
