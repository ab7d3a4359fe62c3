"""Models that answer the same request once, for comparing many variants in one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from roleqa.protocols import Encoder, Reranker


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


class CachedReranker:
    """Reads each pair of a query and a text once."""

    def __init__(self, reranker: Reranker) -> None:
        self._reranker = reranker
        self._scores: dict[tuple[str, str], float] = {}

    @property
    def fingerprint(self) -> str:
        return self._reranker.fingerprint

    def rerank(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:
        new = [text for text in dict.fromkeys(texts) if (query, text) not in self._scores]
        if new:
            scores = self._reranker.rerank(query, new)
            self._scores.update(((query, text), float(score)) for text, score in zip(new, scores, strict=True))
        return np.array([self._scores[query, text] for text in texts], dtype=np.float32)
