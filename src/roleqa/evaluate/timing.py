"""How long each stage of an answer takes, measured from outside: stand-ins time the models and the stores."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from roleqa.retrieve.search import Retriever

# `rest` is what the others leave of an answer: spelling, follow-ups, choosing and checking quotes.
STAGES = ("encode", "dense", "bm25", "read", "rest")
_Seconds = dict[str, float]


class Stopwatch:
    """Adds up the `seconds` spent in each stage."""

    def __init__(self) -> None:
        self.seconds: _Seconds = {}

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, its seconds counted under `stage`."""

        @wraps(function)
        def run(*arguments: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started

        return run

    def take(self, total: float) -> _Seconds:
        """Seconds by stage since the last call, of `total` seconds in all; then starts from zero."""
        spent = {stage: round(self.seconds.get(stage, 0.0), 6) for stage in STAGES if stage != "rest"}
        self.seconds.clear()
        return {**spent, "rest": round(max(0.0, total - sum(spent.values())), 6)}


class _Timed:
    """Stands in for a model or a store: does what it does, and has one of its methods timed."""

    def __init__(self, target: Any, method: str, stage: str, stopwatch: Stopwatch) -> None:
        self._target = target
        setattr(self, method, stopwatch.timed(stage, getattr(target, method)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._target, name)

    def __len__(self) -> int:
        return len(self._target)


def timed_retriever(retriever: Retriever, stopwatch: Stopwatch) -> Retriever:
    """The same retriever, with the time of its models and stores counted."""
    index: Any = retriever.index
    encoder: Any = _Timed(retriever.encoder, "encode_query", "encode", stopwatch)
    reader: Any = _Timed(retriever.reader, "read", "read", stopwatch)
    vectors = _Timed(index.vectors, "search", "dense", stopwatch)
    bm25 = _Timed(index.bm25, "search", "bm25", stopwatch)
    return replace(retriever, index=replace(index, vectors=vectors, bm25=bm25), encoder=encoder, reader=reader)
