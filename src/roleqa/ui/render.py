"""An Answer becomes HTML: quotes with their numbers, each a link to its place in the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from roleqa.types import Answer, Citation, Column, Role
from roleqa.ui.links import Link
from roleqa.ui.markup import EMPTY, Html, element, foreign, join, text
from roleqa.ui.panel import exact_time

# The least confidence that each word stands for.
CONFIDENCE_WORDS = ((0.85, "strong"), (0.65, "likely"), (0.0, "weak"))

RoleNames = Mapping[str, str]


def render_question(question: str, role: str | None = None, pending: bool = False) -> Html:
    """What the person typed, as they typed it, and the role they asked about; `pending` until there is an answer."""
    asked_of = element("p", text("Only about: "), foreign("span", role), class_="asked-of") if role else EMPTY
    asked = foreign("div", question, class_="question pending" if pending else "question")
    return element("div", asked, asked_of, class_="asked")


def render_error(message: str) -> Html:
    """What went wrong and what to do next, as the error says it."""
    return element("div", foreign("p", message), class_="notice")


def render_answer(answer: Answer, roles: Sequence[Role], topics: Sequence[str] = ()) -> Html:
    """An answer, a comparison or a refusal; a refusal names `topics` that the documents do cover."""
    role_names = {role.id: role.name for role in roles}
    if answer.kind == "refusal":
        body = _refusal(answer, topics)
    else:
        quotes = _comparison(answer, role_names) if answer.kind == "comparison" else _quotes(answer)
        body = join(quotes, _standing(answer), _sources(answer.citations))
    return element("article", _understood(answer), body, class_=f"answer {answer.kind}")


def confidence_word(confidence: float) -> str:
    return next(word for least, word in CONFIDENCE_WORDS if confidence >= least)


def _understood(answer: Answer) -> Html:
    if answer.resolved_question == answer.question:
        return EMPTY
    return element("p", text("Understood as "), foreign("q", answer.resolved_question), class_="understood")


def _quotes(answer: Answer) -> Html:
    return element("div", *map(_quote, answer.citations), class_="quotes")


def _quote(citation: Citation, with_column: bool = True) -> Html:
    """One quote with its number, below the words it cannot be understood without and above what it rests on."""
    tag = "pre" if citation.evidence.kind == "code" else "p"
    before, answer, after = citation.parts
    strong = element("strong", text(answer)) if answer else EMPTY
    quote = element("span", text(before), strong, text(after), class_="verbatim", dir="auto")
    said = element(tag, quote, text("\u00a0"), _marker(citation))
    look = _look("quote", citation)
    return element("blockquote", _context(citation, with_column), said, _source_line(citation), class_=look)


def _source_line(citation: Citation) -> Html:
    """What the quote rests on, as its document names it."""
    if not citation.source:
        return EMPTY
    return foreign("p", f"Source: {citation.source}", class_="source-line", title=citation.source)


def _context(citation: Citation, with_column: bool = True) -> Html:
    """A cell's row and column, or the sentence that leads to a list item."""
    evidence = citation.evidence
    headers = (evidence.row, evidence.column if with_column else None)
    context = " \u00b7 ".join(filter(None, headers)) if evidence.kind == "cell" else evidence.lead_in
    return foreign("p", context, class_="context") if context else EMPTY


def _marker(citation: Citation) -> Html:
    return element(
        "a",
        text(f"[{citation.number}]"),
        class_="marker",
        href=Link.to(citation).href,
        title=_path(citation),
        aria_label=f"[{citation.number}] show source",
    )


def _path(citation: Citation) -> str:
    page = (f"page {citation.page}",) if citation.page is not None else ()
    return " \u203a ".join((citation.passage.document_id, *page, *citation.passage.headings))


def _standing(answer: Answer) -> Html:
    """How sure the answer is, and where it came from."""
    word, number = confidence_word(answer.confidence), f"confidence {answer.confidence:.2f}"
    spoken = element("span", text(f", {number}"), class_="unseen")
    confidence = element("span", text(f"{word} match"), spoken, class_=f"confidence {word}", title=number.capitalize())
    return element("p", confidence, _origin(answer), class_="standing")


def _origin(answer: Answer) -> Html:
    """How long the answer took, on hover which index gave it, and whether the documents have changed since."""
    index = f"From index {answer.index.id}, built {exact_time(answer.index.built_at)}"
    stale = " \u00b7 the documents have changed since" if answer.index.stale else ""
    return element("span", element("span", text(f"{answer.seconds:.2f} s"), title=index), text(stale), class_="aside")


def _comparison(answer: Answer, role_names: RoleNames) -> Html:
    """What is said of all the roles at once, then a table with a column a role."""
    in_columns = {number for column in answer.columns for number in column.citations}
    summary = [citation for citation in answer.citations if citation.number not in in_columns]
    cited = {citation.number: citation for citation in answer.citations}
    names = [role_names.get(column.role, column.role) for column in answer.columns]
    heads = (foreign("th", name, scope="col") for name in names)
    cells = (_comparison_cell(column, name, cited) for column, name in zip(answer.columns, names, strict=True))
    table = element("table", element("thead", element("tr", *heads)), element("tbody", element("tr", *cells)))
    grid = element("div", table, class_="comparison-table", tabindex="0", role="group", aria_label="Comparison")
    return join(element("div", *map(_quote, summary), class_="quotes") if summary else EMPTY, grid)


def _comparison_cell(column: Column, name: str, cited: Mapping[int, Citation]) -> Html:
    citations = [cited[number] for number in column.citations if number in cited]
    if column.text is None or not citations:
        said = element("span", text("not stated"), class_="not-stated")
    else:
        said = join(*(_quote(citation, with_column=False) for citation in citations))
    # Where the columns do not fit side by side, each cell shows its role itself.
    return element("td", said, data_role=name)


def _refusal(answer: Answer, topics: Sequence[str]) -> Html:
    said = foreign("p", answer.text, class_="said")
    return join(said, _closest(answer.closest), _covered(topics), element("p", _origin(answer), class_="standing"))


def _closest(citations: Sequence[Citation]) -> Html:
    """Quotes that do not answer: without numbers, and told apart from those that do wherever they are opened."""
    if not citations:
        return EMPTY
    title = element("h3", text("What came nearest"))
    note = element("p", text("For you to judge; it is not an answer."), class_="aside")
    listed = element("ul", *(element("li", _near(citation)) for citation in citations))
    return element("div", title, note, listed, class_="sources closest")


def _near(citation: Citation) -> Html:
    quote = foreign("span", citation.quote, class_=_look("excerpt", citation))
    href = Link.to(citation, closest=True).href
    return element("a", quote, _place(citation), class_="place", href=href, title=_path(citation))


def _look(name: str, citation: Citation) -> str:
    """The classes of a quote: a list keeps its lines."""
    return f"{name} lines" if citation.evidence.kind == "list" else name


def _covered(topics: Sequence[str]) -> Html:
    if not topics:
        return EMPTY
    listed = element("ul", *(foreign("li", topic) for topic in topics))
    return element("div", element("h3", text("What the documents cover")), listed, class_="covered")


def _sources(citations: Sequence[Citation]) -> Html:
    """The sections quoted from, each once, with the numbers of its quotes."""
    sections: dict[tuple[str, tuple[str, ...]], list[Citation]] = {}
    for citation in citations:
        sections.setdefault((citation.passage.document_id, citation.passage.headings), []).append(citation)
    rows = (element("li", _source(quoted)) for quoted in sections.values())
    return element("div", element("h3", text("Sources")), element("ul", *rows), class_="sources")


def _source(quoted: Sequence[Citation]) -> Html:
    """A section that leads to the first of its quotes."""
    numbers = " ".join(f"[{citation.number}]" for citation in quoted)
    return element(
        "a",
        element("span", text(numbers), class_="number"),
        text(" "),
        _place(quoted[0]),
        class_="place",
        href=Link.to(quoted[0]).href,
        title=_path(quoted[0]),
    )


def _place(citation: Citation) -> Html:
    """The section and its document."""
    headings, file = citation.passage.headings, foreign("span", citation.passage.document_id, class_="document")
    page = text(f", page {citation.page}") if citation.page is not None else EMPTY
    leaf = join(foreign("span", headings[-1], class_="heading"), text(" ")) if headings else EMPTY
    return element("span", leaf, file, page, class_="where")
