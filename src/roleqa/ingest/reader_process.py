"""Reads files for another process, one after another, so that their time and memory end with this one.

A request on standard input is a line of JSON (the suffix, how many bytes the file has, its limits) and the bytes of the
file; the answer on standard output is a line that says how long it is, and JSON. The process ends with its input.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from roleqa.errors import UnreadableFileError
from roleqa.ingest.extract import one_line
from roleqa.ingest.limits import IDLE_SECONDS
from roleqa.ingest.readers import PARSERS

# Memory that one file has taken is hardly ever given back: a process that has grown by so much is replaced.
_GROWN_BYTES = 150_000_000
_LONGEST_DETAIL = 200
_STATM = Path("/proc/self/statm")


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked decides when to stop
    requests, answers = sys.stdin.buffer, _only_answers()
    idle = _address_space()
    while line := _next(requests):
        request = json.loads(line)
        answer = _answer(request, requests.read(request["bytes"]))
        grown = _address_space() - idle > _GROWN_BYTES or answer.get("failed") == "MemoryError"
        body = json.dumps({**answer, "last": grown}, separators=(",", ":")).encode()
        answers.write(b"%d\n%s" % (len(body), body))
        answers.flush()
        if grown:
            break


def _next(requests: BinaryIO) -> bytes:
    """The line that begins the next request; nothing where there is none any more, or none for long."""
    ready, _, _ = select.select([requests], [], [], IDLE_SECONDS)
    return requests.readline() if ready else b""


def _only_answers() -> BinaryIO:
    """Standard output, which from here on gets answers alone: what a library prints goes nowhere."""
    answers = os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    return answers


def _answer(request: dict[str, Any], data: bytes) -> dict[str, Any]:
    """What became of a file: what was read, or why nothing was."""
    try:
        with _bounded(request["seconds"], request["memory"]):
            reading = PARSERS[request["suffix"]](data)
            return {
                "text": reading.text,
                "blocks": [block.fields for block in reading.blocks],
                "title": reading.title,
                "sources": reading.sources,
                "pages": reading.pages,
            }
    except UnreadableFileError as error:
        return {"refused": str(error)}
    except Exception as error:  # whatever the first odd byte leads to
        return {"failed": type(error).__name__, "detail": one_line(str(error))[:_LONGEST_DETAIL]}


@contextlib.contextmanager
def _bounded(seconds: float, memory: int) -> Iterator[None]:
    """Ends the process after so many seconds of its processor time; more memory than that is a MemoryError."""
    try:
        import resource
    except ImportError:  # not on Windows
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    if used := _address_space():
        most = used + memory if before[1] == resource.RLIM_INFINITY else min(used + memory, before[1])
        resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    signal.setitimer(signal.ITIMER_PROF, seconds)  # nobody handles the signal, which ends what no Python code could
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, before)


def _address_space() -> int:
    """The bytes of memory that this process has reserved; 0 where no system says."""
    with contextlib.suppress(OSError):
        return int(_STATM.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    return 0


if __name__ == "__main__":
    main()
