"""Embeddings in Milvus (Milvus Lite: the same client, without a server), held against FAISS and brute force."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from roleqa.errors import IndexDamagedError, MissingExtraError, StoreError
from roleqa.index import milvus_rows, milvus_server, milvus_store
from roleqa.index.faiss_store import FaissStore
from roleqa.index.milvus_server import MilvusServer
from roleqa.index.milvus_store import MilvusStore
from roleqa.types import silent

NAME = "test_20260102T030405000000Z"


def unit_rows(count: int, dimensions: int, seed: int = 3) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dimensions)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


# The last three passages have the same text as the first.
ROWS = unit_rows(300, 16)[[*range(297), 0, 0, 0]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> MilvusServer:
    return MilvusServer(str(tmp_path_factory.mktemp("milvus") / "lite.db"))


@pytest.fixture(scope="module", params=["FLAT", "HNSW"])
def built(request: pytest.FixtureRequest, server: MilvusServer) -> MilvusStore:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(milvus_store, "EXACT_UP_TO", 50_000 if request.param == "FLAT" else 100)
        return MilvusStore.build(server, f"{NAME}_{request.param}", ROWS, silent)


@pytest.fixture(params=["built", "loaded"])
def store(request: pytest.FixtureRequest, server: MilvusServer, built: MilvusStore, tmp_path: Path) -> MilvusStore:
    if request.param == "built":
        return built
    built.save(tmp_path / "vectors.milvus.json")
    return MilvusStore.load(server, tmp_path / "vectors.milvus.json")


@pytest.mark.parametrize("k", [1, 7, 40])
def test_milvus_finds_what_faiss_and_brute_force_find(store: MilvusStore, k: int) -> None:
    faiss = FaissStore.build(ROWS)
    for query in unit_rows(5, 16, seed=9):
        cosines = ROWS @ query
        expected = np.argsort(-cosines, kind="stable")[:k]
        found = store.search(query, k)
        assert [row for row, _ in found] == expected.tolist() == [row for row, _ in faiss.search(query, k)]
        assert [score for _, score in found] == pytest.approx(cosines[expected].tolist(), abs=1e-6)


def test_passages_of_one_text_share_a_row_and_are_all_found(store: MilvusStore) -> None:
    assert [row for row, _ in store.search(ROWS[0], 4)] == [0, 297, 298, 299]
    assert [row for row, _ in store.search(ROWS[0], 2)] == [0, 297]
    assert (len(store), store.collection.vectors, store.dimensions) == (300, 297, 16)


def test_rows_come_back_bit_for_bit(store: MilvusStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(milvus_store, "_ASKED", 50)
    assert np.array_equal(store.embeddings().view(np.int32), ROWS.view(np.int32))
    assert np.array_equal(store.embeddings(295, 299), ROWS[295:299])
    assert store.embeddings(3, 3).shape == (0, 16)


def test_rows_that_a_replica_does_not_know_yet_are_asked_for_again(store: MilvusStore, monkeypatch: pytest.MonkeyPatch) -> None:
    call, asked = MilvusServer.call, []

    def late(self: MilvusServer, name: str, *arguments: object, **named: object) -> object:
        asked.append(named["consistency_level"])
        found = call(self, name, *arguments, **named)
        return found[1:] if named["consistency_level"] == "Bounded" else found

    monkeypatch.setattr(MilvusServer, "call", late)
    assert np.array_equal(store.embeddings(3, 9), ROWS[3:9])
    assert asked == ["Bounded", "Strong"]


def test_it_finds_no_more_than_there_is(store: MilvusStore) -> None:
    assert sorted(row for row, _ in store.search(ROWS[5], 1000)) == list(range(300))


def test_it_says_how_it_searches_and_where(built: MilvusStore, server: MilvusServer) -> None:
    kind = built.collection.index
    assert built.how.store == "milvus"
    assert built.how.method == {"FLAT": "FLAT", "HNSW": "HNSW, 128 in view"}[kind]
    assert (built.how.recall, built.how.queries) == (1.0, 200)
    assert built.where == f"Milvus at {server.uri}, collection {NAME}_{kind}"


def test_ties_at_the_tenth_passage_count_as_found(server: MilvusServer) -> None:
    rows = np.eye(40, dtype=np.float32)  # to each, all others are equally near
    assert MilvusStore.build(server, "ties_20260102T030405000000Z", rows, silent).how.recall == 1.0


def test_a_build_goes_on_where_one_was_stopped(server: MilvusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(milvus_rows, "_SENT", 50 * 4 * 16)  # fifty rows at once
    call = MilvusServer.call
    sent: list[int] = []
    plugs = [100]

    def count(self: MilvusServer, name: str, *arguments: object, **named: object) -> object:
        if name == "upsert":
            if plugs and sum(sent) == plugs[0]:
                plugs.clear()
                raise StoreError("pulled the plug")
            sent.append(len(arguments[1]))
        return call(self, name, *arguments, **named)

    monkeypatch.setattr(MilvusServer, "call", count)
    with pytest.raises(StoreError, match="pulled the plug"):
        MilvusStore.build(server, "stopped", ROWS[:200], silent)
    assert sent == [50, 50]
    sent.clear()
    # Meanwhile the first ten passages have gone, and others have come.
    store = MilvusStore.build(server, "stopped", ROWS[10:240], silent)
    assert 230 - 100 <= sum(sent) <= 230 - 90
    assert np.array_equal(store.embeddings(), ROWS[10:240])
    assert sorted(row for row, _ in store.search(ROWS[0], 1000)) == list(range(230))


def test_what_has_another_index_is_gone_on_with(server: MilvusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MilvusStore.build(server, "grown", ROWS[:80], silent).collection.index == "FLAT"
    monkeypatch.setattr(milvus_store, "EXACT_UP_TO", 100)
    store = MilvusStore.build(server, "grown", ROWS, silent)
    assert store.collection.index == "HNSW"
    assert server._client.describe_index("grown", "embedding")["index_type"] == "HNSW"
    assert np.array_equal(store.embeddings(), ROWS)


def test_what_several_have_added_is_not_sent_again(server: MilvusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(milvus_rows, "_SENT", 50 * 4 * 16)
    told: list[tuple[str, int, int]] = []
    for first, end in ((0, 100), (60, 200), (60, 200)):  # the second one twice
        milvus_rows.add(server, "added", ROWS[first:end], lambda *step: told.append(step))
    assert told[:2] == [("storing", 0, 100), ("storing", 50, 100)]
    told.clear()
    store = MilvusStore.build(server, "added", ROWS[20:230], lambda *step: told.append(step))
    assert told == [("storing", 180, 210)]
    assert np.array_equal(store.embeddings(), ROWS[20:230])


@pytest.fixture
def small(server: MilvusServer, tmp_path: Path) -> Iterator[MilvusStore]:
    """A store of its own, to be damaged."""
    store = MilvusStore.build(server, "small_20260102T030405000000Z", ROWS[:20], silent)
    store.save(tmp_path / "vectors.milvus.json")
    yield store
    server.call("drop_collection", store.collection.name)


def test_a_row_that_is_lost_is_found_out(server: MilvusServer, small: MilvusStore, tmp_path: Path) -> None:
    server.call("delete", small.collection.name, ids=[milvus_rows.key_of(ROWS[7]).decode()])
    with pytest.raises(IndexDamagedError, match="holds 19 embeddings, not 20; run: roleqa build --full"):
        MilvusStore.load(server, tmp_path / "vectors.milvus.json")
    with pytest.raises(IndexDamagedError, match="has not the embeddings that were stored"):
        small.embeddings()
    assert np.array_equal(small.embeddings(8, 20), ROWS[8:20])


def test_a_row_that_is_not_what_was_stored_is_never_an_answer(server: MilvusServer, small: MilvusStore) -> None:
    key = milvus_rows.key_of(ROWS[7]).decode()
    server.call("upsert", small.collection.name, [{"key": key, "embedding": ROWS[250]}])
    with pytest.raises(StoreError, match="holds embeddings that were not stored; run: roleqa build --full"):
        small.search(ROWS[250], 3)
    with pytest.raises(IndexDamagedError, match="has not the embeddings that were stored"):
        small.embeddings(7, 8)


def test_a_collection_that_is_gone_is_damage(server: MilvusServer, tmp_path: Path) -> None:
    store = MilvusStore.build(server, "gone_20260102T030405000000Z", ROWS[:5], silent)
    store.save(tmp_path / "vectors.milvus.json")
    server.call("drop_collection", store.collection.name)
    with pytest.raises(IndexDamagedError, match=r"has no collection gone_20260102T030405000000Z; run: roleqa"):
        MilvusStore.load(server, tmp_path / "vectors.milvus.json")
    with pytest.raises(StoreError, match="refuses to search"):
        store.search(ROWS[0], 3)


@pytest.mark.parametrize("name", ["vectors.milvus.json", "vectors.keys.npy", "vectors.order.npy"])
def test_files_that_are_damaged_say_so(server: MilvusServer, small: MilvusStore, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"garbage")
    with pytest.raises(IndexDamagedError, match=rf"{name} cannot be read; run: roleqa build --full"):
        MilvusStore.load(server, tmp_path / "vectors.milvus.json")


def test_a_server_that_finds_little_is_refused_after_a_while(server: MilvusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(milvus_store, "SETTLING", 0.0)
    monkeypatch.setattr(milvus_store, "recall_of", lambda *_: 0.36)
    with pytest.raises(StoreError, match=r"finds only 0\.36 of the nearest.*interimIndex\.enableIndex to false"):
        MilvusStore.build(server, "blind_20260102T030405000000Z", ROWS[:5], silent)


class Flaky:
    """Fails so many times before it answers."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.left, self.error = failures, error

    def __call__(self, *, timeout: float) -> str:
        assert 0 < timeout <= 2
        self.left -= 1
        if self.left >= 0:
            raise self.error
        return "answer"


@pytest.fixture
def patient(server: MilvusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MilvusServer:
    pauses: list[float] = []
    monkeypatch.setattr(milvus_server.time, "sleep", pauses.append)
    monkeypatch.setattr(milvus_server.random, "uniform", lambda _, high: high)
    own = MilvusServer(server.uri, patience=2)
    own.pauses = pauses  # type: ignore[attr-defined]
    return own


def test_a_server_that_is_away_for_a_moment_is_asked_again(patient: MilvusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from pymilvus.exceptions import MilvusException

    monkeypatch.setattr(patient._client, "list_collections", Flaky(4, MilvusException(101, "collection not loaded")))
    assert patient.call("list_collections") == "answer"
    assert patient.pauses == [0.05, 0.1, 0.2, 0.4]


def test_what_asking_again_cannot_mend_is_said_at_once(patient: MilvusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from pymilvus.exceptions import MilvusException

    monkeypatch.setattr(patient._client, "list_collections", Flaky(1, MilvusException(1400, "wrong\npassword")))
    with pytest.raises(StoreError, match=r"Milvus at \S+ refuses to list_collections \(wrong password\)"):
        patient.call("list_collections")
    assert patient.pauses == []


def test_a_server_that_has_just_been_started_is_said_to_be(patient: MilvusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from pymilvus.exceptions import MilvusException

    clock = iter(range(100))
    monkeypatch.setattr(milvus_server.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(patient._client, "search", Flaky(9, MilvusException(101, "collection not loaded[collection=4]")))
    with pytest.raises(StoreError, match="is still reading its data; try again in half a minute"):
        patient.call("search")


def test_a_server_that_stays_away_is_one_clear_error() -> None:
    with pytest.raises(StoreError, match=r"Milvus at http://127\.0\.0\.1:1 does not answer .*; start it, or .*ROLEQA_URI"):
        MilvusServer("http://127.0.0.1:1", patience=0.3)


def test_without_pymilvus_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'roleqa\[milvus\]'"):
        MilvusServer("http://127.0.0.1:1")
