"""Conversations as Markdown: what a renderer makes of them is what was shown, and never more."""

from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby

import pytest
from markdown_it import MarkdownIt

from exchanges import cite, exchange
from html_tree import HOSTILE, Element, parse
from roleqa.bundle.exchange import CitedFile, Exchange
from roleqa.bundle.markdown import to_markdown
from roleqa.types import Column

NOW = datetime(2026, 1, 3, tzinfo=UTC)
NAMES = {"clerk": "Clerk", "keeper": "Keeper"}
# With everything on that could turn text into markup: HTML, tables, struck-out text.
RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
TAGS = {"h1", "h2", "h3", "p", "em", "strong", "blockquote", "br", "table", "thead", "tbody", "tr", "th", "td", "pre", "code"}


def shown(*exchanges: Exchange) -> Element:
    html = RENDERER.render(to_markdown(exchanges, NAMES, NOW))
    return parse(html.replace("<br />", "<br></br>"))


def test_a_quote_says_what_it_rests_on_in_words_alone() -> None:
    page = shown(exchange(replace(cite("Open at nine.", 20), source="*Rules*, p. 3"), cite("Two euros", 60, 2)))
    first, second = page.all("blockquote")
    assert [line.text for line in first.all("p")] == [
        "Open at nine. [1]",
        "visits.md \u203a Guide \u203a Visits, characters 20 to 33",
        "Source: *Rules*, p. 3",
    ]
    assert "Source" not in second.text


def test_an_answer_reads_as_it_was_shown() -> None:
    made = exchange(
        cite("Open at nine.", 20, lead_in="The archive is:"),
        cite("Two euros", 60, 2, row="Fee", column="Clerk"),
        resolved="When does it open?",
        role="clerk",
    )
    assert to_markdown((made,), NAMES, NOW) == f"""# Conversation

Exported by roleqa {version("roleqa")} at 2026-01-03T00:00:00+00:00. Every quote stands character for character in \
its document as indexed; places are counted in characters.

## 1. When?

Understood as: When does it open?

Only about: Clerk

> The archive is:\\
> Open at nine. **[1]**
>
> visits.md \u203a Guide \u203a Visits, characters 20 to 33

> Fee \u00b7 Clerk\\
> Two euros **[2]**
>
> visits.md \u203a Guide \u203a Visits, characters 60 to 69

Confidence 0.75.

Asked at 2026-01-02T03:04:05+00:00, answered from index 20260101T000000000000Z.

## Files quoted from

| document | SHA-256 of the file | SHA-256 of its text as indexed |
| --- | --- | --- |
| visits.md | {"a" * 64} | {"b" * 64} |
"""


def test_a_comparison_has_a_part_for_each_role() -> None:
    made = exchange(
        cite("Both are paid.", 0, 1),
        cite("Two euros", 60, 2),
        kind="comparison",
        columns=(Column("clerk", "Two euros", (2,)), Column("keeper", None), Column("porter", None, (9,))),
    )
    page = shown(made)
    assert [heading.text for heading in page.all("h3")] == ["Clerk", "Keeper", "porter"]
    assert [quote.all("p")[0].text for quote in page.all("blockquote")] == ["Both are paid. [1]", "Two euros [2]"]
    assert [said.text for said in page.all("em")] == ["not stated", "not stated"]


def test_a_refusal_says_that_what_came_nearest_is_no_answer() -> None:
    page = shown(exchange(cite("Open at nine."), kind="refusal"), exchange(kind="refusal", files=()))
    assert page.text.count("The documents don't answer this.") == 2
    assert page.text.count("it is not an answer:") == 1
    assert "Confidence" not in page.text


def test_code_is_fenced_so_that_nothing_in_it_ends_the_fence() -> None:
    code = "a  = 1\n````\n> # b\r<b>c</b>\r\n```"
    page = shown(exchange(cite(code, kind="code")))
    assert page.one("pre").text == code.replace("\r\n", "\n").replace("\r", "\n") + "\n"
    assert page.all("b") == []


LINES = (
    *HOSTILE,
    "# Heading",
    "Setext\n===",
    "Setext\n---",
    "- a\n- b",
    "+ a",
    "1. a\n2) b",
    "> quoted",
    "    indented code",
    "\tindented code",
    "a\n\n    code after a gap",
    "a | b\n--- | ---\n1 | 2",
    "***bold*** _it_ ~~struck~~ ~sub~ ^sup^ `code` ``",
    "~~~\nfenced\n~~~",
    "[x]: http://evil.example",
    "[^1]: note",
    "<http://evil.example>",
    "http://evil.example www.evil.example a@evil.example",
    "\\<b>\\* back \\",
    "&amp; &copy; &#65;",
    "line one\rline two\r\nline three\\",
    ": definition",
    "*[HTML]: abbreviation",
    "trailing spaces  \nnext",
    "![[wiki]] {{template}} {#id .class}",
)


def everywhere(text: str) -> tuple[Exchange, ...]:
    """An answer, a comparison and a refusal that hold a text in every place that can hold one."""
    citations = (
        cite(text, 0, 1, document=text, row=text, column=text),
        cite(text, 0, 2, lead_in=text),
        cite(text, 0, 3, kind="code"),
    )
    columns = (Column(text, text, (2,)),)
    files = (CitedFile(text, "", ""),)
    return (
        exchange(*citations, question=text, resolved=f"{text} again", role=text, files=files),
        exchange(*citations, question=text, kind="comparison", columns=columns),
        exchange(*citations, question=text, kind="refusal", text=text),
    )


def tags(page: Element) -> list[str]:
    """What a page is made of; how many paragraphs in a row, a text's empty lines decide."""
    return [tag for tag, _ in groupby(element.tag for element in page.all() if element.tag != "br")]


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0.md", "+1.md", "-1.md", "@sum.md", "\t=1.md", "\r\n =1.md", "\uff1d1.md"])
def test_a_spreadsheet_takes_no_name_in_the_table_for_a_formula(name: str) -> None:
    made = replace(exchange(cite("Open at nine.", 20)), files=(CitedFile(name, "0", "0"), CitedFile("visits.md", "1", "1")))
    cells = [cell.text for cell in shown(made).all("td")]
    assert cells[::3] == [f"'{name}".replace("\r\n", " "), "visits.md"]


def test_a_quote_keeps_its_lines() -> None:
    quote = shown(exchange(cite("Every visitor must:\n\n- sign in,\n- be quiet."))).one("blockquote")
    paragraphs = [paragraph.text for paragraph in quote.all("p")]
    assert paragraphs[:2] == ["Every visitor must:", "- sign in,\n- be quiet. [1]"]
    assert len(quote.all("br")) == 1


@pytest.mark.parametrize("text", LINES)
def test_no_text_becomes_markup_wherever_it_stands(text: str) -> None:
    page, harmless = shown(*everywhere(text)), shown(*everywhere("x"))
    assert tags(page) == tags(harmless)
    assert {element.tag for element in page.all()} <= TAGS
    assert not any(element.attributes for element in page.all())
    quoted = page.all("blockquote")[1].text.partition("visits.md")[0]
    assert quoted.split() == f"{text} {text} [2]".split()
    assert page.all("h2")[0].text.split() == f"1. {text}".split()
