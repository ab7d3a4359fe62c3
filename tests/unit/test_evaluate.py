"""Labelled questions, and what makes an answer to one right."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest

from roleqa.assistant import Assistant
from roleqa.errors import LabelError
from roleqa.evaluate.judge import (
    best_is_gold,
    evidence_is_gold,
    first_quote_right,
    gold_complete,
    holds_gold,
    is_exact,
)
from roleqa.evaluate.nearest import nearest_name, nearest_text
from roleqa.evaluate.questions import Gold, LabelledQuestion, load_questions
from roleqa.types import Document

LAMP = {"document": "harbour.md", "quote": "lights the lamp"}
LEAVE = ({"document": "harbour.md", "quote": "Six weeks"}, {"document": "harbour.md", "quote": "Four weeks in summer"})


def label(**changes: object) -> str:
    return json.dumps({"query_id": "q1", "question": "Who?", "answerable": True, "gold": [LAMP]} | changes)


def load(tmp_path: Path, assistant: Assistant, *lines: str) -> tuple[LabelledQuestion, ...]:
    file = tmp_path / "labels.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    return load_questions(file, assistant.retriever.index.documents)


def error(tmp_path: Path, assistant: Assistant, *lines: str) -> str:
    with pytest.raises(LabelError) as caught:
        load(tmp_path, assistant, *lines)
    return str(caught.value)


def test_gold_is_found_by_its_quote(tmp_path: Path, assistant: Assistant) -> None:
    (question,) = load(tmp_path, assistant, label(), "")
    text = assistant.retriever.index.documents["harbour.md"].text
    assert [text[gold.start : gold.end] for gold in question.gold] == ["lights the lamp"]
    assert (question.kind, question.history, question.answerable) == ("direct", (), True)


def test_a_file_as_other_programs_write_it(tmp_path: Path, assistant: Assistant) -> None:
    """A byte order mark, Windows line ends, a line separator inside a string, keys that say nothing here."""
    file = tmp_path / "labels.jsonl"
    line = label(question="Who\u2028lights it?", history=["Why?"], note=1).replace("\\u2028", "\u2028")
    file.write_bytes(b"\xef\xbb\xbf" + line.encode() + b"\r\n\r\n" + label(query_id="q2").encode() + b"\r\n")
    first, second = load_questions(file, assistant.retriever.index.documents)
    assert (first.question, first.history, second.query_id) == ("Who\u2028lights it?", ("Why?",), "q2")


def test_a_start_tells_which_of_two_occurrences_is_meant(tmp_path: Path, assistant: Assistant) -> None:
    text = assistant.retriever.index.documents["harbour.md"].text
    first, second = text.index("harbour pilot"), text.index("harbour pilot", text.index("harbour pilot") + 1)
    gold = {"document": "harbour.md", "quote": "harbour pilot"}
    assert load(tmp_path, assistant, label(gold=[gold]))[0].gold == (Gold("harbour.md", first, first + 13),)
    assert load(tmp_path, assistant, label(gold=[gold | {"start": second}]))[0].gold[0].start == second
    said = error(tmp_path, assistant, label(gold=[gold | {"start": second + 1}]))
    assert f"does not stand in harbour.md at {second + 1}; it stands at {first}" in said


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        pytest.param(["{"], "labels.jsonl, line 1, it is no JSON object", id="not JSON"),
        pytest.param(["[1]"], "line 1, it is no JSON object", id="not an object"),
        pytest.param([label(), label()], "line 2, q1: this query_id occurs before", id="twice"),
        pytest.param(
            [label(gold=[LAMP | {"quote": "lights a lamp"}])],
            "line 1, q1: the quote 'lights a lamp' does not stand in harbour.md; nearest is 'lights the lamp' at 53",
            id="quote",
        ),
        pytest.param([label(gold=[LAMP | {"quote": "0123456789"}])], "nothing there is like it", id="nothing like it"),
        pytest.param(
            [label(gold=[LAMP | {"document": "harbor.md"}])],
            "the index has no document 'harbor.md'; nearest is 'harbour.md'",
            id="document",
        ),
        pytest.param([label(gold=[])], "q1: it is answerable, yet has no gold quote", id="no gold"),
        pytest.param([label(answerable=False)], "q1: it has gold, yet is not answerable", id="gold for nothing"),
        pytest.param(['{"query_id": "q"}'], "line 1, q: it has no 'question'", id="key missing"),
        pytest.param(["{}"], "line 1, no query_id: it has no 'query_id'", id="no id"),
        pytest.param([label(answerable="false")], "'answerable': Input should be a valid boolean", id="not a boolean"),
        pytest.param([label(history="Why?")], "q1: 'history': ", id="history is no list"),
        pytest.param([label(gold=[LAMP | {"quote": ""}])], "q1: 'gold.0.quote': ", id="empty quote"),
        pytest.param([label(gold=[LAMP | {"start": -3}])], "q1: 'gold.0.start': ", id="negative start"),
        pytest.param([""], "holds no labelled question", id="empty"),
    ],
)
def test_a_bad_label_is_one_clear_error(tmp_path: Path, assistant: Assistant, lines: list[str], message: str) -> None:
    said = error(tmp_path, assistant, *lines)
    assert message in said
    assert said.count("\n") == 0


def test_all_bad_labels_are_told_at_once_up_to_ten(tmp_path: Path, assistant: Assistant) -> None:
    good = label(query_id="good")
    bad = [label(query_id=f"bad{number}", gold=[LAMP | {"quote": "lit the lamp"}]) for number in range(13)]
    said = error(tmp_path, assistant, good, *bad).split("\n")
    assert said[0].endswith("labels.jsonl: 13 labels cannot be used:")
    assert [line.split(":")[0] for line in said[1:11]] == [f"  line {number + 2}, bad{number}" for number in range(10)]
    assert all("nearest is " in line for line in said[1:11])
    assert said[11:] == ["  and 3 more"]


def test_a_file_that_cannot_be_read(tmp_path: Path, assistant: Assistant) -> None:
    documents = assistant.retriever.index.documents
    (tmp_path / "latin.jsonl").write_bytes(b'{"question": "caf\xe9"}')
    for name in ("nowhere.jsonl", "latin.jsonl", "."):
        with pytest.raises(LabelError, match="cannot be read"):
            load_questions(tmp_path / name, documents)


def test_the_nearest_text_is_found_quickly_in_a_long_document() -> None:
    letters = random.Random(7)
    words = ["".join(letters.choices("etaoinshrdlu", k=letters.randint(2, 9))) for _ in range(5000)]
    text = " ".join(letters.choices(words, k=160_000))
    start = text.index(" ", 700_000) + 1
    changed = text[start : start + 40] + "x" + text[start + 41 : start + 2000]
    shuffled = " ".join(letters.choices(words, k=20_000))
    started = time.perf_counter()
    assert len(text) > 1_000_000
    assert nearest_text(changed, text).endswith(f"at {start}")
    assert nearest_text(shuffled, text) == "; nothing there is like it"
    assert time.perf_counter() - started < 5  # an unbounded search takes minutes


def test_the_nearest_name() -> None:
    assert nearest_name("Role comparison.md", ["notes.md", "role-comparison.md"]) == "; nearest is 'role-comparison.md'"
    assert nearest_name("a.md", []) == "; it has none"


def test_one_gold_quote_is_enough_but_for_comparisons_and_lists(tmp_path: Path, assistant: Assistant) -> None:
    lines = [label(query_id=kind, kind=kind, gold=LEAVE) for kind in ("direct", "comparison", "list")]
    direct, comparison, listed = load(tmp_path, assistant, *lines)
    one = assistant.ask("How many weeks of leave in winter?", role="keeper")
    both = assistant.ask("Compare the leave of keepers and pilots")
    assert first_quote_right(direct, one)
    assert [gold_complete(question, one) for question in (direct, comparison, listed)] == [True, False, False]
    assert [gold_complete(question, both) for question in (direct, comparison, listed)] == [True, True, True]


def test_a_refusal_is_not_right_even_where_the_closest_is_gold(tmp_path: Path, assistant: Assistant) -> None:
    (question,) = load(tmp_path, assistant, label())
    refused = assistant.ask("Does a zeppelin need a lamp for Antwerp?")
    assert not refused.answered
    assert refused.closest[0].quote == "A lighthouse keeper lights the lamp at dusk."
    assert best_is_gold(question, refused)
    assert not first_quote_right(question, refused)


def test_spans_that_only_touch_do_not_overlap(assistant: Assistant) -> None:
    index = assistant.retriever.index
    passage = index.passages[0]
    before, inside = (Gold("harbour.md", passage.start - 5, passage.start + more) for more in (0, 1))
    assert [holds_gold(passage, gold) for gold in (before, inside)] == [False, True]
    assert not holds_gold(passage, Gold("other.md", passage.start, passage.end))
    reading = assistant.read("Who lights the lamp?")
    assert reading
    best = reading.evidence[0]
    evidence = best.candidate.evidence
    assert evidence_is_gold(index, best, [Gold("harbour.md", evidence.end - 1, evidence.end)])
    assert not evidence_is_gold(index, best, [Gold("harbour.md", evidence.end, evidence.end + 9)])


def test_a_quote_that_is_not_the_source_is_noticed(assistant: Assistant) -> None:
    citation = assistant.ask("Who lights the lamp at dusk?").citations[0]
    documents = assistant.retriever.index.documents
    changed = Document("harbour.md", "", documents["harbour.md"].text.replace("lamp", "Lamp"), "")
    assert is_exact(citation, documents)
    assert not is_exact(citation, {"harbour.md": changed})
    assert not is_exact(citation, {})
