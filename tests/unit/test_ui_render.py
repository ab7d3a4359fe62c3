"""Answers as HTML: what is shown, where it leads, and that nothing of it is ever more than text."""

from dataclasses import replace

import pytest

from html_tree import HOSTILE, Element, parse
from roleqa.blocks import Span
from roleqa.types import Answer, Citation, Column, Evidence, Generation, Passage, Role
from roleqa.ui.links import Link
from roleqa.ui.render import confidence_word, render_answer, render_error, render_question

DOCUMENT = "The archive opens at nine. Bring a pass. | Fee | Two euros |"
ROLES = (Role("keeper", "Keeper of Maps"), Role("clerk", "Clerk"))
INDEX = Generation("20260101T000000Z", "2026-01-01T00:00:00+00:00", stale=False)

# Everything that an answer may consist of. What is not here, a hostile text has brought in.
TAGS = {
    "article", "div", "p", "pre", "span", "blockquote", "strong", "a", "q", "h3", "ul", "li",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {"class", "href", "title", "dir", "scope", "role", "tabindex", "aria-label", "data-role"}


def cite(number: int, quote: str, role: str | None = None, **evidence: str) -> Citation:
    start = DOCUMENT.index(quote)
    passage = Passage("p1", "guide/visits.md", ("Guide", "Visits"), 0, len(DOCUMENT))
    kind = "cell" if "row" in evidence else "item" if "lead_in" in evidence else "sentence"
    found = Evidence("p1", start, start + len(quote), kind, **evidence)
    return Citation(number, found, quote, passage, DOCUMENT, role, score=1.0)


def answer(*citations: Citation, **changes: object) -> Answer:
    made = Answer(
        question="When?",
        resolved_question="When?",
        kind="answer",
        text="",
        confidence=0.9,
        index=INDEX,
        seconds=0.123,
        citations=citations or (cite(1, "The archive opens at nine."),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def refusal(*closest: Citation) -> Answer:
    text = "The documents don't answer this."
    return Answer("Why?", "Why?", "refusal", text, 0.1, INDEX, 0.1, closest=closest)


def shown(made: Answer, *topics: str) -> Element:
    return parse(render_answer(made, ROLES, topics))


def test_each_quote_is_followed_by_its_number_which_leads_to_its_place() -> None:
    citations = cite(1, "Bring a pass."), cite(2, "The archive opens at nine.")
    page = shown(answer(*citations))
    assert [quote.text for quote in page.all("blockquote", "quote")] == [
        "Bring a pass.\u00a0[1]",
        "The archive opens at nine.\u00a0[2]",
    ]
    markers = page.all("a", "marker")
    assert [marker.attributes["href"] for marker in markers] == [Link.to(citation).href for citation in citations]
    assert markers[0].attributes["aria-label"] == "[1] show source"
    assert markers[0].attributes["title"] == "guide/visits.md \u203a Guide \u203a Visits"


def test_the_answering_words_are_strong_inside_the_quote() -> None:
    citation = cite(1, "The archive opens at nine.")
    start = DOCUMENT.index("at nine")
    page = shown(answer(replace(citation, answer=Span(start, start + len("at nine")))))
    quote = page.one("blockquote", "quote")
    assert [strong.text for strong in quote.all("strong")] == ["at nine"]
    assert quote.one("span", "verbatim").text == "The archive opens at nine."
    assert shown(answer(citation)).all("strong") == []


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_answering_words_come_out_as_text_only(words: str) -> None:
    document = f"Before {words} after"
    passage = Passage("p", "a.md", (), 0, len(document))
    evidence = Evidence("p", 0, len(document), "sentence")
    citation = Citation(1, evidence, document, passage, document, None, 1.0, answer=Span(7, 7 + len(words)))
    page = shown(answer(citation))
    assert {element.tag for element in page.all()} <= TAGS
    assert page.one("strong").text == words
    assert page.one("span", "verbatim").text == document


def test_a_number_in_a_quote_is_no_marker() -> None:
    document = "It was so [1]."
    passage = Passage("p", "a.md", (), 0, len(document))
    citation = Citation(1, Evidence("p", 0, len(document), "sentence"), document, passage, document, None, 1.0)
    page = shown(answer(citation))
    assert page.one("span", "verbatim").text == document
    assert len(page.all("a", "marker")) == 1


def test_the_sections_quoted_from_are_listed_once_each_with_their_numbers() -> None:
    first, second, third = cite(1, "Bring a pass."), cite(2, "Two euros"), cite(3, "The archive opens at nine.")
    elsewhere = replace(second, passage=replace(second.passage, headings=()))
    rows = shown(answer(first, elsewhere, third)).one("div", "sources").all("a", "place")
    assert [row.text for row in rows] == ["[1] [3] Visits guide/visits.md", "[2] guide/visits.md"]
    assert [row.attributes["href"] for row in rows] == [Link.to(first).href, Link.to(elsewhere).href]


def test_a_cell_comes_with_its_row_and_column() -> None:
    page = shown(answer(cite(1, "Two euros", "clerk", row="Fee", column="Clerks")))
    assert page.one("p", "context").text == "Fee \u00b7 Clerks"


def test_a_list_item_comes_with_the_sentence_that_leads_to_it() -> None:
    page = shown(answer(cite(1, "Bring a pass.", lead_in="Every visitor must:")))
    assert page.one("blockquote", "quote").text == "Every visitor must:Bring a pass.\u00a0[1]"


def test_code_keeps_its_lines() -> None:
    citation = cite(1, "Bring a pass.")
    page = shown(answer(replace(citation, evidence=replace(citation.evidence, kind="code"))))
    assert page.one("pre").text == "Bring a pass.\u00a0[1]"


def test_a_whole_list_keeps_its_lines() -> None:
    citation = cite(1, "Bring a pass.")
    page = shown(answer(replace(citation, evidence=replace(citation.evidence, kind="list"))))
    assert page.one("blockquote", "lines").text == "Bring a pass.\u00a0[1]"


def test_a_page_number_is_said_where_there_is_one() -> None:
    page = shown(answer(replace(cite(1, "Bring a pass."), page=7)))
    assert page.one("a", "place").text == "[1] Visits guide/visits.md, page 7"
    assert page.one("a", "marker").attributes["title"] == "guide/visits.md \u203a page 7 \u203a Guide \u203a Visits"


@pytest.mark.parametrize(
    ("confidence", "word"),
    [(1.0, "strong"), (0.85, "strong"), (0.84, "likely"), (0.65, "likely"), (0.64, "weak"), (0.0, "weak")],
)
def test_confidence_is_a_word_with_its_number_on_hover_and_for_the_ear(confidence: float, word: str) -> None:
    assert confidence_word(confidence) == word
    shown_word = shown(answer(confidence=confidence)).one("span", "confidence")
    assert shown_word.without("span", "unseen") == f"{word} match"
    assert shown_word.one("span", "unseen").text == f", confidence {confidence:.2f}"
    assert shown_word.attributes["title"] == f"Confidence {confidence:.2f}"


def test_the_question_as_understood_is_shown_only_where_it_differs() -> None:
    assert shown(answer()).all("p", "understood") == []
    understood = shown(answer(resolved_question="When does it open?")).one("p", "understood")
    assert understood.text == "Understood as When does it open?"


def test_the_index_that_answered_is_named_and_its_age_admitted() -> None:
    assert shown(answer()).one("p", "standing").without("span", "unseen") == "strong match0.12 s"
    standing = shown(answer(index=replace(INDEX, stale=True))).one("p", "standing")
    assert standing.one("span", "aside").text == "0.12 s \u00b7 the documents have changed since"
    assert standing.all("span")[-1].attributes["title"] == (
        "From index 20260101T000000Z, built 1 January 2026, 00:00:00 UTC"
    )


@pytest.mark.parametrize("count", [2, 3])
def test_a_comparison_is_a_table_with_a_column_a_role(count: int) -> None:
    citations = (
        cite(1, "Bring a pass.", "keeper"),
        cite(2, "Two euros", "clerk", row="Fee", column="Clerks"),
        cite(3, "The archive opens at nine.", "porter"),
    )[:count]
    columns = tuple(Column(citation.role or "", citation.quote, (citation.number,)) for citation in citations)
    page = shown(answer(*citations, kind="comparison", columns=columns))
    assert [head.text for head in page.all("th")] == ["Keeper of Maps", "Clerk", "porter"][:count]
    cells = ["Bring a pass.\u00a0[1]", "FeeTwo euros\u00a0[2]", "The archive opens at nine.\u00a0[3]"][:count]
    assert [cell.text for cell in page.all("td")] == cells
    hrefs = [marker.attributes["href"] for marker in page.all("a", "marker")]
    assert hrefs == [Link.to(citation).href for citation in citations]
    assert {head.attributes["scope"] for head in page.all("th")} == {"col"}
    assert [cell.attributes["data-role"] for cell in page.all("td")] == [head.text for head in page.all("th")]


def test_a_comparison_says_what_is_not_stated() -> None:
    columns = (Column("keeper", "Bring a pass.", (1,)), Column("clerk", None))
    page = shown(answer(cite(1, "Bring a pass."), kind="comparison", columns=columns))
    assert [cell.text for cell in page.all("td")] == ["Bring a pass.\u00a0[1]", "not stated"]


def test_what_sums_up_all_the_roles_stands_above_their_columns() -> None:
    columns = (Column("keeper", "Bring a pass.", (2,)), Column("clerk", None))
    page = shown(answer(cite(1, "Two euros"), cite(2, "Bring a pass."), kind="comparison", columns=columns))
    assert page.one("div", "quotes").text == "Two euros\u00a0[1]"
    assert [cell.text for cell in page.all("td")] == ["Bring a pass.\u00a0[2]", "not stated"]


def test_a_refusal_says_so_and_tells_the_closest_passages_from_an_answer() -> None:
    citation = cite(1, "Bring a pass.", lead_in="Every visitor must:")
    page = shown(refusal(citation))
    assert page.one("p", "said").text == "The documents don't answer this."
    closest = page.one("div", "closest")
    assert closest.one("h3").text == "What came nearest"
    assert closest.one("p", "aside").text == "For you to judge; it is not an answer."
    assert closest.one("a").text == "Bring a pass.Visits guide/visits.md"
    assert closest.one("a").attributes["href"] == Link.to(citation, closest=True).href
    # Nothing that looks like an answer: no quotes above, no numbers, no word of confidence.
    assert not page.all("blockquote", "quote")
    assert not page.all("a", "marker")
    assert "[1]" not in page.text
    assert not page.all("span", "confidence")


def test_a_refusal_names_what_the_documents_do_cover() -> None:
    covered = shown(refusal(), "Fees", "Opening hours").one("div", "covered")
    assert covered.one("h3").text == "What the documents cover"
    assert [topic.text for topic in covered.all("li")] == ["Fees", "Opening hours"]


def test_a_refusal_with_nothing_near_is_one_sentence_and_where_it_came_from() -> None:
    assert shown(refusal()).text == "The documents don't answer this.0.10 s"


def test_a_question_is_shown_as_typed() -> None:
    page = parse(render_question("  When?\n$$x^2$$ **now**  "))
    assert page.one("div", "question").text == "  When?\n$$x^2$$ **now**  "
    assert page.all("div", "pending") == page.all("p") == []
    assert parse(render_question("When?", pending=True)).one("div", "pending").text == "When?"
    assert parse(render_question("When?", "Keeper")).one("p", "asked-of").text == "Only about: Keeper"


def test_an_error_is_shown_as_it_speaks() -> None:
    notice = parse(render_error("No index.\nRun: roleqa build")).one("div", "notice")
    assert notice.text == "No index.\nRun: roleqa build"


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("kind", ["answer", "comparison", "refusal"])
def test_hostile_text_anywhere_comes_out_as_text_only(hostile: str, kind: str) -> None:
    passage = Passage("p", hostile, (hostile, hostile), 0, 100)
    evidence = Evidence("p", 8, 8 + len(hostile), "cell", row=hostile, column=hostile, lead_in=hostile)
    citation = Citation(1, evidence, hostile, passage, hostile, hostile, 1.0)
    cited = {"closest": (citation,)} if kind == "refusal" else {"citations": (citation,)}
    made = Answer(
        question="q",
        resolved_question=hostile,
        kind=kind,  # type: ignore[arg-type]
        text=hostile,
        confidence=0.9,
        index=Generation(hostile, hostile, stale=True),
        seconds=0.1,
        columns=(Column(hostile, hostile, (1,)),),
        **cited,
    )
    page = parse(render_answer(made, (Role(hostile, hostile),), (hostile,)))
    assert {element.tag for element in page.all()} <= TAGS
    assert {name for element in page.all() for name in element.attributes} <= ATTRIBUTES
    expected = Link.to(citation, closest=kind == "refusal").href
    assert {element.attributes["href"] for element in page.all("a")} == {expected}
    assert page.one("p", "understood").text == f"Understood as {hostile}"
    assert page.one("span", "document").text == page.one("span", "heading").text == hostile


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_questions_and_errors_come_out_as_text_only(hostile: str) -> None:
    for page in (parse(render_question(hostile)), parse(render_error(hostile))):
        assert page.text == hostile
        assert {element.tag for element in page.all()} <= {"div", "p"}


@pytest.mark.parametrize("source", ["House rules, p. 3", *HOSTILE])
def test_a_quote_says_below_it_what_it_rests_on(source: str) -> None:
    first, second = cite(1, "The archive opens at nine."), cite(2, "Bring a pass.")
    page = parse(render_answer(answer(replace(first, source=source), second), ROLES))
    quotes = page.all("blockquote", "quote")
    assert quotes[0].one("p", "source-line").text == f"Source: {source}"
    assert not quotes[1].all("p", "source-line")
    assert {element.tag for element in page.all()} <= TAGS
