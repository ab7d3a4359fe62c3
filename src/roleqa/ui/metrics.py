"""What a server has done and how long it took, as Prometheus reads it. No question, and nobody's name, is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import anyio.to_thread
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.responses import Response

from roleqa.errors import RoleqaError
from roleqa.types import Status
from roleqa.ui.headers import App, Message, Receive, Send
from roleqa.ui.line import Line

PATH = "/metrics"
# In seconds: from what a cached model takes to what nobody waits for.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """Counters and histograms, in a registry of their own."""

    def __init__(self) -> None:
        # When each was first counted is of no use to anyone.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.questions = self._counter(
            "questions", "Questions asked, by what came of them: answer, comparison, refusal, invalid or error.", "kind"
        )
        self.searches = self._counter("searches", "Searches, by what came of them: hits, invalid or error.", "kind")
        self.busy = self._counter("busy", "Questions and searches turned away because too many waited.")
        self.question_seconds = self._histogram("question_seconds", "From a question's turn to its answer.", "route")
        self.search_seconds = self._histogram("search_seconds", "From a search's turn to its hits.", "route")
        self.waiting_seconds = self._histogram("waiting_seconds", "How long the turn of each was waited for.", "route")
        self.stage_seconds = self._histogram("stage_seconds", "Seconds of a question in each stage.", "stage")
        self.builds = Counter(
            "roleqa_builds",
            "Rebuilds, by outcome: built, unchanged, cancelled or failed.",
            ["outcome"],
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)

    def watch(self, status: Callable[[], Status], line: Line) -> None:
        """Adds what is so at the moment that somebody looks."""
        self.registry.register(_Now(status, line))

    def exposition(self) -> bytes:
        """All of it, in the text format 0.0.4."""
        return generate_latest(self.registry)

    def _counter(self, name: str, help: str, *labels: str) -> Counter:
        return Counter(f"roleqa_{name}", help, ["route", *labels], registry=self.registry)

    def _histogram(self, name: str, help: str, label: str) -> Histogram:
        return Histogram(f"roleqa_{name}", help, [label], registry=self.registry, buckets=BUCKETS)


class _Now(Collector):
    def __init__(self, status: Callable[[], Status], line: Line) -> None:
        self._status = status
        self._line = line

    def describe(self) -> Iterator[Metric]:
        """Nothing: asking for the status is left to whoever looks."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("roleqa_questions_waiting", "Questions that wait their turn.", self._line.waiting)
        yield GaugeMetricFamily("roleqa_questions_running", "Questions being answered.", self._line.running)
        try:
            status = self._status()
        except RoleqaError:
            return
        generation = {"generation": status.generation.id, "built_at": status.generation.built_at}
        yield InfoMetricFamily("roleqa_index", "The generation that answers.", generation)
        yield GaugeMetricFamily("roleqa_documents", "Documents answered from.", status.documents)
        yield GaugeMetricFamily("roleqa_passages", "Passages answered from.", status.passages)
        stale = int(status.generation.stale)
        yield GaugeMetricFamily("roleqa_stale", "1 where the documents changed since the last build.", stale)


class MetricsEndpoint:
    """ASGI middleware that answers at PATH, and hands on all else."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        said = await anyio.to_thread.run_sync(self._metrics.exposition)
        headers = {"content-type": CONTENT_TYPE_PLAIN_0_0_4, "cache-control": "no-store"}
        await Response(said, headers=headers)(scope, receive, send)
