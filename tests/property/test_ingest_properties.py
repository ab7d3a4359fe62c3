"""What holds of reading and splitting whatever the text is."""

import re
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from roleqa.ingest.blocks import Reading
from roleqa.ingest.corpus import SourceFile
from roleqa.ingest.markdown import read_markdown
from roleqa.ingest.match_text import evidence_text, index_text
from roleqa.ingest.plain_text import read_plain_text
from roleqa.ingest.sentences import sentence_spans
from roleqa.ingest.split import SplitDocument, split
from roleqa.types import Document

READERS = pytest.mark.parametrize("read", [read_markdown, read_plain_text], ids=["markdown", "plain-text"])
EXAMPLES = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Pieces that documents are made of, so that what Hypothesis puts together looks like one more often than noise does.
SCRAPS = st.sampled_from(
    [
        "# ", "## ", "###### ", "- ", "* ", "  - ", "    ", "\t", "1. ", "2) ", "3.2 ", "> ", ">", "```", "~~~", "`", "``",
        "|", " | ", "---|---", "|---|:-:|", "\\|", "\\", "---", "===", "***", "<!--", "-->", "<!-- f1 -->", "<div>", "</p>",
        "<br>", "&amp;", "[a](b)", "[a]: b", "[^1]: c", "[^1]", "![x](y)", "**", "_", "~~", "[ ] ", "---\n", "title: T\n",
        "sources:\n", "Source: ", "\nSources: ", "\n", "\n", "\n\n", "  \n", " ", " ", ". ", "! ", "? ", ": ", "(", ")", '"', "\u201c", "\u201d",
        "Duties", "Pay and Leave", "the officer reports", "Lt. Col. Ames", "para. 3", "e.g. ", "U.S. ", "1961", "x" * 60,
        "caf\u00e9", "e\u0301", "\U0001f600", "\u200d", "\u200b", "\u202e", "\u65e5\u672c\u3002", "\u0627\u0644", "\x0b", "\x0c",
        "\x1c", "\x85", "\u2028", "\u00a0", "\ufeff", "\x07",
    ]
)  # fmt: skip
DOCUMENTS = st.lists(SCRAPS, max_size=60).map("".join) | st.text(max_size=200)
WORD = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz\u00e9\U0001f600"), min_size=1, max_size=12)
SENTENCE = st.lists(WORD, min_size=1, max_size=14).map(lambda words: " ".join(words).capitalize() + ".")
PARAGRAPH = st.lists(SENTENCE, min_size=1, max_size=5).map(" ".join)


def words(text: str) -> int:
    return len(text.split())


def split_reading(reading: Reading, window: int = 40) -> SplitDocument:
    return split(SourceFile(Document("a.md", "A", reading.text, "", reading.blocks), ""), words, window)


def visible(text: str) -> str:
    return "".join(text.split())


@READERS
@EXAMPLES
@given(text=DOCUMENTS)
@example(text="> " * 150 + "deep")
@example(text="- " * 150 + "deep")
@example(text="|\n|-|\n|")
@example(text="Title\n\x0b\n* ")
@example(text="T \u00a0. ")
@example(text="---\n---\n---\n")
def test_blocks_are_slices_in_order(read: object, text: str) -> None:
    reading = read(text)  # type: ignore[operator]
    assert reading.text == text
    for block in reading.blocks:
        assert 0 <= block.start <= block.body.start <= block.body.end <= block.end <= len(text)
        cells = [cell for row in (block.header, *block.rows) for cell in row]
        assert all(block.start <= cell.start <= cell.end <= block.end for cell in cells)
    assert all(before.end <= block.start for before, block in pairwise(reading.blocks))


@READERS
@EXAMPLES
@given(text=DOCUMENTS, window=st.integers(4, 80))
def test_passages_and_evidence_are_trimmed_slices_in_order(read: object, text: str, window: int) -> None:
    reading = read(text)  # type: ignore[operator]
    found = split_reading(reading, window)
    assert len(found.passages) == len(found.evidence)
    assert all(before.end <= passage.start for before, passage in pairwise(found.passages))
    for passage, items in zip(found.passages, found.evidence, strict=True):
        part = text[passage.start : passage.end]
        assert part
        assert part == part.strip()
        assert passage.id == f"a.md#{passage.start}-{passage.end}"
        assert items
        assert all(passage.start <= item.start and item.end <= passage.end for item in items)
        assert all(before.end <= item.start for before, item in pairwise(items))
        quotes = [text[item.start : item.end] for item in items]
        assert all(quote and quote == quote.strip() for quote in quotes)


@READERS
@EXAMPLES
@given(text=DOCUMENTS)
def test_passages_lie_in_sections(read: object, text: str) -> None:
    found = split_reading(read(text))  # type: ignore[operator]
    assert all(before.end <= section.start for before, section in pairwise(found.sections))
    for passage in found.passages:
        homes = [section for section in found.sections if section.start <= passage.start < section.end]
        assert [section.headings for section in homes] == [passage.headings]
        assert passage.end <= homes[0].end


@READERS
@EXAMPLES
@given(text=DOCUMENTS)
def test_the_same_text_gives_the_same_split(read: object, text: str) -> None:
    assert split_reading(read(text)) == split_reading(read(text))  # type: ignore[operator]


@READERS
@EXAMPLES
@given(text=DOCUMENTS, window=st.integers(60, 200))
def test_no_passage_is_over_the_window(read: object, text: str, window: int) -> None:
    reading = read(text)  # type: ignore[operator]
    document = Document("a.md", "A", text, "")
    found = split_reading(reading, window)
    for passage, items in zip(found.passages, found.evidence, strict=True):
        assert words(index_text(passage, document, items)) <= window
        assert all(evidence_text(item, passage, document) for item in items)


@EXAMPLES
@given(paragraphs=st.lists(PARAGRAPH, min_size=1, max_size=8), window=st.integers(1, 60))
def test_plain_paragraphs_lose_nothing(paragraphs: list[str], window: int) -> None:
    text = "\n\n".join(paragraphs)
    for reading in (read_markdown(text), read_plain_text(text)):
        found = split_reading(reading, window)
        kept = "".join(text[passage.start : passage.end] for passage in found.passages)
        quoted = "".join(text[item.start : item.end] for items in found.evidence for item in items)
        assert visible(kept) == visible(quoted) == visible(text)
        assert not any(passage.headings for passage in found.passages)


@EXAMPLES
@given(text=DOCUMENTS)
def test_plain_text_loses_nothing_but_marks(text: str) -> None:
    reading = read_plain_text(text)
    front_matter_end = reading.blocks[0].start if reading.title or reading.sources else 0
    outside = list(text)
    for block in reading.blocks:
        outside[block.start : block.end] = " " * (block.end - block.start)
    assert not re.search(r"[^\s\-=*_~#+]", "".join(outside[front_matter_end:])) or text.startswith("---\n")


HIDDEN = ("[a]: b", "<!--", "<!-- f1 -->", "---\n", "title: T\n", "sources:\n")


@EXAMPLES
@given(text=st.lists(SCRAPS.filter(lambda scrap: scrap not in HIDDEN), max_size=60).map("".join))
def test_markdown_loses_nothing_but_marks(text: str) -> None:
    outside = list(text)
    for block in read_markdown(text).blocks:
        outside[block.start : block.end] = " " * (block.end - block.start)
    left = re.sub(r"\[\^1\]:|\b\d{1,2}[.)]|</?(?:div|p|br)>", "", "".join(outside))
    assert not re.search(r"[^\s\-=*_+>#\\]", left)


@EXAMPLES
@given(titles=st.lists(WORD, min_size=2, max_size=6), paragraph=PARAGRAPH)
def test_marked_headings_are_the_sections(titles: list[str], paragraph: str) -> None:
    text = "\n\n".join(f"# {title}\n\n{paragraph}" for title in titles)
    for reading in (read_markdown(text), read_plain_text(text)):
        sections = split_reading(reading).sections
        assert [section.headings for section in sections] == [(title,) for title in titles]
        assert [text[section.start : section.end] for section in sections] == [paragraph] * len(titles)


@EXAMPLES
@given(text=st.lists(SCRAPS | SENTENCE, max_size=40).map("".join))
def test_only_white_space_lies_between_sentences(text: str) -> None:
    spans = sentence_spans(text)
    assert all(before.end <= span.start for before, span in pairwise(spans))
    assert visible("".join(text[start:end] for start, end in spans)) == visible(text)
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)


@EXAMPLES
@given(
    sections=st.lists(st.tuples(WORD, PARAGRAPH, st.none() | st.lists(WORD, min_size=1, max_size=9).map(" ".join)), min_size=2),
    word=st.sampled_from(["Source", "Sources"]),
    window=st.integers(2, 60),
)
def test_what_a_section_ends_on_as_its_source_is_that_of_its_passages_and_in_none(
    sections: list[tuple[str, str, str | None]], word: str, window: int
) -> None:
    blocks = ((f"# {title}", said, *([f"{word}: {named}"] if named else [])) for title, said, named in sections)
    text = "\n\n".join(block for section in blocks for block in section)
    for reading in (read_markdown(text), read_plain_text(text)):
        found = split_reading(reading, window)
        assert [(section.headings, section.source) for section in found.sections] == [
            ((title,), named) for title, _, named in sections
        ]
        for section, (_, said, named) in zip(found.sections, sections, strict=True):
            own = [passage for passage in found.passages if section.start <= passage.start < section.end]
            assert {passage.source for passage in own} == {named}
            assert visible("".join(text[passage.start : passage.end] for passage in own)) == visible(said)


CELL = st.text(st.sampled_from("ab \u00e9\U0001f600"), max_size=8).map(str.strip)


@EXAMPLES
@given(rows=st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=5), outer=st.booleans())
def test_every_filled_cell_is_kept(rows: list[list[str]], outer: bool) -> None:
    lines = [" | ".join(row) for row in [["H", "I"], ["---", "---"], *rows]]
    text = "\n".join(f"| {line} |" if outer else f"x | {line}" for line in lines) + "\n"
    if not outer:
        text = text.replace("x | --- | ---", "--- | --- | ---")
    for reading in (read_markdown(text), read_plain_text(text)):
        found = split_reading(reading)
        assert {item.kind for items in found.evidence for item in items} <= {"cell"}
        kept = "".join(text[passage.start : passage.end] for passage in found.passages)
        filled = [[cell for cell in row if cell] for row in rows]
        assert visible(kept).replace("|", "") == visible(
            "".join(("" if outer else "x") + "".join(row) for row in filled)
        )
