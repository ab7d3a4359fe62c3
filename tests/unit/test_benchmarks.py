"""The labels of the benchmarks, converted to ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.squad_labels import build, labelled_sample, rows_with_gold, sample, to_labelled
from fakes import WordEncoder
from roleqa.evaluate.questions import Gold
from roleqa.index.load import load_index

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
