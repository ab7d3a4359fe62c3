"""Comparisons: which questions ask for one, what is asked of each role, and what stands in the columns."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes import OverlapReader, WordEncoder
from roleqa.assistant import Assistant, build_index
from roleqa.question.comparison import find_comparison, roles_at_issue
from roleqa.settings import Settings
from roleqa.types import Answer, Role

ROLES = (
    Role("keeper", "Lighthouse Keeper", ("keeper", "LK")),
    Role("pilot", "Harbour Pilot", ("pilot", "HP", "harbor pilot")),
    Role("cook", "Ship's Cook", ("cook",)),
)


@pytest.mark.parametrize(
    ("question", "roles", "topic"),
    [
        pytest.param("Compare the pay of a keeper and a pilot.", ("keeper", "pilot"), "pay of the Lighthouse Keeper", id="compare"),
        pytest.param("HP vs LK: leave in winter?", ("keeper", "pilot"), "leave winter of the Lighthouse Keeper", id="vs"),
        pytest.param("Does a cook or a pilot board ships?", ("pilot", "cook"), "board ships of the Harbour Pilot", id="two named"),
        pytest.param("How do the roles differ in uniform?", ("keeper", "cook"), "How uniform of the Lighthouse Keeper", id="those at issue"),
        pytest.param("What is the difference between an HP and an LK?", ("keeper", "pilot"), "What is a Lighthouse Keeper?", id="no topic"),
    ],
)  # fmt: skip
def test_comparisons(question: str, roles: tuple[str, ...], topic: str) -> None:
    comparison = find_comparison(question, ROLES, lambda: ("cook", "keeper"))
    assert comparison is not None
    assert (comparison.roles, comparison.queries[0]) == (roles, topic)
    assert len(comparison.queries) == len(roles)


@pytest.mark.parametrize(
    "question",
    [
        "What does a pilot earn?",
        "How does a pilot differ from others?",
        "What is the difference between ebb and flood?",
        "Do both roles need a rope?",
        "Which ships sail?",
    ],
)
def test_other_questions(question: str) -> None:
    assert find_comparison(question, ROLES, lambda: ("cook", "keeper")) is None


def test_a_single_role_is_compared_with_nothing() -> None:
    assert find_comparison("Compare the two roles", ROLES[:1], lambda: ()) is None


def test_two_roles_are_compared_where_there_are_no_others() -> None:
    comparison = find_comparison("Compare the two roles", ROLES[:2], lambda: pytest.fail("there is no choice"))
    assert comparison is not None
    assert comparison.roles == ("keeper", "pilot")


@pytest.mark.parametrize(
    ("history", "evidence", "roles"),
    [
        pytest.param(["Does a cook meet a pilot?"], [("keeper",)], ("cook", "pilot"), id="the question before"),
        pytest.param(["What is a keeper?", "What is a cook?", "When?"], [], ("cook", "keeper"), id="the latest two"),
        pytest.param(["LK, HP and cook?"], [], ("keeper", "pilot", "cook"), id="three at once"),
        pytest.param(["What is a cook?"], [("cook",), ("pilot",), ("pilot", "cook")], ("cook", "pilot"), id="one, and what is found"),
        pytest.param([], [("cook",), ("pilot",), (), ("cook", "pilot"), ("keeper",)], ("pilot", "cook"), id="what is found most"),
        pytest.param(["Why?"], [("cook",)], ("cook", "keeper"), id="one found, and the first known"),
        pytest.param([], [], ("keeper", "pilot"), id="the first two known"),
    ],
)  # fmt: skip
def test_roles_at_issue(history: list[str], evidence: list[tuple[str, ...]], roles: tuple[str, ...]) -> None:
    assert roles_at_issue(history, lambda: evidence, ROLES) == roles


def columns(answer: Answer) -> dict[str, list[str]]:
    quotes = {citation.number: citation.quote for citation in answer.citations}
    return {column.role: [quotes[number] for number in column.citations] for column in answer.columns}


def test_cells_of_one_row_stand_side_by_side(assistant: Assistant) -> None:
    answer = assistant.ask("Compare the leave of keepers and pilots")
    assert answer.kind == "comparison"
    assert {role: quotes[0] for role, quotes in columns(answer).items()} == {
        "keeper": "Six weeks in winter",
        "pilot": "Four weeks in summer",
    }
    assert [citation.number for citation in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert {citation.role for citation in answer.citations} == {"keeper", "pilot"}
    assert answer.text.splitlines()[0].startswith("Lighthouse Keeper: Leave, Lighthouse Keeper: Six weeks in winter [1]")


def test_what_is_said_of_one_role_only_is_not_stated_for_the_other(assistant: Assistant) -> None:
    answer = assistant.ask("Which of the two roles is paid for each foreign ship by night?")
    assert columns(answer) == {"keeper": [], "pilot": ["The harbour pilot is paid for each ship."]}
    assert answer.to_dict()["columns"][0] == {"role": "keeper", "text": None, "citations": []}
    assert "Lighthouse Keeper: not stated" in answer.text


def test_a_comparison_of_what_nobody_states_is_refused(assistant: Assistant) -> None:
    answer = assistant.ask("Compare the zeppelins, trombones, umbrellas and velodromes of keepers and pilots")
    assert (answer.kind, answer.citations, answer.columns) == ("refusal", (), ())


def test_a_sentence_on_both_comes_first(assistant: Assistant) -> None:
    document = assistant.settings.corpus / "harbour.md"
    contrast = "The difference between keeper and pilot: one guards the lamp, the other guides ships."
    document.write_text(f"{document.read_text()}\n## Contrast\n\n{contrast}\n")
    assistant.rebuild()
    answer = assistant.ask("What is the difference between a keeper and a pilot guiding ships?")
    assert answer.citations[0].quote == contrast
    assert answer.citations[0].role is None
    assert contrast not in [quote for quotes in columns(answer).values() for quote in quotes]


def test_one_role_asked_for_is_no_comparison(assistant: Assistant) -> None:
    answer = assistant.ask("Compare the leave of keepers and pilots", role="pilot")
    assert (answer.kind, answer.citations[0].quote) == ("answer", "Four weeks in summer")


def test_the_best_evidence_is_cited_first_whichever_column_it_stands_in(assistant: Assistant) -> None:
    answer = assistant.ask("Which of the two roles boards arriving ships, or lights the lamp?")
    assert [column.role for column in answer.columns] == ["keeper", "pilot"]
    assert answer.citations[0].quote == "A harbour pilot boards arriving ships."
    assert answer.columns[1].citations[0] == 1
    assert columns(answer)["keeper"] == ["A lighthouse keeper lights the lamp at dusk."]


def test_a_sure_cell_brings_the_other_role_s_cell_of_its_row(settings: Settings) -> None:
    class Partial(OverlapReader):
        """Is unsure of all that is not of the pilot, of the keeper's cells a little less."""

        def margin(self, question: str, text: str) -> float:
            if "Lighthouse Keeper:" in text:
                return -6.0
            return super().margin(question, text) if "arbour" in text else -8.0

    build_index(settings, encoder=(encoder := WordEncoder()))
    answer = Assistant.load(settings, encoder=encoder, reader=Partial()).ask("Compare the leave of keepers and pilots")
    assert columns(answer)["keeper"] == ["Six weeks in winter"]
    assert columns(answer)["pilot"][0] == "Four weeks in summer"


def test_where_each_role_has_a_row_the_cells_come_from_one_column(assistant: Assistant) -> None:
    (assistant.settings.corpus / "pay.md").write_text(
        "# Dues\n\n| Post | Dues collected | Dues kept |\n| --- | --- | --- |\n"
        "| Lighthouse Keeper | Lamp dues of ships | None |\n| Harbour Pilot | Pilot dues | A tenth |\n",
        encoding="utf-8",
    )
    assistant.rebuild()
    found = columns(assistant.ask("Compare the dues kept by keepers and pilots"))
    assert (found["keeper"][0], found["pilot"][0]) == ("None", "A tenth")


def test_a_sentence_on_both_answers_where_nothing_is_stated_of_either(assistant: Assistant) -> None:
    document = assistant.settings.corpus / "harbour.md"
    alike = "For keepers and pilots alike, singing is forbidden."
    document.write_text(f"{document.read_text()}\n## Songs\n\n{alike}\n")
    assistant.rebuild()

    class TogetherOnly(OverlapReader):
        """Is sure of that sentence alone, and only where the question itself is asked."""

        def margin(self, question: str, text: str) -> float:
            return 6.0 if "Is singing" in question and alike in text else -8.0

    retriever = replace(assistant.retriever, reader=TogetherOnly())
    answer = assistant.with_retriever(retriever).ask("Is singing forbidden for keepers and pilots alike?")
    assert (answer.kind, [citation.quote for citation in answer.citations]) == ("answer", [alike])
    assert answer.roles == ("keeper", "pilot")


COOKS = """
[[role]]
id = "cook"
name = "Ship's Cook"
aliases = ["cook"]
"""


@pytest.fixture
def three(settings: Settings) -> Assistant:
    """The small corpus with a third role, of whose leave it speaks as of the pilot's."""
    with (settings.corpus / "roles.toml").open("a", encoding="utf-8") as file:
        file.write(COOKS)
    (settings.corpus / "cooks.md").write_text(
        "# Galley\n\nA ship's cook salts the soup nightly. A ship's cook serves the harbour pilot soup daily. "
        "Unlike a harbour pilot, a ship's cook sleeps aboard.\n",
        encoding="utf-8",
    )
    encoder = WordEncoder()
    build_index(settings, encoder=encoder)
    return Assistant.load(settings, encoder=encoder, reader=OverlapReader())


def test_of_three_roles_two_are_compared_where_none_is_named(three: Assistant) -> None:
    history = ["Does a cook meet a pilot?"]
    assert [column.role for column in three.ask("Compare the two roles: uniform?", history).columns] == ["pilot", "cook"]
    assert [column.role for column in three.ask("Compare the two roles: uniform").columns] == ["keeper", "pilot"]


def test_a_cell_takes_no_evidence_on_another_role(three: Assistant) -> None:
    served = "A ship's cook serves the harbour pilot soup daily."
    found = columns(three.ask("Compare the daily soup of cooks and pilots"))
    assert served in found["cook"]
    assert served not in found["pilot"]
