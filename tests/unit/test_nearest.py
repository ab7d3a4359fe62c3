"""The order of what a store has found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roleqa.index.nearest import nearest_of


def test_the_best_come_first_and_equal_ones_in_their_order() -> None:
    vectors = np.array([[0.6, 0.8], [1, 0], [0.6, 0.8], [0, 1]], dtype=np.float32)
    found = nearest_of(np.array([9, 4, 2, 7]), vectors, np.array([1, 0], dtype=np.float32), 3)
    assert [row for row, _ in found] == [4, 2, 9]
    assert [score for _, score in found] == pytest.approx([1, 0.6, 0.6], abs=1e-7)


@given(seed=st.integers(0, 999), k=st.integers(1, 40))
def test_the_order_is_that_of_all_rows_however_few_are_compared_at_once(seed: int, k: int) -> None:
    chance = np.random.default_rng(seed)
    vectors = chance.normal(size=(40, 24)).astype(np.float32)
    vectors[chance.integers(40, size=5)] = vectors[0]
    embedding = chance.normal(size=24).astype(np.float32)
    rows = chance.permutation(40)
    whole = nearest_of(np.arange(40), vectors, embedding, 40)
    assert nearest_of(rows, vectors[rows], embedding, k) == whole[:k]
