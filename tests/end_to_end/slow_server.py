"""Serves a slow chat: slow_server.py CORPUS INDEX SECONDS MAX_WAITING STOP_SECONDS MAX_ANSWERING."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fakes import OverlapReader, WordEncoder
from roleqa import Assistant, Settings, build_index
from roleqa.protocols import PieceReading
from roleqa.stop import end_process
from roleqa.types import MatchText
from roleqa.ui import logs
from roleqa.ui.serve import serve


def slow(
    places: tuple[Path, Path],
    seconds: float,
    max_waiting: int = 50,
    stop_seconds: float = 20,
    max_answering: int = 4,
) -> tuple[str | Path, ...]:
    """The command that serves the corpus and index so."""
    return (Path(__file__), *places, str(seconds), *map(str, (max_waiting, stop_seconds, max_answering)))


class SlowEncoder(WordEncoder):
    """Encodes passages of a rebuild without end, saying so."""

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        print("building", flush=True)
        while progress:
            progress(0)
            time.sleep(0.05)
        return super().encode_passages(texts)


class SlowReader(OverlapReader):
    """Takes so many seconds to read."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def read(self, question: str, passages: Sequence[MatchText]) -> list[tuple[PieceReading, ...]]:
        time.sleep(self.seconds)
        return super().read(question, passages)


def main(corpus: str, index: str, seconds: str, max_waiting: str, stop_seconds: str, max_answering: str) -> None:
    settings = Settings(
        corpus=Path(corpus),
        index=Path(index),
        max_waiting=int(max_waiting),
        max_answering=int(max_answering),
        stop_seconds=float(stop_seconds),
        watch=True,
    )
    build_index(settings, encoder=WordEncoder())
    assistant = Assistant.load(settings, encoder=SlowEncoder(), reader=SlowReader(float(seconds)))
    with logs.to_standard_error("json"):
        stopped = serve(assistant, "127.0.0.1", 0, on_ready=lambda url: print(f"the chat is at {url}", flush=True))
    if not stopped:
        end_process()


if __name__ == "__main__":
    main(*sys.argv[1:])
