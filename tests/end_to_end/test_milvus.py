"""A real Milvus server: filled by three processes, held against FAISS and brute force, killed and started again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from servers import ENVIRONMENT, REPOSITORY

from milvus_standalone import Standalone
from roleqa import Assistant, Settings, build_index
from roleqa.errors import StoreError
from roleqa.index import milvus_store
from roleqa.index.faiss_store import FaissStore
from roleqa.index.layout import IndexFolder
from roleqa.index.milvus_collections import Collection
from roleqa.index.milvus_server import MilvusServer
from roleqa.index.milvus_store import MilvusStore
from roleqa.types import silent

pytest.importorskip("milvus", reason="there is no package of the server for this machine")
# One worker may have to wait for another's server.
pytestmark = pytest.mark.timeout(900)

LABELS = (REPOSITORY / "tests/eval/questions.jsonl").read_text(encoding="utf-8").splitlines()
QUESTIONS = [json.loads(line)["question"] for line in LABELS]
# Everything behind the vectors is the same code: all questions are held against FAISS by their passages, some by answers.
ASKED = QUESTIONS[::15]


@pytest.fixture(scope="module")
def standalone(tmp_path_factory: pytest.TempPathFactory, of_all_workers: Path) -> Iterator[Standalone]:
    # A machine has room for one, whose parts talk to each other on a port that no setting changes.
    with FileLock(of_all_workers / "milvus.lock"):
        server = Standalone(tmp_path_factory.mktemp("milvus"))
        try:
            server.start()
            yield server
        finally:
            server.kill()


@pytest.fixture(scope="module")
def shares(standalone: Standalone, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The shipped corpus, each third of it encoded and sent by a process of its own."""
    folder = tmp_path_factory.mktemp("shares")
    shares = [folder / f"share-{number}" for number in (1, 2, 3)]
    # Other tests' proxy, which stands for the world, is not for what is on this machine.
    environment = ENVIRONMENT | {"no_proxy": "127.0.0.1"} | {f"ROLEQA_{name.upper()}": value for name, value in in_server(standalone).items()}
    command = (sys.executable, "-m", "roleqa", "build", "--corpus", REPOSITORY / "corpus")
    workers = [
        subprocess.Popen([*command, "--index", share, "--share", f"{number}/3"], env=environment)
        for number, share in enumerate(shares, start=1)
    ]
    assert [worker.wait(timeout=300) for worker in workers] == [0, 0, 0]
    return shares


@pytest.fixture(scope="module")
def in_milvus(shares: list[Path], standalone: Standalone, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The shares, gathered and published."""
    settings = Settings(corpus=REPOSITORY / "corpus", index=tmp_path_factory.mktemp("milvus-index"), **in_server(standalone))
    told: list[str] = []
    report = build_index(settings, gather=shares, progress=lambda stage, *_: told.append(stage))
    assert (report.encoded, report.vectors.store) == (0, "milvus")
    assert "storing" not in told  # there was nothing left to send
    return settings


@pytest.fixture(scope="module")
def in_faiss(shares: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The same, in FAISS: the embeddings are the same, to the bit."""
    settings = Settings(corpus=REPOSITORY / "corpus", index=tmp_path_factory.mktemp("faiss-index"))
    assert build_index(settings, gather=shares).encoded == 0
    return settings


def in_server(standalone: Standalone) -> dict[str, Any]:
    return {"store": "milvus", "uri": standalone.uri, "collection": "shipped"}


def answers(assistant: Assistant) -> list[dict[str, Any]]:
    found = [assistant.ask(question).to_dict() for question in ASKED]
    for answer in found:
        del answer["index"], answer["seconds"]
    return found


def name_of_live(settings: Settings) -> str:
    return Collection.load(IndexFolder(settings.index).live().milvus).name


def test_three_processes_fill_one_collection_and_one_publishes_it(in_milvus: Settings, standalone: Standalone) -> None:
    server = MilvusServer(standalone.uri)
    assert server.collection_of("shipped") == name_of_live(in_milvus)
    assert [name for name in server.call("list_collections") if name.startswith("shipped")] == [name_of_live(in_milvus)]


def test_the_labelled_questions_find_the_same_passages_and_answers(in_faiss: Settings, in_milvus: Settings) -> None:
    flat, milvus = (Assistant.load(settings) for settings in (in_faiss, in_milvus))
    assert milvus.status().store.startswith("Milvus at http://127.0.0.1:")
    for question in QUESTIONS:
        (rows, scores), (own, cosines) = (zip(*one.retriever.dense(question, 30), strict=True) for one in (flat, milvus))
        assert own == rows
        assert cosines == pytest.approx(scores, abs=1e-6)
    assert answers(milvus) == answers(flat)


def test_killed_and_started_again_it_gives_the_same_quotes(in_milvus: Settings, standalone: Standalone) -> None:
    assistant = Assistant.load(in_milvus)
    before = answers(assistant)
    assert sum(answer["answered"] for answer in before) > len(before) / 2
    embeddings = assistant.retriever.index.vectors.embeddings()
    standalone.kill()
    with pytest.raises(StoreError, match=rf"Milvus at {standalone.uri} does not answer .*; start it"):
        assistant.ask(ASKED[0])
    standalone.start()
    begun = Assistant.load(in_milvus)  # waits until the server has read its data again
    for one in (begun, assistant):
        assert answers(one) == before
        assert np.array_equal(one.retriever.index.vectors.embeddings().view(np.int32), embeddings.view(np.int32))


def test_a_rebuild_switches_the_alias_and_drops_what_is_old(in_milvus: Settings, standalone: Standalone, tmp_path: Path) -> None:
    server = MilvusServer(standalone.uri)
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    settings = in_milvus.model_copy(update={"corpus": corpus, "index": tmp_path / "index", "collection": "tides"})
    seen = []
    for edition in range(3):
        (corpus / "tides.md").write_text(f"# Tides\n\nEdition {edition} of the tide tables is out.\n", encoding="utf-8")
        build_index(settings)
        seen.append(name_of_live(settings))
        assert server.collection_of("tides") == seen[-1]
    assert sorted(name for name in server.call("list_collections") if name.startswith("tides_")) == seen[1:]
    assert Assistant.load(settings).search("tide tables", mode="dense")[0].text == "Edition 2 of the tide tables is out."


@pytest.mark.parametrize("kind", ["FLAT", "HNSW"])
def test_it_finds_what_faiss_and_brute_force_find(standalone: Standalone, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(milvus_store, "EXACT_UP_TO", 50_000 if kind == "FLAT" else 100)
    chance = np.random.default_rng(3)
    rows = chance.normal(size=(6000, 64)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    store = MilvusStore.build(MilvusServer(standalone.uri), f"brute_{kind}", rows, silent)
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
