"""What is in the corpus folder and what of it is in the index."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes import OverlapReader, WordEncoder
from roleqa.assistant import Assistant, build_index
from roleqa.index.catalog import Entry
from roleqa.settings import Settings


def states(assistant: Assistant) -> dict[str, tuple[str, int]]:
    return {entry.id: (entry.state, entry.passages) for entry in assistant.catalog()}


def test_a_document_as_it_was_built(assistant: Assistant, corpus: Path) -> None:
    size = (corpus / "harbour.md").stat().st_size
    assert assistant.catalog() == (Entry("harbour.md", "Keepers and pilots", "indexed", size, passages=4),)


def test_each_kind_of_news(settings: Settings, corpus: Path) -> None:
    (corpus / "old.txt").write_text("Old news.")
    (corpus / "spoilt.md").write_text("Fine.")
    encoder = WordEncoder()
    build_index(settings, encoder=encoder)
    assistant = Assistant.load(settings, encoder=encoder, reader=OverlapReader())
    (corpus / "harbour.md").write_text("Changed.")
    (corpus / "old.txt").unlink()
    (corpus / "spoilt.md").write_bytes(b"a\0b")
    (corpus / "plan.rst").write_bytes(b"%PDF")
    below = corpus / "below"
    below.mkdir()
    (below / "new-rules.md").write_text("New.")
    assert states(assistant) == {
        "below/new-rules.md": ("added", 0),
        "harbour.md": ("changed", 4),
        "old.txt": ("removed", 1),
        "plan.rst": ("unreadable", 0),
        "spoilt.md": ("unreadable", 1),
    }
    found = {entry.id: entry for entry in assistant.catalog()}
    assert found["below/new-rules.md"].title == "New rules"
    assert found["spoilt.md"].reason == "it holds binary data, not text: remove it or save it as text"
    assert found["plan.rst"].reason == ".rst files are not read: save it as .md or .txt"
    assert (found["old.txt"].is_file, found["old.txt"].size) == (False, 9)
    (corpus / "spoilt.md").write_text("Mended.")
    assert states(assistant)["spoilt.md"] == ("changed", 1)


def test_a_file_is_looked_into_once(assistant: Assistant, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (corpus / "bad.md").write_bytes(b"\0")
    before = assistant.catalog()

    def fail(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr("roleqa.index.catalog.read_file", fail)
    assert assistant.catalog() == before


def test_a_corpus_that_is_elsewhere_is_listed_as_it_was(assistant: Assistant, corpus: Path) -> None:
    corpus.rename(corpus.with_name("moved"))
    (entry,) = assistant.catalog()
    assert (entry.state, entry.is_file, entry.passages) == ("indexed", False, 4)
    assert entry.size == (corpus.with_name("moved") / "harbour.md").stat().st_size
