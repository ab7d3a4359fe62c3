"""What holds of an opened source whatever the document is: nothing lost, nothing added, the quote marked and no more."""

from collections.abc import Iterator

from hypothesis import example, given
from hypothesis import strategies as st
from test_ingest_properties import CELL, DOCUMENTS, EXAMPLES, READERS, split_reading

from documents import written
from html_tree import Element, parse
from roleqa.ingest.blocks import Block
from roleqa.ui.links import Link, check_of
from roleqa.ui.parts import parts_of
from roleqa.ui.source import open_source

NAMES = {"read_markdown": "a.md", "read_plain_text": "a.txt"}


def said_by(text: str, block: Block) -> str:
    """What a reader sees of a block: its words, its cells row by row, its number; no bullet, pipe or fence."""
    if block.kind == "table":
        return "".join(text[slice(*cell)] for row in (block.header, *block.rows) for cell in row)
    number = text[block.start : block.body.start].strip("-*+>\u2013\u2022 \t\n") if block.kind == "item" else ""
    return number + text[slice(*block.body)]


def squeezed(text: str) -> str:
    return "".join(text.split())


def sections(page: Element) -> Iterator[Element]:
    return (section for section in page.all("section") if section.attributes["id"].startswith("part-"))


@READERS
@EXAMPLES
@given(text=DOCUMENTS, data=st.data())
@example(text="| a **b** |\n|---|\n| c \\| d | e |", data=None)
@example(text="> one\n> two\n\n- [ ] three\n  four", data=None)
def test_a_section_untagged_is_its_text_and_the_mark_is_the_quote(
    read: object, text: str, data: st.DataObject | None
) -> None:
    reading = read(text)  # type: ignore[operator]
    document = written(NAMES[read.__name__], "T", text, "")  # type: ignore[attr-defined]
    evidence = [item for items in split_reading(reading).evidence for item in items]
    quoted = evidence if data is None else [data.draw(st.sampled_from(evidence))] if evidence else []
    parts = parts_of(document)
    assert [block for part in parts for block in part.blocks] == [
        block for block in reading.blocks if block.kind != "heading"
    ]
    for item in quoted:
        quote = text[item.start : item.end]
        link = Link(document.id, item.start, item.end, check_of(quote))
        page = parse(open_source({document.id: document}.get, link.href))
        assert page.one("mark").text == quote
        shown = [section.one("div", "text") if section.all("div", "text") else None for section in sections(page)]
        assert len(shown) == len(parts)
        for part, body in zip(parts, shown, strict=True):
            expected = "".join(said_by(text, block) for block in part.blocks)
            assert squeezed(body.text if body else "") == squeezed(expected)
        assert page.one("mark").parent
        home = next(section for section in sections(page) if section.all("mark"))
        assert home.attributes["class"] == "here"


@EXAMPLES
@given(
    text=DOCUMENTS,
    start=st.integers(0, 300),
    length=st.integers(0, 300),
    check=st.sampled_from(["", "0123456789abcdef"]),
)
def test_any_link_opens_calmly_and_marks_nothing_but_slices(text: str, start: int, length: int, check: str) -> None:
    document = written("a.md", "T", text, "")
    link = Link("a.md", start, start + length, check)
    page = parse(open_source({"a.md": document}.get, link.href))
    marks = [mark.text for mark in page.all("mark")]
    if check or start + length > len(text):
        assert marks == []
        assert page.all("p", "notice") or (length == 0 and not check)
    assert all(mark and mark in text[start : start + length] for mark in marks)
    if marks or length == 0:
        return
    assert len(page.all("p", "notice")) == 1


@EXAMPLES
@given(rows=st.lists(st.lists(CELL, max_size=5), min_size=1, max_size=5))
def test_any_table_is_rectangular(rows: list[list[str]]) -> None:
    text = "| H | I |\n|---|---|\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)
    document = written("a.md", "T", text, "")
    page = parse(open_source({"a.md": document}.get, Link("a.md").href))
    for table in page.all("table"):
        widths = {len([cell for cell in row.children if isinstance(cell, Element)]) for row in table.all("tr")}
        assert len(widths) == 1
