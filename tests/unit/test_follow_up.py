"""Follow-ups, by what the earlier question lends: a topic, a role, both, or nothing."""

from __future__ import annotations

import pytest

from roleqa.question.follow_up import resolve
from roleqa.types import Role

ROLES = (
    Role("keeper", "Lighthouse Keeper", ("keeper", "LK")),
    Role("pilot", "Harbour Pilot", ("pilot", "HP", "harbor pilot")),
)


@pytest.mark.parametrize(
    ("history", "question", "resolved"),
    [
        pytest.param(["What does a keeper earn?"], "What about pilots, then?", "What does a Harbour Pilot earn?", id="role swapped"),
        pytest.param(["What do keepers earn?"], "and the HP?", "What do Harbour Pilots earn?", id="plural kept"),
        pytest.param(["What is the keeper's pay?"], "How about a pilot?", "What is the Harbour Pilot's pay?", id="possessive kept"),
        pytest.param(["What does an LK earn?"], "Same question for the other one", "What does an Harbour Pilot earn?", id="the other one"),
        pytest.param(["When is the lamp lit?"], "And for pilots?", "When is the lamp lit? (Harbour Pilot)", id="role added"),
        pytest.param(["Where do pilots sleep?"], "Do they eat there?", "Do the Harbour Pilots eat there?", id="they"),
        pytest.param(["What is a pilot?"], "What are their wages?", "What are the Harbour Pilots' wages?", id="their"),
        pytest.param(["What is a pilot?"], "What does he earn?", "What does the Harbour Pilot earn?", id="he"),
        pytest.param(["What is a pilot?"], "Which uniform does the other one wear?", "Which uniform does the Lighthouse Keeper wear?", id="other with topic"),
        pytest.param(["Do keepers get leave?"], "How many weeks?", "How many weeks? (Do keepers get leave?)", id="fragment"),
        pytest.param(["What do pilots earn?"], "Where is that written?", "What do pilots earn?", id="where stated"),
        pytest.param(["What do pilots earn?"], "Is it longer for a keeper?", "Is it longer for a keeper? (What do Lighthouse Keepers earn?)", id="it and a role"),
        pytest.param(["What is a pilot?", "Where do they work?"], "Who pays them?", "Who pays the Harbour Pilots?", id="chain"),
        pytest.param(["Who boards ships?"], "Does he use a rope?", "Does he use a rope? (Who boards ships?)", id="no role before"),
        pytest.param(["What do keepers earn?"], "Which jacket do pilots wear?", "Which jacket do pilots wear?", id="self-contained"),
        pytest.param(["What do keepers earn?"], "When does the ferry sail on Sundays?", "When does the ferry sail on Sundays?", id="another topic"),
        pytest.param(["Keeper and pilot: pay?"], "Do they meet at the harbour wall?", "Do they meet at the harbour wall?", id="both roles before"),
        pytest.param(["What does a keeper earn?"], "Which leave is granted?", "Which leave is granted? (Lighthouse Keeper)", id="short sentence"),
        pytest.param(["What does a keeper earn?"], "And the uniform?", "And the uniform? (Lighthouse Keeper)", id="short, with a noun"),
        pytest.param(["What does a keeper earn?"], "In winter too?", "In winter too? (What does a keeper earn?)", id="adds to it"),
        pytest.param([], "And the pilot?", "And the pilot?", id="nothing before"),
    ],
)  # fmt: skip
def test_follow_ups(history: list[str], question: str, resolved: str) -> None:
    assert resolve(question, history, ROLES) == resolved


def test_without_roles_topics_still_carry() -> None:
    assert resolve("Where is that written?", ["When does the ferry sail?"], ()) == "When does the ferry sail?"
    assert resolve("When does the train leave?", ["When does the ferry sail?"], ()) == "When does the train leave?"


@pytest.mark.parametrize(
    ("question", "resolved"),
    [
        ("Which leave is granted?", "Which leave is granted? (Harbour Pilot)"),
        ("What do they wear?", "What do the Harbour Pilots wear?"),
        ("What does a keeper wear?", "What does a keeper wear?"),
        ("When does the ferry sail on Sundays?", "When does the ferry sail on Sundays?"),
    ],
)
def test_a_question_asked_of_one_role_takes_no_other_over(question: str, resolved: str) -> None:
    assert resolve(question, ["What does a keeper earn?"], ROLES, "pilot") == resolved


def test_of_several_roles_the_other_is_the_other_main_one() -> None:
    roles = (*ROLES, Role("cook", "Ship's Cook", ("cook",)))
    assert resolve("Same for the other one", ["What do keepers earn?"], roles) == "What do Harbour Pilots earn?"
    assert resolve("Which hat has the other?", ["What is a pilot?"], roles) == "Which hat has the Lighthouse Keeper?"
    assert resolve("Which hat has the other?", ["What is a cook?"], roles).startswith("Which hat has the other?")
