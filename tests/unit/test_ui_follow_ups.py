"""What to ask next comes from beside what was cited, in the corpus' own words."""

from dataclasses import replace

import pytest

from documents import written
from roleqa.types import Answer, Citation, Evidence, Generation, Passage, Role
from roleqa.ui.follow_ups import follow_ups

TEXT = """# Archive

Words of welcome.

## Opening hours

It opens at nine.

## Fees

| Item | Price |
|---|---|
| Day pass | Two euros |
| Copies | Ten cents |
| Locker | One euro |

## Lost property

Umbrellas are kept.

## Keepers at work

Keepers wear grey.
"""
DOCUMENT = written("archive.md", "Archive", TEXT, "")
KEEPER, CLERK = Role("keeper", "Keeper"), Role("clerk", "Clerk")


def cite(quote: str, headings: tuple[str, ...], row: str | None = None) -> Citation:
    start = TEXT.index(quote)
    evidence = Evidence("p", start, start + len(quote), "cell" if row else "sentence", row)
    return Citation(1, evidence, quote, Passage("p", DOCUMENT.id, headings, 0, len(TEXT)), TEXT, None, 1.0)


HOURS = cite("It opens at nine.", ("Archive", "Opening hours"))
COPIES = cite("Ten cents", ("Archive", "Fees"), "Copies")
LOST = cite("Umbrellas are kept.", ("Archive", "Lost property"))


def answer(*citations: Citation, roles: tuple[str, ...] = ()) -> Answer:
    generation = Generation("g", "2026-01-01T00:00:00Z", stale=False)
    return Answer("Q?", "Q?", "answer", "", 0.9, generation, 0.1, roles=roles, citations=citations)


def labels(made: Answer, *asked: str) -> list[str]:
    return [item.label for item in follow_ups(made, {DOCUMENT.id: DOCUMENT}.get, (KEEPER, CLERK), asked)]


def test_a_table_beside_the_section_is_asked_about_by_its_rows() -> None:
    assert labels(answer(HOURS)) == ["Day pass", "Copies", "Locker"]


def test_beside_a_cell_are_the_rows_next_to_it_then_the_sections() -> None:
    assert labels(answer(COPIES)) == ["Locker", "Lost property", "Opening hours"]


def test_each_citation_has_its_turn() -> None:
    assert labels(answer(HOURS, COPIES)) == ["Day pass", "Locker", "Lost property"]


def test_neither_what_is_cited_nor_what_was_asked_nor_what_names_a_role_is_suggested() -> None:
    assert labels(answer(LOST, COPIES)) == ["Day pass", "Locker", "Opening hours"]
    assert labels(answer(LOST), "What of the day pass?", "And a LOCKER?") == ["Copies"]
    asked = replace(answer(COPIES), resolved_question="Opening hours, locker and lost property?")
    assert labels(asked) == ["Day pass"]


def test_the_question_stands_alone_and_keeps_the_roles() -> None:
    documents = {DOCUMENT.id: DOCUMENT}.get

    def questions(*roles: str) -> list[str]:
        found = follow_ups(answer(COPIES, roles=roles), documents, (KEEPER, CLERK), ())
        return [item.question for item in found]

    assert questions()[0] == "Tell me about locker"
    assert questions("clerk")[0] == "What about the Clerk: locker?"
    assert questions("keeper", "clerk")[0] == "Compare locker of the Keeper and the Clerk"


def test_a_section_is_asked_about_without_roles() -> None:
    found = follow_ups(answer(COPIES, roles=("clerk",)), {DOCUMENT.id: DOCUMENT}.get, (KEEPER, CLERK), ())
    assert [item.question for item in found[1:]] == [
        "Tell me about lost property",
        "Tell me about opening hours",
    ]


def test_a_document_that_is_gone_suggests_nothing() -> None:
    assert follow_ups(answer(HOURS), {}.get, (), ()) == ()


@pytest.mark.parametrize("text", ["", "---\ntitle: A\n---\n", "Only words, no heading."])
def test_a_document_with_nothing_beside_suggests_nothing(text: str) -> None:
    document = written(DOCUMENT.id, DOCUMENT.title, text)
    assert follow_ups(answer(HOURS), {document.id: document}.get, (), ()) == ()


def test_a_heading_as_long_as_a_sentence_is_no_topic() -> None:
    document = written(DOCUMENT.id, DOCUMENT.title, TEXT.replace("## Lost property", "## " + "Lost " * 20))
    found = follow_ups(answer(COPIES), {document.id: document}.get, (), ())
    assert [item.label for item in found] == ["Locker", "Opening hours", "Day pass"]
