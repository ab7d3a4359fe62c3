"""One program at a time changes an index; the others wait, or hear who it is."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from filelock import FileLock, Timeout

from roleqa.errors import IndexBusyError
from roleqa.index.disk import writing
from roleqa.index.layout import IndexFolder
from roleqa.types import Progress

# Seconds between two tries.
_RETRY = 0.1


@contextmanager
def sole_writer(index: IndexFolder, progress: Progress, wait: float = 0) -> Iterator[None]:
    """Holds the lock of an index, after waiting for at most so many seconds; makes its folder where there is none.

    Neither is left behind where nothing was made in it.

    Raises:
        IndexBusyError: another program holds it.
        IndexWriteError: the folder cannot be written to.
    """
    is_new = not index.path.exists()
    with writing(index.path):
        lock = FileLock(index.lock)
        _acquire(lock, index, progress, time.monotonic() + wait)
    try:
        with suppress(OSError):  # it is told to people only; a full disk is found out when it matters
            index.lock_holder.write_text(json.dumps(_this_process()), encoding="utf-8")
        yield
    finally:
        with suppress(OSError):
            index.lock_holder.unlink(missing_ok=True)
            _clear(index, is_new)
        lock.release()


def _clear(index: IndexFolder, is_new: bool) -> None:
    """Takes the lock away again where nothing was made that it could guard, and the folder with it if that is new."""
    with suppress(OSError):
        index.generations.rmdir()  # if it is empty
    if index.generations.exists():
        return
    index.lock.unlink(missing_ok=True)
    if is_new:
        index.path.rmdir()


def _acquire(lock: FileLock, index: IndexFolder, progress: Progress, deadline: float) -> None:
    while True:
        try:
            index.path.mkdir(parents=True, exist_ok=True)  # who held the lock may have taken an empty one away
            lock.acquire(timeout=0)
        except Timeout:
            if time.monotonic() >= deadline:
                raise IndexBusyError(
                    f"another build of {index.path} is running{_holder(index)}; run it again when that is done, "
                    "or have it wait: --wait SECONDS"
                ) from None
        else:
            return
        progress("waiting", 0, 0)
        time.sleep(_RETRY)


def _this_process() -> dict[str, str | int]:
    since = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
    return {"pid": os.getpid(), "host": socket.gethostname(), "since": since}


def _holder(index: IndexFolder) -> str:
    """Who holds the lock, as a parenthesis; nothing where that cannot be told."""
    try:
        found = json.loads(index.lock_holder.read_text(encoding="utf-8"))
        pid, host, since = int(found["pid"]), str(found["host"]), str(found["since"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    if host == socket.gethostname() and not _is_running(pid):
        return ""  # a killed build has left it, and the one that runs has not yet said who it is
    return f" (process {pid} on {host}, since {since})"


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # another user's
    return True
