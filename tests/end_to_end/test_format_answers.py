"""The formats that people have: the same answers from each, and the way from an answer to its page or heading."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import docx
import pytest
from pages import PATIENCE, OpenPage, ask, open_tab, source
from playwright.sync_api import expect
from servers import REPOSITORY, run_roleqa, running
from test_corpus_tab import document, press, upload

from article import FILE, FORMATS, article
from benchmarks.cached_models import CachedEncoder, CachedReader
from roleqa import Assistant, Settings, build_index
from roleqa.blocks import page_at
from roleqa.evaluate.questions import load_questions
from roleqa.ingest.corpus import read_file
from roleqa.ingest.markup import plain
from roleqa.models.encoder import SentenceEncoder
from roleqa.models.reader import OnnxReader
from roleqa.protocols import Encoder, Reader

ROLES = REPOSITORY / "corpus" / "roles.toml"
QUESTIONS = REPOSITORY / "tests" / "eval" / "questions.jsonl"
Quoted = tuple[str, tuple[str, ...], str | None, str | None]
# A busy machine is slow, not wrong.
pytestmark = pytest.mark.timeout(600)


def first_quotes(folder: Path, suffix: str, data: bytes, models: tuple[Encoder, Reader]) -> list[Quoted]:
    """What is quoted first for thirty questions that the article answers, from it alone, saved in one format.

    The index is one: of a text that another format has given already, the embedding is carried over, so none is new.
    """
    corpus = folder / suffix[1:]
    corpus.mkdir()
    (corpus / f"article{suffix}").write_bytes(data)
    (corpus / ROLES.name).write_bytes(ROLES.read_bytes())
    settings = Settings(corpus=corpus, index=folder / "index")
    report = build_index(settings, encoder=models[0])
    assert report.encoded == (report.passages if suffix == ".md" else 0)
    assistant = Assistant.load(settings, encoder=models[0], reader=models[1])
    quoted: list[Quoted] = []
    for question in thirty():
        answer = assistant.ask(question)
        first = (*answer.citations, *answer.closest)[0]
        found = assistant.retriever.index.documents[f"article{suffix}"]
        assert found.text[first.evidence.start : first.evidence.end] == first.quote
        assert (first.page is not None) == (suffix == ".pdf")
        # Markdown has its marks in the quote, and wrapped text its line ends.
        quoted.append((plain(first.quote), first.passage.headings, first.evidence.row, first.evidence.column))
    return quoted


def thirty() -> list[str]:
    """The first questions of each kind that the article answers by itself."""
    shipped = REPOSITORY / "corpus"
    documents = {file.name: read_file(shipped, file).document for file in shipped.glob("*.md")}
    kinds: dict[str, list[str]] = {}
    for item in load_questions(QUESTIONS, documents):
        if item.gold and not item.history and all(gold.document == FILE.name for gold in item.gold):
            kinds.setdefault(item.kind, []).append(item.question)
    asked = [question for questions in zip(*kinds.values(), strict=False) for question in questions]
    asked += [question for questions in kinds.values() for question in questions if question not in asked]
    return asked[:30]


def test_thirty_questions_are_answered_by_the_same_quotes_first_whatever_the_format(tmp_path: Path) -> None:
    # What was read once is not read again: a format that gives other texts, or other sentences, still shows.
    models = CachedEncoder(SentenceEncoder()), CachedReader(OnnxReader())
    saved = {".md": FILE.read_bytes()} | {suffix: save(article()) for suffix, save in FORMATS.items()}
    quoted = {suffix: first_quotes(tmp_path, suffix, data, models) for suffix, data in saved.items()}
    assert len(set(quoted[".md"])) >= 15
    for suffix in FORMATS:
        assert quoted[suffix] == quoted[".md"], suffix


LETTER = "The lock keeper of Ashby earns nineteen florins each spring."
PAGE = "<!DOCTYPE html><title>x</title><nav>Home</nav><h1>Ferries</h1><h2>Night crossings<h2>Fares</h2><p>The ferryman of Dunmore asks two shillings for a horse.<footer>Imprint</footer>"
SHEET = "Bell;Weight in stones\nGreat Tom;forty-one\nLittle Meg;nine\n"


def letter() -> bytes:
    written = docx.Document()
    written.add_heading("Canals", 0)
    written.add_heading("Wages", 1)
    written.add_paragraph(LETTER)
    stream = io.BytesIO()
    written.save(stream)
    return stream.getvalue()


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory, asked_of_other_machines: list[bytes]) -> Iterator[tuple[Path, str]]:
    """A chat on the article as a PDF and a letter from Word."""
    corpus = tmp_path_factory.mktemp("papers") / "corpus"
    corpus.mkdir()
    (corpus / "article.pdf").write_bytes(FORMATS[".pdf"](article()))
    (corpus / "letter.docx").write_bytes(letter())
    (corpus / ROLES.name).write_bytes(ROLES.read_bytes())
    index = corpus.parent / "index"
    run_roleqa("build", "--corpus", corpus, "--index", index)
    with running("-m", "roleqa", "serve", "--corpus", corpus, "--index", index, "--port", "0") as url:
        yield corpus, url


def test_an_answer_from_a_pdf_opens_at_its_page(papers: tuple[Path, str], open_page: OpenPage) -> None:
    corpus, url = papers
    page = open_page(url)
    said = ask(page, "Which security clearance level does a liaison officer often have?")
    quote = said.locator(".verbatim").first.text_content() or ""
    printed = read_file(corpus, corpus / "article.pdf").document
    number = page_at(printed.pages, printed.text.index(quote))
    assert number is not None
    assert 1 < number <= len(printed.pages)
    expect(said.locator(".where").first).to_contain_text(f"article.pdf, page {number}")
    pane = source(page)
    expect(pane.locator(".file")).to_have_text(f"article.pdf, page {number}")
    expect(pane.locator("mark")).to_have_text(quote)
    expect(pane.locator("mark")).to_be_in_viewport()
    expect(pane.locator(".outline .here")).to_have_text("Security clearance and legal requirements")
    assert "Handbook of the archive" not in (pane.text_content() or "")  # what every page has above it


def test_an_answer_from_word_opens_at_its_heading(papers: tuple[Path, str], open_page: OpenPage) -> None:
    page = open_page(papers[1])
    ask(page, "What does the lock keeper of Ashby earn?")
    pane = source(page)
    expect(pane.locator(".file")).to_have_text("letter.docx")
    expect(pane.locator("mark")).to_have_text(LETTER)
    expect(pane.locator(".outline .here")).to_have_text("Wages")


def test_documents_of_other_formats_are_added_from_the_page(papers: tuple[Path, str], open_page: OpenPage) -> None:
    page = open_page(papers[1])
    open_tab(page, "Corpus")
    report = page.locator("#report")
    upload(page, ("ferry.html", PAGE.encode()), ("bells.csv", SHEET.encode()), ("second.docx", letter()), ("broken.pdf", b"%PDF-1.4"))
    expect(report).to_contain_text("Added ferry.html, bells.csv, second.docx. Rebuild the index to answer from it.", timeout=PATIENCE)
    expect(report.locator(".notice")).to_contain_text("Not added: broken.pdf: it is broken")
    press(page, "Rebuild index")
    expect(report).to_contain_text("The new index answers now.", timeout=PATIENCE)
    for name in ("ferry.html", "bells.csv", "second.docx"):
        expect(document(page, name).locator(".badge")).to_have_text("Indexed")
    open_tab(page, "Chat")
    ask(page, "What does the ferryman of Dunmore ask for a horse?")
    pane = source(page)
    expect(pane.locator("mark")).to_have_text("The ferryman of Dunmore asks two shillings for a horse.")
    expect(pane.locator(".outline .here")).to_have_text("Fares")
    ask(page, "What is the weight of the bell Great Tom in stones?")
    expect(pane.locator(".file")).to_have_text("bells.csv")
    expect(pane.locator("tr:has(mark)").locator("th, td")).to_have_text(["Great Tom", "forty-one"])
