"""Edits around a quote, and any text at all: what verification and the Markdown export must make of them."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from exchanges import cite, exchange
from html_tree import parse
from roleqa.blocks import Span
from roleqa.bundle.check import Quoted, find_quote
from roleqa.bundle.markdown import to_markdown
from roleqa.bundle.read import read_bundle
from roleqa.bundle.write import to_json, to_keep
from roleqa.types import Document

# A busy machine is no failure.
PATIENT = settings(deadline=None)
NOW = datetime(2026, 1, 3, tzinfo=UTC)
RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

# Letters that the quote has none of stand around it: then it is where it was put, and nowhere else.
QUOTES = st.text("abc d", min_size=1, max_size=30).filter(lambda quote: quote == quote.strip())
AROUND = st.text("xyz.\n ", max_size=40)
ANY_TEXT = st.text(max_size=60)


def found(text: str, quote: str, start: int) -> tuple[str, int | None, int | None]:
    document = Document("a.md", "A", text, "")
    place = find_quote(Quoted("a.md", start, start + len(quote), quote), {"a.md": document})
    return place.outcome, place.start, place.end


@PATIENT
@given(AROUND, QUOTES, AROUND, AROUND)
def test_an_edit_behind_a_quote_leaves_it_standing(before: str, quote: str, after: str, edited: str) -> None:
    start = len(before) + 1
    assert found(f"{before} {quote} {after}", quote, start) == ("stands", start, start + len(quote))
    assert found(f"{before} {quote} {edited}", quote, start) == ("stands", start, start + len(quote))


@PATIENT
@given(AROUND, QUOTES, AROUND, AROUND)
def test_an_edit_before_a_quote_moves_it_by_as_much(before: str, quote: str, after: str, edited: str) -> None:
    start, now = len(before) + 1, len(edited) + 1
    outcome = "stands" if start == now else "moved"
    assert found(f"{edited} {quote} {after}", quote, start) == (outcome, now, now + len(quote))


@PATIENT
@given(AROUND, QUOTES, AROUND, st.data())
def test_an_edit_inside_a_quote_is_always_told(before: str, quote: str, after: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(quote) - 1), label="cut")
    with_less = quote[:cut] + quote[cut + 1 :]
    with_more = f"{quote[:cut]}z{quote[cut:]}" if cut else quote + "z"
    for edited in (with_less, with_more):
        text = f"{before} {edited} {after}"
        if f" {quote} " not in text:
            outcome, start, end = found(text, quote, len(before) + 1)
            assert outcome in ("changed", "gone")
            assert (start is None) == (end is None) == (outcome == "gone")


@PATIENT
@given(AROUND, QUOTES, AROUND)
def test_a_quote_whose_document_is_gone_is_missing(before: str, quote: str, after: str) -> None:
    document = Document("b.md", "B", before + quote + after, "")
    assert find_quote(Quoted("a.md", 0, len(quote), quote), {"b.md": document}).outcome == "document missing"


@PATIENT
@given(ANY_TEXT, st.text(min_size=1, max_size=60), ANY_TEXT)
def test_any_conversation_is_read_as_it_was_written(question: str, quote: str, name: str) -> None:
    made = exchange(cite(quote, document=name, row=question, column=name), question=question, role=name)
    assert read_bundle(to_keep((made,))) == (made,)
    assert read_bundle(to_json((made,), NOW))[0].answer == made.answer


@PATIENT
@given(st.text(min_size=1, max_size=40), st.integers(-3, 45), st.integers(-3, 45))
def test_answering_words_are_kept_where_they_lie_inside_the_quote(quote: str, start: int, end: int) -> None:
    words = Span(7 + start, 7 + end)
    made = exchange(replace(cite(quote, start=7), answer=words))
    (again,) = read_bundle(to_keep((made,)))
    inside = 0 <= start < end <= len(quote)
    assert again.answer.citations[0].answer == (words if inside else None)
    assert again.answer.citations[0].parts == ((quote[:start], quote[start:end], quote[end:]) if inside else (quote, "", ""))
    json.loads(to_keep((made,)))


@PATIENT
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=80))
def test_any_text_survives_a_markdown_renderer_as_text(text: str) -> None:
    page = parse(RENDERER.render(to_markdown((exchange(cite(text)),), {}, NOW)).replace("<br />", "<br></br>"))
    quote = page.one("blockquote")
    assert {element.tag for element in quote.all()} <= {"p", "br", "strong"}
    assert quote.text.split("visits.md")[0].split() == f"{text} [1]".split()


def tags(text: str) -> list[str]:
    """What the page is made of; how many paragraphs in a row, the text's empty lines decide."""
    made = exchange(cite(text), cite(text, number=2, kind="code"))
    page = parse(RENDERER.render(to_markdown((made,), {}, NOW)).replace("<br />", "<br></br>"))
    found = [element.tag for element in page.all() if element.tag != "br"]
    return [tag for tag, _ in groupby(found)]


@PATIENT
@given(st.text("\n\r \t#>-+=*_`~|[]()<>&\\:1.a", min_size=1, max_size=40))
def test_marks_in_any_order_stay_text(text: str) -> None:
    assert tags(text) == tags("a")
