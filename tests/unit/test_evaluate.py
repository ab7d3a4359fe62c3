"""Labelled questions, and what makes an answer to one right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from roleqa.assistant import Assistant
from roleqa.errors import LabelError
from roleqa.evaluate.judge import first_quote_right, gold_complete
from roleqa.evaluate.questions import LabelledQuestion, load_questions

LAMP = {"document": "harbour.md", "quote": "lights the lamp"}
LEAVE = ({"document": "harbour.md", "quote": "Six weeks"}, {"document": "harbour.md", "quote": "Four weeks in summer"})


def label(**changes: object) -> str:
    return json.dumps({"query_id": "q1", "question": "Who?", "answerable": True, "gold": [LAMP]} | changes)


def load(tmp_path: Path, assistant: Assistant, *lines: str) -> tuple[LabelledQuestion, ...]:
    file = tmp_path / "labels.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    return load_questions(file, assistant._retriever.index.documents)


def test_gold_is_found_by_its_quote(tmp_path: Path, assistant: Assistant) -> None:
    (question,) = load(tmp_path, assistant, label(), "")
    text = assistant._retriever.index.documents["harbour.md"].text
    assert [text[gold.start : gold.end] for gold in question.gold] == ["lights the lamp"]
    assert (question.kind, question.history, question.answerable) == ("direct", (), True)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        pytest.param(["{"], "line 1", id="not JSON"),
        pytest.param([label(), label()], "line 2: the query_id 'q1' occurs twice", id="twice"),
        pytest.param([label(gold=[LAMP | {"quote": "nowhere"}])], "the quote 'nowhere' is not in harbour.md", id="quote"),
        pytest.param([label(gold=[LAMP | {"document": "x.md"}])], "no document 'x.md'; it has: harbour.md", id="document"),
        pytest.param([label(gold=[])], "needs a gold quote", id="no gold"),
        pytest.param([label(answerable=False)], "it has gold, yet no answer", id="gold for nothing"),
        pytest.param(['{"query_id": "q"}'], "it has no 'answerable'", id="key missing"),
        pytest.param([""], "holds no labelled question", id="empty"),
    ],
)
def test_a_bad_label_is_one_clear_error(tmp_path: Path, assistant: Assistant, lines: list[str], message: str) -> None:
    with pytest.raises(LabelError) as caught:
        load(tmp_path, assistant, *lines)
    assert message in str(caught.value)


def test_one_gold_quote_is_enough_but_for_comparisons_and_lists(tmp_path: Path, assistant: Assistant) -> None:
    lines = [label(query_id=kind, kind=kind, gold=LEAVE) for kind in ("direct", "comparison", "list")]
    direct, comparison, listed = load(tmp_path, assistant, *lines)
    one = assistant.ask("How many weeks of leave in winter?", role="keeper")
    both = assistant.ask("Compare the leave of keepers and pilots")
    assert first_quote_right(direct, one)
    assert [gold_complete(question, one) for question in (direct, comparison, listed)] == [True, False, False]
    assert [gold_complete(question, both) for question in (direct, comparison, listed)] == [True, True, True]
    assert not first_quote_right(direct, assistant.ask("Which zeppelin bombed Antwerp?"))
