"""Blocks as HTML: every character a slice of the document, the mark exactly the span that was asked for."""

import pytest

from html_tree import HOSTILE, Element, parse
from roleqa.ingest.blocks import Span
from roleqa.ingest.markdown import read_markdown
from roleqa.ui.prose import Prose

TAGS = {"p", "ul", "li", "span", "mark", "pre", "code", "div", "table", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"class", "dir", "scope", "tabindex"}


def shown(text: str, quote: str = "", nth: int = 0) -> Element:
    start = -1
    for _ in range(nth + 1):
        start = text.index(quote, start + 1)
    marked = Span(start, start + len(quote)) if quote else Span(0, 0)
    return parse(Prose(text, marked).render(read_markdown(text).blocks))


def test_a_paragraph_has_the_quote_marked_where_it_stands() -> None:
    paragraph = shown("No. Yes.\nNo. And more.", "No.", nth=1).one("p")
    assert paragraph.text == "No. Yes.\nNo. And more."
    before, mark, after = paragraph.children
    assert (before, after) == ("No. Yes.\n", " And more.")
    assert isinstance(mark, Element)
    assert (mark.tag, mark.text) == ("mark", "No.")


def test_markup_in_a_quote_is_shown_as_it_stands() -> None:
    page = shown("Bring a **valid pass** along.", "a **valid pass** along")
    assert page.one("mark").text == "a **valid pass** along"
    assert page.one("span", "strong").text == "valid pass"
    assert page.one("p").text == "Bring a **valid pass** along."


def test_a_quote_may_begin_and_end_inside_of_markup() -> None:
    page = shown("Bring a **valid pass** along.", "pass** al")
    assert page.one("mark").text == "pass** al"
    assert [span.text for span in page.all("span", "strong")] == ["valid ", "pass"]
    assert page.one("p").text == "Bring a **valid pass** along."


def test_a_table_is_a_table_with_the_cited_cell_marked() -> None:
    text = "| Fee | Price |\n|---|---|\n| Pass | Two euros |\n| Copy | Two cents |\n"
    page = shown(text, "Two cents")
    assert [head.text for head in page.one("thead").all("th")] == ["Fee", "Price"]
    assert [
        [cell.text for cell in row.children if isinstance(cell, Element)] for row in page.one("tbody").all("tr")
    ] == [
        ["Pass", "Two euros"],
        ["Copy", "Two cents"],
    ]
    assert {head.attributes["scope"] for head in page.one("thead").all("th")} == {"col"}
    assert [head.attributes["scope"] for head in page.one("tbody").all("th")] == ["row", "row"]
    assert page.one("mark").text == page.one("td", "cited").text == "Two cents"


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("| a |", ["a", "", ""]),
        ("| a | b | c | d |", ["a", "b", "c", "d"]),
        ("| a | | c |", ["a", "", "c"]),
        ("a | b \\| c", ["a", "b \\| c", ""]),
    ],
)
def test_a_ragged_table_is_filled_up_to_its_widest_row(row: str, cells: list[str]) -> None:
    page = shown(f"| x | y | z |\n|---|---|---|\n{row}\n")
    body = page.one("tbody").one("tr")
    assert [cell.text for cell in body.children if isinstance(cell, Element)] == cells
    assert len(page.one("thead").all("th")) == len(cells)


def test_lists_keep_their_numbers_boxes_and_depth() -> None:
    text = "3. Bring a pass\n4. Sign, giving\n   - a name\n   - a purpose\n5. Leave\n\n- [x] Coats\n- Hats\n"
    page = shown(text, "a purpose")
    numbered, *_ = page.all("ul")
    assert [item.attributes["class"] for item in numbered.all("li")] == [
        "numbered",
        "numbered",
        "bulleted",
        "bulleted",
        "numbered",
        "numbered",
        "bulleted",
    ]
    assert [number.text for number in page.all("span", "number")] == ["3. ", "4. ", "5. ", "[x] "]
    assert [item.text for item in page.all("ul")[1].all("li")] == ["a name", "a purpose"]
    assert page.one("mark").text == "a purpose"


def test_lists_nested_without_end_are_shown_no_deeper_than_they_can_be_read() -> None:
    text = "\n".join("  " * depth + f"- item {depth}" for depth in range(40))
    page = shown(text)
    assert [f"item {depth}" in page.text for depth in range(40)] == [True] * 40
    deepest, node = 0, page.all("li")[-1]
    while node.parent:
        deepest, node = deepest + (node.tag == "ul"), node.parent
    assert deepest == 6


def test_code_keeps_its_lines_and_indentation_and_no_markup_is_seen_in_it() -> None:
    text = "```sh\n    run --fast\n  **stop**\n```\n"
    page = shown(text, "run --fast\n  **stop**")
    assert page.one("code").text == "    run --fast\n  **stop**"
    assert page.one("mark").text == "run --fast\n  **stop**"
    assert page.all("span") == []


def test_what_is_marked_in_several_blocks_is_marked_in_each() -> None:
    page = shown("One. Two.\n\nThree. Four.", "Two.\n\nThree.")
    assert [mark.text for mark in page.all("mark")] == ["Two.", "Three."]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize(
    "frame", ["Before {} after.", "- item {}\n- [x] {}", "| a {} | b |\n|---|---|\n| {} | {} |", "```\n{}\n```"]
)
def test_hostile_text_comes_out_as_text_only(hostile: str, frame: str) -> None:
    text = frame.replace("{}", hostile)
    page = shown(text, hostile)
    assert {element.tag for element in page.all()} <= TAGS
    assert {name for element in page.all() for name in element.attributes} <= ATTRIBUTES
    if "<!--" not in hostile:
        assert hostile in page.text
