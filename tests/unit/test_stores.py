"""Both stores against brute force, before and after a round trip to disk."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from roleqa.errors import IndexDamagedError
from roleqa.index import bm25_store as bm25_store_module
from roleqa.index.bm25_store import K1, B, Bm25Store
from roleqa.index.faiss_store import FaissStore
from roleqa.index.terms import terms
from roleqa.index.word_rows import WordRows

TEXTS = (
    "the keeper lights the lamp",
    "the pilot boards the ship",
    "the lamp of the ship is the lamp of the harbour",
    "nothing here",
)


def unit_rows(count: int, dimensions: int) -> np.ndarray:
    rows = np.random.default_rng(3).normal(size=(count, dimensions)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def bm25_by_hand(query: str) -> dict[int, float]:
    """Lucene's BM25 (Robertson and Zaragoza 2009, with idf kept positive), straight from the formula."""
    documents = [Counter(terms(text)) for text in TEXTS]
    lengths = [sum(document.values()) for document in documents]
    mean = sum(lengths) / len(lengths)
    scores = dict.fromkeys(range(len(TEXTS)), 0.0)
    for term in terms(query):
        holders = sum(term in document for document in documents)
        idf = math.log(1 + (len(TEXTS) - holders + 0.5) / (holders + 0.5))
        for row, document in enumerate(documents):
            count = document[term]
            scores[row] += idf * count / (count + K1 * (1 - B + B * lengths[row] / mean))
    return scores


@pytest.fixture(params=["built", "loaded"])
def faiss_store(request: pytest.FixtureRequest, tmp_path: Path) -> FaissStore:
    store = FaissStore.build(unit_rows(50, 8))
    if request.param == "loaded":
        store.save(tmp_path / "vectors.faiss")
        store = FaissStore.load(tmp_path / "vectors.faiss")
    return store


@pytest.fixture(params=["built", "loaded"])
def bm25_store(request: pytest.FixtureRequest, tmp_path: Path) -> Bm25Store:
    store = Bm25Store.build(WordRows.of(TEXTS))
    if request.param == "loaded":
        store.save(tmp_path / "bm25")
        store = Bm25Store.load(tmp_path / "bm25")
    return store


def test_faiss_finds_what_brute_force_finds(faiss_store: FaissStore) -> None:
    rows = unit_rows(50, 8)
    query = unit_rows(51, 8)[50]
    cosines = rows @ query
    expected = np.argsort(-cosines)[:7]
    found = faiss_store.search(query, 7)
    assert [row for row, _ in found] == expected.tolist()
    assert [score for _, score in found] == pytest.approx(cosines[expected].tolist(), abs=1e-6)


def test_faiss_gives_back_its_rows_and_no_more_than_it_has(faiss_store: FaissStore) -> None:
    assert np.array_equal(faiss_store.embeddings(), unit_rows(50, 8))
    assert len(faiss_store.search(unit_rows(1, 8)[0], 500)) == len(faiss_store) == 50
    assert faiss_store.dimensions == 8


@pytest.mark.parametrize("query", ["lamp", "the lamp of a ship", "Lamps, SHIPS"])
def test_bm25_scores_are_the_formula_s(bm25_store: Bm25Store, query: str) -> None:
    expected = {row: score for row, score in bm25_by_hand(query).items() if score > 0}
    assert dict(bm25_store.search(query, 10)) == pytest.approx(expected, rel=1e-5)


def test_bm25_ranks_and_limits(bm25_store: Bm25Store) -> None:
    assert [row for row, _ in bm25_store.search("lamp", 10)] == [2, 0]
    assert [row for row, _ in bm25_store.search("lamp", 1)] == [2]


def test_bm25_knows_nothing_of_unknown_words(bm25_store: Bm25Store) -> None:
    assert bm25_store.search("zeppelin", 5) == ()
    assert bm25_store.search("", 5) == ()


def test_document_frequency(bm25_store: Bm25Store) -> None:
    assert [bm25_store.document_frequency(term) for term in ("lamp", "the", "pilot", "zeppelin")] == [2, 3, 1, 0]


def test_terms_that_everything_has_are_looked_up_last_and_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(5)
    words = [f"w{int(number)}" for number in chance.zipf(1.3, size=40_000) if number < 2000]
    texts = [" ".join(words[place : place + int(chance.integers(3, 40))]) for place in range(0, len(words) - 40, 30)]
    store = Bm25Store.build(WordRows.of(texts))
    for query in ("w1 w2 w3 w40", "w1 w700", "w900 w1 w1 w1 w2", "w1", "w3 w5 w8 w13 w21 w34"):
        for k in (1, 10, 5000):
            monkeypatch.setattr(bm25_store_module, "_SHORT", 10**9)
            expected = store.search(query, k)
            monkeypatch.setattr(bm25_store_module, "_SHORT", 1)
            assert store.search(query, k) == expected
            assert len(expected) == min(k, len(expected)) > 0


def test_ties_go_by_row_though_not_all_of_them_have_room() -> None:
    store = Bm25Store.build(WordRows.of(["tea", "lamp", "lamp ship", "lamp", "lamp"]))
    assert [row for row, _ in store.search("lamp", 2)] == [1, 3]
    assert [row for row, _ in store.search("lamp", 4)] == [1, 3, 4, 2]


def test_a_passage_is_held_by_its_own_terms(bm25_store: Bm25Store) -> None:
    assert [bm25_store.holds(row, TEXTS[0]) for row in range(4)] == [True, False, False, False]
    assert bm25_store.holds(1, "!")
    assert not bm25_store.holds(0, "zeppelin")


@pytest.mark.parametrize("content", [b"", b"garbage" * 100])
def test_damaged_stores_say_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "vectors.faiss").write_bytes(content)
    with pytest.raises(IndexDamagedError, match=r"vectors\.faiss.*roleqa build --full"):
        FaissStore.load(tmp_path / "vectors.faiss")
    with pytest.raises(IndexDamagedError, match="bm25.*roleqa build --full"):
        Bm25Store.load(tmp_path / "bm25")
