"""Links to a quote: made, passed on as text, and read again, whatever became of them on the way."""

from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roleqa.types import Citation, Evidence, Passage
from roleqa.ui.links import Link, check_of, parse_link


def test_a_citation_is_linked_by_document_offsets_and_a_check_of_the_quote() -> None:
    passage = Passage("p", "guide/a b.md", (), 0, 40)
    citation = Citation(1, Evidence("p", 10, 17, "sentence"), "A pass.", passage, "", None, 1.0)
    link = Link.to(citation)
    assert link == Link("guide/a b.md", 10, 17, check_of("A pass."))
    assert parse_qs(link.href.removeprefix("?")) == {
        "document": ["guide/a b.md"],
        "start": ["10"],
        "end": ["17"],
        "check": [check_of("A pass.")],
    }
    assert Link.to(citation, closest=True).href == link.href + "&closest=1"


def test_the_check_tells_quotes_apart_and_is_always_the_same() -> None:
    assert check_of("A pass.") == "4f132686b9d419e8"
    assert check_of("A pass") != check_of("A pass.")


@given(
    st.text(min_size=1, max_size=60, alphabet=st.characters(exclude_categories=["Cs"])),
    st.integers(0, 10**6),
    st.integers(0, 500),
    st.text(alphabet="0123456789abcdef", max_size=16),
    st.booleans(),
)
def test_a_link_is_read_back_as_it_was_made(document: str, start: int, length: int, check: str, closest: bool) -> None:
    link = Link(document, start, start + length, check, closest)
    assert parse_link(link.href) == link


def test_a_place_needs_no_end() -> None:
    assert parse_link("?document=a.md&start=7") == Link("a.md", 7, 7)
    assert parse_link("?document=a.md") == Link("a.md", 0, 0)
    assert Link("a.md", 7, 7).href == "?document=a.md&start=7"


def test_other_fields_of_the_address_are_passed_over() -> None:
    assert parse_link("?__theme=dark&document=a.md&start=1&end=2") == Link("a.md", 1, 2)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        "?start=1&end=2",
        "?document=&start=1",
        "?document=a.md&start=-1",
        "?document=a.md&start=1.5",
        "?document=a.md&start=one",
        "?document=a.md&start=%D9%A3",  # a digit, but none of ours
        "?document=a.md&start=1_0",
        "?document=a.md&start=5&end=4",
        "?document=a.md&start=1&end=9999999999999",
        "?document=" + "a" * 20_000,
    ],
)
def test_what_names_no_place_is_no_link(query: str) -> None:
    assert parse_link(query) is None


@given(st.text())
def test_reading_never_fails(query: str) -> None:
    link = parse_link(query)
    assert link is None or 0 <= link.start <= link.end
