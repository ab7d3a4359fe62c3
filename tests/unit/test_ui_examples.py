"""Example questions come from the corpus: its topics and roles, in no words of the program's own making."""

from collections.abc import Sequence

import pytest

from roleqa.types import Role
from roleqa.ui.examples import example_questions, question_about, spread

KEEPER, CLERK = Role("keeper", "Keeper"), Role("clerk", "Clerk")


def examples(topics: Sequence[str], roles: Sequence[Role]) -> tuple[str, ...]:
    found = example_questions(topics, roles)
    assert all(item.label == item.question for item in found)
    return tuple(item.question for item in found)


TOPICS = ("Opening hours", "Fees", "Opening hours", "House Rules", "Maps", "lost Property", "A", "B", "C")


def test_topics_are_spread_over_the_corpus_with_one_comparison() -> None:
    assert examples(TOPICS, (KEEPER, CLERK)) == (
        "Tell me about opening hours",
        "Tell me about House Rules",
        "Tell me about lost Property",
        "What is the difference between the Keeper and the Clerk?",
    )


def test_without_roles_the_topics_alone() -> None:
    assert examples(("Opening hours", "Fees"), ()) == (
        "Tell me about opening hours",
        "Tell me about fees",
    )


def test_with_one_role_nothing_is_compared() -> None:
    assert examples(("Fees", "Maps"), (KEEPER,)) == (
        "Tell me about fees",
        "Tell me about maps",
    )


def test_without_topics_the_roles_alone() -> None:
    assert examples((), (KEEPER, CLERK)) == ("What does the Keeper do?", "What does the Clerk do?")


@pytest.mark.parametrize("count", [0, 1, 3, 4, 5, 9, 100])
def test_never_more_than_four_and_never_the_same_twice(count: int) -> None:
    questions = examples(tuple(f"t{number}" for number in range(count)), (KEEPER, CLERK))
    assert len(questions) == len(set(questions)) == (min(count + 1, 4) if count else 2)


@pytest.mark.parametrize(
    ("roles", "question"),
    [
        ((), "Tell me about opening hours"),
        ((KEEPER,), "What about the Keeper: opening hours?"),
        ((KEEPER, CLERK), "Compare opening hours of the Keeper and the Clerk"),
        ((KEEPER, CLERK, Role("p", "Porter")), "Compare opening hours of the Keeper, the Clerk and the Porter"),
    ],
)
def test_a_question_about_a_topic_names_the_roles(roles: tuple[Role, ...], question: str) -> None:
    assert question_about("Opening hours", roles) == question


def test_topics_are_spread_evenly_and_each_is_named_once() -> None:
    assert spread(TOPICS, 4) == ["Opening hours", "House Rules", "lost Property", "B"]
    assert spread(("A", "B"), 4) == ["A", "B"]
    assert spread((), 4) == []
