"""The same article gives the same sections, sentences, items and cells, whatever format it was saved in."""

from __future__ import annotations

from pathlib import Path

import pytest

from article import CORPUS, FORMATS, article
from fakes import OverlapReader, WordEncoder
from roleqa.assistant import Assistant, build_index
from roleqa.index.content import Part, split_part
from roleqa.index.documents import Documents, save_documents
from roleqa.index.layout import GenerationFolder
from roleqa.ingest.corpus import read_file
from roleqa.ingest.markup import plain
from roleqa.ingest.sections import find_sections
from roleqa.settings import Settings
from roleqa.types import Document


def split_file(folder: Path, suffix: str, data: bytes) -> Part:
    file = folder / f"article{suffix}"
    file.write_bytes(data)
    return split_part(read_file(folder, file), WordEncoder())


def told(part: Part) -> list[tuple[object, ...]]:
    """Everything that can be quoted, with all that says where it stands."""
    return [
        (passage.headings, item.kind, plain(part.document.text[item.start : item.end]), item.row, item.column, item.lead_in)
        for passage, own in zip(part.passages, part.evidence, strict=True)
        for item in own
    ]


def sections(document: Document) -> list[tuple[tuple[str, ...], str | None]]:
    return [(part.section.headings, part.section.source) for part in find_sections(document)]


def tables(document: Document) -> list[list[list[str]]]:
    return [
        [[plain(document.text[slice(*cell)]) for cell in row] for row in (block.header, *block.rows)]
        for block in document.blocks
        if block.kind == "table"
    ]


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("name", ["role-comparison.md", "legal-status-and-immunities.md", "glossary.md"])
def test_the_same_document_whatever_the_format(tmp_path: Path, name: str, suffix: str) -> None:
    source = article(CORPUS / name)
    expected = split_file(tmp_path, ".md", source.text.encode())
    found = split_file(tmp_path, suffix, FORMATS[suffix](source))
    assert found.document.title == expected.document.title
    assert sections(found.document) == sections(expected.document)
    assert tables(found.document) == tables(expected.document)
    assert told(found) == told(expected)
    assert len(told(found)) >= 30


@pytest.mark.parametrize("suffix", FORMATS)
def test_blocks_and_pages_are_kept_as_they_were_read(tmp_path: Path, suffix: str) -> None:
    document = split_file(tmp_path, suffix, FORMATS[suffix](article())).document
    save_documents(GenerationFolder(tmp_path), {document.id: document}, {})
    assert dict(Documents(GenerationFolder(tmp_path))) == {document.id: document}
    assert document.blocks


def test_a_citation_says_its_page_and_a_broken_file_is_no_news(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "article.pdf").write_bytes(FORMATS[".pdf"](article()))
    (corpus / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing")
    settings = Settings(corpus=corpus, index=tmp_path / "index")
    report = build_index(settings, encoder=WordEncoder())
    assert [problem.file for problem in report.problems] == ["broken.pdf"]
    assistant = Assistant.load(settings, encoder=WordEncoder(), reader=OverlapReader())
    assert not assistant.status().changes
    citation = assistant.ask("What advanced diplomatic ability does a defence attache need?")
    pages = assistant.retriever.index.documents["article.pdf"].pages
    for found in (*citation.citations, *citation.closest):
        assert found.page == sum(start <= found.evidence.start for start in pages)
    assert citation.citations or citation.closest
    (corpus / "broken.pdf").write_bytes(FORMATS[".pdf"](article()))
    assert assistant.status().changes.added == ("broken.pdf",)
