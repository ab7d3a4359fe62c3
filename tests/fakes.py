"""Stand-ins for the models whose output follows from the words, so that a test can name what must come first."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from roleqa.index.terms import terms


class WordEncoder:
    """One dimension a word (by its hash): the cosine of two texts is how many words they share."""

    def __init__(self, fingerprint: str = "words", window: int = 60, dimensions: int = 512) -> None:
        self.fingerprint = fingerprint
        self.precision = "exact"
        self.window = window
        self.dimensions = dimensions
        self.encoded: list[str] = []

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        self.encoded += texts
        if progress:
            progress(len(texts))
        return np.stack([self.encode_query(text) for text in texts])

    def encode_query(self, query: str) -> NDArray[np.float32]:
        row = np.zeros(self.dimensions, dtype=np.float32)
        for term in terms(query):
            row[int.from_bytes(hashlib.sha256(term.encode()).digest()[:4]) % self.dimensions] += 1
        norm = np.linalg.norm(row)
        return row / norm if norm else row


class OverlapReranker:
    """The logit is 20 times the share of the query's words that a text holds, less 6: from -6 to 14."""

    fingerprint = "overlap"

    def rerank(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:
        asked = set(terms(query))
        shares = [len(asked & set(terms(text))) / max(len(asked), 1) for text in texts]
        return np.array([20 * share - 6 for share in shares], dtype=np.float32)
