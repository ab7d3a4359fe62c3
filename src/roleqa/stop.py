"""How a program that goes on until it is stopped hears that it shall stop."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from roleqa.errors import BuildCancelledError
from roleqa.types import Progress

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def end_process(code: int = 0) -> NoReturn:
    """Ends the program at once, whatever threads still do.

    Python's own end would wait for some of them, and a thread that comes back from native code (a model's, an index's)
    to an interpreter that is being taken down aborts the process.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


class Stop:
    """Asked for by Ctrl-C or SIGTERM. The first lets what has begun be finished, the second ends the program there."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self._finishes = False

    @contextmanager
    def listening(self) -> Iterator[Stop]:
        """Hears the signals in the block; only the main thread can. Until `finishing`, the first ends the program."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {number: signal.signal(number, self._hear) for number in SIGNALS}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def finishing(self) -> None:
        """From here on, whoever holds this sees to it that what has begun is finished."""
        self._finishes = True

    def cancelling(self, progress: Progress) -> Progress:
        """The same progress, stopping the build that it is told of once a stop is asked for."""

        def tell(stage: str, done: int, total: int) -> None:
            if self.asked.is_set():
                raise BuildCancelledError("the build was stopped; the generation before goes on answering")
            progress(stage, done, total)

        return tell

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self.asked.is_set():
            os._exit(128 + number)
        self.asked.set()
        if not self._finishes:
            raise SystemExit(0)
