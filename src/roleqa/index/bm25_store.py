"""Keyword search: BM25 postings by bm25s (Lu 2024, arXiv 2407.03618). The only place that loads bm25s."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from roleqa.errors import IndexDamagedError
from roleqa.index.terms import terms
from roleqa.types import Ranking

# Stop words stay in: idf gives them little weight, and on labelled questions it was never worse.
K1 = 1.2
B = 0.75


class Bm25Store:
    """Row i holds the terms of passage i."""

    def __init__(self, bm25: Any) -> None:
        self._bm25 = bm25

    @classmethod
    def build(cls, texts: Sequence[str]) -> Bm25Store:
        import bm25s

        numbers: dict[str, int] = {}
        # Numbered as they come: left to itself, bm25s orders the terms in another way in every process.
        rows = [[numbers.setdefault(term, len(numbers)) for term in terms(text)] for text in texts]
        if not numbers:  # nothing but signs: no query finds a passage by its words
            rows, numbers = [[0] for _ in texts], {"": 0}
        bm25 = bm25s.BM25(k1=K1, b=B, method="lucene")
        bm25.index(bm25s.tokenization.Tokenized(rows, numbers), show_progress=False)
        return cls(bm25)

    @classmethod
    def load(cls, folder: Path) -> Bm25Store:
        """From a folder that `save` wrote.

        Raises:
            IndexDamagedError: a file is missing or cannot be read.
        """
        import bm25s

        try:
            return cls(bm25s.BM25.load(folder, load_corpus=False, show_progress=False))
        except (OSError, ValueError, KeyError) as error:
            raise IndexDamagedError(f"{folder} cannot be read") from error

    def save(self, folder: Path) -> None:
        self._bm25.save(folder, show_progress=False)

    def __len__(self) -> int:
        return int(self._bm25.scores["num_docs"])

    def equals(self, other: Bm25Store) -> bool:
        """Whether both count the same words of the same passages."""
        mine, theirs = self._bm25, other._bm25
        return mine.vocab_dict == theirs.vocab_dict and all(
            np.array_equal(mine.scores[name], theirs.scores[name]) for name in ("data", "indices", "indptr")
        )

    def search(self, query: str, k: int) -> Ranking:
        """The best `k` rows that share a term with the query, best first; ties by row."""
        known = [term for term in terms(query) if term in self._bm25.vocab_dict]
        if not known:
            return ()
        scores = self._bm25.get_scores(known)
        rows = np.flatnonzero(scores > 0)
        best = rows[np.argsort(-scores[rows], kind="stable")[:k]]
        return tuple((int(row), float(scores[row])) for row in best)

    def document_frequency(self, term: str) -> int:
        """How many passages hold a term (as `terms` gives it)."""
        column = self._bm25.vocab_dict.get(term)
        if column is None:
            return 0
        starts = self._bm25.scores["indptr"]
        return int(starts[column + 1] - starts[column])
