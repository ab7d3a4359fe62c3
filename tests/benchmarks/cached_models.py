"""Models that answer the same request once, for comparing many variants in one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from roleqa.protocols import Encoder, PieceReading, Reader
from roleqa.types import MatchText


class CachedEncoder:
    """Encodes each query once."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._queries: dict[str, NDArray[np.float32]] = {}

    @property
    def fingerprint(self) -> str:
        return self._encoder.fingerprint

    @property
    def precision(self) -> str:
        return self._encoder.precision

    @property
    def window(self) -> int:
        return self._encoder.window

    def count_tokens(self, text: str) -> int:
        return self._encoder.count_tokens(text)

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        return self._encoder.encode_passages(texts, progress)

    def encode_query(self, query: str) -> NDArray[np.float32]:
        if query not in self._queries:
            self._queries[query] = self._encoder.encode_query(query)
        return self._queries[query]


class CachedReader:
    """Reads each pair of a question and a passage once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._readings: dict[tuple[str, MatchText], tuple[PieceReading, ...]] = {}

    @property
    def fingerprint(self) -> str:
        return self._reader.fingerprint

    def read(self, question: str, passages: Sequence[MatchText]) -> list[tuple[PieceReading, ...]]:
        new = [passage for passage in dict.fromkeys(passages) if (question, passage) not in self._readings]
        if new:
            readings = self._reader.read(question, new)
            self._readings.update(((question, passage), own) for passage, own in zip(new, readings, strict=True))
        return [self._readings[question, passage] for passage in passages]
