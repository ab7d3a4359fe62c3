"""Has files read by another process, whose time and memory are bounded: one process, used again for the next file."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from typing import IO, Any

from roleqa.errors import UnreadableFileError
from roleqa.ingest.blocks import Block, Reading
from roleqa.ingest.limits import HANG_SECONDS, Limits

_COMMAND = (sys.executable, "-P", "-m", "roleqa.ingest.reader_process")
# Libraries that compute would start a thread for each processor, and reserve memory for it.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_LONGEST_LENGTH = 20  # of the line that says how long an answer is
_PIECE_BYTES = 1 << 16
_END_SECONDS = 10
_BROKEN = "it is broken ({}): save it again from the program that made it"


def read_bounded(suffix: str, data: bytes, limits: Limits | None = None) -> Reading:
    """Read a file of the kind that `suffix` says, within the limits for its size. One file at a time is read.

    Raises:
        UnreadableFileError: it cannot become a document, or takes more than a file of its size may.
    """
    limits = limits or Limits.of(len(data), suffix)
    answer = _READER.answer(suffix, data, limits)
    if refused := answer.get("refused"):
        raise UnreadableFileError(refused)
    if failed := answer.get("failed"):
        raise limits.too_much_memory() if failed == "MemoryError" else _broken(answer["detail"] or failed)
    try:
        blocks = tuple(Block.of(*fields) for fields in answer["blocks"])
        return Reading(answer["text"], blocks, answer["title"], tuple(answer["sources"]), tuple(answer["pages"]))
    except (KeyError, TypeError):
        raise _why(None, limits) from None


def _broken(detail: str) -> UnreadableFileError:
    return UnreadableFileError(_BROKEN.format(detail))


class _NoAnswerError(Exception):
    """The process gives no answer: `status` is what it has ended with, None where it hangs or says what is none."""

    def __init__(self, status: int | None = None) -> None:
        super().__init__(status)
        self.status = status


class _Process:
    """A process that reads files, and what goes to it and comes from it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=os.environ | _ONE_THREAD,
        )
        assert self._process.stdin
        assert self._process.stdout
        self._requests, self._answers = self._process.stdin, self._process.stdout
        os.set_blocking(self._requests.fileno(), False)
        self._rest = b""

    @property
    def is_there(self) -> bool:
        return self._process.poll() is None

    def answer(self, suffix: str, data: bytes, limits: Limits) -> dict[str, Any]:
        """What the process makes of a file. Raises _NoAnswerError: the process is of no use after that."""
        request = {"suffix": suffix, "bytes": len(data), "seconds": limits.seconds, "memory": limits.memory}
        self._send(b"%s\n%s" % (json.dumps(request).encode(), data))
        length = self._line()
        if not length.isdigit() or int(length) > limits.answer_bytes:
            raise _NoAnswerError
        try:
            answer = json.loads(self._take(int(length)))
        except ValueError:
            raise _NoAnswerError from None
        if not isinstance(answer, dict):
            raise _NoAnswerError
        return answer

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        """Ends the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        self.close()

    def close(self) -> None:
        """Closes the ends of the pipes that are here."""
        self._requests.close()
        self._answers.close()

    def forget(self) -> None:
        """Leaves the process alone, as a copy of this one must: the process is no child of it."""
        self.close()
        self._process.returncode = 0  # or it would be missed when this is cleared away

    def _send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                written = self._requests.write(rest[:_PIECE_BYTES])
            except BrokenPipeError:
                raise self._ended() from None
            if not written:
                self._wait(self._requests, selectors.EVENT_WRITE)
            rest = rest[written or 0 :]

    def _line(self) -> bytes:
        while b"\n" not in self._rest:
            if len(self._rest) > _LONGEST_LENGTH:
                raise _NoAnswerError
            self._rest += self._more()
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _take(self, length: int) -> bytes:
        pieces, missing = [self._rest], length - len(self._rest)
        self._rest = b""
        while missing > 0:
            pieces.append(self._more())
            missing -= len(pieces[-1])
        if missing:
            raise _NoAnswerError
        return b"".join(pieces)

    def _more(self) -> bytes:
        self._wait(self._answers, selectors.EVENT_READ)
        piece = self._answers.read(_PIECE_BYTES)
        if not piece:
            raise self._ended()
        return bytes(piece)

    def _wait(self, stream: IO[bytes], event: int) -> None:
        """Waits until the stream is ready, for as long as the process is at work."""
        used = -1.0
        with selectors.DefaultSelector() as selector:
            selector.register(stream, event)
            while not selector.select(HANG_SECONDS):
                before, used = used, _processor_seconds(self._process.pid)
                if used <= before:
                    raise _NoAnswerError

    def _ended(self) -> _NoAnswerError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return _NoAnswerError(self._process.wait(_END_SECONDS))
        return _NoAnswerError()


def _processor_seconds(pid: int) -> float:
    """What a process has used of the processor; 0 where the system does not say."""
    with contextlib.suppress(OSError, AttributeError):
        return time.clock_gettime((~pid << 3) | 2)  # the clock that Linux has for another process
    return 0.0


class _Reader:
    """Reads one file at a time, by a process that is started for the first and replaced where it has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: _Process | None = None

    def answer(self, suffix: str, data: bytes, limits: Limits) -> dict[str, Any]:
        """What a process makes of a file. Raises UnreadableFileError where the file has ended it."""
        with self._lock:
            for _ in range(2):
                try:
                    answer = self._ready().answer(suffix, data, limits)
                except _NoAnswerError as error:
                    self._end()
                    if error.status != 0:  # else it had been idle for long, and has just ended by itself
                        raise _why(error.status, limits) from None
                except BaseException:  # an interrupt, too, leaves it in the middle of an answer
                    self._end()
                    raise
                else:
                    if answer.get("last"):
                        self._end()
                    return answer
            raise _why(0, limits)

    def stop(self) -> None:
        """Ends the process, if there is one; whoever waits for its answer gets none."""
        if process := self._process:
            process.kill()
        with self._lock:
            self._end()

    def after_fork(self) -> None:
        """Leaves the process to the one that started it; a thread that is not here may have held the lock."""
        if self._process:
            self._process.forget()
        self._lock, self._process = threading.Lock(), None

    def _ready(self) -> _Process:
        if self._process and not self._process.is_there:
            self._end()
        if self._process is None:
            self._process = _Process()
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process:
            process.end()


def _why(status: int | None, limits: Limits) -> UnreadableFileError:
    """Why there is no answer from a process that has ended so, or (None) that hangs."""
    if status == -signal.SIGPROF:
        return limits.exceeded(f"reading it takes over {round(limits.seconds, 1):g} seconds of processor time")
    if status == -signal.SIGKILL:  # as the system does where memory runs out
        return limits.too_much_memory()
    return _broken(f"the program that reads it {'gives no answer' if status is None else 'has crashed'}")


_READER = _Reader()


def stop() -> None:
    """Ends the process that reads files, if there is one; the next file starts another."""
    _READER.stop()


atexit.register(stop)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_READER.after_fork)
