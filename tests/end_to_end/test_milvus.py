"""A real Milvus server: held against FAISS and brute force, asked by the labelled questions, killed and started again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from milvus_standalone import Standalone
from servers import REPOSITORY

from roleqa import Assistant, Settings, build_index
from roleqa.errors import StoreError
from roleqa.index import milvus_store
from roleqa.index.faiss_store import FaissStore
from roleqa.index.layout import IndexFolder
from roleqa.index.milvus_server import MilvusServer
from roleqa.index.milvus_store import Collection, MilvusStore
from roleqa.types import silent

pytest.importorskip("milvus", reason="the server is not installed: pip install 'roleqa[milvus-server]'")
pytestmark = [pytest.mark.milvus_server, pytest.mark.timeout(900)]

QUESTIONS = [json.loads(line)["question"] for line in (REPOSITORY / "tests/eval/questions.jsonl").read_text("utf-8").splitlines()]
# Everything behind the vectors is the same code: all questions are held against FAISS by their passages, some by answers.
ASKED = QUESTIONS[::15]


@pytest.fixture(scope="module")
def standalone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    server = Standalone(tmp_path_factory.mktemp("milvus"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def in_faiss(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(corpus=REPOSITORY / "corpus", index=tmp_path_factory.mktemp("faiss"))
    build_index(settings)
    return settings


@pytest.fixture(scope="module")
def in_milvus(in_faiss: Settings, standalone: Standalone, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    index = tmp_path_factory.mktemp("in-milvus")
    settings = in_faiss.model_copy(update={"index": index, "store": "milvus", "uri": standalone.uri, "collection": "shipped"})
    build_index(settings)
    return settings


def answers(assistant: Assistant) -> list[object]:
    found = [assistant.ask(question).to_dict() for question in ASKED]
    for answer in found:
        del answer["index"], answer["seconds"]
    return found


@pytest.mark.parametrize("kind", ["FLAT", "HNSW"])
def test_it_finds_what_faiss_and_brute_force_find(standalone: Standalone, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(milvus_store, "EXACT_UP_TO", 50_000 if kind == "FLAT" else 100)
    monkeypatch.setattr(milvus_store, "_SENT", 1_000_000)
    chance = np.random.default_rng(3)
    rows = chance.normal(size=(6000, 64)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows[-3:] = rows[0]
    store = MilvusStore.build(MilvusServer(standalone.uri), "held_20260102T030405000000Z", (), rows, silent)
    faiss = FaissStore.build(rows)
    assert store.collection.index == kind
    assert store.collection.recall >= 0.99
    assert np.array_equal(store.embeddings().view(np.int32), rows.view(np.int32))
    found = 0
    for query in (rows[::60] + chance.normal(scale=0.03, size=(100, 64))).astype(np.float32):
        query /= np.linalg.norm(query)
        expected = np.argsort(-(rows @ query), kind="stable")[:10].tolist()
        ranking = store.search(query, 10)
        assert [row for row, _ in faiss.search(query, 10)] == expected
        assert [score for _, score in ranking] == pytest.approx((rows @ query)[[row for row, _ in ranking]].tolist(), abs=1e-6)
        found += len({row for row, _ in ranking} & set(expected))
    assert found == 1000 if kind == "FLAT" else found >= 950


def test_the_labelled_questions_find_the_same_passages_and_answers(in_faiss: Settings, in_milvus: Settings) -> None:
    flat, milvus = (Assistant.load(settings) for settings in (in_faiss, in_milvus))
    for question in QUESTIONS:
        rankings = [one.retriever.dense(question, 30) for one in (flat, milvus)]
        (rows, scores), (own, cosines) = (zip(*ranking, strict=True) for ranking in rankings)
        assert own == rows
        assert cosines == pytest.approx(scores, abs=1e-6)
    assert answers(milvus) == answers(flat)


def test_killed_and_started_again_it_gives_the_same_quotes(in_milvus: Settings, standalone: Standalone) -> None:
    assistant = Assistant.load(in_milvus)
    before = answers(assistant)
    embeddings = assistant.retriever.index.vectors.embeddings()
    standalone.kill()
    assistant.retriever.index.vectors._server._patience = 1
    with pytest.raises(StoreError, match=rf"Milvus at {standalone.uri} does not answer .*; start it"):
        assistant.ask(ASKED[0])
    standalone.start()
    # The assistant that was there all the time, and one that begins now.
    assistant.retriever.index.vectors._server._patience = 120
    for one in (assistant, Assistant.load(in_milvus)):
        assert answers(one) == before
        assert np.array_equal(one.retriever.index.vectors.embeddings(), embeddings)


def test_a_rebuild_switches_the_alias_and_drops_what_is_old(
    in_milvus: Settings, standalone: Standalone, tmp_path: Path
) -> None:
    server = MilvusServer(standalone.uri)
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    settings = in_milvus.model_copy(update={"corpus": corpus, "index": tmp_path / "index", "collection": "tides"})
    seen = []
    for edition in range(3):
        (corpus / "tides.md").write_text(f"# Tides\n\nEdition {edition} of the tide tables is out.\n", encoding="utf-8")
        build_index(settings)
        seen.append(Collection.load(IndexFolder(settings.index).live().milvus).name)
        assert server.collection_of("tides") == seen[-1]
    assert sorted(name for name in server.call("list_collections") if name.startswith("tides_")) == seen[1:]
    assert Assistant.load(settings).search("tide tables", mode="dense")[0].text == "Edition 2 of the tide tables is out."
