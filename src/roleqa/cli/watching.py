"""What `roleqa build --watch` adds to a build: the next one."""

from __future__ import annotations

from collections.abc import Callable

import typer

from roleqa.errors import RoleqaError
from roleqa.report import print_error
from roleqa.settings import Settings
from roleqa.stop import Stop
from roleqa.terminal import one_line
from roleqa.watch import Watch


def keep_built(settings: Settings, build: Callable[[Stop], None]) -> None:
    """Builds now, and again after changes of the documents until it is stopped. What fails is told, and it goes on."""

    def attempt() -> None:
        try:
            build(stop)
        except RoleqaError as error:
            if not stop.asked.is_set():
                print_error(error)
            raise

    with Stop().listening() as stop:
        stop.finishing()
        watch = Watch(settings, attempt)
        watch.build()
        if not stop.asked.is_set():
            typer.echo(f"watching {one_line(settings.corpus)}; Ctrl-C stops it", err=True)
            watch.run(stop.asked)
