"""The log: its two forms, what it takes from other libraries, and that nobody waits for whoever reads it."""

from __future__ import annotations

import io
import json
import logging
import queue
import sys
import threading
import time
from typing import Any

import pytest

from roleqa.ui.logs import (
    MOST_LINES,
    JsonLines,
    TextLines,
    _Handing,
    _wait_for,
    adopt_uvicorn,
    fields,
    to_standard_error,
)

log = logging.getLogger("roleqa.tests")


def lines(form: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written of a few events of this program and of others."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    root = logging.getLogger()
    before = root.handlers
    with to_standard_error(form):
        log.info("question", extra=fields(route="chat", seconds=0.25, stages={"bm25": 0.1}, reason="two words\nand a line"))
        log.debug("not told")
        others = logging.getLogger("bm25s")
        others.setLevel(logging.DEBUG)
        others.debug("chatter")
        others.warning("something\x1b[31m is\nwrong")
        try:
            raise ZeroDivisionError("oops")
        except ZeroDivisionError:
            log.exception("failed")
    assert root.handlers is before
    return stream.getvalue().splitlines()


def test_json_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    question, warning, error = map(json.loads, lines("json", monkeypatch))
    assert question.pop("time").endswith("+00:00")
    assert question == {
        "level": "info", "event": "question", "route": "chat", "seconds": 0.25, "stages": {"bm25": 0.1}, "reason": "two words\nand a line",
    }  # fmt: skip
    assert (warning["level"], warning["event"]) == ("warning", "something\x1b[31m is\nwrong")
    assert error["traceback"].startswith("Traceback")
    assert error["traceback"].endswith("ZeroDivisionError: oops")


def test_lines_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    question, warning, error, *traceback = lines("text", monkeypatch)
    assert question[8:] == ' question route=chat seconds=0.25 stages={"bm25": 0.1} reason="two words\\nand a line"'
    assert warning[8:] == " warning: something\N{REPLACEMENT CHARACTER}[31m is wrong"
    assert error[8:] == " error: failed"
    assert traceback[-1] == "ZeroDivisionError: oops"


def test_nobody_waits_for_a_log_that_is_not_read() -> None:
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(3)
    handler = _Handing(waiting)
    for number in range(10):
        handler.emit(logging.LogRecord("roleqa", logging.INFO, "", 0, f"event {number}", None, None))
    assert [waiting.get().getMessage() for _ in range(3)] == ["event 0", "event 1", "event 2"]


def test_the_end_waits_for_what_is_written_though_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roleqa.ui.logs.WRITTEN_WITHIN", 0.05)
    waiting: queue.Queue[Any] = queue.Queue(MOST_LINES)
    waiting.put("a line")
    _wait_for(waiting)
    monkeypatch.setattr("roleqa.ui.logs.WRITTEN_WITHIN", 10)
    threading.Timer(0.05, waiting.task_done).start()
    started = time.monotonic()
    _wait_for(waiting)
    assert time.monotonic() - started < 5


def test_uvicorn_writes_to_the_same_log() -> None:
    logger = logging.getLogger("uvicorn.error")
    logger.handlers, logger.propagate = [logging.NullHandler()], False
    adopt_uvicorn()
    assert (logger.handlers, logger.propagate) == ([], True)


@pytest.mark.parametrize("form", [JsonLines(), TextLines()])
def test_an_event_is_one_line(form: logging.Formatter) -> None:
    record = logging.LogRecord("roleqa", logging.INFO, "", 0, "a\nforged\rline", None, None)
    record.fields = {"value": "another\nforged\u2028line"}
    assert not set(form.format(record)) & set("\n\r")
