"""How many of the nearest passages a store finds that does not compare all of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from roleqa.types import Ranking

# How many rows are asked for what is nearest to them, and how many of these count.
QUERIES, DEPTH = 200, 10
# Of the ten nearest passages, this share must be found of those nearest to passages.
LEAST_RECALL = 0.99
_SLICE = 65_536
# By how much two sums of the same products may differ.
_ROUNDING = 1e-6


def nearest_others(embeddings: NDArray[np.float32], asked: NDArray[np.int64]) -> list[set[int]]:
    """For each row asked the `DEPTH` others nearest to it, found by comparing all."""
    queries = rows_of(embeddings, asked)
    scores = np.empty((len(asked), 0), dtype=np.float32)
    rows = np.empty((len(asked), 0), dtype=np.int64)
    for first in range(0, len(embeddings), _SLICE):
        own = queries @ np.ascontiguousarray(embeddings[first : first + _SLICE], dtype=np.float32).T
        most = min(DEPTH + 1, own.shape[1])
        best = np.argpartition(own, own.shape[1] - most, axis=1)[:, -most:]  # of those that are as near, any will do
        scores = np.hstack((scores, np.take_along_axis(own, best, 1)))
        rows = np.hstack((rows, first + best))
    rows = np.take_along_axis(rows, np.argsort(-scores, axis=1, kind="stable"), 1)
    return [_others(found, row) for found, row in zip(rows.tolist(), asked.tolist(), strict=True)]


def recall_of(
    search: Callable[[NDArray[np.float32], int], Ranking],
    embeddings: NDArray[np.float32],
    asked: NDArray[np.int64],
    exact: list[set[int]],
) -> float:
    """The share of what is nearest to the rows asked that a search for them finds, each left out of what it finds.

    `exact` are the rows that are nearest; others that are as near do as well.
    """
    shares = []
    for row, nearest in zip(asked.tolist(), exact, strict=True):
        query = embeddings[row]
        least = min((float(embeddings[other] @ query) for other in nearest), default=0.0) - _ROUNDING
        found = [score for other, score in search(query, DEPTH + 1) if other != row][:DEPTH]
        if nearest:
            shares.append(min(sum(score >= least for score in found), len(nearest)) / len(nearest))
    return round(float(np.mean(shares)), 4) if shares else 1.0


def rows_of(embeddings: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Some of the rows, side by side in memory."""
    return np.ascontiguousarray(embeddings[rows], dtype=np.float32)


def _others(found: list[int], row: int) -> set[int]:
    return set([other for other in found if other != row][:DEPTH])
