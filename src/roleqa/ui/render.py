"""An Answer becomes HTML: quotes with their numbers, and below them the sources to check them by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from roleqa.types import Answer, Citation, Column, Evidence, Role
from roleqa.ui.markup import EMPTY, Html, element, foreign, join, text

# The least confidence that each word stands for.
CONFIDENCE_WORDS = ((0.85, "strong"), (0.65, "likely"), (0.0, "weak"))

RoleNames = Mapping[str, str]

_SEPARATOR = element("span", text(" \u203a "), class_="separator", aria_hidden="true")


def render_question(question: str, pending: bool = False) -> Html:
    """What the person typed, as they typed it; `pending` until there is an answer."""
    return foreign("div", question, class_="question pending" if pending else "question")


def render_error(message: str) -> Html:
    """What went wrong and what to do next, as the error says it."""
    return element("div", foreign("p", message), class_="notice")


def render_answer(answer: Answer, roles: Sequence[Role], anchor: str) -> Html:
    """An answer, a comparison or a refusal; `anchor` keeps its ids apart from other answers' on the page."""
    role_names = {role.id: role.name for role in roles}
    if answer.kind == "refusal":
        body = _refusal(answer, role_names, anchor)
    else:
        quotes = (
            _comparison(answer, role_names, anchor)
            if answer.kind == "comparison"
            else _quotes(answer, anchor)
        )
        body = join(quotes, _standing(answer), _sources(answer.citations, role_names, anchor))
    return element("article", _understood(answer), body, class_=f"answer {answer.kind}", id=anchor)


def confidence_word(confidence: float) -> str:
    return next(word for least, word in CONFIDENCE_WORDS if confidence >= least)


def _understood(answer: Answer) -> Html:
    if answer.resolved_question == answer.question:
        return EMPTY
    return element("p", text("Understood as "), foreign("q", answer.resolved_question), class_="understood")


def _quotes(answer: Answer, anchor: str) -> Html:
    return element("div", *(_quote(citation, anchor) for citation in answer.citations), class_="quotes")


def _quote(citation: Citation, anchor: str, with_column: bool = True) -> Html:
    """One quote with its number, below the words it cannot be understood without."""
    context = _context(citation.evidence, with_column)
    tag = "pre" if citation.evidence.kind == "code" else "p"
    quote = foreign("span", citation.quote, class_="verbatim")
    return element(
        "div",
        foreign("p", context, class_="context") if context else EMPTY,
        element(tag, quote, text(" "), _marker(citation.number, anchor)),
        class_="quote",
    )


def _context(evidence: Evidence, with_column: bool) -> str:
    if evidence.kind == "cell":
        headers = (evidence.row, evidence.column if with_column else None)
        return " \u00b7 ".join(header for header in headers if header)
    return evidence.lead_in or ""


def _marker(number: int, anchor: str) -> Html:
    return element(
        "a",
        text(f"[{number}]"),
        class_="marker",
        href=f"#{_source_id(anchor, number)}",
        title=f"Show source {number}",
        aria_label=f"[{number}] show source",
    )


def _source_id(anchor: str, number: int) -> str:
    return f"{anchor}-source-{number}"


def _standing(answer: Answer) -> Html:
    """How sure the answer is, how long it took and which index gave it."""
    word = confidence_word(answer.confidence)
    number = f"Confidence {answer.confidence:.2f}"
    confidence = element("span", text(f"{word} match"), class_=f"confidence {word}", title=number)
    stale = " \u00b7 the documents have changed since" if answer.index.stale else ""
    built = element("span", text(f"{answer.seconds:.2f} s"), title=f"From index {answer.index.id}")
    return element("p", confidence, element("span", built, text(stale), class_="aside"), class_="standing")


def _comparison(answer: Answer, role_names: RoleNames, anchor: str) -> Html:
    """What is said of all the roles at once, then a table with a column a role."""
    in_columns = {number for column in answer.columns for number in column.citations}
    summary = (
        _quote(citation, anchor) for citation in answer.citations if citation.number not in in_columns
    )
    cited = {citation.number: citation for citation in answer.citations}
    heads = (
        foreign("th", role_names.get(column.role, column.role), scope="col") for column in answer.columns
    )
    cells = (_comparison_cell(column, cited, role_names, anchor) for column in answer.columns)
    table = element(
        "table",
        element("thead", element("tr", *heads)),
        element("tbody", element("tr", *cells)),
    )
    grid = element(
        "div", table, class_="comparison-table", tabindex="0", role="group", aria_label="Comparison"
    )
    return join(*summary, grid)


def _comparison_cell(
    column: Column, cited: Mapping[int, Citation], role_names: RoleNames, anchor: str
) -> Html:
    citations = [cited[number] for number in column.citations if number in cited]
    if column.text is None or not citations:
        said = element("span", text("not stated"), class_="not-stated")
    else:
        said = join(*(_quote(citation, anchor, with_column=False) for citation in citations))
    # Where the columns do not fit side by side, each cell shows its role itself.
    return element("td", said, data_role=role_names.get(column.role, column.role))


def _refusal(answer: Answer, role_names: RoleNames, anchor: str) -> Html:
    said = foreign("p", answer.text, class_="said")
    if not answer.closest:
        return said
    note = element(
        "p", text("What came nearest is below, for you to judge. It is not an answer."), class_="aside"
    )
    return join(said, note, _closest(answer.closest, role_names, anchor))


def _sources(citations: Sequence[Citation], role_names: RoleNames, anchor: str) -> Html:
    sources = (_source(citation, role_names, anchor) for citation in citations)
    return element("div", element("h3", text("Sources")), *sources, class_="sources")


def _closest(citations: Sequence[Citation], role_names: RoleNames, anchor: str) -> Html:
    """Passages that do not answer: without numbers, and quoted at once, since nothing above quotes them."""
    passages = (_source(citation, role_names, anchor, answers=False) for citation in citations)
    return element("div", element("h3", text("Closest passages")), *passages, class_="sources closest")


def _source(citation: Citation, role_names: RoleNames, anchor: str, answers: bool = True) -> Html:
    """A citation that opens: closed it says where, opened it shows the quote in its passage."""
    if answers:
        number, quote = element("span", text(f"[{citation.number}]"), class_="number"), EMPTY
    else:
        number, quote = EMPTY, foreign("span", citation.quote, class_="excerpt")
    where = element("span", _place(citation, role_names), quote, class_="where")
    return element(
        "details",
        element("summary", number, where),
        element("div", _passage(citation), _offsets(citation), class_="opened"),
        class_="source",
        id=_source_id(anchor, citation.number),
    )


def _place(citation: Citation, role_names: RoleNames) -> Html:
    """Document, headings from root to leaf, and a cell's row and column."""
    passage, evidence = citation.passage, citation.evidence
    headings = [foreign("span", heading) for heading in passage.headings]
    # A column's header tells whose cell it is; no need to say it twice.
    role = role_names.get(citation.role, citation.role) if citation.role and not evidence.column else None
    labels = [
        element("span", element("b", text(name)), text(" "), foreign("span", value), class_="label")
        for name, value in (("Row", evidence.row), ("Column", evidence.column), ("Role", role))
        if value
    ]
    return element(
        "span",
        foreign("span", passage.document_id, class_="document"),
        element("span", *(part for heading in headings for part in (_SEPARATOR, heading)), class_="headings"),
        element("span", *labels, class_="labels") if labels else EMPTY,
        class_="place",
    )


def _passage(citation: Citation) -> Html:
    """The passage, with the quote marked where it stands."""
    start = citation.evidence.start - citation.passage.start
    end = start + len(citation.quote)
    passage = citation.passage_text
    if start < 0 or passage[start:end] != citation.quote:
        # Never mark what is not the quote: show it by itself.
        return element("blockquote", foreign("mark", citation.quote))
    return element(
        "blockquote",
        text(passage[:start]),
        element("mark", text(citation.quote)),
        text(passage[end:]),
        dir="auto",
    )


def _offsets(citation: Citation) -> Html:
    evidence = citation.evidence
    page = f"page {citation.page}, " if citation.page is not None else ""
    said = f"Quoted word for word: {page}characters {evidence.start} to {evidence.end} of the document"
    return element("p", text(said), class_="aside")
