"""The assistant as a server uses it: in turn, counted, timed and logged; and its one rebuild."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import anyio.to_thread

from roleqa.errors import BuildCancelledError, BusyError, QuestionError, RoleqaError
from roleqa.evaluate.timing import Stopwatch, timed_retriever
from roleqa.types import Answer, BuildReport, Hit, Mode, Progress
from roleqa.ui.line import Line, Route
from roleqa.ui.logs import fields
from roleqa.ui.metrics import Metrics
from roleqa.ui.rebuild import Rebuild

if TYPE_CHECKING:
    from roleqa.assistant import Assistant

Result = TypeVar("Result")

log = logging.getLogger(__name__)


class Service:
    """What the page and the API ask through."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        settings = assistant.settings
        self.line = Line(settings.max_waiting, settings.answered_at_once)
        self.metrics = Metrics()
        self.metrics.watch(assistant.status, self.line)
        self.rebuild = Rebuild(self._build)

    async def in_turn(self, route: Route, work: Callable[[], Result]) -> Result:
        """What `work` returns, done in a thread once it is its turn.

        Raises:
            BusyError: too many wait already, or the server is stopping.
        """
        try:
            async with self.line.turn(route) as waited:
                self.metrics.waiting_seconds.labels(route).observe(waited)
                return await anyio.to_thread.run_sync(work)
        except BusyError:
            self.metrics.busy.labels(route).inc()
            raise

    def ask(self, route: Route, question: str, history: Sequence[str] = (), role: str | None = None) -> Answer:
        """The assistant's answer, from one generation. Raises QuestionError."""
        stopwatch = Stopwatch()
        timed = self.assistant.with_retriever(timed_retriever(self.assistant.retriever, stopwatch))
        asked = {"question": question} if self.assistant.settings.log_questions else {}
        try:
            answer = timed.ask(question, history, role)
        except Exception as error:
            kind = "invalid" if isinstance(error, QuestionError) else "error"
            self.metrics.questions.labels(route, kind).inc()
            log.info("question", extra=fields(route=route, kind=kind, error=type(error).__name__, **asked))
            raise
        stages = stopwatch.take(answer.seconds)
        self._count(route, answer, stages)
        log.info(
            "question",
            extra=fields(
                route=route,
                kind=answer.kind,
                answered=answer.answered,
                confidence=answer.confidence,
                generation=answer.index.id,
                stale=answer.index.stale,
                seconds=answer.seconds,
                stages={stage: round(seconds, 4) for stage, seconds in stages.items()},
                **asked,
            ),
        )
        return answer

    def _count(self, route: Route, answer: Answer, stages: dict[str, float]) -> None:
        self.metrics.questions.labels(route, answer.kind).inc()
        self.metrics.question_seconds.labels(route).observe(answer.seconds)
        for stage, seconds in stages.items():
            self.metrics.stage_seconds.labels(stage).observe(seconds)

    def search(self, route: Route, query: str, top_k: int | None, mode: Mode) -> tuple[Hit, ...]:
        """The assistant's hits. Raises QuestionError."""
        started = time.perf_counter()
        try:
            hits = self.assistant.search(query, top_k, mode)
        except Exception as error:
            self.metrics.searches.labels(route, "invalid" if isinstance(error, QuestionError) else "error").inc()
            raise
        seconds = time.perf_counter() - started
        self.metrics.searches.labels(route, "hits").inc()
        self.metrics.search_seconds.labels(route).observe(seconds)
        log.info("search", extra=fields(route=route, mode=mode, hits=len(hits), seconds=round(seconds, 4)))
        return hits

    def _build(self, progress: Progress) -> BuildReport:
        """A rebuild, counted and logged."""
        try:
            report = self.assistant.rebuild(progress)
        except RoleqaError as error:
            cancelled = isinstance(error, BuildCancelledError)
            self.metrics.builds.labels("cancelled" if cancelled else "failed").inc()
            log.log(logging.INFO if cancelled else logging.ERROR, "no rebuild", extra=fields(reason=str(error)))
            raise
        except Exception:
            self.metrics.builds.labels("failed").inc()
            raise
        self.metrics.builds.labels("built" if report.built else "unchanged").inc()
        counts = fields(
            generation=report.generation,
            documents=report.documents,
            passages=report.passages,
            encoded=report.encoded,
            seconds=report.seconds,
        )
        log.info("rebuilt" if report.built else "nothing to rebuild", extra=counts)
        return report
