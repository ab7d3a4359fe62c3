"""What a server writes to its log: a line an event, for people or as JSON."""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from roleqa.terminal import one_line, printable, to_json

# uvicorn brings handlers of its own, which are taken off.
UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")
# Lines that wait to be written, and the seconds that the end of the program waits for them.
MOST_LINES = 10_000
WRITTEN_WITHIN = 2.0

Lines = queue.Queue[logging.LogRecord]


@contextlib.contextmanager
def to_standard_error(form: Literal["text", "json"]) -> Iterator[None]:
    """In the block, sends the log of this process to standard error, in that form.

    A line that standard error does not take soon is lost: whoever reads the log slowly must not hold up answers.
    """
    writer = logging.StreamHandler(sys.stderr)
    writer.setFormatter(JsonLines() if form == "json" else TextLines())
    lines: Lines = queue.Queue(MOST_LINES)
    handler = _Handing(lines)
    handler.addFilter(_is_ours_or_a_warning)
    root, ours = logging.getLogger(), logging.getLogger("roleqa")
    handlers, level = root.handlers, ours.level
    root.handlers = [handler]
    ours.setLevel(logging.INFO)
    logging.captureWarnings(True)
    threading.Thread(target=_write, args=(lines, writer), name="log", daemon=True).start()
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.handlers = handlers
        ours.setLevel(level)
        _wait_for(lines)


class _Handing(logging.Handler):
    """Hands records on, and drops them where too many wait."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(record)


def _write(lines: Lines, writer: logging.Handler) -> None:
    while True:
        writer.handle(lines.get())
        lines.task_done()


def _wait_for(lines: Lines) -> None:
    """Waits until all are written, though not for long."""
    end = time.monotonic() + WRITTEN_WITHIN
    while lines.unfinished_tasks and time.monotonic() < end:
        time.sleep(0.01)


def adopt_uvicorn() -> None:
    """Has uvicorn, once it is configured, write to the same log as everything else."""
    for name in UVICORN:
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True


def _is_ours_or_a_warning(record: logging.LogRecord) -> bool:
    """Other libraries, some of which set their level themselves, are heard where something is wrong."""
    return record.name.startswith("roleqa") or record.levelno >= logging.WARNING


def fields(**values: Any) -> dict[str, Any]:
    """For `extra` of a log call: what is known of an event, by name."""
    return {"fields": values}


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, event, the event's own fields, and a traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "time": _time(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return to_json(said, default=str)


class TextLines(logging.Formatter):
    """Time (local), event, and name=value for each of its fields; a traceback below."""

    def format(self, record: logging.LogRecord) -> str:
        level = f"{record.levelname.lower()}: " if record.levelno > logging.INFO else ""
        event = one_line(" ".join(record.getMessage().split()))
        parts = [f"{_time(record).astimezone():%H:%M:%S} {level}{event}"]
        parts += [f"{name}={_value(value)}" for name, value in _fields(record).items()]
        line = " ".join(parts)
        return f"{line}\n{printable(self.formatException(record.exc_info))}" if record.exc_info else line


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _fields(record: logging.LogRecord) -> Mapping[str, Any]:
    found: Mapping[str, Any] = getattr(record, "fields", {})
    return found


def _value(value: Any) -> str:
    """On one line, in quotation marks where it is more than a word."""
    plain = isinstance(value, str) and value.isalnum() and value.isascii()
    return str(value) if plain else json.dumps(value, default=str)
