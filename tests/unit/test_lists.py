"""A list is quoted whole where it is what answers, and its item alone where that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes import OverlapReader, WordEncoder
from roleqa.assistant import Assistant, build_index
from roleqa.question.expectation import asks_for_several
from roleqa.settings import Settings
from roleqa.types import Citation

DOCUMENT = """# Harbour

## Tools

The keeper has these tools:

- a brass lamp
- a **long** ladder
  - its spare rungs
- a bucket

Everything else is stored ashore.

## Rules

1. Knock first.
2. Wipe the ladder.
"""
TOOLS = "The keeper has these tools:\n\n- a brass lamp\n- a **long** ladder\n  - its spare rungs\n- a bucket"


@pytest.fixture
def ask(tmp_path: Path) -> object:
    (tmp_path / "corpus").mkdir()
    file = tmp_path / "corpus" / "harbour.md"

    def ask(question: str, document: str = DOCUMENT) -> tuple[Citation, ...]:
        file.write_text(document, encoding="utf-8")
        settings = Settings(corpus=tmp_path / "corpus", index=tmp_path / "index", min_confidence=0)
        build_index(settings, encoder=(encoder := WordEncoder()))
        return Assistant.load(settings, encoder=encoder, reader=OverlapReader()).ask(question).citations

    return ask


@pytest.mark.parametrize("question", ["Which tools has the keeper?", "What are the keeper's tools?", "List the tools the keeper has"])
def test_a_list_that_is_asked_for_is_quoted_whole_with_its_introduction(ask, question: str) -> None:
    best = ask(question)[0]
    assert (best.evidence.kind, best.quote) == ("list", TOOLS)
    assert best.evidence.lead_in is None


CREW = """# Harbour

## Crew

The crew of the harbour boat consists of:

- a keeper of the boat
- a pilot
"""


@pytest.mark.parametrize("question", ["What does the crew of the boat consist of?", "Who makes up the crew of the boat?"])
def test_what_makes_something_up_is_the_whole_list(ask, question: str) -> None:
    best = ask(question, CREW)[0]
    assert best.quote == "The crew of the harbour boat consists of:\n\n- a keeper of the boat\n- a pilot"


def test_an_item_that_shares_a_word_of_its_own_stands_alone(ask) -> None:
    assert ask("Who is keeper of the boat?", CREW)[0].quote == "a keeper of the boat"


def test_an_introduction_is_never_quoted_alone(ask) -> None:
    assert ask("Has the keeper these tools")[0].quote == TOOLS


def test_an_item_that_is_asked_about_stands_alone(ask) -> None:
    best = ask("Is the lamp made of brass?")[0]
    assert (best.evidence.kind, best.quote) == ("item", "a brass lamp")
    assert best.evidence.lead_in == "The keeper has these tools:"


def test_no_further_quote_repeats_a_part_of_the_list(ask) -> None:
    first, *rest = ask("Which tools has the keeper?")
    assert not [other for other in rest if first.evidence.start <= other.evidence.start < first.evidence.end]


def test_a_nested_list_is_its_own(ask) -> None:
    best = ask("What are the spare rungs?")[0]
    assert best.quote == "its spare rungs"


def test_a_list_without_an_introduction_is_quoted_from_its_first_item(ask) -> None:
    best = ask("Which rules say to wipe the ladder?")[0]
    assert best.quote in ("Wipe the ladder.", "Knock first.\n2. Wipe the ladder.")
    assert best.evidence.lead_in is None


def test_a_list_longer_than_a_passage_comes_in_parts(ask) -> None:
    items = "\n".join(f"- the keeper's tool number {i} of the many" for i in range(8))
    whole = f"The keeper has these tools:\n\n{items}"
    parts = ask("Which tools has the keeper?", f"# Harbour\n\n{whole}\n\n## Ashore\n\n- nothing\n")
    assert [part.evidence.kind for part in parts] == ["list"] * len(parts)
    assert len(parts) > 1
    assert "\n- ".join(part.quote for part in parts) == whole


@pytest.mark.parametrize(
    "question",
    ["Which skills does she need?", "What foreign languages are spoken?", "List the duties.", "What are the duties?",
     "Please name the ranks", "which kinds of leave exist", "What else is asked?"],
)  # fmt: skip
def test_several_things_are_asked_for(question: str) -> None:
    assert asks_for_several(question)


@pytest.mark.parametrize(
    "question",
    ["Who lights the lamp?", "What is the rank?", "Which role has the lamp?", "What does she do?", "Is the list long?",
     "What was the status?", "Which boss is this?"],
)  # fmt: skip
def test_one_thing_is_asked_for(question: str) -> None:
    assert not asks_for_several(question)
