"""Markdown: which blocks a text has, and that each is the slice that it claims to be."""

import pytest

from roleqa.ingest.blocks import Block
from roleqa.ingest.markdown import read_markdown


def shown(text: str, block: Block) -> tuple[object, ...]:
    """A block as a person would note it down."""
    if block.kind == "heading":
        return (f"h{block.level}", block.title)
    if block.kind == "table":
        rows = (block.header, *block.rows)
        return ("table", *(tuple(text[cell.start : cell.end] for cell in row) for row in rows))
    body = text[block.body.start : block.body.end]
    return (f"item{block.level}", body) if block.kind == "item" else (block.kind, body)


LONG = "word " * 60 + "end"
HARD_CASES = [
    pytest.param("# Pay\n\nMonthly.\n", [("h1", "Pay"), ("paragraph", "Monthly.")], id="heading"),
    pytest.param("# Pay ##\n", [("h1", "Pay")], id="closing-hashes"),
    pytest.param("#Pay\n", [("paragraph", "#Pay")], id="no-space-no-heading"),
    pytest.param("####### Pay\n", [("paragraph", "####### Pay")], id="seven-hashes-no-heading"),
    pytest.param("# A *new* [rule](http://x.org/y)\n", [("h1", "A new rule")], id="markup-in-heading"),
    pytest.param("Pay\n===\n\nTerms\n---\n", [("h1", "Pay"), ("h2", "Terms")], id="setext"),
    pytest.param("Pay and\nleave\n---\n", [("h2", "Pay and leave")], id="setext-of-two-lines"),
    pytest.param("Above.\n\n---\n\nBelow.\n", [("paragraph", "Above."), ("paragraph", "Below.")], id="rule"),
    pytest.param("```\n# no heading\n```\n", [("code", "# no heading")], id="hash-in-fence"),
    pytest.param("~~~ py\na = 1\n\nb = 2\n~~~\n", [("code", "a = 1\n\nb = 2")], id="tilde-fence"),
    pytest.param("```\na\n", [("code", "a")], id="fence-never-closed"),
    pytest.param("```\n```\n\nText.\n", [("code", ""), ("paragraph", "Text.")], id="empty-fence"),
    pytest.param(
        "Text.\n\n    a = 1\n\nMore.\n",
        [("paragraph", "Text."), ("code", "a = 1"), ("paragraph", "More.")],
        id="indented-code",
    ),
    pytest.param("- one\n- two\n", [("item1", "one"), ("item1", "two")], id="bullets"),
    pytest.param("1. one\n2) two\n", [("item1", "one"), ("item1", "two")], id="numbers"),
    pytest.param(
        "- one\n  - two\n    1. three\n- four\n",
        [("item1", "one"), ("item2", "two"), ("item3", "three"), ("item1", "four")],
        id="nested-list",
    ),
    pytest.param("- - deep\n", [("item2", "deep")], id="list-in-list-on-a-line"),
    pytest.param(
        "- one\n  goes on\n\n  and on\n",
        [("item1", "one\n  goes on"), ("item1", "and on")],
        id="item-of-two-paragraphs",
    ),
    pytest.param("- [x] done\n- [ ] to do\n", [("item1", "done"), ("item1", "to do")], id="task-list"),
    pytest.param("- # Not a section\n", [("item1", "Not a section")], id="heading-in-list"),
    pytest.param("- one\n\n  ```\n  a = 1\n  ```\n", [("item1", "one"), ("code", "a = 1")], id="fence-in-list"),
    pytest.param("> quoted\n> words\n", [("paragraph", "quoted\n> words")], id="blockquote"),
    pytest.param("> - one\n> - two\n", [("item1", "one"), ("item1", "two")], id="list-in-blockquote"),
    pytest.param("> # Said\n\n# Own\n", [("paragraph", "Said"), ("h1", "Own")], id="heading-in-blockquote"),
    pytest.param(
        f"# {LONG} #\n\n{LONG}\n===\n", [("paragraph", f"{LONG} #"), ("paragraph", LONG)], id="headings-too-long-to-be-some"
    ),
    pytest.param("> " * 120 + "deep\n> more\n", [("paragraph", "deep\n> more")], id="quotes-too-deep-for-the-parser"),
    pytest.param("- " * 120 + "deep\n- one\n", [("paragraph", "deep"), ("paragraph", "one")], id="lists-too-deep-for-the-parser"),
    pytest.param(
        "| Who | Pay |\n|---|---|\n| Cook | Low |\n", [("table", ("Who", "Pay"), ("Cook", "Low"))], id="table"
    ),
    pytest.param(
        "Who | Pay\n--- | ---\nCook | Low\n",
        [("table", ("Who", "Pay"), ("Cook", "Low"))],
        id="table-without-outer-pipes",
    ),
    pytest.param(
        "Who | Pay |\n---|---|\nCook | Low |\n",
        [("table", ("Who", "Pay"), ("Cook", "Low"))],
        id="table-with-last-pipe-only",
    ),
    pytest.param("|Who|Pay|\n|:--|--:|\n|Cook||\n", [("table", ("Who", "Pay"), ("Cook", ""))], id="empty-cell"),
    pytest.param(
        "| A | B |\n|---|---|\n| 1 |\n| 1 | 2 | 3 |\n",
        [("table", ("A", "B"), ("1",), ("1", "2", "3"))],
        id="ragged-rows",
    ),
    pytest.param(
        "| A | B | C |\n|---|---|\n| 1 | 2 | 3 |\n",
        [("table", ("A", "B", "C"), ("1", "2", "3"))],
        id="ragged-delimiter",
    ),
    pytest.param(
        "| A | B |\n|---|---|\n| x \\| y | `p` |\n", [("table", ("A", "B"), ("x \\| y", "`p`"))], id="escaped-pipe"
    ),
    pytest.param("|A|\n|-|\n|1|\n", [("table", ("A",), ("1",))], id="one-column"),
    pytest.param(
        "Rates:\n| A | B |\n|---|---|\n| 1 | 2 |\nAfter it.\n",
        [("paragraph", "Rates:"), ("table", ("A", "B"), ("1", "2")), ("paragraph", "After it.")],
        id="table-between-lines-of-text",
    ),
    pytest.param(
        "> | A | B |\n> |---|---|\n> | 1 | 2 |\n", [("table", ("A", "B"), ("1", "2"))], id="table-in-blockquote"
    ),
    pytest.param("| A | B |\n|---|---|\n", [("paragraph", "| A | B |\n|---|---|")], id="table-without-rows-is-text"),
    pytest.param(
        "| A | B |\n|---|---|\n| 1 | 2 <!-- f7 --> |\n", [("table", ("A", "B"), ("1", "2"))], id="comment-in-cell"
    ),
    pytest.param(
        "One.\n<!-- f1\n# f2 -->\nTwo.\n", [("paragraph", "One."), ("paragraph", "Two.")], id="comment-between-lines"
    ),
    pytest.param("One. <!-- f1 --> Two.\n", [("paragraph", "One."), ("paragraph", "Two.")], id="comment-in-paragraph"),
    pytest.param("# Pay <!-- f1 -->\n", [("h1", "Pay")], id="comment-in-heading"),
    pytest.param("<!-- f1 -->\n", [], id="nothing-but-a-comment"),
    pytest.param(
        "One.\n\n<!-- open\n\n# Two\n",
        [("paragraph", "One."), ("paragraph", "<!-- open"), ("h1", "Two")],
        id="comment-never-closed-hides-nothing",
    ),
    pytest.param("Write `<!-- x -->` so.\n", [("paragraph", "Write `<!-- x -->` so.")], id="comment-in-code-span"),
    pytest.param("```\n<!-- x -->\n```\n", [("code", "<!-- x -->")], id="comment-in-fence"),
    pytest.param(
        "One `tick.\n\nTwo <!-- f --> `tick.\n",
        [("paragraph", "One `tick."), ("paragraph", "Two"), ("paragraph", "`tick.")],
        id="lone-backtick-opens-no-code",
    ),
    pytest.param("One.\n\n[a]: http://x.org 'T'\n", [("paragraph", "One.")], id="link-definition"),
    pytest.param(
        "One.[^1]\n\n[^1]: Note.\n[^2]: Other note here.\n",
        [("paragraph", "One.[^1]"), ("paragraph", "Note."), ("paragraph", "Other note here.")],
        id="footnotes-are-text",
    ),
    pytest.param("<div>\nHello <b>you</b>.\n</div>\n", [("paragraph", "Hello <b>you</b>.")], id="html-keeps-its-text"),
    pytest.param("<br>\n", [], id="html-without-text"),
    pytest.param(
        "**Rank:** major  \n**Term:** a year\\\nno more\n",
        [("paragraph", "**Rank:** major"), ("paragraph", "**Term:** a year"), ("paragraph", "no more")],
        id="forced-line-breaks",
    ),
    pytest.param("---\ntitle: T\n---\nText.\n", [("paragraph", "Text.")], id="front-matter"),
    pytest.param("---\n\nText.\n", [("paragraph", "Text.")], id="rule-at-the-top-is-no-front-matter"),
    pytest.param("---\nJust a line.\n---\n", [("h2", "Just a line.")], id="setext-at-the-top-is-no-front-matter"),
    pytest.param("\n\n  \n", [], id="blank"),
    pytest.param(
        "\tEmoji \U0001f600 first.\n\n# \U0001f680 Next\n",
        [("code", "Emoji \U0001f600 first."), ("h1", "\U0001f680 Next")],
        id="astral-characters",
    ),
]


@pytest.mark.parametrize(("text", "blocks"), HARD_CASES)
def test_blocks(text: str, blocks: list[tuple[object, ...]]) -> None:
    assert [shown(text, block) for block in read_markdown(text).blocks] == blocks


@pytest.mark.parametrize(
    ("text", "slices"),
    [
        pytest.param("- one\n", ["- one"], id="bullet"),
        pytest.param("> 1. one\n", ["1. one"], id="number-in-quote"),
        pytest.param("```py\na\n```\n", ["```py\na\n```"], id="fence"),
        pytest.param("## Pay ##\n", ["## Pay ##"], id="heading"),
        pytest.param("One\\\ntwo\n", ["One", "two"], id="forced-line-break"),
        pytest.param("  One.  \n", ["One."], id="indented"),
    ],
)
def test_a_block_takes_in_its_marks(text: str, slices: list[str]) -> None:
    assert [text[block.start : block.end] for block in read_markdown(text).blocks] == slices


FRONT_MATTER = [
    pytest.param(
        'title: Pay\nsources:\n  - Act of 1920\n  - "Code, 2"\n', "Pay", ("Act of 1920", "Code, 2"), id="list"
    ),
    pytest.param("title: 'Pay'\nsources: [Act, Code]\n", "Pay", ("Act", "Code"), id="flow-list"),
    pytest.param("title: Pay: a guide\nsource: Act\n", "Pay: a guide", ("Act",), id="colon-in-title"),
    pytest.param("title: Pay # not said\n", "Pay", (), id="comment"),
    pytest.param("TITLE: Pay\ntags:\n  - a\n", "Pay", (), id="unknown-key"),
    pytest.param("title: &a [*a, *a]\n", "&a [*a, *a]", (), id="alias-is-text"),
    pytest.param("title:\n", None, (), id="no-value"),
    pytest.param("title: !!python/object:os.system x\n", "!!python/object:os.system x", (), id="tag-is-text"),
]


@pytest.mark.parametrize(("lines", "title", "sources"), FRONT_MATTER)
def test_front_matter(lines: str, title: str | None, sources: tuple[str, ...]) -> None:
    reading = read_markdown(f"---\n{lines}---\n\n# Own heading\n\nText.\n")
    assert (reading.title, reading.sources) == (title, sources)
    assert [block.kind for block in reading.blocks] == ["heading", "paragraph"]


def test_front_matter_that_is_never_closed_is_text() -> None:
    text = "---\ntitle: Pay\n\nText.\n"
    reading = read_markdown(text)
    assert reading.title is None
    assert [shown(text, block) for block in reading.blocks] == [("paragraph", "title: Pay"), ("paragraph", "Text.")]


def test_bare_headings_where_only_the_title_is_marked() -> None:
    text = "# Staff\n\nWho we are, in short.\n\nDuties\nCooks cook, and they clean.\n\nPay\nIt is low.\n"
    assert [shown(text, block) for block in read_markdown(text).blocks] == [
        ("h1", "Staff"),
        ("paragraph", "Who we are, in short."),
        ("h2", "Duties"),
        ("paragraph", "Cooks cook, and they clean."),
        ("h2", "Pay"),
        ("paragraph", "It is low."),
    ]


def test_no_bare_headings_where_the_headings_are_marked() -> None:
    text = "# Staff\n\n## Duties\n\nCooks\n\nThey cook.\n"
    assert [shown(text, block)[0] for block in read_markdown(text).blocks] == ["h1", "h2", "paragraph", "paragraph"]


def test_text_is_never_changed() -> None:
    text = "---\ntitle: T\n---\n<!-- c -->\n# A\n\ttext <!-- open\n"
    assert read_markdown(text).text is text
