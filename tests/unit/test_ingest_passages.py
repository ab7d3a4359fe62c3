"""Passages and evidence: what a section is split into, and what can be quoted of each part."""

from collections.abc import Callable

import pytest

from roleqa.ingest.corpus import SourceFile
from roleqa.ingest.markdown import read_markdown
from roleqa.ingest.match_text import index_text
from roleqa.ingest.plain_text import read_plain_text
from roleqa.ingest.split import SplitDocument, split
from roleqa.types import Document, Evidence


def words(text: str) -> int:
    return len(text.split())


def split_text(text: str, window: int = 100, count_tokens: Callable[[str], int] = words) -> SplitDocument:
    reading = read_markdown(text)
    return split(SourceFile(Document("a.md", "A", text, "", reading.blocks), ""), count_tokens, window)


def passages(text: str, window: int = 100) -> list[str]:
    return [text[passage.start : passage.end] for passage in split_text(text, window).passages]


def quotes(text: str, window: int = 100) -> list[list[str]]:
    return [[text[item.start : item.end] for item in items] for items in split_text(text, window).evidence]


def evidence(text: str) -> list[tuple[str, str, str | None, str | None, str | None]]:
    def noted(item: Evidence) -> tuple[str, str, str | None, str | None, str | None]:
        return (item.kind, text[item.start : item.end], item.row, item.column, item.lead_in)

    return [noted(item) for items in split_text(text).evidence for item in items]


SECTIONS = [
    pytest.param("Text.\n", [((), "Text.")], id="no-heading"),
    pytest.param("Text.\n\n# A\n\nMore.\n", [((), "Text."), (("A",), "More.")], id="opening"),
    pytest.param(
        "# A\n\nOne.\n\n## B\n\nTwo.\n\n# C\n\nThree.\n",
        [(("A",), "One."), (("A", "B"), "Two."), (("C",), "Three.")],
        id="levels",
    ),
    pytest.param(
        "# A\n\n### B\n\nOne.\n\n## C\n\nTwo.\n", [(("A", "B"), "One."), (("A", "C"), "Two.")], id="level-left-out"
    ),
    pytest.param("### A\n\nOne.\n\n# B\n\nTwo.\n", [(("A",), "One."), (("B",), "Two.")], id="deep-level-first"),
    pytest.param("# A\n\n## B\n\n## C\n\nOne.\n", [(("A", "C"), "One.")], id="empty-section"),
    pytest.param("# A\n\n## B\n", [], id="nothing-but-headings"),
    pytest.param("#\n\nOne.\n\n## B\n\nTwo.\n", [((), "One."), (("B",), "Two.")], id="heading-without-words"),
    pytest.param("# A\n\nOne.\n\n# A\n\nTwo.\n", [(("A",), "One."), (("A",), "Two.")], id="same-heading-twice"),
    pytest.param("# A\n\n> # B\n>\n> One.\n", [(("A",), "> # B\n>\n> One.")], id="heading-in-a-quote-opens-none"),
    pytest.param("# A\n\nOne.\n\n<!-- c -->\n\nTwo.\n", [(("A",), "One.\n\n<!-- c -->\n\nTwo.")], id="comment-inside"),
]


@pytest.mark.parametrize(("text", "expected"), SECTIONS)
def test_sections(text: str, expected: list[tuple[tuple[str, ...], str]]) -> None:
    found = split_text(text).sections
    assert [(section.headings, text[section.start : section.end]) for section in found] == expected


PASSAGES = [
    pytest.param("# A\n\nOne.\n\nTwo.\n", ["One.\n\nTwo."], id="a-section-is-one"),
    pytest.param("# A\n\nOne.\n\n## B\n\nTwo.\n", ["One.", "Two."], id="never-across-sections"),
    pytest.param("One:\n\n- two\n- three\n\nFour.\n", ["One:\n\n- two\n- three\n\nFour."], id="list-with-its-text"),
    pytest.param("- one\n\n1. two\n", ["- one\n\n1. two"], id="bullets-are-taken-in"),
    pytest.param("One.\n\n```\na\n```\n", ["One.\n\n```\na\n```"], id="fence-is-taken-in"),
    pytest.param(
        "One.\n\n| A | B |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nTwo.\n",
        ["One.", "1 | 2", "3 | 4", "Two."],
        id="a-row-is-one",
    ),
    pytest.param("One.\n<!-- c -->\nTwo.\n", ["One.", "Two."], id="not-across-a-comment"),
    pytest.param("One. <!-- c -->\n\n- two\n", ["One.", "- two"], id="not-across-a-comment-at-a-line's-end"),
    pytest.param("One.\n\n[a]: http://x.org\n\nTwo.\n", ["One.", "Two."], id="not-across-a-link-definition"),
    pytest.param("One.\n\n---\n\nTwo.\n", ["One.", "Two."], id="not-across-a-rule"),
    pytest.param("> One.\n>\n> Two.\n", ["One.\n>\n> Two."], id="across-the-marks-of-a-quote"),
    pytest.param("One\\\ntwo\n", ["One\\\ntwo"], id="across-a-forced-line-break"),
    pytest.param("| A | B |\n|---|---|\n|  |  |\n| 1 | |\n|  | 2 |\n", ["1", "2"], id="empty-cells"),
    pytest.param("<div>\n\n</div>\n\n<br>\n", [], id="nothing-but-tags"),
]


@pytest.mark.parametrize(("text", "expected"), PASSAGES)
def test_passages(text: str, expected: list[str]) -> None:
    assert passages(text) == expected


WINDOWS = [
    pytest.param("a b. c d.\n\ne f. g h.\n", 8, ["a b. c d.\n\ne f. g h."], id="fits-exactly"),
    pytest.param("a b. c d.\n\ne f. g h.\n", 7, ["a b. c d.", "e f. g h."], id="cut-between-paragraphs"),
    pytest.param("# H\n\na b. c d.\n\ne f. g h.\n", 8, ["a b. c d.", "e f. g h."], id="headings-count"),
    pytest.param("A a.\n\nB b.\n\nC c.\n\nD d.\n", 6, ["A a.\n\nB b.", "C c.\n\nD d."], id="balanced"),
    pytest.param("A a. B b. C c. D d.\n", 6, ["A a. B b.", "C c. D d."], id="cut-between-sentences"),
    pytest.param(
        "A a.\n\nB b. C c. D d. E e.\n\nF f.\n",
        4,
        ["A a.", "B b. C c.", "D d. E e.", "F f."],
        id="only-the-long-paragraph-is-cut",
    ),
    pytest.param("- A a\n- B b\n- C c\n- D d\n", 4, ["- A a\n- B b", "- C c\n- D d"], id="cut-between-items"),
    pytest.param("a b c d e f g h\n", 4, ["a b c d", "e f g h"], id="cut-between-words"),
    pytest.param("a b c d e f g h i j\n", 4, ["a b c", "d e f", "g h i j"], id="never-over-the-window"),
    pytest.param("A " + "x" * 100 + " b\n", 4, ["A", "x" * 51, "x" * 49 + " b"], id="giant-word"),
    pytest.param("```\na b\nc d\ne f\ng h\n```\n", 4, ["```\na b\nc d", "e f\ng h\n```"], id="code-between-lines"),
    pytest.param("| R | A | B |\n|---|---|---|\n| r | a a | b b |\n", 6, ["r | a a", "b b"], id="row-between-cells"),
    pytest.param(
        "| R | A |\n|---|---|\n| r | One two three. Four five. |\n",
        6,
        ["r", "One two three.", "Four five."],
        id="cell-between-sentences",
    ),
]


@pytest.mark.parametrize(("text", "window", "expected"), WINDOWS)
def test_passages_fit_the_window(text: str, window: int, expected: list[str]) -> None:
    assert passages(text, window) == expected


def test_headings_too_long_for_the_window_leave_room_for_text() -> None:
    text = f"# {'very ' * 50}long\n\nOne two three four.\n"
    assert passages(text, 20) == ["One two three four."]


def test_special_tokens_count_once() -> None:
    text = "A a.\n\nB b.\n\nC c.\n\nD d.\n"
    found = split_text(text, 6, lambda part: words(part) + 2)
    assert [text[passage.start : passage.end] for passage in found.passages] == ["A a.\n\nB b.", "C c.\n\nD d."]


def test_a_tokenizer_that_takes_any_word_for_one_token() -> None:
    text = "x" * 1_000_000
    found = split_text(text, 256, lambda part: int(bool(part)))
    assert max(passage.end - passage.start for passage in found.passages) <= 256 * 16
    assert "".join(text[passage.start : passage.end] for passage in found.passages) == text


def test_a_whole_that_costs_more_than_its_parts() -> None:
    text = "A a. B b. C c. D d.\n"
    found = split_text(text, 4, lambda part: words(part) ** 2)
    assert [text[passage.start : passage.end] for passage in found.passages] == ["A a.", "B b.", "C c.", "D d."]


EVIDENCE = [
    pytest.param("One is. Two *is.* Three.\n", [["One is.", "Two *is.*", "Three."]], id="sentences"),
    pytest.param("- one\n- Two is. Three is.\n", [["one", "Two is.", "Three is."]], id="items"),
    pytest.param("> One is.\n> Two\n> is.\n", [["One is.", "Two\n> is."]], id="quote"),
    pytest.param("```\na. b. c\n```\n", [["a. b. c"]], id="code-is-one"),
    pytest.param("| A | B | C |\n|---|---|---|\n| 1 | 2 | 3 |\n| 4 |  | 6 |\n", [["1", "2", "3"], ["4", "6"]], id="cells"),
    pytest.param("| A |\n|---|\n| 1 |\n", [["1"]], id="cell-of-the-only-column"),
    pytest.param("| A | B |\n|---|---|\n| 1 | |\n", [["1"]], id="only-cell-with-text"),
    pytest.param("| A |\n|---|\n| 1 | 2 |\n", [["1", "2"]], id="cell-beyond-the-header"),
]


@pytest.mark.parametrize(("text", "expected"), EVIDENCE)
def test_quotes(text: str, expected: list[list[str]]) -> None:
    assert quotes(text) == expected


def test_headers_and_lead_ins() -> None:
    text = """\
Some cook. The duties of a *cook* are:

- to cook
  - soup
    1. thick
- to bake

| Topic | **Cook** \\| Baker |
|---|---|
| `Pay` | Low | Odd |
|  | High |

- alone
"""
    assert evidence(text) == [
        ("sentence", "Some cook.", None, None, None),
        ("sentence", "The duties of a *cook* are:", None, None, None),
        ("item", "to cook", None, None, "The duties of a cook are:"),
        ("item", "soup", None, None, "to cook"),
        ("item", "thick", None, None, "soup"),
        ("item", "to bake", None, None, "The duties of a cook are:"),
        ("cell", "`Pay`", None, "Topic", None),
        ("cell", "Low", "Pay", "Cook | Baker", None),
        ("cell", "Odd", "Pay", None, None),
        ("cell", "High", None, "Cook | Baker", None),
        ("item", "alone", None, None, None),
    ]


def test_a_lead_in_before_a_comment_and_in_another_passage() -> None:
    assert evidence("The duties are: <!-- f1 -->\n\n- one\n")[-1] == ("item", "one", None, None, "The duties are:")


def test_a_lead_in_of_another_section_is_none() -> None:
    assert evidence("# A\n\nThe duties are:\n\n# B\n\n- one\n")[-1] == ("item", "one", None, None, None)


def test_headers_are_cut_short() -> None:
    row = evidence(f"| A | {'very ' * 50} |\n|---|---|\n| {'long ' * 500} | 1 |\n")[-1]
    assert row == ("cell", "1", ("long " * 20).strip(), ("very " * 20).strip(), None)


def test_evidence_lies_in_its_passage_and_knows_it() -> None:
    found = split_text("# A\n\nOne. Two.\n\n- three\n\n| A | B |\n|---|---|\n| 1 | 2 |\n")
    for passage, items in zip(found.passages, found.evidence, strict=True):
        assert passage.id == f"a.md#{passage.start}-{passage.end}"
        assert all(item.passage_id == passage.id for item in items)
        assert all(passage.start <= item.start < item.end <= passage.end for item in items)


def test_a_published_table_gives_a_cell_for_each_role() -> None:
    text = "Terms\nTopic | Cook | Purser |\n---|---|---|\nPay | Low | High |\nLeave | None | Long |\n"
    found = split(SourceFile(Document("a.txt", "A", text, "", read_plain_text(text).blocks), ""), words, 50)
    assert [passage.headings for passage in found.passages] == [("Terms",), ("Terms",)]
    assert [[(text[i.start : i.end], i.row, i.column) for i in items] for items in found.evidence] == [
        [("Pay", None, "Topic"), ("Low", "Pay", "Cook"), ("High", "Pay", "Purser")],
        [("Leave", None, "Topic"), ("None", "Leave", "Cook"), ("Long", "Leave", "Purser")],
    ]
    document = Document("a.txt", "A", text, "")
    assert index_text(found.passages[0], document, found.evidence[0]) == "Terms\nTopic: Pay; Cook: Low; Purser: High"
