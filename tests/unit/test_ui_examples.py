"""Example questions come from the corpus: its topics and roles, in no words of the program's own making."""

import pytest

from roleqa.types import Role
from roleqa.ui.examples import example_questions

KEEPER, CLERK = Role("keeper", "Keeper"), Role("clerk", "Clerk")
TOPICS = ("Opening hours", "Fees", "Opening hours", "House Rules", "Maps", "lost Property", "A", "B", "C")


def test_topics_are_spread_over_roles_and_corpus_with_one_comparison() -> None:
    assert example_questions(TOPICS, (KEEPER, CLERK)) == (
        "What about the Keeper: opening hours?",
        "What about the Clerk: House Rules?",
        "Compare lost Property of the Keeper and the Clerk",
        "What about the Clerk: b?",
    )


def test_without_roles_the_topics_alone() -> None:
    assert example_questions(("Opening hours", "Fees"), ()) == (
        "What about opening hours?",
        "What about fees?",
    )


def test_with_one_role_nothing_is_compared() -> None:
    assert example_questions(("Fees", "Maps"), (KEEPER,)) == (
        "What about the Keeper: fees?",
        "What about the Keeper: maps?",
    )


def test_with_many_roles_the_last_question_compares() -> None:
    roles = tuple(Role(name, name) for name in "PQRST")
    assert example_questions(("1", "2", "3", "4"), roles)[-1] == "Compare 4 of the P and the Q"


def test_without_topics_the_roles_alone() -> None:
    assert example_questions((), (KEEPER, CLERK)) == ("What does the Keeper do?", "What does the Clerk do?")


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 9, 100])
def test_never_more_than_four_and_never_the_same_twice(count: int) -> None:
    questions = example_questions(tuple(f"t{number}" for number in range(count)), (KEEPER, CLERK))
    assert len(questions) == len(set(questions)) == (min(count, 4) or 2)


def test_a_topic_that_names_a_role_is_left_out() -> None:
    assert example_questions(("Keepers at work", "Fees"), (KEEPER,)) == ("What about the Keeper: fees?",)
