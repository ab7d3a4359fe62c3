"""Two rankings become one."""

from __future__ import annotations

from roleqa.types import Ranking


def fuse(dense: Ranking, bm25: Ranking, dense_weight: float) -> Ranking:
    """The weighted sum of both rankings' scores, each scaled to 0..1 over its own candidates.

    A row that one ranking lacks counts there as its worst. Best first; ties by row. Relative score fusion,
    as compared with reciprocal ranks by Bruch, Gai and Ingber 2023 (arXiv 2210.11934).
    """
    dense_scores, bm25_scores = _scaled(dense), _scaled(bm25)
    fused = {
        row: dense_weight * dense_scores.get(row, 0.0) + (1 - dense_weight) * bm25_scores.get(row, 0.0)
        for row in (*dense_scores, *bm25_scores)
    }
    return tuple(sorted(fused.items(), key=lambda item: (-item[1], item[0])))


def _scaled(ranking: Ranking) -> dict[int, float]:
    if not ranking:
        return {}
    scores = [score for _, score in ranking]
    low, high = min(scores), max(scores)
    if high == low:
        return {row: 1.0 for row, _ in ranking}
    return {row: (score - low) / (high - low) for row, score in ranking}
