"""Answers as HTML: what is shown, where it stands, and that nothing of it is ever more than text."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from roleqa.types import Answer, Citation, Column, Evidence, Generation, Passage, Role
from roleqa.ui.render import confidence_word, render_answer, render_error, render_question

DOCUMENT = "The archive opens at nine. Bring a pass. | Fee | Two euros |"
ROLES = (Role("keeper", "Keeper of Maps"), Role("clerk", "Clerk"))
INDEX = Generation("20260101T000000Z", "2026-01-01T00:00:00+00:00", stale=False)

# Everything that an answer may consist of. What is not here, a hostile text has brought in.
TAGS = {
    "article",
    "div",
    "p",
    "pre",
    "span",
    "a",
    "q",
    "b",
    "h3",
    "details",
    "summary",
    "blockquote",
    "mark",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
ATTRIBUTES = {
    "class",
    "id",
    "href",
    "title",
    "dir",
    "scope",
    "role",
    "tabindex",
    "aria-label",
    "aria-hidden",
    "data-role",
}
HOSTILE = (
    "<script>alert(1)</script>",
    '<img src="http://evil.example/x.png" onerror="alert(1)">',
    '"><img src=x onerror=alert(1)>',
    "<form action='http://evil.example'><input name=q></form>",
    "![picture](http://evil.example/x.png)",
    "[link](javascript:alert(1))",
    "$$\\frac{a}{b}$$",
    "</blockquote></details></article><iframe src=//evil.example>",
    "${alert(1)} {{value}} `backticks`",
    "<style>*{display:none}</style><!-- ",
    "&lt;b&gt; &#x3c;",
)


class Element:
    """A parsed element: enough of a tree to say what stands where."""

    def __init__(self, tag: str, attributes: dict[str, str], parent: "Element | None") -> None:
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.children: list[Element | str] = []

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def all(self, tag: str = "", css_class: str = "") -> list["Element"]:
        found = []
        for child in self.children:
            if isinstance(child, Element):
                classes = child.attributes.get("class", "").split()
                if tag in ("", child.tag) and (not css_class or css_class in classes):
                    found.append(child)
                found += child.all(tag, css_class)
        return found

    def one(self, tag: str = "", css_class: str = "") -> "Element":
        found = self.all(tag, css_class)
        assert len(found) == 1, f"{len(found)} of {tag}.{css_class} in {self.text!r}"
        return found[0]


class Tree(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.here = Element("root", {}, None)
        self.feed(html)
        self.close()
        assert self.here is self.root, f"<{self.here.tag}> is never closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.here = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        assert self.here.parent
        self.here.parent.children.append(self.here)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.here.tag, f"</{tag}> closes <{self.here.tag}>"
        assert self.here.parent
        self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data!r}")


def parse(html: str) -> Element:
    return Tree(html).root


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


def shown(made: Answer) -> Element:
    return parse(render_answer(made, ROLES, "turn-1"))


def test_each_quote_is_followed_by_its_number_which_leads_to_its_source() -> None:
    page = shown(answer(cite(1, "Bring a pass."), cite(2, "The archive opens at nine.")))
    assert [quote.text for quote in page.all("div", "quote")] == [
        "Bring a pass. [1]",
        "The archive opens at nine. [2]",
    ]
    sources = [source.attributes["id"] for source in page.all("details")]
    assert sources == ["turn-1-source-1", "turn-1-source-2"]
    assert [marker.attributes["href"] for marker in page.all("a", "marker")] == [f"#{id}" for id in sources]
    assert [source.one("span", "number").text for source in page.all("details")] == ["[1]", "[2]"]


def test_a_number_in_a_quote_is_no_marker() -> None:
    document = "It was so [1]."
    passage = Passage("p", "a.md", (), 0, len(document))
    citation = Citation(
        1, Evidence("p", 0, len(document), "sentence"), document, passage, document, None, 1.0
    )
    page = shown(answer(citation))
    assert page.one("span", "verbatim").text == document
    assert len(page.all("a")) == 1


def test_a_source_says_document_section_path_and_role_and_opens_on_request() -> None:
    source = shown(answer(cite(1, "Bring a pass.", "keeper"))).one("details")
    assert "open" not in source.attributes
    assert source.one("summary").text == "[1]guide/visits.md \u203a Guide \u203a VisitsRole Keeper of Maps"


def test_an_opened_source_shows_the_passage_with_only_the_quote_marked() -> None:
    source = shown(answer(cite(1, "Bring a pass."))).one("details")
    assert source.one("blockquote").text == DOCUMENT
    assert source.one("mark").text == "Bring a pass."
    before, mark, after = source.one("blockquote").children
    assert (before, after) == ("The archive opens at nine. ", " | Fee | Two euros |")
    assert isinstance(mark, Element)
    assert "characters 27 to 40 of the document" in source.one("div", "opened").text


def test_the_marked_words_are_the_cited_ones_even_where_they_occur_twice() -> None:
    document = "No. Yes. No."
    passage = Passage("p", "a.md", (), 100, 112)
    citation = Citation(1, Evidence("p", 109, 112, "sentence"), "No.", passage, document, None, 1.0)
    children = shown(answer(citation)).one("blockquote").children
    assert [child if isinstance(child, str) else child.text for child in children] == ["No. Yes. ", "No."]


@pytest.mark.parametrize(("start", "passage_text"), [(3, DOCUMENT), (0, "something else"), (-40, DOCUMENT)])
def test_what_is_not_the_quote_is_never_marked(start: int, passage_text: str) -> None:
    citation = cite(1, "The archive opens at nine.")
    evidence = replace(citation.evidence, start=start, end=start + 26)
    page = shown(answer(replace(citation, evidence=evidence, passage_text=passage_text)))
    assert page.one("mark").text == page.one("blockquote").text == "The archive opens at nine."


def test_a_cell_comes_with_its_row_and_column() -> None:
    page = shown(answer(cite(1, "Two euros", "clerk", row="Fee", column="Clerks")))
    assert page.one("p", "context").text == "Fee \u00b7 Clerks"
    assert [label.text for label in page.all("span", "label")] == ["Row Fee", "Column Clerks"]


def test_a_list_item_comes_with_the_sentence_that_leads_to_it() -> None:
    page = shown(answer(cite(1, "Bring a pass.", lead_in="Every visitor must:")))
    assert page.one("div", "quote").text == "Every visitor must:Bring a pass. [1]"


def test_code_keeps_its_lines() -> None:
    citation = cite(1, "Bring a pass.")
    page = shown(answer(replace(citation, evidence=replace(citation.evidence, kind="code"))))
    assert page.one("pre").text == "Bring a pass. [1]"


def test_a_page_number_is_said_where_there_is_one() -> None:
    page = shown(answer(replace(cite(1, "Bring a pass."), page=7)))
    assert "page 7, characters 27 to 40" in page.one("div", "opened").text


@pytest.mark.parametrize(
    ("confidence", "word"),
    [(1.0, "strong"), (0.85, "strong"), (0.84, "likely"), (0.65, "likely"), (0.64, "weak"), (0.0, "weak")],
)
def test_confidence_is_a_word_with_its_number_on_hover(confidence: float, word: str) -> None:
    assert confidence_word(confidence) == word
    shown_word = shown(answer(confidence=confidence)).one("span", "confidence")
    assert shown_word.text == f"{word} match"
    assert shown_word.attributes["title"] == f"Confidence {confidence:.2f}"


def test_the_question_as_understood_is_shown_only_where_it_differs() -> None:
    assert shown(answer()).all("p", "understood") == []
    understood = shown(answer(resolved_question="When does it open?")).one("p", "understood")
    assert understood.text == "Understood as When does it open?"


def test_the_index_that_answered_is_named_and_its_age_admitted() -> None:
    assert shown(answer()).one("p", "standing").text == "strong match0.12 s"
    standing = shown(answer(index=replace(INDEX, stale=True))).one("p", "standing")
    assert standing.text == "strong match0.12 s \u00b7 the documents have changed since"
    assert standing.all("span")[-1].attributes["title"] == "From index 20260101T000000Z"


def test_a_comparison_is_a_table_with_a_column_a_role() -> None:
    first, second = (
        cite(1, "Bring a pass.", "keeper"),
        cite(2, "Two euros", "clerk", row="Fee", column="Clerks"),
    )
    columns = (Column("keeper", "Bring a pass. [1]", (1,)), Column("clerk", "Two euros [2]", (2,)))
    page = shown(answer(first, second, kind="comparison", columns=columns))
    assert [head.text for head in page.all("th")] == ["Keeper of Maps", "Clerk"]
    assert [cell.text for cell in page.all("td")] == ["Bring a pass. [1]", "FeeTwo euros [2]"]
    assert [marker.attributes["href"] for marker in page.all("a")] == ["#turn-1-source-1", "#turn-1-source-2"]
    assert len(page.all("details")) == 2
    assert {head.attributes["scope"] for head in page.all("th")} == {"col"}


def test_a_comparison_says_what_is_not_stated() -> None:
    columns = (Column("keeper", "Bring a pass.", (1,)), Column("clerk", None))
    page = shown(answer(cite(1, "Bring a pass."), kind="comparison", columns=columns))
    assert [cell.text for cell in page.all("td")] == ["Bring a pass. [1]", "not stated"]


def test_a_role_without_a_name_shows_its_id() -> None:
    columns = (Column("captain", "Bring a pass.", (1,)),)
    page = shown(answer(cite(1, "Bring a pass.", "captain"), kind="comparison", columns=columns))
    assert page.one("th").text == "captain"
    assert page.one("span", "label").text == "Role captain"


def test_a_refusal_says_so_and_labels_the_closest_passages_as_no_answer() -> None:
    refusal = Answer(
        question="Why?",
        resolved_question="Why?",
        kind="refusal",
        text="The documents don't answer this.",
        confidence=0.1,
        index=INDEX,
        seconds=0.1,
        closest=(cite(1, "Bring a pass."),),
    )
    page = shown(refusal)
    assert page.one("p", "said").text == "The documents don't answer this."
    assert page.all("p", "aside")[0].text == (
        "What came nearest is below, for you to judge. It is not an answer."
    )
    assert page.one("h3").text == "Closest passages"
    assert page.one("details").one("span", "excerpt").text == "Bring a pass."
    assert page.one("mark").text == "Bring a pass."
    # Nothing that looks like an answer: no quotes above, no numbers, no word of confidence.
    assert not page.all("div", "quote")
    assert not page.all("a")
    assert "[1]" not in page.text
    assert not page.all("span", "confidence")


def test_a_refusal_with_nothing_near_is_one_sentence() -> None:
    refusal = Answer(
        question="Why?",
        resolved_question="Why?",
        kind="refusal",
        text="The documents don't answer this.",
        confidence=0.0,
        index=INDEX,
        seconds=0.1,
    )
    assert shown(refusal).text == "The documents don't answer this."


def test_a_question_is_shown_as_typed() -> None:
    page = parse(render_question("  When?\n$$x^2$$ **now**  "))
    assert page.one("div", "question").text == "  When?\n$$x^2$$ **now**  "
    assert page.all("div", "pending") == []
    assert parse(render_question("When?", pending=True)).one("div", "pending").text == "When?"


def test_an_error_is_shown_as_it_speaks() -> None:
    notice = parse(render_error("No index.\nRun: roleqa build")).one("div", "notice")
    assert notice.text == "No index.\nRun: roleqa build"


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("kind", ["answer", "comparison", "refusal"])
def test_hostile_text_anywhere_comes_out_as_text_only(hostile: str, kind: str) -> None:
    document = f"Before. {hostile} After."
    passage = Passage("p", hostile, (hostile, hostile), 0, len(document))
    evidence = Evidence("p", 8, 8 + len(hostile), "cell", row=hostile, column=hostile, lead_in=hostile)
    citation = Citation(1, evidence, hostile, passage, document, hostile, 1.0)
    cited = {"closest": (citation,)} if kind == "refusal" else {"citations": (citation,)}
    made = Answer(
        question="q",
        resolved_question=hostile,
        kind=kind,
        text=hostile,
        confidence=0.9,  # type: ignore[arg-type]
        index=Generation(hostile, hostile, stale=True),
        seconds=0.1,
        columns=(Column(hostile, hostile, (1,)),),
        **cited,
    )
    page = parse(render_answer(made, (Role(hostile, hostile),), "turn-1"))
    assert {element.tag for element in page.all()} <= TAGS
    assert {name for element in page.all() for name in element.attributes} <= ATTRIBUTES
    assert {element.attributes["href"] for element in page.all("a")} <= {"#turn-1-source-1"}
    assert page.one("blockquote").text == document
    assert page.one("mark").text == hostile
    assert page.one("p", "understood").text == f"Understood as {hostile}"
    assert page.one("span", "document").text == hostile
    assert page.one("span", "headings").text == f" \u203a {hostile}" * 2


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_questions_and_errors_come_out_as_text_only(hostile: str) -> None:
    for page in (parse(render_question(hostile)), parse(render_error(hostile))):
        assert page.text == hostile
        assert {element.tag for element in page.all()} <= {"div", "p"}
