"""A question becomes a query."""

from __future__ import annotations

import pytest

from roleqa.errors import QuestionError
from roleqa.question.query import check_question, make_query
from roleqa.types import Role

ROLES = (Role("keeper", "Lighthouse Keeper", ("keeper", "LK")), Role("pilot", "Harbour Pilot", ("pilot", "HP")))


def test_abbreviations_are_spelled_out_and_words_left_alone() -> None:
    query = make_query("Do LKs and a pilot meet an HP?", ROLES, {})
    assert query.text == "Do Lighthouse Keeper and a pilot meet an Harbour Pilot?"
    assert query.roles == ("keeper", "pilot")


@pytest.mark.parametrize("question", ["What does LK stand for?", "LK is short for what?", "What does HP mean?"])
def test_a_question_about_an_abbreviation_keeps_it(question: str) -> None:
    assert make_query(question, ROLES, {}).text == question


def test_a_given_role_wins_over_the_mentions() -> None:
    assert make_query("What does a pilot earn?", ROLES, {}, role="keeper").roles == ("keeper",)


def test_no_role_is_asked_about() -> None:
    assert make_query("When is the lamp lit?", ROLES, {}).roles == ()


def test_an_unknown_role_names_the_known_ones() -> None:
    with pytest.raises(QuestionError, match="no role 'cook'.*keeper, pilot"):
        make_query("?", ROLES, {}, role="cook")


@pytest.mark.parametrize("question", ["", " \n\t ", "?!", "\u200b", "..."])
def test_nothing_asked(question: str) -> None:
    with pytest.raises(QuestionError, match="empty"):
        check_question(question, 100)


def test_too_long() -> None:
    with pytest.raises(QuestionError, match="101 characters; ask it in at most 100"):
        check_question("x" * 101, 100)


def test_white_space_around_is_taken_off() -> None:
    assert check_question("  why?\n", 100) == "why?"


def test_abbreviations_that_the_documents_explain_are_spelled_out() -> None:
    known = {"ROE": "Rules of Engagement", "HP": "Horse Power"}
    query = make_query("Do ROEs bind an HP, or roe deer?", ROLES, known)
    assert query.text == "Do Rules of Engagement bind an Harbour Pilot, or roe deer?"
