"""The command `roleqa`: parses, calls the assistant, prints. Nothing is decided here."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import typer

from roleqa.cli.asking import ask, search
from roleqa.cli.doctor import doctor
from roleqa.cli.evaluating import evaluate, export_feedback
from roleqa.cli.indexing import build, rollback, status, verify
from roleqa.cli.serving import add_user, serve
from roleqa.errors import RoleqaError
from roleqa.report import print_error, print_warning

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Ask a folder of documents; get quotes you can check at a glance. No LLM, no key, no network.",
    epilog="Start with: roleqa build, then: roleqa serve. Every option can also be set as ROLEQA_NAME in the "
    "environment or in roleqa.toml.",
)
for command in (build, ask, search, serve, status, verify, rollback, doctor):
    app.command()(command)
app.command("eval")(evaluate)
app.command("user")(add_user)

feedback = typer.Typer(no_args_is_help=True, help="What people thought of answers.")
feedback.command("export")(export_feedback)
app.add_typer(feedback, name="feedback")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code: 0 done, 1 a RoleqaError, 2 wrong usage."""
    try:
        with warnings.catch_warnings():
            # A warning is one line, as an error is, without the place in the code.
            warnings.showwarning = lambda message, *_: print_warning(str(message))
            app(args=None if arguments is None else list(arguments), prog_name="roleqa")
    except RoleqaError as error:
        print_error(error)
        return 1
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0
