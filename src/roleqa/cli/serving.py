"""The commands that open the chat, and say who may use it."""

from __future__ import annotations

from getpass import getpass
from pathlib import Path
from typing import Annotated, Literal

import typer

from roleqa.cli.options import Corpus, Index, settings_from
from roleqa.errors import SettingsError
from roleqa.settings import Settings
from roleqa.terminal import one_line


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
    watch: Annotated[bool, typer.Option("--watch", help="Rebuild the index when the documents change.")] = False,
    log: Annotated[
        Literal["text", "json"] | None,
        typer.Option(help="Form of the log on standard error. [default: text]", show_default=False),
    ] = None,
    log_questions: Annotated[
        bool, typer.Option("--log-questions", help="Write what was asked to the log as well.")
    ] = False,
) -> None:
    """Open the chat, to be used in a browser, and its API. Ctrl-C stops it, once what was asked is answered.

    An index that is built meanwhile, by whatever program, is gone over to without a restart.

    On an address that other machines can reach, only admins of an --auth-file may change the documents from the page.
    """
    settings = settings_from(
        corpus=corpus,
        index=index,
        host=host,
        port=port,
        auth_file=auth_file,
        questions=questions,
        mcp=mcp or None,
        watch=watch or None,
        log=log,
        log_questions=log_questions or None,
    )
    from roleqa.stop import end_process
    from roleqa.temporary import private_folder

    with private_folder():
        finished = _serve(settings)
    if not finished:
        end_process()


def _serve(settings: Settings) -> bool:
    """Serves until it is stopped; False where threads may still be working."""
    # Gradio looks for its temporary folder when it is imported.
    from roleqa.assistant import Assistant
    from roleqa.stop import Stop
    from roleqa.ui import access, logs, users
    from roleqa.ui import serve as server

    known = users.load_users(settings.auth_file) if settings.auth_file else None
    if settings.mcp:
        server.require_mcp()
    for warning in access.warnings(settings.host, settings.auth_file):
        typer.echo(f"roleqa: warning: {one_line(warning)}", err=True)

    def say_where(url: str) -> None:
        typer.echo(f"the chat is at {url}" + (f" and its MCP tools at {url}{server.MCP_PATH}" if settings.mcp else ""))

    # Who stops it before it serves need not wait for the models.
    with logs.to_standard_error(settings.log), Stop().listening():
        assistant = Assistant.load(settings)
        typer.echo("loading the models ...", err=True)
        assistant.warm_up()
        return server.serve(assistant, settings.host, settings.port, say_where, users=known, mcp=settings.mcp)


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
    typer.echo(one_line(f"{'changed' if replaced else 'added'} {name}, {'an admin' if admin else 'a user'}, in {file}"))
    if was_open:
        typer.echo(f"roleqa: warning: others on this machine could open {one_line(file)} until now", err=True)
