"""A rebuild that runs on its own: any page can watch it, and any admin's page stop it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

from roleqa.errors import BuildCancelledError, IndexBusyError, RoleqaError
from roleqa.types import BuildReport, Progress

# How often, in seconds, a page that watches hears how far it is.
LOOK_EVERY = 0.2

# Before so many seconds nobody need know how long it will take, nor can.
SOONEST_PACE = 1.0

CANCELLED = "The rebuild was cancelled."
UNEXPECTED = "The rebuild went wrong in a way that it should not. The terminal that serves this page says more."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """How far a rebuild is, `seconds` after this stage began: `total` is 0 while it is not known. `cancelling` once it
    was asked to stop.
    """

    stage: str
    done: int = 0
    total: int = 0
    cancelling: bool = False
    seconds: float = field(default=0.0, compare=False)

    @property
    def pace(self) -> float | None:
        """How many are done in a second; None while that cannot be told."""
        return self.done / self.seconds if self.done and self.seconds >= SOONEST_PACE else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a rebuild: a report, or why there is none."""

    report: BuildReport | None = None
    error: str = ""


class Rebuild:
    """One rebuild at a time. Safe to share between threads."""

    def __init__(self, rebuild: Callable[[Progress], BuildReport]) -> None:
        self._rebuild = rebuild
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._step: Step | None = None
        self._stage_began = 0.0
        self._outcome = Outcome()

    @property
    def running(self) -> bool:
        return self._step is not None

    def start(self) -> bool:
        """Starts one; False where one is running."""
        if not self._begin():
            return False
        threading.Thread(target=self._run, name="rebuild", daemon=True).start()
        return True

    def run_here(self) -> BuildReport:
        """Runs one in this thread; pages watch it as any other.

        Raises:
            IndexBusyError: one is running.
            RoleqaError: nothing came of it.
        """
        if not self._begin():
            raise IndexBusyError("a rebuild is running; wait for its end")
        return self._build()

    def cancel(self) -> None:
        """Has the one that is running stop at its next step, if there is one."""
        with self._lock:
            if self._step:
                self._cancelled.set()
                self._step = replace(self._step, cancelling=True)

    async def run(self) -> AsyncIterator[Step | Outcome]:
        """Starts one, unless one is running, and watches it; what came of it is told however soon it was over."""
        self.start()
        last: Step | Outcome | None = None
        async for last in self.watch():
            yield last
        if last is None:
            yield self._outcome

    async def watch(self) -> AsyncIterator[Step | Outcome]:
        """Each step of the rebuild that is running as it comes, and last what came of it; nothing where none is."""
        step = seen = self._step
        if step:
            yield step
        while step:
            await asyncio.sleep(LOOK_EVERY)
            step = self._step
            if step and step != seen:
                seen = step
                yield step
        if seen:
            yield self._outcome

    def _begin(self) -> bool:
        with self._lock:
            if self._step:
                return False
            self._cancelled.clear()
            self._step = Step("starting")
            return True

    def _run(self) -> None:
        with contextlib.suppress(Exception):  # the outcome says it
            self._build()

    def _build(self) -> BuildReport:
        outcome = Outcome(error=UNEXPECTED)
        try:
            report = self._rebuild(self._tell)
            outcome = Outcome(report)
            return report
        except BuildCancelledError:
            outcome = Outcome(error=CANCELLED)
            raise
        except RoleqaError as error:
            outcome = Outcome(error=str(error))
            raise
        except Exception:
            log.exception("no rebuild")
            raise
        finally:
            with self._lock:
                self._outcome = outcome
                self._step = None

    def _tell(self, stage: str, done: int, total: int) -> None:
        with self._lock:
            if self._cancelled.is_set():
                raise BuildCancelledError(CANCELLED)
            if self._step is None or self._step.stage != stage:
                self._stage_began = time.monotonic()
            self._step = Step(stage, done, total, seconds=time.monotonic() - self._stage_began)
