"""What is done otherwise where an index is large, at sizes that a test can afford: the limits are lowered."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from benchmarks.durability import make_corpus
from fakes import OverlapReader, WordEncoder
from roleqa.assistant import Assistant, build_index, verify_index
from roleqa.errors import IndexDamagedError, RoleqaError
from roleqa.index import changes, faiss_store, integrity, record_file, topics, vocabulary
from roleqa.index.changes import ChangeWatch
from roleqa.index.faiss_store import FaissStore
from roleqa.index.layout import IndexFolder
from roleqa.index.load import load_index
from roleqa.index.manifest import Manifest
from roleqa.index.recall import DEPTH, LEAST_RECALL, QUERIES, nearest_others
from roleqa.index.word_rows import WordRows
from roleqa.report import print_build, print_status
from roleqa.settings import Settings
from roleqa.types import Evidence, Passage


def near_each_other(count: int, seed: int, dimensions: int = 32) -> np.ndarray:
    """Unit vectors around 60 centres, as texts lie around their topics."""
    centres = np.random.default_rng(1).normal(size=(60, dimensions))
    chance = np.random.default_rng(seed)
    rows = centres[chance.integers(0, 60, count)] + 0.5 * chance.normal(size=(count, dimensions))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


ROWS, QUESTIONS = near_each_other(5000, seed=2), near_each_other(100, seed=3)


@pytest.fixture(scope="module")
def listed() -> FaissStore:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(faiss_store, "EXACT_UP_TO", 1000)
        return FaissStore.build(ROWS)


@pytest.fixture(params=["built", "loaded", "mapped"])
def store(
    request: pytest.FixtureRequest, listed: FaissStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FaissStore:
    if request.param == "built":
        return listed
    monkeypatch.setattr(record_file, "IN_MEMORY", 0 if request.param == "mapped" else 10**9)
    listed.save(tmp_path / "vectors.faiss")
    return FaissStore.load(tmp_path / "vectors.faiss")


def test_lists_find_nearly_what_brute_force_finds(store: FaissStore) -> None:
    exact = np.argsort(-(QUESTIONS @ ROWS.T), axis=1)[:, :10]
    found = [[row for row, _ in store.search(question, 10)] for question in QUESTIONS]
    shares = [len(set(own) & set(best)) / 10 for own, best in zip(found, exact.tolist(), strict=True)]
    assert np.mean(shares) >= 0.98
    assert np.mean([own[0] == best[0] for own, best in zip(found, exact, strict=True)]) >= 0.98


def test_scores_are_the_exact_cosines_best_first(store: FaissStore) -> None:
    for question in QUESTIONS[:10]:
        ranking = store.search(question, 50)
        rows, scores = [row for row, _ in ranking], [score for _, score in ranking]
        assert len(set(rows)) == 50
        assert scores == sorted(scores, reverse=True)
        assert scores == pytest.approx((ROWS[rows] @ question).tolist(), abs=1e-6)


def test_the_exact_embeddings_stay_what_they_were(store: FaissStore) -> None:
    assert np.array_equal(store.embeddings(), ROWS)
    assert np.array_equal(store.embeddings(17, 19), ROWS[17:19])
    assert (len(store), store.dimensions) == ROWS.shape


def test_more_than_the_lists_hold_is_looked_for_one_by_one(store: FaissStore) -> None:
    assert [row for row, _ in store.search(QUESTIONS[0], 9999)] == np.argsort(-(ROWS @ QUESTIONS[0]), kind="stable").tolist()


def test_the_build_says_how_and_how_well(listed: FaissStore) -> None:
    how = listed.how
    assert how.method.startswith("IVF283,SQ8: ")
    assert how.reason == "5,000 passages; more than 50,000 would take too long one by one"
    assert LEAST_RECALL <= how.recall <= 1
    assert how.queries == QUERIES == 200


def test_recall_is_that_of_rows_left_out_of_what_they_find(listed: FaissStore) -> None:
    asked = np.random.default_rng(7).choice(len(ROWS), 100, replace=False)
    scores = ROWS[asked] @ ROWS.T
    scores[np.arange(100), asked] = -2
    exact = np.argsort(-scores, axis=1)[:, :DEPTH]
    assert [sorted(own) for own in nearest_others(ROWS, asked)] == np.sort(exact, axis=1).tolist()


def test_the_same_rows_give_the_same_files(listed: FaissStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss_store, "EXACT_UP_TO", 1000)
    for name, made in (("first", listed), ("second", FaissStore.build(ROWS))):
        (tmp_path / name).mkdir()
        made.save(tmp_path / name / "vectors.faiss")
    for file in ("vectors.faiss", "vectors.npy"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


@pytest.mark.parametrize("in_memory", [0, 10**9])
def test_rows_outlive_their_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: int) -> None:
    monkeypatch.setattr(record_file, "IN_MEMORY", in_memory)
    FaissStore.build(ROWS[:300]).save(tmp_path / "vectors.faiss")
    rows = FaissStore.load(tmp_path / "vectors.faiss").embeddings(100, 200)
    (tmp_path / "vectors.faiss").unlink()
    assert np.array_equal(rows, ROWS[100:200])


def test_lists_and_embeddings_must_fit(listed: FaissStore, tmp_path: Path) -> None:
    listed.save(tmp_path / "vectors.faiss")
    np.save(tmp_path / "vectors.npy", ROWS[:-1])
    with pytest.raises(IndexDamagedError, match=r"vectors\.npy does not hold the embeddings"):
        FaissStore.load(tmp_path / "vectors.faiss")
    (tmp_path / "vectors.npy").unlink()
    with pytest.raises(IndexDamagedError, match=r"vectors\.npy cannot be read"):
        FaissStore.load(tmp_path / "vectors.faiss")


@pytest.fixture
def large(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An index of some 240 passages that is searched and checked as a large one is."""
    monkeypatch.setattr(faiss_store, "EXACT_UP_TO", 100)
    monkeypatch.setattr(integrity, "WHOLE", 0)
    monkeypatch.setattr(integrity, "SMALL", 0)
    monkeypatch.setattr(record_file, "IN_MEMORY", 0)
    make_corpus(settings.corpus, 80)
    build_index(settings, encoder=WordEncoder())
    return settings


def load(settings: Settings) -> Assistant:
    return Assistant.load(settings, encoder=WordEncoder(), reader=OverlapReader())


def test_a_large_index_answers_is_whole_and_is_brought_up_to_date(large: Settings) -> None:
    answer = load(large).ask("When does a lighthouse keeper light the lamp?")
    assert answer.citations[0].quote == "A lighthouse keeper lights the lamp at dusk."
    assert verify_index(large, encoder=WordEncoder()).is_whole
    (large.corpus / "ferry.txt").write_text("The ferry sails at noon.")
    report = build_index(large, encoder=WordEncoder())
    assert (report.encoded, report.kept) == (1, 81)
    made = files(large)
    build_index(large, full=True, encoder=WordEncoder())
    assert files(large) == made


def files(settings: Settings) -> dict[str, bytes]:
    live = IndexFolder(settings.index).live()
    return {file.relative_to(live.path).as_posix(): file.read_bytes() for file in live.files()}


def test_status_and_build_say_how_vectors_are_searched(large: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    report = build_index(large, full=True, encoder=WordEncoder())
    status = load(large).status()
    assert status.vectors == report.vectors == Manifest.load(IndexFolder(large.index).live().manifest).vectors
    assert status.to_dict()["vectors"]["recall"] == report.to_dict()["vectors"]["recall"] >= LEAST_RECALL
    print_build(report)
    print_status(status)
    said = " ".join(capsys.readouterr().out.split())
    assert said.count(f"recall@10 {report.vectors.recall:.3f} of 200 passages") == 2
    assert said.count("faiss, IVF") == 2


def test_a_flipped_byte_never_becomes_a_wrong_quote(large: Settings) -> None:
    """Not every byte of a large index is checked when it is opened; what answers are made from is, when it is read."""
    chance = random.Random(4)
    questions = ("When does a lighthouse keeper light the lamp?", "How much leave does a harbour pilot get?")
    expected = [shown(load(large), question)[0] for question in questions]
    live = IndexFolder(large.index).live()
    refused = answered = 0
    for file in live.files():
        content = file.read_bytes()
        for _ in range(6 if file.name in ("texts.txt", "passages.jsonl") else 3):
            place = chance.randrange(len(content))
            file.write_bytes(content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :])
            try:
                assistant = load(large)
                for question, quote in zip(questions, expected, strict=True):
                    found = shown(assistant, question)
                    for document, start, end, said in found:
                        assert (large.corpus / document).read_text()[start:end] == said
                    answered += found[0] == quote
            except RoleqaError:
                refused += 1
        file.write_bytes(content)
    assert refused >= 6
    assert answered >= 20


def shown(assistant: Assistant, question: str) -> list[tuple[str, int, int, str]]:
    """What is quoted, and where it stands."""
    answer = assistant.ask(question)
    quotes = (*answer.citations, *answer.closest)
    return [(own.passage.document_id, own.evidence.start, own.evidence.end, own.quote) for own in quotes]


def test_a_file_of_another_size_is_refused_however_large(large: Settings) -> None:
    file = IndexFolder(large.index).live().path / "evidence.npy"
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(IndexDamagedError, match=r"evidence\.npy is not what was written \(it has \d+ bytes, not \d+\)"):
        load_index(large.index, "words")


def test_a_quote_s_document_is_checked_when_it_is_read(large: Settings) -> None:
    file = IndexFolder(large.index).live().texts
    file.write_bytes(file.read_bytes().replace(b"lamp at dusk", b"lamp at dawn"))
    with pytest.raises(IndexDamagedError, match=r"record \d+ of .*texts\.txt is not what was written"):
        load(large).ask("When does a lighthouse keeper light the lamp?")
    found = verify_index(large, encoder=WordEncoder())
    assert [damage.file for damage in found.damages] == ["texts.txt"]


def test_of_many_files_changes_are_told_after_a_pause(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    build_index(settings, encoder=WordEncoder())
    manifest = Manifest.load(IndexFolder(settings.index).live().manifest)
    clock = [100.0]
    monkeypatch.setattr(changes.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(changes, "FEW", 1)
    original = changes.corpus_signature

    def slow(corpus: Path) -> changes.Signature:
        clock[0] += 2.0
        return original(corpus)

    monkeypatch.setattr(changes, "corpus_signature", slow)
    watch = ChangeWatch()
    assert not watch.changes(manifest)
    (settings.corpus / "ferry.txt").write_text("The ferry sails at noon.")
    clock[0] += changes.PAUSE * 2.0 - 0.5
    assert not watch.changes(manifest)
    clock[0] += 1.0
    assert watch.changes(manifest).added == ("ferry.txt",)


def test_of_many_words_and_topics_the_most_frequent_and_evenly_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "MOST", 2)
    assert vocabulary.build_vocabulary(WordRows.of(["lamp ship lamp", "ship lamp tea"])) == {"lamp": "lamp", "ship": "ship"}
    monkeypatch.setattr(topics, "MOST", 4)
    passages = [Passage(f"p{row}", "a.md", (f"Heading {row}",), row, row + 1) for row in range(9)]
    evidence = [(Evidence(passage.id, passage.start, passage.end, "sentence"),) for passage in passages]
    assert topics.find_topics(passages, evidence) == ("Heading 0", "Heading 3", "Heading 6")
    assert json.dumps(topics.find_topics((), ())) == "[]"
