"""Questions as people type them, and questions that a passage does not answer any more."""

from __future__ import annotations

import re
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roleqa.blocks import Span
from roleqa.training import augment
from roleqa.training.augment import augmented, swapped, with_slip
from roleqa.training.examples import Example

PASSAGE = "The lamp of Ostend was lit in 1771, by Maria Peeters; that of Antwerp in 1802, for 40 guilders."
QUESTION = "Who lit the lamp in 1771?"
EXAMPLE = Example(QUESTION, PASSAGE, Span(39, 52), "made", "Lamps")


@given(st.integers(0, 2**32))
def test_a_slip_changes_one_letter_of_one_longer_word(seed: int) -> None:
    question = "Which harbour pilot lights the lamp of 1771?"
    words = with_slip(question, Random(seed)).split(" ")
    (changed,) = [(old, new) for old, new in zip(question.split(" "), words, strict=True) if old != new] or [("", "")]
    old, new = changed
    if not old:  # a letter doubled, swapped or replaced by its like
        return
    assert len(old) >= 5
    assert old.isalpha()
    assert new[0] == old[0]
    assert abs(len(new) - len(old)) <= 1
    assert sum((Counter(new) - Counter(old)).values()) <= 1
    assert sum((Counter(old) - Counter(new)).values()) <= 1


def test_slips_are_of_four_kinds() -> None:
    found = {with_slip("Which?" + " lights", Random(seed)).split(" ")[1] for seed in range(400)}
    assert {"ights", "llights", "lightss"} & found == set()  # neither the first letter nor another at the end
    assert {"lghts", "liights", "ligths", "lighqs"} <= found


@pytest.mark.parametrize("question", ["", "Who is it?", "12345 67890", "a-b-c-d-e"])
def test_where_no_word_is_long_there_is_no_slip(question: str) -> None:
    assert all(with_slip(question, Random(seed)) == question for seed in range(20))


def test_a_swapped_question_asks_for_a_number_of_the_passage_and_is_not_answered() -> None:
    found = {swapped(EXAMPLE, Random(seed)) for seed in range(40)}
    # 40 and 1802 are the passage's other numbers.
    assert {item.question for item in found} == {"Who lit the lamp in 1802?", "Who lit the lamp in 40?"}
    for item in found:
        (number,) = re.findall(r"\d+", item.question)
        assert number in PASSAGE
        assert (item.answer, item.source) == (None, "made-swapped")
        assert (item.passage, item.title) == (PASSAGE, "Lamps")


def test_where_no_number_is_asked_for_a_name_is_swapped() -> None:
    example = Example("When was the lamp, of Ostend lit?", PASSAGE, Span(30, 34), "made")
    found = {swapped(example, Random(seed)).question for seed in range(40)}
    assert found == {"When was the lamp, of Antwerp lit?", "When was the lamp, of Maria Peeters lit?"}


@pytest.mark.parametrize(
    ("question", "passage"),
    [
        pytest.param("Who lit the lamp?", PASSAGE, id="nothing in the question"),
        pytest.param("Who lit it in 1900?", PASSAGE, id="not of the passage"),
        pytest.param("Who lit it in 1771?", "It was lit in 1771.", id="no other in the passage"),
        pytest.param("Was it 1771 or 1802?", "It was lit in 1771, or in 1802.", id="the other is asked for as well"),
        pytest.param("Was it lit in 1771?", "It was lit in 1771, for 1771 1.", id="the other is part of it"),
    ],
)
def test_where_nothing_can_be_swapped_the_example_stays(question: str, passage: str) -> None:
    example = Example(question, passage, Span(0, 2), "made")
    assert all(swapped(example, Random(seed)) == example for seed in range(20))


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> object:
    """Makes one change certain and the others impossible."""

    def only(name: str) -> Example:
        for other in ("TITLE_DROPPED", "QUESTION_MARK_DROPPED", "LOWERED", "SLIP", "SWAPPED"):
            monkeypatch.setattr(augment, other, float(other == name))
        return augmented(EXAMPLE, Random(7))

    return only


def test_each_change_alone(only) -> None:
    assert only("") == EXAMPLE
    assert only("QUESTION_MARK_DROPPED").question == QUESTION[:-1]
    assert only("LOWERED").question == QUESTION.lower()
    assert only("TITLE_DROPPED") == Example(QUESTION, PASSAGE, EXAMPLE.answer, "made", "")
    assert only("SWAPPED").answer is None


def test_what_is_not_answered_is_not_swapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "SWAPPED", 1.0)
    unanswered = Example(QUESTION, PASSAGE, None, "made")
    assert all(augmented(unanswered, Random(seed)).source == "made" for seed in range(20))


def test_shares_are_about_what_they_are_said_to_be() -> None:
    random = Random(7)
    found = [augmented(EXAMPLE, random) for _ in range(4000)]
    assert sum(not item.title for item in found) / 4000 == pytest.approx(augment.TITLE_DROPPED, abs=0.02)
    assert sum(item.answer is None for item in found) / 4000 == pytest.approx(augment.SWAPPED, abs=0.02)
    assert sum("?" not in item.question for item in found) / 4000 == pytest.approx(augment.QUESTION_MARK_DROPPED, abs=0.03)
    assert all(item.passage == PASSAGE for item in found)
    assert [augmented(EXAMPLE, Random(1)) for _ in range(3)] == [augmented(EXAMPLE, Random(1))] * 3
