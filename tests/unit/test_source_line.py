"""What a section names as its source: kept with its passages, quoted never, shown with every quote."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes import OverlapReader, WordEncoder
from html_tree import parse
from roleqa.assistant import Assistant, build_index
from roleqa.index.load import load_index
from roleqa.ingest.blocks import Reading
from roleqa.ingest.corpus import SourceFile
from roleqa.ingest.markdown import read_markdown
from roleqa.ingest.plain_text import read_plain_text
from roleqa.ingest.source_line import LONGEST_SOURCE
from roleqa.ingest.split import SplitDocument, split
from roleqa.settings import Settings
from roleqa.types import Document
from roleqa.ui.links import Link
from roleqa.ui.source import open_source

READERS = pytest.mark.parametrize("read", [read_markdown, read_plain_text], ids=["markdown", "plain-text"])


def split_reading(reading: Reading) -> SplitDocument:
    document = Document("a.md", "A", reading.text, "", reading.blocks)
    return split(SourceFile(document, ""), lambda text: len(text.split()), 100)


def split_text(text: str) -> SplitDocument:
    return split_reading(read_markdown(text))


def quotes(text: str, found: SplitDocument) -> list[str]:
    return [text[item.start : item.end] for own in found.evidence for item in own]


NAMED = [
    pytest.param("A lamp.\n\nSource: the log, p. 3.", "the log, p. 3.", id="source"),
    pytest.param("A lamp.\n\nSources: the log; a chart", "the log; a chart", id="sources"),
    pytest.param("A lamp.\n\nSource: the\nlog", "the log", id="two-lines"),
    pytest.param("A lamp.\n\nSource: the log\n\n<!-- facts: F1 -->", "the log", id="comment-behind"),
    pytest.param("A lamp.\n\nSource: " + "x" * (LONGEST_SOURCE - 8), "x" * (LONGEST_SOURCE - 8), id="longest"),
    pytest.param("> A lamp.\n>\n> Source: the\n> log", "the log", id="in-a-quote"),
    pytest.param("| a | b |\n|---|---|\n| A lamp. | lit |\n\nSource: the log", "the log", id="below-a-table"),
    pytest.param("- A lamp.\n- A door.\n\nSource: the log", "the log", id="below-a-list"),
]
NOT_NAMED = [
    pytest.param("A lamp.\n\nSource: the log\n\nA door.", id="not-the-last"),
    pytest.param("Source: the log", id="of-nothing"),
    pytest.param("A lamp. Source: the log", id="not-at-the-beginning"),
    pytest.param("A lamp.\n\n- Source: the log", id="a-list-item"),
    pytest.param("A lamp.\n\nSources of light: oil", id="another-word"),
    pytest.param("A lamp.\n\nSource:", id="nothing-named"),
    pytest.param("A lamp.\n\nSource: " + "x" * (LONGEST_SOURCE - 7), id="too-long"),
]


@pytest.mark.parametrize(("text", "source"), NAMED)
def test_the_last_paragraph_names_the_source(text: str, source: str) -> None:
    found = split_text(text)
    assert [section.source for section in found.sections] == [source]
    assert {passage.source for passage in found.passages} == {source}
    assert not any("Source" in quote for quote in quotes(text, found))
    assert not any("Source" in text[passage.start : passage.end] for passage in found.passages)
    assert all(section.end == len(text) for section in found.sections)


@pytest.mark.parametrize("text", NOT_NAMED)
def test_other_paragraphs_are_text(text: str) -> None:
    found = split_text(text)
    assert {section.source for section in found.sections} == {None}
    assert {passage.source for passage in found.passages} == {None}
    assert any("Source" in quote for quote in quotes(text, found))


@READERS
def test_each_section_has_its_own(read: object) -> None:
    text = "# A\n\nOne.\n\nSource: the log\n\n## B\n\nTwo.\n\n## C\n\nThree.\n\nSource: a chart\n"
    found = split_reading(read(text))  # type: ignore[operator]
    assert [(passage.headings[-1], passage.source) for passage in found.passages] == [
        ("A", "the log"), ("B", None), ("C", "a chart"),
    ]  # fmt: skip
    assert quotes(text, found) == ["One.", "Two.", "Three."]


def test_a_source_is_no_heading_of_plain_text() -> None:
    text = "Lamps\n\nThe lamp is lit at dusk.\n\nSource: The Log\n\nDoors\n\nThe door is shut at dusk.\n\nSource: A Chart\n"
    found = split_reading(read_plain_text(text))
    assert [(section.headings, section.source) for section in found.sections] == [
        (("Lamps",), "The Log"), (("Doors",), "A Chart"),
    ]  # fmt: skip


@pytest.fixture
def sourced(settings: Settings) -> Assistant:
    """The small corpus, one of its sections with a source, and a document that names one for all of it."""
    corpus = Path(settings.corpus)
    text = (corpus / "harbour.md").read_text(encoding="utf-8")
    text = text.replace("arriving ships.\n", "arriving ships.\n\nSource: <b>Harbour</b> rules, zeppelin chapter\n")
    (corpus / "harbour.md").write_text(text, encoding="utf-8")
    front_matter = "---\ntitle: Tides\nsources:\n  - Tide tables\n  - A letter\n---\n"
    (corpus / "tides.md").write_text(
        f"{front_matter}# Tides\n\nThe tide turns twice a day.\n\n## Winds\n\nGales blow in autumn.\n\nSource: A diary\n",
        encoding="utf-8",
    )
    encoder = WordEncoder()
    build_index(settings, encoder=encoder)
    assert not any("zeppelin" in text for text in encoder.encoded)
    return Assistant.load(settings, encoder=encoder, reader=OverlapReader())


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("Who lights the lamp at dusk?", "<b>Harbour</b> rules, zeppelin chapter"),
        ("When are wages settled?", None),
        ("How often turns the tide?", "Tide tables; A letter"),
        ("When do gales blow?", "A diary"),
    ],
)
def test_a_citation_carries_its_section_s_source_or_else_its_document_s(
    sourced: Assistant, question: str, source: str | None
) -> None:
    answer = sourced.ask(question)
    assert answer.citations[0].source == source
    assert answer.to_dict()["citations"][0]["source"] == source


def test_what_a_source_says_answers_nothing(sourced: Assistant) -> None:
    assert not sourced.ask("zeppelin chapter").answered


def test_sources_are_kept_in_the_index(sourced: Assistant, settings: Settings) -> None:
    stored = load_index(settings.index, WordEncoder().fingerprint)
    assert list(stored.passages) == list(sourced.retriever.index.passages)
    assert {passage.source for passage in stored.passages} == {
        None, "<b>Harbour</b> rules, zeppelin chapter", "A diary",
    }  # fmt: skip


def test_a_source_that_changes_is_taken_over_without_encoding(sourced: Assistant, settings: Settings) -> None:
    file = Path(settings.corpus) / "tides.md"
    file.write_text(file.read_text(encoding="utf-8").replace("A diary", "Two diaries"), encoding="utf-8")
    report = sourced.rebuild()
    assert (report.encoded, report.changes.changed) == (0, ("tides.md",))
    assert sourced.ask("When do gales blow?").citations[0].source == "Two diaries"


def test_the_source_view_has_it_in_its_place_and_above(sourced: Assistant) -> None:
    def shown(question: str) -> tuple[list[str], str]:
        page = parse(open_source(sourced.document, Link.to(sourced.ask(question).citations[0]).href))
        lines = [line.text for line in page.all("p") if line.attributes.get("class") == "source-line"]
        return lines, next(line.text for line in page.all("p") if line.attributes.get("class") == "origin")

    assert shown("When do gales blow?") == (["Source: A diary"], "Source: A diary")
    assert shown("How often turns the tide?") == (["Source: A diary"], "Tide tables; A letter")
