"""Quotes held against the documents of today: what stands, what moved, what is gone."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from exchanges import cite, exchange
from roleqa.assistant import Assistant, build_index
from roleqa.bundle.check import Found, Quoted, find_quote, verify
from roleqa.bundle.exchange import CitedFile, Exchange, cited_files
from roleqa.errors import IndexDamagedError, IndexMissingError
from roleqa.index.library import load_library
from roleqa.settings import Settings
from roleqa.types import Document

TEXT = "The archive opens at nine. Bring a pass. No dogs. In November it closes at noon. Bring a pass."


def find(quote: str, start: int, text: str = TEXT, document: str = "visits.md") -> Found:
    documents = {"visits.md": Document("visits.md", "Visits", text, "")}
    return find_quote(Quoted(document, start, start + len(quote), quote), documents)


def test_a_quote_stands_where_it_stood() -> None:
    assert find("Bring a pass.", 27) == Found("stands", 27, 40)
    assert find("Bring a pass.", 81) == Found("stands", 81, 94)


def test_a_quote_that_moved_is_found_at_the_place_nearest_to_where_it_stood() -> None:
    assert find("Bring a pass.", 30) == Found("moved", 27, 40)
    assert find("Bring a pass.", 70) == Found("moved", 81, 94)
    assert find("Bring a pass.", 10**11) == Found("moved", 81, 94)


def test_a_quote_is_not_found_inside_a_longer_word() -> None:
    assert find("No", 0) == Found("moved", 41, 43)
    assert find("No", 0, "In November, November and Nova.").outcome == "changed"
    assert find("Fee: 10", 0, "Fee: 100").outcome == "changed"
    assert find("\u8d39\u7528", 2, "\u6863\u6848\u8d39\u7528\u5341") == Found("stands", 2, 4)


def test_in_a_text_that_did_not_change_a_quote_may_be_part_of_a_word(
    assistant: Assistant, settings: Settings
) -> None:
    library = load_library(settings.index)
    text = library.documents["harbour.md"].text
    at = text.index("ilot boards")
    hashes = (library.manifest.sources["harbour.md"], hashlib.sha256(text.encode()).hexdigest())
    part = cite("ilot boards", at, document="harbour.md")
    assert verify((exchange(part, files=(CitedFile("harbour.md", *hashes),)),), library).stands
    assert not verify((exchange(part, files=()),), library).stands


def test_a_quote_that_was_reworded_is_changed_and_one_without_trace_is_gone() -> None:
    changed = find("The archive opens at ten.", 0)
    assert changed.outcome == "changed"
    assert TEXT[changed.start : changed.end].startswith("The archive opens at ")
    assert find("Umbrellas must be left with the porter", 0) == Found("gone")
    assert find("Bring a pass.", 27, "").outcome == "gone"


def test_a_document_that_is_not_indexed_is_missing() -> None:
    assert find("Bring a pass.", 27, document="fees.md") == Found("document missing")


def asked(assistant: Assistant, question: str) -> Exchange:
    index = assistant.retriever.index
    answer = assistant.ask(question)
    return Exchange("0" * 32, "", None, answer, cited_files(answer, index.documents, index.manifest.sources))


def test_a_conversation_is_checked_quote_by_quote(assistant: Assistant, settings: Settings, corpus: Path) -> None:
    exchanges = (
        asked(assistant, "When does the lighthouse keeper light the lamp?"),
        asked(assistant, "Which zeppelin bombed Antwerp?"),
    )
    assert (exchanges[0].answer.answered, exchanges[1].answer.answered) == (True, False)
    before = verify(exchanges, load_library(settings.index))
    assert before.stands
    assert before.changed_files == ()
    assert {quote.found.outcome for quote in before.quotes} == {"stands"}
    assert before.summary == f"{len(before.quotes)} of {len(before.quotes)} quotes stand at their place"
    assert [(quote.question, quote.closest) for quote in before.quotes[:1]] == [(1, False)]
    assert (2, True) in {(quote.question, quote.closest) for quote in before.quotes}

    file = corpus / "harbour.md"
    moved = file.read_text(encoding="utf-8").replace("## Duties", "New words.\n\n## Duties")
    file.write_text(moved.replace("lights the lamp at dusk", "sleeps"), encoding="utf-8")
    build_index(settings, encoder=assistant.retriever.encoder)
    after = verify(exchanges, load_library(settings.index))
    assert not after.stands
    assert after.changed_files == ("harbour.md",)
    assert after.counts["stands"] == 0
    assert sum(after.counts.values()) == len(after.quotes) == len(before.quotes)
    first = after.quotes[0].to_dict()
    assert first["quote"] == "A lighthouse keeper lights the lamp at dusk."
    assert first["outcome"] == "changed"
    text = load_library(settings.index).documents["harbour.md"].text
    moved_quotes = [quote for quote in after.quotes if quote.found.outcome == "moved"]
    assert moved_quotes
    assert all(text[quote.found.start : quote.found.end] == quote.citation.quote for quote in moved_quotes)


def test_a_file_counts_as_changed_by_its_bytes_or_by_its_text(assistant: Assistant, settings: Settings) -> None:
    library = load_library(settings.index)
    text = library.documents["harbour.md"].text
    same = CitedFile("harbour.md", library.manifest.sources["harbour.md"], hashlib.sha256(text.encode()).hexdigest())
    for file, changed in (
        (same, ()),
        (replace(same, file_sha256="0" * 64), ("harbour.md",)),
        (replace(same, text_sha256="0" * 64), ("harbour.md",)),
        (replace(same, document="fees.md"), ("fees.md",)),
    ):
        assert verify((exchange(cite(text[:20]), files=(file,)),), library).changed_files == changed


def test_the_summary_counts_what_became_of_the_others(assistant: Assistant, settings: Settings) -> None:
    library = load_library(settings.index)
    text = library.documents["harbour.md"].text
    at = text.index("Six weeks in winter")
    made = exchange(
        cite(text[:20], document="harbour.md"),
        cite("Six weeks in winter", at + 1, 2, "harbour.md"),
        cite("Zzz", 0, 3, "harbour.md"),
        cite("Zzz", 0, 4, "fees.md"),
        cite("Zzz", 0, 5, "fees.md"),
    )
    checked = verify((made,), library)
    assert checked.summary == "1 of 5 quotes stand at their place; 1 moved, 1 gone, 2 document missing"
    assert checked.to_dict()["quotes"][1] == {
        "question": 1,
        "number": 2,
        "closest": False,
        "document": "harbour.md",
        "start": at + 1,
        "end": at + 20,
        "quote": "Six weeks in winter",
        "outcome": "moved",
        "now": {"start": at, "end": at + 19},
    }
    assert checked.to_dict()["counts"] == {"stands": 1, "moved": 1, "changed": 0, "gone": 1, "document missing": 2}


def test_the_documents_load_without_models(assistant: Assistant, settings: Settings) -> None:
    library = load_library(settings.index)
    assert library.documents == assistant.retriever.index.documents
    assert library.manifest == assistant.retriever.index.manifest
    with pytest.raises(IndexMissingError):
        load_library(settings.index / "nowhere")
    documents = next(settings.index.glob("generations/*/documents.jsonl"))
    documents.write_text("", encoding="utf-8")
    with pytest.raises(IndexDamagedError, match=r"documents\.jsonl is not what was written \(it has 0 bytes"):
        load_library(settings.index)
