"""Plain text as it is published: which lines are headings, lists and tables though nothing marks them."""

import textwrap

import pytest

from roleqa.ingest.blocks import DEEPEST_HEADING, Block
from roleqa.ingest.plain_text import read_plain_text

# The layout of a published comparison: an opening, bare headings, a table without outer pipes, no blank lines, and
# at the end a heading with nothing below it.
ARTICLE = """\
A cook feeds the crew of a ship and keeps the stores in order, from the first day at sea to the last one. The purser \
keeps the accounts, pays the crew and deals with the harbour offices, which a cook never does.
Table of Comparison
Topic | Ship's Cook | Purser |
---|---|---|
Main Task | Prepares three meals a day | Keeps the accounts and pays the crew |
Reports To | The chief steward | The captain, and the owners ashore |
Place of Work | Galley | Office near the gangway |
Overview: Ship's Cook vs Purser
Cooks start before dawn and plan the stores for a whole voyage, so that nothing runs out between two ports. Pursers \
spend most of their day on paper, and some of it with passengers who have lost something.
Pay and Leave
Both are paid by the month. A purser has six weeks of leave a year, while a cook has four, taken in port when the \
ship is laid up for repairs.
Ship's Cook vs Purser in Pictures
"""

WRAPPED = """\
                        Life at Sea
                        ===========

A cook feeds the crew of a ship and keeps the stores in order, from the
first day at sea to the last. The purser
keeps the accounts.

The Purser

Pursers spend most of their day on paper, and some of it with the people
who have lost something. Their duties are:

  * keeping the accounts of the ship, which the owners read at the end
    of every voyage
  * paying the crew
    - in port
"""


def shown(text: str, block: Block) -> tuple[object, ...]:
    """A block as a person would note it down."""
    if block.kind == "heading":
        return (f"h{block.level}", block.title)
    if block.kind == "table":
        rows = (block.header, *block.rows)
        return ("table", *(tuple(text[cell.start : cell.end] for cell in row) for row in rows))
    body = text[block.body.start : block.body.end]
    return (f"item{block.level}", body) if block.kind == "item" else (block.kind, body)


def read(text: str) -> list[tuple[object, ...]]:
    return [shown(text, block) for block in read_plain_text(text).blocks]


def headings(text: str) -> list[tuple[object, ...]]:
    return [block for block in read(text) if str(block[0]).startswith("h")]


def test_a_published_article() -> None:
    opening, overview, pay = (ARTICLE.split("\n")[i] for i in (0, 8, 10))
    assert read(ARTICLE) == [
        ("paragraph", opening),
        ("h2", "Table of Comparison"),
        (
            "table",
            ("Topic", "Ship's Cook", "Purser"),
            ("Main Task", "Prepares three meals a day", "Keeps the accounts and pays the crew"),
            ("Reports To", "The chief steward", "The captain, and the owners ashore"),
            ("Place of Work", "Galley", "Office near the gangway"),
        ),
        ("h2", "Overview: Ship's Cook vs Purser"),
        ("paragraph", overview),
        ("h2", "Pay and Leave"),
        ("paragraph", pay),
        ("h2", "Ship's Cook vs Purser in Pictures"),
    ]


def test_a_hard_wrapped_text() -> None:
    assert read(WRAPPED) == [
        ("h1", "Life at Sea"),
        (
            "paragraph",
            "A cook feeds the crew of a ship and keeps the stores in order, from the\n"
            "first day at sea to the last. The purser\nkeeps the accounts.",
        ),
        ("h2", "The Purser"),
        (
            "paragraph",
            "Pursers spend most of their day on paper, and some of it with the people\n"
            "who have lost something. Their duties are:",
        ),
        ("item1", "keeping the accounts of the ship, which the owners read at the end\n    of every voyage"),
        ("item1", "paying the crew"),
        ("item2", "in port"),
    ]


LONG = "This line is a whole paragraph, as the lines of pages that were saved as text are, and goes on past any margin."
SHORT = "It is short."

HEADINGS = [
    pytest.param(f"{LONG}\nPay\n{LONG}\n", [("h2", "Pay")], id="no-blank-lines"),
    pytest.param(f"{LONG}\n\n\nPay\n\n{LONG}\n", [("h2", "Pay")], id="blank-lines"),
    pytest.param(f"Pay\n{LONG}\n", [("h2", "Pay")], id="at-the-top"),
    pytest.param(f"Pay\n{SHORT}\nLeave\n{SHORT}\n", [("h2", "Pay"), ("h2", "Leave")], id="short-paragraphs"),
    pytest.param(
        f"Part One\nPay\n{LONG}\nPart Two\nPay\n{LONG}\n",
        [("h1", "Part One"), ("h2", "Pay"), ("h1", "Part Two"), ("h2", "Pay")],
        id="heading-above-heading",
    ),
    pytest.param(f"What is a purser?\n{LONG}\n", [("h2", "What is a purser?")], id="question"),
    pytest.param(f"{LONG}\n\u201cOld Salt\u201d\n{LONG}\n", [("h2", "\u201cOld Salt\u201d")], id="quotation-marks"),
    pytest.param(f"{LONG}\n1914 and after\n{LONG}\n", [("h2", "1914 and after")], id="year"),
    pytest.param(f"{LONG}\n\u6c34\u624b\n{LONG}\n", [("h2", "\u6c34\u624b")], id="letters-without-case"),
    pytest.param(f"{LONG}[12]\nPay\n{LONG}\n", [("h2", "Pay")], id="after-a-note-number"),
    pytest.param(f"Pay\n- one\n- two\nLeave\n{LONG}\n", [("h2", "Pay"), ("h2", "Leave")], id="after-a-list"),
    pytest.param(f"Pay\n{LONG}\nLast Words\n", [("h2", "Pay"), ("h2", "Last Words")], id="last-line-after-others"),
    pytest.param(f"{LONG}\nJohn Smith\n", [], id="last-line-heads-nothing"),
    pytest.param("Just a line\n", [], id="only-line"),
    pytest.param(f"{LONG}\nAnn Lee\nBo Day\nCy Fox\n{LONG}\n", [], id="list-of-names"),
    pytest.param(f"{LONG}\n\nAnn Lee\n\nBo Day\n\nCy Fox\n\n{LONG}\n", [], id="list-of-names-with-blank-lines"),
    pytest.param(f"{LONG}\nAnn Lee\nbo\nCy Fox\ndee\n{LONG}\n", [], id="names-in-small-letters"),
    pytest.param(f"{LONG}\nPay is low. Leave is Long\n{LONG}\n", [], id="more-than-a-sentence"),
    pytest.param(f"{LONG}\nLt. Col. Ames\n{LONG}\n", [("h2", "Lt. Col. Ames")], id="abbreviations"),
    pytest.param(f"{LONG}\nIt ends here.\n{LONG}\n", [], id="full-stop"),
    pytest.param(f"{LONG}\nThe duties are:\n{LONG}\n", [], id="colon"),
    pytest.param(f"{LONG}\nwe begin small\n{LONG}\n", [], id="lower-case"),
    pytest.param(f"{LONG}\n* * *\n{LONG}\n", [], id="no-letters"),
    pytest.param(f"{LONG}\n{'Very ' * 25}Long\n{LONG}\n", [], id="too-long"),
    pytest.param(f"Dear Sir,\nWe Write\n{LONG}\n", [], id="after-a-comma"),
    pytest.param(f"Pay | Leave\n{LONG}\n", [], id="pipe"),
    pytest.param(f"## Pay ##\n{LONG}\n", [("h2", "Pay")], id="hashes"),
    pytest.param(f"#Pay\n{LONG}\n", [("h2", "#Pay")], id="hash-without-space-is-a-word"),
    pytest.param(f"Pay\n---\n{LONG}\nLeave\n===\n{LONG}\n", [("h2", "Pay"), ("h1", "Leave")], id="underlined"),
    pytest.param(f"{LONG}\n---\n{LONG}\n", [], id="rule-below-a-paragraph"),
    pytest.param(f"# Crew\n{LONG}\nPay\n{LONG}\n", [("h1", "Crew"), ("h2", "Pay")], id="below-a-marked-title"),
    pytest.param(
        f"# Crew\n{LONG}\n## Pay\n{LONG}\nAnn Lee\n{LONG}\n",
        [("h1", "Crew"), ("h2", "Pay")],
        id="marked-headings-are-all",
    ),
    pytest.param(
        f"1. Pay\n{LONG}\n1.1 Leave\n{LONG}\n2. Food\n{LONG}\n",
        [("h2", "1. Pay"), ("h3", "1.1 Leave"), ("h2", "2. Food")],
        id="numbered",
    ),
    pytest.param(
        f"1. Pay\n\n1.1 Leave\n\n{LONG}\n", [("h2", "1. Pay"), ("h3", "1.1 Leave")], id="numbered-below-numbered"
    ),
    pytest.param("1. Pay\n2. Leave\n3. Food\n", [], id="numbered-list"),
    pytest.param(
        f"The cook of a ship that sails far, and for long, has\nto plan. Stores\n{SHORT}\n\n{SHORT}\n",
        [],
        id="end-of-a-wrapped-paragraph-is-no-heading",
    ),
]


@pytest.mark.parametrize(("text", "expected"), HEADINGS)
def test_headings(text: str, expected: list[tuple[object, ...]]) -> None:
    assert headings(text) == expected


BLOCKS = [
    pytest.param(
        f"Members\nAnn Lee\nBo Day\n{LONG}\n",
        [("paragraph", "Members"), ("paragraph", "Ann Lee"), ("paragraph", "Bo Day"), ("paragraph", LONG)],
        id="names-are-kept",
    ),
    pytest.param(f"{LONG}\nand so on\n", [("paragraph", f"{LONG}"), ("paragraph", "and so on")], id="line-a-paragraph"),
    pytest.param(f"{LONG[:-1]}\nand so on\n", [("paragraph", f"{LONG[:-1]}\nand so on")], id="sentence-over-two-lines"),
    pytest.param(
        "\u2022 one\n\u2022 two\n\u25e6 three\n",
        [("item1", "one"), ("item1", "two"), ("item1", "three")],
        id="printed-bullets",
    ),
    pytest.param(
        "a) one\n(ii) two\n3.1 three\n",
        [("item1", "one"), ("item1", "two"), ("item1", "three")],
        id="letters-and-numbers",
    ),
    pytest.param("1. one\n\n2. two\n", [("item1", "one"), ("item1", "two")], id="list-with-blank-lines"),
    pytest.param("- one\n  goes on\n- two\n", [("item1", "one\n  goes on"), ("item1", "two")], id="item-goes-on"),
    pytest.param(
        "- one\n\nText here.\n- two\n",
        [("item1", "one"), ("paragraph", "Text here."), ("item1", "two")],
        id="text-between-items",
    ),
    pytest.param(
        "- a\n  - b\n    - c\n  - d\n- e\n",
        [("item1", "a"), ("item2", "b"), ("item3", "c"), ("item2", "d"), ("item1", "e")],
        id="nested-list",
    ),
    pytest.param(
        "The treaty which was signed by all of the states concerned, in\n"
        "the capital of the state that had called them together, is one\n"
        "of the longest, and it is quoted in full, with notes, in para.\n3. It stands.\n",
        [
            (
                "paragraph",
                "The treaty which was signed by all of the states concerned, in\n"
                "the capital of the state that had called them together, is one\n"
                "of the longest, and it is quoted in full, with notes, in para.\n3. It stands.",
            )
        ],
        id="wrapped-number-is-no-item",
    ),
    pytest.param(
        "The cook, who had been at sea for years and had seen it all\n- or most of it - said nothing.\n",
        [("paragraph", "The cook, who had been at sea for years and had seen it all\n- or most of it - said nothing.")],
        id="wrapped-dash-is-no-item",
    ),
    pytest.param("-5 degrees\n", [("paragraph", "-5 degrees")], id="minus-is-no-bullet"),
    pytest.param("```\n# a\nb\n```\n", [("code", "# a\nb")], id="fence"),
    pytest.param("```\nnever closed\n", [("paragraph", "```\nnever closed")], id="fence-never-closed-is-text"),
    pytest.param(
        "A | B\n--|--\n1 | 2\nAfter it.\n", [("table", ("A", "B"), ("1", "2")), ("paragraph", "After it.")], id="table"
    ),
    pytest.param(
        "A | B\n--|--\n1\n2 | 3 | 4\n",
        [("paragraph", "A | B"), ("paragraph", "--|--"), ("paragraph", "1"), ("paragraph", "2 | 3 | 4")],
        id="table-without-rows-is-text",
    ),
    pytest.param("| A | B |\n| - | - |\n| x \\| y |\n", [("table", ("A", "B"), ("x \\| y",))], id="escaped-pipe"),
    pytest.param("<!-- said -->\n", [("paragraph", "<!-- said -->")], id="comment-is-text"),
    pytest.param("---\ntitle: T\n---\nText.\n", [("paragraph", "Text.")], id="front-matter"),
    pytest.param("=====\n\n* * *\n", [], id="rules"),
    pytest.param("   \n\t\n", [], id="blank"),
    pytest.param(
        "Caf\u00e9 \U0001f600 one.\n- \U0001f680 two\n",
        [("paragraph", "Caf\u00e9 \U0001f600 one."), ("item1", "\U0001f680 two")],
        id="astral-characters",
    ),
]


PARAGRAPH = (
    LONG + " It tells of the cook, who feeds the crew, and of the purser, who pays them in every port they call at."
)
WIDTHS = [45, 60, 66, 72, 78, 90, 100, 120]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("gap", ["\n", "\n\n"], ids=["close", "spaced"])
def test_the_same_sections_however_wide_it_is_wrapped(width: int, gap: str) -> None:
    parts = [PARAGRAPH, "Pay and Leave", PARAGRAPH, "The Ship's Stores", PARAGRAPH]
    wrapped = [textwrap.fill(part, width) for part in parts]
    kinds = ["paragraph", "h2", "paragraph", "h2", "paragraph"]
    assert read(gap.join(wrapped) + "\n") == list(zip(kinds, wrapped, strict=True))


def test_indentation_counts() -> None:
    wrapped = textwrap.fill(PARAGRAPH, 70, initial_indent=" " * 20, subsequent_indent=" " * 4)
    assert headings(f"{wrapped}\n\n{wrapped}\n\n    Pay\n\n{wrapped}\n") == [("h2", "Pay")]


def test_a_text_wrapped_at_two_widths() -> None:
    wide, narrow = textwrap.fill(" ".join([PARAGRAPH] * 3), 90), textwrap.fill(" ".join([PARAGRAPH] * 2), 50)
    assert headings(f"{wide}\n\n{narrow}\n\nPay\n\n{narrow}\n") == [("h2", "Pay")]


def test_a_line_too_long_to_be_wrapped_does_not_change_the_width() -> None:
    wrapped = textwrap.fill(" ".join([PARAGRAPH] * 4), 60)
    text = f"{wrapped}\n\nhttp://example.org/{'x' * 90}\nis where it is.\n\nPay\n{wrapped}\n"
    assert headings(text) == [("h2", "Pay")]


@pytest.mark.parametrize(("text", "expected"), BLOCKS)
def test_blocks(text: str, expected: list[tuple[object, ...]]) -> None:
    assert read(text) == expected


def test_a_heading_of_any_depth_stands_below_a_bounded_number_of_others() -> None:
    deep = [f"{'.'.join('1' * depth)} Level {depth}\n\n{LONG}\n\n" for depth in range(1, 41)]
    levels = [block.level for block in read_plain_text("".join(deep)).blocks if block.kind == "heading"]
    assert levels == [*range(2, DEEPEST_HEADING + 1), *[DEEPEST_HEADING] * (40 - DEEPEST_HEADING + 1)]
