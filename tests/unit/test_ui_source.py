"""An opened source: the document at the quote, its outline, its neighbours, and what is said when it cannot be shown."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from documents import written
from html_tree import HOSTILE, Element, parse
from roleqa.assistant import Assistant
from roleqa.types import Document
from roleqa.ui.links import Link, check_of
from roleqa.ui.parts import part_at, parts_of
from roleqa.ui.source import CHANGED, NEAREST, NOT_A_LINK, NOT_HERE, PAST_THE_END, UNSEEN, WINDOW, open_source

TEXT = """---
title: Visiting the archive
---
# Visiting the archive

The archive opens at nine.

## Before the visit

Bring a pass.

## Fees

| Item | Price |
|---|---|
| Pass | Two euros |

### Refunds

Refunds take ten days.
"""
DOCUMENT = written("guides/visits.md", "Visiting the archive", TEXT, "House rules")


def find(document_id: str) -> Document | None:
    return DOCUMENT if document_id == DOCUMENT.id else None


def link_to(quote: str, text: str = TEXT) -> Link:
    start = text.index(quote)
    return Link(DOCUMENT.id, start, start + len(quote), check_of(quote))


def opened(link: Link) -> Element:
    return parse(open_source(find, link.href))


def test_the_whole_document_is_there_with_only_the_quote_marked() -> None:
    page = opened(link_to("Bring a pass."))
    assert [section.text for section in page.all("section")] == [
        "The archive opens at nine.",
        "Before the visitBring a pass.",
        "FeesItemPricePassTwo euros",
        "RefundsRefunds take ten days.",
    ]
    assert page.one("mark").text == "Bring a pass."
    assert page.one("section", "here").text == "Before the visitBring a pass."
    assert page.all("p", "notice") == []


def test_the_head_says_which_document_and_where_it_is_from() -> None:
    page = opened(link_to("Bring a pass."))
    assert page.one("p", "file").text == "guides/visits.md"
    assert page.one("h2").text == "Visiting the archive"
    assert page.one("p", "origin").text == "House rules"


@pytest.mark.parametrize(("quote", "page"), [("The archive opens", 1), ("Bring a pass.", 2), ("Two euros", 2), ("Refunds take", 4)])
def test_the_head_says_which_page_of_a_document_that_has_pages(quote: str, page: int) -> None:
    starts = (0, TEXT.index("## Before"), TEXT.index("### Refunds"), TEXT.index("Refunds take"))
    paged = replace(DOCUMENT, pages=starts)
    shown = parse(open_source(lambda _: paged, link_to(quote).href))
    assert shown.one("p", "file").text == f"guides/visits.md, page {page}"
    # Where the quote is gone, nobody knows its page.
    gone = Link(DOCUMENT.id, 5, 9, "0" * 16)
    assert parse(open_source(lambda _: paged, gone.href)).one("p", "file").text == "guides/visits.md"


def test_headings_keep_their_rank_below_the_title() -> None:
    page = opened(link_to("Bring a pass."))
    assert page.one("h2").text == "Visiting the archive"
    assert [heading.text for heading in page.all("h3")] == ["Before the visit", "Fees"]
    assert [heading.text for heading in page.all("h4")] == ["Refunds"]


def test_the_outline_lists_the_headings_and_marks_the_one_being_read() -> None:
    outline = opened(link_to("Two euros")).one("nav", "outline")
    assert [(entry.text, entry.attributes["class"]) for entry in outline.all("li")] == [
        ("Visiting the archive", "depth-0"),
        ("Before the visit", "depth-1"),
        ("Fees", "depth-1"),
        ("Refunds", "depth-2"),
    ]
    assert outline.one("span", "here").text == "Fees"
    current = [entry.text for entry in outline.all("a") if entry.attributes.get("aria-current") == "location"]
    assert current == ["Fees"]


def test_each_entry_of_the_outline_leads_to_its_section_on_the_page_and_by_itself() -> None:
    page = opened(link_to("Two euros"))
    ids = [section.attributes["id"] for section in page.all("section")]
    entries = page.one("nav", "outline").all("a")
    assert [entry.attributes["data-part"] for entry in entries] == ids
    alone = parse(open_source(find, entries[3].attributes["href"]))
    assert alone.one("section", "here").text == "RefundsRefunds take ten days."
    assert alone.all("mark") == []
    assert alone.all("p", "notice") == []


def test_there_are_steps_to_the_sections_before_and_after() -> None:
    steps = [button for button in opened(link_to("Two euros")).all("button") if "data-step" in button.attributes]
    assert [(step.attributes["data-step"], step.attributes["aria-label"]) for step in steps] == [
        ("-1", "Previous section"),
        ("1", "Next section"),
    ]


def test_a_document_without_headings_needs_no_outline() -> None:
    document = written("a.txt", "A", "One line, and it is not a heading.", "")
    page = parse(open_source({"a.txt": document}.get, Link("a.txt", 0, 3).href))
    assert page.all("nav") == []
    assert page.one("mark").text == "One"


def test_text_above_the_first_heading_goes_by_the_title_of_the_document() -> None:
    document = written("a.md", "The title", "Words first.\n\n## Then\n\nMore.", "")
    page = parse(open_source({"a.md": document}.get, Link("a.md").href))
    assert [entry.text for entry in page.one("nav").all("li")] == ["The title", "Then"]
    assert page.one("section", "here").text == "Words first."


def test_the_link_can_be_copied() -> None:
    link = link_to("Bring a pass.")
    assert opened(link).one("button", "copy").attributes["data-link"] == link.href


def test_a_quote_that_no_longer_stands_there_is_never_marked() -> None:
    stale = Link(DOCUMENT.id, 60, 70, check_of("other words"))
    page = opened(stale)
    assert page.all("mark") == []
    assert page.one("p", "notice").text == CHANGED
    assert page.one("section", "here").text == "The archive opens at nine."
    assert page.one("button", "copy").attributes["data-link"] == Link(DOCUMENT.id, 60).href


def test_a_quote_past_the_end_of_a_document_that_got_shorter_is_stale_too() -> None:
    page = opened(Link(DOCUMENT.id, 9000, 9010, check_of("other words")))
    assert page.one("p", "notice").text == CHANGED
    assert page.one("section", "here").text == "RefundsRefunds take ten days."
    assert page.one("button", "copy").attributes["data-link"] == Link(DOCUMENT.id, len(TEXT)).href


@pytest.mark.parametrize(("start", "end"), [(9000, 9010), (9000, 9000), (10, len(TEXT) + 1)])
def test_offsets_past_the_end_are_said_to_be(start: int, end: int) -> None:
    page = opened(Link(DOCUMENT.id, start, end))
    assert page.one("p", "notice").text == PAST_THE_END
    assert page.all("mark") == []


def test_offsets_of_nothing_that_is_shown_are_said_to_be() -> None:
    page = opened(Link(DOCUMENT.id, 0, 10))  # the front matter
    assert page.one("p", "notice").text == UNSEEN
    assert page.all("mark") == []


def test_what_came_nearest_is_marked_as_no_answer() -> None:
    link = link_to("Bring a pass.")
    page = opened(Link(link.document, link.start, link.end, link.check, closest=True))
    assert page.one("article", "closest").one("p", "notice").text == NEAREST
    assert page.one("mark").text == "Bring a pass."


@pytest.mark.parametrize(
    "document",
    [
        "nowhere.md",
        "/etc/passwd",
        "../roles.toml",
        "guides/../guides/visits.md",
        "guides/visits.md ",
        "GUIDES/visits.md",
    ],
)
def test_only_documents_of_the_index_are_opened(document: str) -> None:
    page = parse(open_source(find, "?" + urlencode({"document": document, "start": 0, "end": 5})))
    assert page.one("p", "notice").text == NOT_HERE
    assert page.one("code").text == document
    assert page.all("section") == page.all("mark") == []


@pytest.mark.parametrize("query", ["", "?document=a.md&start=x", "?start=1", "javascript:alert(1)"])
def test_a_link_that_is_none_is_said_to_be(query: str) -> None:
    page = parse(open_source(find, query))
    assert page.one("p", "notice").text == NOT_A_LINK
    assert page.one("button", "close")


def test_a_long_document_is_shown_around_the_quote_with_the_way_to_the_rest() -> None:
    filler = "Words and words. " * (WINDOW // 17 // 4)
    text = "".join(f"# Part {number}\n\n{filler}\n\nMark {number}.\n\n" for number in range(12))
    document = written("long.md", "Long", text, "")
    start = text.index("Mark 6.")
    page = parse(open_source({"long.md": document}.get, Link("long.md", start, start + 7).href))
    assert [section.one("h3").text for section in page.all("section")] == ["Part 5", "Part 6", "Part 7"]
    assert page.one("mark").text == "Mark 6."
    assert len(page.one("nav").all("li")) == 12
    earlier, later = (more.one("a") for more in page.all("p", "more"))
    assert (earlier.text, later.text) == ("Earlier sections", "Later sections")
    before = parse(open_source({"long.md": document}.get, earlier.attributes["href"]))
    assert before.one("section", "here").one("h3").text == "Part 4"


def test_a_section_longer_than_the_window_is_shown_whole() -> None:
    text = "# One\n\nShort.\n\n# Two\n\n" + "Words and words. " * (WINDOW // 8) + "\n\n# Three\n\nShort."
    document = written("long.md", "Long", text, "")
    page = parse(open_source({"long.md": document}.get, Link("long.md", text.index("# Two")).href))
    assert [section.one("h3").text for section in page.all("section")] == ["Two"]
    assert page.text.count("Words") == WINDOW // 8


def test_parts_begin_at_headings_and_hold_every_other_block() -> None:
    parts = parts_of(DOCUMENT)
    assert [(part.title, part.level, len(part.blocks)) for part in parts] == [
        ("Visiting the archive", 1, 1),
        ("Before the visit", 2, 1),
        ("Fees", 2, 1),
        ("Refunds", 3, 1),
    ]
    offsets = [0, parts[1].start - 1, parts[1].start, TEXT.index("Two euros"), len(TEXT) + 5]
    assert [part_at(parts, offset) for offset in offsets] == [0, 0, 1, 2, 3]


def test_a_text_file_is_read_as_it_was_published() -> None:
    text = "Opening hours\n\nThe archive opens at nine, and it is open until five.\n\nFees\n\nA pass costs two euros, and there is no refund.\n"
    assert [part.title for part in parts_of(written("a.txt", "A", text, ""))] == ["Opening hours", "Fees"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_names_headings_and_texts_come_out_as_text_only(hostile: str) -> None:
    text = f"## {hostile}\n\nBefore {hostile} after.\n"
    document = written(hostile, hostile, text, hostile)
    start = text.rindex(hostile)
    page = parse(open_source({hostile: document}.get, Link(hostile, start, start + len(hostile)).href))
    tags = {element.tag for element in page.all()}
    assert not tags & {"script", "img", "form", "input", "iframe", "style", "b"}
    assert not {name for element in page.all() for name in element.attributes if name.startswith("on")}
    assert page.one("p", "file").text == page.one("h2").text == page.one("p", "origin").text == hostile
    links = [link.attributes["href"] for link in page.all("a")]
    assert all(link.startswith("?document=") for link in links)


def test_the_assistant_gives_the_documents_of_the_live_index_alone(assistant: Assistant, corpus: Path) -> None:
    document = assistant.document("harbour.md")
    assert document
    assert document.text == (corpus / "harbour.md").read_text(encoding="utf-8")
    assert assistant.document("roles.toml") is None
    assert assistant.document("../corpus/harbour.md") is None

    (corpus / "harbour.md").write_text("# Harbour\n\nClosed.\n", encoding="utf-8")
    assert assistant.document("harbour.md") == document  # as indexed, until it is indexed anew
    assistant.rebuild()
    changed = assistant.document("harbour.md")
    assert changed
    assert changed.text == "# Harbour\n\nClosed.\n"
