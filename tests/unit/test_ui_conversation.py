"""The conversation: who says what, and what a follow-up may lean on."""

from roleqa.types import Answer, Generation, Role
from roleqa.ui.conversation import Turn, history, messages
from roleqa.ui.render import render_answer, render_error, render_question

REFUSAL = Answer(
    question="Why?",
    resolved_question="Why?",
    kind="refusal",
    text="The documents don't answer this.",
    confidence=0.1,
    index=Generation("g", "2026-01-01T00:00:00Z", stale=False),
    seconds=0.1,
)
ROLES = (Role("a", "A"),)
ANSWERED = Turn("Why?", REFUSAL, ROLES)
FAILED = Turn("x" * 9, error="The question is too long.")


def test_each_turn_is_a_question_and_its_answer_or_its_error() -> None:
    assert list(messages((ANSWERED, FAILED))) == [
        ("user", render_question("Why?")),
        ("assistant", render_answer(REFUSAL, ROLES)),
        ("user", render_question("x" * 9)),
        ("assistant", render_error("The question is too long.")),
    ]


def test_what_was_asked_of_one_role_says_so_once_it_is_answered() -> None:
    assert next(messages((Turn("Why?", REFUSAL, ROLES, role="a"),))) == ("user", render_question("Why?", "A"))
    assert next(messages((Turn("Why?", None, ROLES, "No.", role="b"),))) == ("user", render_question("Why?", "b"))


def test_a_refusal_names_the_topics_of_its_turn() -> None:
    _, (_, html) = messages((Turn("Why?", REFUSAL, ROLES, topics=("Fees",)),))
    assert html == render_answer(REFUSAL, ROLES, ("Fees",))


def test_an_open_question_waits() -> None:
    assert list(messages((Turn("Why?", role="a"),))) == [("user", render_question("Why?", pending=True))]


def test_a_new_turn_leaves_the_earlier_ones_as_they_were() -> None:
    before = list(messages((ANSWERED, FAILED)))
    assert list(messages((ANSWERED, FAILED, Turn("And?"))))[:4] == before


def test_a_follow_up_leans_on_the_questions_that_were_answered() -> None:
    assert history((ANSWERED, FAILED, Turn("And then?", REFUSAL))) == ("Why?", "And then?")
