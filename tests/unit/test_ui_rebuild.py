"""A rebuild in the background: watched from any page, stopped from any, one at a time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from roleqa.errors import CorpusError
from roleqa.types import BuildReport, Progress
from roleqa.ui.rebuild import CANCELLED, UNEXPECTED, Outcome, Rebuild, Step

REPORT = BuildReport("g2", 1, 2, 3, 2, 0.1)
PATIENCE = 60


class Gated:
    """A build that stops before each of its steps until it is let on."""

    def __init__(self, *steps: tuple[str, int, int], error: Exception | None = None) -> None:
        self.steps = steps
        self.error = error
        self.gate = threading.Semaphore(0)
        self.runs = 0

    def __call__(self, progress: Progress) -> BuildReport:
        self.runs += 1
        for step in self.steps:
            assert self.gate.acquire(timeout=PATIENCE)
            progress(*step)
        assert self.gate.acquire(timeout=PATIENCE)
        if self.error:
            raise self.error
        return REPORT


def watch(job: Rebuild, on: Callable[[Step], None]) -> list[Step | Outcome]:
    async def watched() -> list[Step | Outcome]:
        found = []
        async for seen in job.watch():
            if isinstance(seen, Step):
                on(seen)
            found.append(seen)
        return found

    return asyncio.run(asyncio.wait_for(watched(), PATIENCE))


def test_each_step_is_seen_and_then_the_report() -> None:
    build = Gated(("reading", 0, 0), ("encoding", 1, 2))
    job = Rebuild(build)
    assert job.start()
    assert job.running
    seen = watch(job, lambda _: build.gate.release())
    assert seen == [Step("starting"), Step("reading"), Step("encoding", 1, 2), Outcome(REPORT)]
    assert not job.running


def test_a_step_knows_how_long_its_stage_has_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((10.0, 10.0, 20.0, 20.0, 24.0))
    monkeypatch.setattr("roleqa.ui.rebuild.time.monotonic", lambda: next(clock))
    told = []

    def build(tell: Progress) -> BuildReport:
        for step in (("reading", 0, 0), ("encoding", 0, 90), ("encoding", 40, 90)):
            tell(*step)
            told.append(job._step)
        return REPORT

    job = Rebuild(build)
    job.run_here()
    assert [(step.seconds, step.pace) for step in told if step] == [(0.0, None), (0.0, None), (4.0, 10.0)]


def test_there_is_one_at_a_time_and_the_next_begins_anew() -> None:
    build = Gated()
    job = Rebuild(build)
    assert job.start()
    assert not job.start()
    assert watch(job, lambda _: build.gate.release())[-1] == Outcome(REPORT)
    assert build.runs == 1
    assert watch(job, lambda _: None) == []
    assert job.start()
    job.cancel()
    assert watch(job, lambda _: build.gate.release())[-1] == Outcome(REPORT)  # it had no step left to stop at


def test_one_that_is_cancelled_stops_at_its_next_step() -> None:
    build = Gated(("reading", 0, 0), ("encoding", 1, 2))
    job = Rebuild(build)
    job.cancel()  # there is none yet, and the one that comes is not stopped by it
    job.start()

    def act(seen: Step) -> None:
        if seen == Step("reading"):
            job.cancel()
        build.gate.release()

    seen = watch(job, act)
    assert seen == [Step("starting"), Step("reading"), Step("reading", cancelling=True), Outcome(error=CANCELLED)] or (
        seen == [Step("starting"), Step("reading"), Outcome(error=CANCELLED)]  # it stopped before the next look
    )


def test_what_came_of_one_is_told_however_soon_it_was_over() -> None:
    build = Gated(error=CorpusError("no document"))
    build.gate.release()
    job = Rebuild(build)
    job.start = lambda: Rebuild.start(job) and not until_done(job)  # type: ignore[method-assign]

    async def run() -> list[Step | Outcome]:
        return [seen async for seen in job.run()]

    assert asyncio.run(run()) == [Outcome(error="no document")]


def until_done(job: Rebuild) -> None:
    deadline = time.monotonic() + PATIENCE
    while job.running and time.monotonic() < deadline:
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("error", "said"), [(CorpusError("no document"), "no document"), (ZeroDivisionError("secret"), UNEXPECTED)]
)
def test_one_that_fails_says_why_and_can_be_tried_again(error: Exception, said: str) -> None:
    build = Gated(error=error)
    job = Rebuild(build)
    for _ in range(2):
        assert job.start()
        assert watch(job, lambda _: build.gate.release())[-1] == Outcome(error=said)
