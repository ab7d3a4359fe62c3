"""The Quality tab: the last evaluation, and running it from the page, in a real browser."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from crew import WORD_CLI
from pages import FOCUS, PATIENCE, STRATEGIC, OpenPage, ask, open_tab
from playwright.sync_api import Page, expect
from servers import ENVIRONMENT, REPOSITORY, run_roleqa, running

from fakes import WordEncoder
from roleqa import Settings, build_index

CORPUS = REPOSITORY / "corpus"


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index of the shipped corpus for models that count words: an evaluation with them takes a moment."""
    build_index(Settings(corpus=CORPUS, index=tmp_path / "index"), encoder=WordEncoder())
    return tmp_path / "index"


@pytest.fixture
def six(labels: Path, tmp_path: Path) -> Path:
    file = tmp_path / "six.jsonl"
    file.write_text("\n".join(labels.read_text(encoding="utf-8").splitlines()[:6]), encoding="utf-8")
    return file


def serving(index: Path, *more: str | Path) -> AbstractContextManager[str]:
    return running(WORD_CLI, "serve", "--corpus", CORPUS, "--index", index, "--port", "0", *more)


def said(page: Page) -> str:
    return page.locator("#evaluation-said").inner_text().strip()


def test_it_is_run_from_the_page_while_the_chat_answers(
    shipped_index: Path, labels: Path, tmp_path: Path, open_page: OpenPage
) -> None:
    index, asked = tmp_path / "index", tmp_path / "asked.jsonl"
    shutil.copytree(shipped_index, index, ignore=shutil.ignore_patterns("evaluation"))
    shutil.copy(labels, asked)
    places = ("--corpus", CORPUS, "--index", index, "--port", "0")
    with running("-m", "roleqa", "serve", *places, "--questions", asked) as url:
        page = open_page(url)
        open_tab(page, "Quality")
        report = page.locator("#evaluation")
        expect(report.get_by_role("heading", name="No evaluation yet")).to_be_visible()
        expect(report.locator("pre")).to_have_text(f"roleqa eval --questions questions.jsonl --index {index}")
        live = page.locator("#evaluation-said").get_by_role("status")
        assert said(page) == ""

        run, cancel = (page.get_by_role("button", name=name) for name in ("Run evaluation", "Cancel evaluation"))
        run.click()
        expect(live).to_have_text("The evaluation is running. The chat goes on answering.")
        expect(page.get_by_role("progressbar", name="Questions asked")).to_be_visible(timeout=PATIENCE)
        expect(run).to_be_disabled()
        open_tab(page, "Chat")
        expect(ask(page, FOCUS).locator(".verbatim").first).to_have_text(STRATEGIC)
        open_tab(page, "Quality")
        cancel.click()
        expect(live).to_have_text("The evaluation was cancelled. The last report stays.", timeout=PATIENCE)
        expect(cancel).to_be_hidden()
        assert not (index / "evaluation" / "report.json").exists()

        asked.write_text("\n".join(labels.read_text(encoding="utf-8").splitlines()[::4]), encoding="utf-8")
        run.click()
        expect(live).to_have_text("The evaluation is done. Its report is below.", timeout=4 * PATIENCE)
        expect(page.get_by_role("progressbar", name="Questions asked")).to_be_hidden()
        check_report(page, json.loads((index / "evaluation" / "report.json").read_text(encoding="utf-8")))


def check_report(page: Page, kept: dict[str, Any]) -> None:
    figures = kept["groups"]["reporting"]
    report = page.locator("#evaluation")
    cards = report.locator(".cards > div")
    expect(cards.nth(0)).to_contain_text(f"{100 * figures['right']:.1f} % of {figures['answerable']} answerable")
    expect(cards.nth(7)).to_contain_text("100.0 % of all quotes are the source")
    rows = report.get_by_role("region", name="By kind of question").locator("tbody tr")
    expect(rows).to_have_count(len(figures["kinds"]))
    expect(rows.first.locator("th")).to_have_text(figures["kinds"][0]["kind"])
    rerank = report.get_by_role("region", name="Passages found").locator("tbody tr").last
    expect(rerank.locator("td").first).to_have_text(f"{figures['modes']['rerank']['hit_at_1']:.3f}")
    pictures = report.locator("img:visible")
    expect(pictures).to_have_count(4)
    assert page.evaluate("[...document.querySelectorAll('#evaluation .for-light')].every(image => image.naturalWidth == 896)")
    wrong = [line for line in kept["questions"] if line["group"] == "reporting" and line["answered"] and not line["right"]]
    answered_wrongly = report.locator("details.failures").filter(has_text=re.compile("^Answered")).locator("h4")
    assert set(answered_wrongly.all_text_contents()) == {line["question"] for line in wrong}


def test_labels_are_uploaded_where_none_are_set_and_deleted_again(
    index: Path, six: Path, tmp_path: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = tmp_path / "uploads"
    monkeypatch.setitem(ENVIRONMENT, "GRADIO_TEMP_DIR", str(uploads))
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"query_id": "q1", "question": "<b>Who?</b>", "answerable": true, "gold": []}\n{', encoding="utf-8")
    with serving(index) as url:
        page = open_page(url)
        open_tab(page, "Quality")
        live = page.locator("#evaluation-said").get_by_role("status")
        for file, message in (
            (bad, "bad.jsonl: 2 labels cannot be used:\nline 1, q1: it is answerable, yet has no gold quote"),
            (six, "The evaluation is done. Its report is below."),
        ):
            with page.expect_file_chooser() as chooser:
                page.get_by_role("button", name="Upload and run").click()
            chooser.value.set_files(file)
            expect(live).to_contain_text(message.split("\n")[-1], timeout=2 * PATIENCE)
            assert message.split("\n")[0] in said(page)
            assert str(uploads) not in said(page)
        expect(page.locator("#evaluation .origin")).to_contain_text("6 questions")
        assert list(uploads.rglob("*.jsonl")) == []


def test_a_report_of_an_older_index_says_so(index: Path, six: Path, open_page: OpenPage) -> None:
    run_roleqa("eval", "--questions", six, "--index", index, program=[WORD_CLI])
    with serving(index, "--questions", six) as url:
        page = open_page(url, color_scheme="dark")
        open_tab(page, "Quality")
        expect(page.locator("#evaluation .cards > div")).to_have_count(9)
        expect(page.locator("#evaluation .for-dark:visible")).to_have_count(4)
        expect(page.locator("#evaluation .notice")).to_have_count(0)
        built = build_index(Settings(corpus=CORPUS, index=index), full=True, encoder=WordEncoder()).generation
        while f'generation="{built}"' not in httpx.get(f"{url}metrics").text:
            page.wait_for_timeout(100)
        open_tab(page, "Chat")
        open_tab(page, "Quality")
        expect(page.locator("#evaluation .notice")).to_contain_text("of another index")
        (index / "evaluation" / "report.json").write_text("{}", encoding="utf-8")
        open_tab(page, "Chat")
        open_tab(page, "Quality")
        expect(page.locator("#evaluation .notice")).to_contain_text("report.json cannot be read")
