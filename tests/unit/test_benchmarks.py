"""The labels of the benchmarks, converted to ours."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.cached_models import CachedReader
from benchmarks.made import MADE, make_content
from benchmarks.squad_labels import build, labelled_sample, rows_with_gold, sample, to_labelled
from benchmarks.strategies import NoReader, by_reading, passages_only, reciprocal_ranks, with_settings
from fakes import OverlapReader, WordEncoder
from roleqa.assistant import Assistant, build_index
from roleqa.evaluate.questions import Gold
from roleqa.index.content import parts_of
from roleqa.index.load import load_index
from roleqa.protocols import PieceReading
from roleqa.settings import Settings
from roleqa.types import MatchText

TEXT = "# Force\n\nNewton wrote of force. Long before Newton, Aristotle had.\n\nLater Einstein corrected Newton.\n"


def label(query_id: str, *answers: tuple[int, str]) -> dict[str, Any]:
    return {
        "query_id": query_id,
        "question": f" Who is asked about in {query_id}? ",
        "document": "force.md",
        "answerable": bool(answers),
        "paragraph": [9, 66],
        "answers": [{"start": start, "text": text} for start, text in answers],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "force.md").write_text(TEXT, encoding="utf-8")
    second = TEXT.index("Newton", 20)
    labels = [label("a", (second, "Newton")), label("b"), label("c", (TEXT.index("Einstein"), "Einstein")), label("d")]
    lines = "".join(json.dumps(item) + "\n" for item in labels)
    (tmp_path / "questions.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


def test_every_answer_is_gold_once() -> None:
    spans = ((9, "Newton"), (9, "Newton wrote"), (9, "Newton"))
    assert to_labelled(label("a", *spans)) == {
        "query_id": "a",
        "question": "Who is asked about in a?",
        "history": [],
        "answerable": True,
        "kind": "direct",
        "gold": [
            {"document": "force.md", "quote": "Newton", "start": 9},
            {"document": "force.md", "quote": "Newton wrote", "start": 9},
        ],
    }


def test_an_unanswerable_question_has_no_gold() -> None:
    converted = to_labelled(label("b"))
    assert (converted["kind"], converted["gold"]) == ("unanswerable-near", [])


def test_a_sample_is_half_answerable_and_the_same_for_a_seed() -> None:
    labels = [label(f"a{i}", (9, "Newton")) for i in range(20)] + [label(f"u{i}") for i in range(3)]
    drawn = sample(labels, 5, seed=7)
    assert [item["answerable"] for item in drawn] == [True] * 5 + [False] * 3
    assert len({item["query_id"] for item in drawn}) == 8
    assert drawn == sample(labels, 5, seed=7) != sample(labels, 5, seed=8)


def test_gold_is_the_occurrence_that_is_marked(folder: Path, tmp_path: Path) -> None:
    encoder = WordEncoder(window=8)
    settings = build(folder, tmp_path / "index", encoder)
    index = load_index(settings.index, encoder.fingerprint)
    questions = {question.query_id: question for question in labelled_sample(folder, index, 4, seed=7)}
    start = TEXT.index("Newton", 20)
    assert questions["a"].gold == (Gold("force.md", start, start + 6),)
    (row,) = rows_with_gold(index, questions["a"])
    assert index.text(index.passages[row], "force.md") == "Long before Newton, Aristotle had."
    assert not rows_with_gold(index, questions["b"])


def test_made_passages_lie_in_their_documents_and_near_their_sentences(settings: Settings, tmp_path: Path) -> None:
    build_index(settings, encoder=WordEncoder())
    parts = list(parts_of(load_index(settings.index, "words")).values())
    made = make_content(parts, 160, tmp_path)
    assert list(made.documents) == sorted(made.documents) == ["harbour.md", *(f"{MADE}000/{i:06}.md" for i in range(4))]
    assert len(made.passages) == len(made.evidence) == len(made.passage_texts) == len(made.embeddings.passages) == 160
    sentences = {parts[0].document.text[item.start : item.end] for own in parts[0].evidence for item in own}
    lengths = np.linalg.norm(made.embeddings.passages, axis=1)
    assert lengths == pytest.approx(np.ones(160), abs=1e-5)
    at = sum(map(len, made.evidence[:4]))
    for row in range(4, 160):
        passage, own = made.passages[row], made.evidence[row]
        text = made.documents[passage.document_id].text
        quotes = [text[item.start : item.end] for item in own]
        assert set(quotes) <= sentences
        assert text[passage.start : passage.end] == " ".join(quotes)
        nearness = made.embeddings.evidence[at : at + len(own)].astype(np.float32) @ made.embeddings.passages[row]
        assert nearness.mean() > 0.4
        at += len(own)
    assert at == len(made.embeddings.evidence)


class CountingReader(OverlapReader):
    """Counts the passages that it reads."""

    count = 0

    def read(self, question: str, passages: Sequence[MatchText]) -> list[tuple[PieceReading, ...]]:
        self.count += len(passages)
        return super().read(question, passages)


def test_a_cached_reader_reads_each_pair_once(assistant: Assistant) -> None:
    counting = CountingReader()
    cached = CachedReader(counting)
    for _ in range(2):
        for question in ("Who lights the lamp?", "Who boards ships?"):
            retriever = replace(assistant.retriever, reader=cached)
            assert retriever.read(question) == assistant.retriever.read(question)
    assert counting.count == 2 * len(assistant.retriever.index.passages)
    assert cached.fingerprint == "overlap"


def test_ways_to_find_what_answers(assistant: Assistant) -> None:
    retriever, question = assistant.retriever, "Who lights the lamp at dusk?"
    index = retriever.index
    by_reader = by_reading(retriever)(question)
    assert by_reader.quote
    row, evidence = by_reader.quote
    assert index.text(evidence, index.passages[row].document_id) == "A lighthouse keeper lights the lamp at dusk."
    assert sorted(by_reader.rows) == [0, 1, 2, 3]
    for rank in (retriever.bm25, retriever.dense, retriever.hybrid):
        assert passages_only(rank)(question).rows[0] == by_reader.rows[0] == row
        assert passages_only(rank)(question).quote is None
    assert reciprocal_ranks(retriever)(question).rows[0] == row
    # Without a reader, the likeliest guess is what is quoted.
    guess = by_reading(replace(retriever, reader=NoReader()))(question)
    likeliest = max(retriever.read(question).evidence, key=lambda item: item.candidate.prior)
    assert guess.quote == (likeliest.row, likeliest.candidate.evidence)
    assert with_settings(retriever, num_passages=3).settings.num_passages == 3
