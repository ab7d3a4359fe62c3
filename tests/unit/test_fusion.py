"""Fusion: the figures by hand, and what must hold for any two rankings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roleqa.retrieve.fusion import fuse
from roleqa.types import Ranking


def test_scores_are_scaled_weighted_and_added() -> None:
    dense = ((7, 0.9), (3, 0.5), (1, 0.1))
    bm25 = ((3, 12.0), (9, 2.0))
    fused = dict(fuse(dense, bm25, dense_weight=0.25))
    assert fused == pytest.approx({3: 0.25 * 0.5 + 0.75, 7: 0.25, 9: 0.0, 1: 0.0})
    assert [row for row, _ in fuse(dense, bm25, dense_weight=0.25)] == [3, 7, 1, 9]


def test_one_empty_ranking_leaves_the_other_in_order() -> None:
    assert [row for row, _ in fuse(((4, 0.3), (2, 0.2)), (), 0.5)] == [4, 2]
    assert fuse((), (), 0.5) == ()


def test_equal_scores_all_count_in_full() -> None:
    assert fuse(((5, 1.0), (6, 1.0)), (), 1.0) == ((5, 1.0), (6, 1.0))


def rankings() -> st.SearchStrategy[Ranking]:
    rows = st.dictionaries(st.integers(0, 30), st.floats(-1e6, 1e6), max_size=12)
    return rows.map(lambda found: tuple(sorted(found.items(), key=lambda item: (-item[1], item[0]))))


@given(rankings(), rankings(), st.floats(0, 1))
def test_every_row_once_within_bounds_best_first(dense: Ranking, bm25: Ranking, weight: float) -> None:
    fused = fuse(dense, bm25, weight)
    assert {row for row, _ in fused} == {row for row, _ in dense} | {row for row, _ in bm25}
    assert len({row for row, _ in fused}) == len(fused)
    scores = [score for _, score in fused]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 + 1e-9 for score in scores)
