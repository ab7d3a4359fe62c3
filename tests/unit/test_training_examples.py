"""Labelled questions become examples, in the form that is read at run time, beside what our own retrieval brings."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fakes import OverlapReader, WordEncoder
from roleqa import assistant as assistant_module
from roleqa.blocks import Span
from roleqa.training.examples import Example, LabelledGroup, handbook_groups, public_examples
from roleqa.training.plan import handbook_sets, labelled_groups, mixed, public_units

DOCUMENT = """# Handbook

## Duties

The **keeper** lights the [big lamp](lamp.md) at dusk. He rings the bell at noon. The pilot boards ships.

## Terms

| Topic | Keeper | Pilot |
| --- | --- | --- |
| Leave | Six weeks in *winter* | Four weeks |
| Coat | Grey | Blue |

## Songs

Singing is allowed.
"""
DUTIES = (
    "Handbook > Duties\nThe keeper lights the big lamp at dusk. He rings the bell at noon. The pilot boards ships."
)
LEAVE = "Handbook > Terms\nTopic: Leave; Keeper: Six weeks in winter; Pilot: Four weeks"


@pytest.fixture(autouse=True)
def _fake_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assistant_module, "load_encoder", lambda _: WordEncoder())
    monkeypatch.setattr(assistant_module, "load_reader", lambda *_: OverlapReader())


def label(question: str, *quotes: str, kind: str = "direct", **more: Any) -> dict[str, Any]:
    gold = [{"document": "a.md", "quote": quote} for quote in quotes]
    near = [{"document": "a.md", "quote": quote} for quote in more.pop("near", ())]
    return {"question": question, "history": [], "answerable": bool(quotes), "kind": kind, "gold": gold, "near": near} | more


def write_handbook(folder: Path, labels: Iterable[dict[str, Any]]) -> Path:
    (folder / "corpus").mkdir(parents=True)
    (folder / "corpus" / "a.md").write_text(DOCUMENT, encoding="utf-8")
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, labels)) + "\n", encoding="utf-8")
    return folder


def group(tmp_path: Path, *args: Any, **more: Any) -> LabelledGroup:
    (found,) = handbook_groups(write_handbook(tmp_path / "set", [label(*args, **more)]), tmp_path / "scratch")
    return found


def answer(example: Example) -> str:
    assert example.answer
    return example.passage[example.answer.start : example.answer.end]


@pytest.mark.parametrize(
    ("quote", "words", "passage", "expected"),
    [
        pytest.param("He rings the bell at noon.", None, DUTIES, "He rings the bell at noon.", id="a quote whole"),
        pytest.param("He rings the bell at noon.", "at noon", DUTIES, "at noon", id="the labelled words"),
        pytest.param(
            "The **keeper** lights the [big lamp](lamp.md) at dusk.", "at dusk", DUTIES, "at dusk", id="behind markup"
        ),
        pytest.param(
            "The **keeper** lights the [big lamp](lamp.md) at dusk.", "big lamp", DUTIES, "big lamp", id="within markup"
        ),
        pytest.param(
            "The **keeper** lights the [big lamp](lamp.md) at dusk. He rings the bell at noon.", None, DUTIES,
            "The keeper lights the big lamp at dusk. He rings the bell at noon.", id="two sentences",
        ),
        pytest.param("Six weeks in *winter*", None, LEAVE, "Six weeks in winter", id="a cell"),
        pytest.param("Six weeks in *winter*", "Six weeks", LEAVE, "Six weeks", id="part of a cell"),
        pytest.param("Leave", None, LEAVE, "Leave", id="a row's first cell"),
        pytest.param("Blue", None, "Handbook > Terms\nTopic: Coat; Keeper: Grey; Pilot: Blue", "Blue", id="another row"),
        pytest.param("He rings the bell at noon.", "at midnight", DUTIES, "He rings the bell at noon.", id="words not there"),
    ],
)  # fmt: skip
def test_the_answer_stands_in_the_text_that_is_read(
    tmp_path: Path, quote: str, words: str | None, passage: str, expected: str
) -> None:
    found = group(tmp_path, "When?", quote, answer=words)
    (positive,) = found.positives
    assert positive.passage == passage
    assert answer(positive) == expected
    assert (positive.question, positive.source, positive.title) == ("When?", "handbook-direct", "")
    assert found.kind == "direct"


def test_our_own_retrieval_brings_what_does_not_answer_and_never_what_does(tmp_path: Path) -> None:
    found = group(tmp_path, "Which coat has the keeper in winter?", "Grey")
    assert {item.passage.split("\n")[1][:5] for item in found.negatives} <= {"Topic", "The k", "Singi"}
    assert found.negatives[0].passage == LEAVE
    assert all(item.answer is None and "Grey" not in item.passage for item in found.negatives)
    assert len({item.passage for item in found.negatives}) == len(found.negatives)


def test_near_misses_are_kept_apart(tmp_path: Path) -> None:
    found = group(tmp_path, "Is whistling allowed?", kind="near", near=["Singing is allowed."])
    assert (found.positives, found.kind) == ((), "near")
    assert [(item.passage, item.answer) for item in found.near] == [("Handbook > Songs\nSinging is allowed.", None)]
    assert all("Singing" not in item.passage for item in found.negatives)


def test_a_near_miss_in_a_passage_that_answers_is_none(tmp_path: Path) -> None:
    found = group(tmp_path, "When is the bell rung?", "He rings the bell at noon.", near=["The pilot boards ships."])
    assert found.near == ()
    assert len(found.positives) == 1


def test_gold_in_two_passages_gives_an_example_each(tmp_path: Path) -> None:
    found = group(tmp_path, "Which leave and coat?", "Four weeks", "Blue", kind="comparison")
    assert sorted(map(answer, found.positives)) == ["Blue", "Four weeks"]


def test_a_follow_up_is_read_behind_the_question_before(tmp_path: Path) -> None:
    found = group(tmp_path, "And at noon?", "He rings the bell at noon.", history=["Who sings?", "What happens at dusk?"])
    assert found.positives[0].question == "What happens at dusk? And at noon?"


def test_a_quote_that_is_not_in_its_document_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="substring not found"):
        group(tmp_path, "When?", "At midnight.")


def made(name: str, count: int) -> tuple[Example, ...]:
    return tuple(Example("?", f"{name}{number}", None, name) for number in range(count))


def test_each_pass_draws_one_that_answers_the_near_misses_and_some_others() -> None:
    found = LabelledGroup("direct", made("yes", 3), made("near", 2), made("no", 8))
    drawn = [found.draw(Random(seed), 3) for seed in range(300)]
    for examples in drawn:
        assert [example.source for example in examples] == ["yes", "near", "near", "no", "no", "no"]
        assert len(set(examples)) == 6
    names = [example.passage for examples in drawn for example in examples]
    assert {names.count(f"yes{number}") > 50 for number in range(3)} == {True}
    assert names.count("no0") > names.count("no3") > names.count("no7") > 0
    assert found.draw(Random(7), 3) == found.draw(Random(7), 3)


def test_where_there_are_fewer_all_are_drawn() -> None:
    found = LabelledGroup("near", (), made("near", 1), made("no", 2))
    assert sorted(example.passage for example in found.draw(Random(7), 5)) == ["near0", "no0", "no1"]


ROWS = [
    {"question": "Who?", "context": "A bell. Ann rings it.", "answerable": True, "answers": [{"text": "Ann", "start": 8}],
     "src": "squad", "title": "The_old_bells"},
    {"question": "When?", "context": "A bell. Ann rings it.", "answerable": False, "answers": [], "title": None},
    {"question": "Guess?", "context": "A bell.", "answerable": True, "answers": [{"text": "A", "start": 0}], "offset_guessed": True},
    {"question": "Cells?", "context": "A bell.", "answerable": True, "answers": [{"text": "A", "start": 0}], "multi_cell": True},
    {"question": "What?", "context": "A lamp.", "answerable": True, "answers": [{"text": "lamp", "start": 2}], "src": "squad"},
]  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "public").mkdir()
    with gzip.open(tmp_path / "public" / "mix-train.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in ROWS)
    return tmp_path


def test_public_rows_with_guessed_places_are_left_out(data: Path) -> None:
    found = tuple(public_examples(data / "public" / "mix-train.jsonl.gz"))
    assert found == (
        Example("Who?", "A bell. Ann rings it.", Span(8, 11), "squad", "The old bells"),
        Example("When?", "A bell. Ann rings it.", None, "mix-train", ""),
        Example("What?", "A lamp.", Span(2, 6), "squad", ""),
    )


def test_rows_on_one_passage_stay_together(data: Path) -> None:
    assert [[item.question for item in unit] for unit in public_units(data, 0, 10)] == [["Who?", "When?"], ["What?"]]
    assert [[item.question for item in unit] for unit in public_units(data, 1, 1)] == [["When?"]]


def test_the_sets_to_report_on_are_never_trained_on(data: Path) -> None:
    for name in ("1", "2", "7", "8"):
        write_handbook(data / "handbooks" / name, [label(f"Question {name}?", "Blue")])
    (data / "handbooks" / "3").mkdir()  # has no questions
    assert [folder.name for folder in handbook_sets(data)] == ["1", "2"]
    groups = labelled_groups(handbook_sets(data))
    assert [group.positives[0].question for group in groups] == ["Question 1?", "Question 2?"]


def test_a_run_has_each_public_row_once_and_each_question_as_often_as_passes(data: Path) -> None:
    groups = [LabelledGroup("direct", made("yes", 1), (), made("no", 5))]
    units = public_units(data, 0, 10)
    found = mixed(units, groups, 2, 1, Random(7))
    assert sorted(example.passage for example in found if "bell" in example.passage or "lamp" in example.passage) == [
        "A bell. Ann rings it.", "A bell. Ann rings it.", "A lamp.",
    ]  # fmt: skip
    assert sum(example.source == "yes" for example in found) == sum(example.source == "no" for example in found) == 2
    assert found == mixed(units, groups, 2, 1, Random(7))
    assert found != mixed(units, groups, 2, 1, Random(8))
