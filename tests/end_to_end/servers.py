"""Runs the program as people do: in a process of its own, from its command line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import pytest

import roleqa

REPOSITORY = Path(__file__).parents[2]

# Runs the package under test, whether it is installed or on the path.
ENVIRONMENT = {
    **{
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("ROLEQA_", "NO_PROXY"))
    },
    "PYTHONPATH": os.pathsep.join((str(Path(roleqa.__file__).parents[1]), str(REPOSITORY / "tests"))),
}


def run_roleqa(*arguments: str | Path, program: Sequence[str | Path] = ("-m", "roleqa")) -> None:
    command = [sys.executable, *map(str, (*program, *arguments))]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def running(*command: str | Path, said: list[str] | None = None, folder: Path | None = None) -> Iterator[str]:
    """Runs a server, in that folder, until the block ends, then stops it as Ctrl-C does. Gives the URL that it prints.

    The line with the URL, and in the end all of its standard error, are added to `said`.
    """
    # Into a file: a pipe that nobody reads would hold up the server once it is full.
    log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed once it has been read)
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        env=ENVIRONMENT,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        # A shell that runs the tests in the background has its children ignore Ctrl-C; the server must not.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout
    try:
        lines = iter(process.stdout.readline, "")
        found = next(((line, url[0]) for line in lines if (url := re.search(r"http://\S+", line))), None)
        if found is None:
            pytest.fail(f"the server ended before it was ready:\n{_written(process, log)}")
        if said is not None:
            said.append(found[0])
        yield found[1]
    finally:
        process.send_signal(signal.SIGINT)
        try:
            errors = _written(process, log)
        finally:
            process.kill()
    if said is not None:
        said.append(errors)
    assert "Traceback" not in errors, errors
    assert process.returncode == 0, errors


def _written(process: subprocess.Popen[str], log: IO[str]) -> str:
    """All that a server has written to its standard error, once it has ended."""
    process.communicate(timeout=60)
    with log:
        return read(log)


@contextmanager
def started(*command: str | Path) -> Iterator[tuple[Any, IO[str]]]:
    """A process and its standard error, killed in the end if it still runs."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, *map(str, command)], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        try:
            yield process, errors
        finally:
            process.kill()
            process.communicate()


def url_of(process: Any) -> str:
    return next(url[0] for line in process.stdout if (url := re.search(r"http://\S+", line)))


def read(errors: IO[str]) -> str:
    errors.seek(0)
    return errors.read()
