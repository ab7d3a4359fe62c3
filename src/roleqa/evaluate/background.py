"""An evaluation that runs beside the answering, one at a time, and can be watched and cancelled."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from roleqa.errors import BusyError, LabelError, RoleqaError
from roleqa.evaluate.questions import load_questions
from roleqa.evaluate.run import evaluate
from roleqa.evaluate.save import FOLDER, check_output, save_report

if TYPE_CHECKING:
    from roleqa.assistant import Assistant

# The largest file of labelled questions, in bytes. That is some ten thousand of them.
LARGEST_LABELS = 5_000_000
# Seconds that the program waits for a cancelled run to end when it ends itself.
PATIENCE = 10

UNEXPECTED = "Something went wrong that should not have; the terminal that serves this page says more."

log = logging.getLogger(__name__)

Outcome = Literal["none", "running", "done", "cancelled", "failed"]


@dataclass(frozen=True, slots=True)
class Run:
    """How a run gets on: so many questions of `total` asked in `seconds`; `problem` says why it failed."""

    outcome: Outcome = "none"
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    problem: str = ""

    @property
    def seconds_left(self) -> float | None:
        """As far as can be told from the questions so far."""
        return self.seconds / self.done * (self.total - self.done) if self.done else None


class _CancelledError(Exception):
    """Ends a run from within."""


class BackgroundEvaluation:
    """Runs evaluations of an assistant's live generation, and keeps their reports in its index folder.

    Each question is asked in a `turn`, which may be waited for; a BusyError of it cancels the run.
    """

    def __init__(self, assistant: Assistant, turn: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        self._assistant = assistant
        self._turn = turn
        self._run = Run()
        self._cancelled = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def folder(self) -> Path:
        """Where reports are kept."""
        return self._assistant.settings.index / FOLDER

    @property
    def run(self) -> Run:
        """The run that is under way, or else the last one."""
        return self._run

    def start(self, questions: Path, on_end: Callable[[], None] = lambda: None) -> bool:
        """Begins to ask the labelled questions of a file; False where a run is under way already.

        Whatever comes of it, `on_end` is called in the end.
        """
        with self._starting:
            if self._run.outcome == "running":
                return False
            if self._thread is None:
                # A thread that computes while the interpreter is taken down may crash it.
                atexit.register(self.stop)
            self._cancelled.clear()
            self._run = Run("running")
            self._thread = threading.Thread(target=self._work, args=(questions, on_end), daemon=True)
            self._thread.start()
        return True

    def cancel(self) -> None:
        """Has the run end after the question that is being asked. The last report stays."""
        self._cancelled.set()

    def stop(self) -> None:
        """Cancels the run and waits for its end."""
        self.cancel()
        if self._thread:
            self._thread.join(PATIENCE)

    def _work(self, questions: Path, on_end: Callable[[], None]) -> None:
        try:
            self._evaluate(questions)
            self._run = replace(self._run, outcome="done")
        except (_CancelledError, BusyError):
            self._run = replace(self._run, outcome="cancelled")
        except RoleqaError as error:
            # Where the file lies is no business of whoever reads this in a browser.
            self._run = replace(self._run, outcome="failed", problem=str(error).replace(f"{questions.parent}/", ""))
        except Exception:
            log.exception("the evaluation failed")
            self._run = replace(self._run, outcome="failed", problem=UNEXPECTED)
        finally:
            on_end()

    def _evaluate(self, questions: Path) -> None:
        # One generation is evaluated, whatever is switched meanwhile.
        assistant = self._assistant.with_retriever(self._assistant.retriever)
        _check_size(questions)
        labelled = load_questions(questions, assistant.retriever.index.documents)
        check_output(self.folder)
        started = time.perf_counter()

        with ExitStack() as turns:

            def progress(_: str, done: int, total: int) -> None:
                self._run = Run("running", done, total, time.perf_counter() - started)
                turns.close()
                if self._cancelled.is_set():
                    raise _CancelledError
                if done < total:
                    turns.enter_context(self._turn())

            progress("", 0, len(labelled))
            report = evaluate(assistant, labelled, progress=progress)
        save_report(report, self.folder)


def _check_size(questions: Path) -> None:
    if questions.exists() and questions.stat().st_size > LARGEST_LABELS:
        raise LabelError(
            f"{questions} is larger than {LARGEST_LABELS // 1_000_000} MB, the most that the page takes; "
            "evaluate it with `roleqa eval`"
        )
