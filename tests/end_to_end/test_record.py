"""What is kept of a conversation: thumbs beside the index, the conversation in the browser, an export in a file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pages import COMPARE_FOCUS, FOCUS, PHONE, TOMATOES, OpenPage, ask, is_focused, rebuild, source
from playwright.sync_api import Locator, Page, expect
from servers import run_roleqa, running

from html_tree import HOSTILE
from roleqa.evaluate.questions import load_questions
from roleqa.index.library import load_library

LAMP = "When does the lighthouse keeper light the lamp?"
GATED_SERVER = Path(__file__).with_name("gated_server.py")
CLEARANCE = "Which security clearance level does a liaison officer often have?"
KEPT = "Object.keys(localStorage).filter(key => key.startsWith('roleqa:conversation:'))"


def thumb(page: Page, name: str, number: int = -1) -> Locator:
    return page.get_by_role("group", name="Was this right?").nth(number).get_by_role("button", name=name, exact=True)


def open_history(page: Page) -> Locator:
    page.get_by_role("button", name="History").click()
    dialog = page.get_by_role("dialog", name="Earlier conversations")
    expect(dialog).to_be_visible()
    return dialog


def wait_until_kept(page: Page) -> None:
    page.wait_for_function(f"{KEPT}.length")


def reload(page: Page) -> None:
    page.goto(page.url.partition("?")[0])  # without the open source, which would take the keyboard
    # From here on the page moves the keyboard nowhere.
    page.wait_for_function("document.activeElement.matches('#question textarea')")


def saved(page: Page, form: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Export as {form}").click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def rows(index: Path, question: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(index / "feedback.sqlite")) as connection:
        return connection.execute(
            "SELECT verdict, comment, answered, generation, citations FROM feedback WHERE question = ?", (question,)
        ).fetchall()


@pytest.fixture
def harbour(corpus: Path) -> Iterator[tuple[str, Path]]:
    """A chat with models that count words, and the folder of its index."""
    index, gate = corpus.parent / "index", corpus.parent / "gate"
    gate.touch()
    with running(GATED_SERVER, corpus, index, gate) as url:
        yield url, index


def test_a_thumb_and_a_comment_by_keyboard_land_beside_the_index(
    shipped_chat: str, shipped_index: Path, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(shipped_chat)
    quote = ask(page, CLEARANCE).locator(".verbatim").first.text_content()
    right = thumb(page, "Right")
    expect(right).to_have_attribute("aria-pressed", "false")
    right.focus()
    assert right.evaluate("button => button.matches(':focus-visible') && getComputedStyle(button).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(right).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".feedback .said")).to_contain_text("on the machine that serves this page. Sent nowhere.")
    assert is_focused(right)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("textbox", name="Comment (optional)")).to_be_focused()
    page.keyboard.type("Just right <b>&</b> short")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    generation = load_library(shipped_index).manifest.generation
    expect(page.locator(".feedback .said")).to_contain_text("Comment saved.")
    ((verdict, comment, answered, made_by, citations),) = rows(shipped_index, CLEARANCE)
    assert (verdict, comment, answered, made_by) == ("up", "Just right <b>&</b> short", 1, generation)
    assert json.loads(citations)[0]["text"] == quote

    ask(page, TOMATOES)
    expect(thumb(page, "Right", 0)).to_have_attribute("aria-pressed", "true")
    thumb(page, "Rightly not answered").click()
    expect(thumb(page, "Rightly not answered")).to_have_attribute("aria-pressed", "true")
    file = tmp_path / "labels.jsonl"
    run_roleqa("feedback", "export", "--index", shipped_index, "--output", file)
    labelled = {item.question: item for item in load_questions(file, load_library(shipped_index).documents)}
    assert labelled[CLEARANCE].answerable
    assert not labelled[TOMATOES].answerable

    thumb(page, "Wrongly not answered").click()
    expect(thumb(page, "Rightly not answered")).to_have_attribute("aria-pressed", "false")
    assert [row[0] for row in rows(shipped_index, TOMATOES)] == ["down"]
    thumb(page, "Wrongly not answered").click()
    expect(page.locator(".feedback .said").last).to_have_text("Taken back.")
    assert rows(shipped_index, TOMATOES) == []


def test_feedback_that_cannot_be_kept_is_told_and_the_answer_stays(
    harbour: tuple[str, Path], open_page: OpenPage
) -> None:
    url, index = harbour
    (index / "feedback.sqlite").write_bytes(b"no database" * 100)
    page = open_page(url)
    said = ask(page, LAMP)
    thumb(page, "Right").click()
    expect(page.locator(".feedback .said")).to_contain_text("is damaged")
    expect(thumb(page, "Right")).to_have_attribute("aria-pressed", "false")
    expect(said.locator(".verbatim").first).to_contain_text("at dusk")


def test_an_export_is_saved_and_its_quotes_verify(
    shipped_chat: str, shipped_index: Path, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(shipped_chat)
    expect(page.get_by_role("button", name="Export as JSON")).to_be_hidden()
    quote = ask(page, CLEARANCE).locator(".verbatim").first.text_content() or ""
    ask(page, COMPARE_FOCUS)
    ask(page, TOMATOES)
    bundle = saved(page, "JSON", tmp_path)
    run_roleqa("verify", "--bundle", bundle, "--index", shipped_index)
    turns = json.loads(bundle.read_text(encoding="utf-8"))["turns"]
    assert [turn["answer"]["kind"] for turn in turns] == ["answer", "comparison", "refusal"]
    cited = turns[0]["answer"]["citations"][0]
    text = load_library(shipped_index).documents[cited["document"]].text
    assert text[cited["start"] : cited["end"]] == cited["quote"] == quote
    sources = load_library(shipped_index).manifest.sources
    assert turns[0]["files"][0]["file_sha256"] == sources[cited["document"]]
    assert turns[0]["answer"]["index"]["generation"] == load_library(shipped_index).manifest.generation
    markdown = saved(page, "Markdown", tmp_path).read_text(encoding="utf-8")
    words = cited["answer"]["text"]
    assert f"> {quote.replace(words, f'**{words}**')} **[1]**" in markdown
    assert sources[cited["document"]] in markdown


def test_a_conversation_is_reopened_after_a_reload_goes_on_and_is_deleted_all_by_keyboard(
    shipped_chat: str, open_page: OpenPage
) -> None:
    page = open_page(shipped_chat)
    ask(page, FOCUS)
    thumb(page, "Right").click()
    expect(thumb(page, "Right")).to_have_attribute("aria-pressed", "true")
    said = page.get_by_test_id("bot").locator("article").inner_html()
    reload(page)
    expect(page.get_by_test_id("bot")).to_have_count(0)

    history = page.get_by_role("button", name="History")
    history.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Earlier conversations")
    entry = dialog.get_by_role("button", name=FOCUS).first
    expect(entry).to_contain_text("1 question")
    page.keyboard.press("Tab")
    expect(entry).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("textbox", name="Your question")).to_be_focused()
    again = page.get_by_test_id("bot")
    expect(again).to_have_count(1)
    marked = again.locator("article").inner_html()
    assert marked.replace(' aria-current="true"', "") == said.replace(' aria-current="true"', "")
    expect(thumb(page, "Right")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".notice.age")).to_have_count(0)
    expect(source(page).locator("mark").first).to_be_visible()

    follow_up = ask(page, "And the liaison officer?")
    expect(follow_up.locator(".understood")).to_contain_text("What is the focus area of a Military Liaison Officer?")
    page.keyboard.press("Escape")
    entry = open_history(page).get_by_role("button", name=FOCUS).first
    expect(entry).to_contain_text("2 questions \u00b7 open now")
    entry.focus()
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name=f"Delete: {FOCUS}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("None yet.")
    assert page.evaluate(KEPT) == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(history).to_be_focused()


def test_a_new_conversation_is_another_one_in_the_list(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    ask(page, CLEARANCE)
    page.get_by_role("button", name="New conversation").click()
    expect(page.get_by_test_id("bot")).to_have_count(0)
    expect(page.get_by_role("button", name="Export as JSON")).to_be_hidden()
    ask(page, FOCUS)
    dialog = open_history(page)
    expect(dialog.locator("li")).to_have_count(2)
    expect(dialog.locator("li").first).to_contain_text(FOCUS)
    dialog.get_by_role("button", name=CLEARANCE).first.click()
    expect(page.get_by_test_id("user")).to_have_text(CLEARANCE)
    dialog = open_history(page)
    dialog.get_by_role("button", name="Delete all").click()
    expect(dialog.locator("li")).to_have_count(2)
    dialog.get_by_role("button", name="Really delete all?").click()
    expect(dialog.locator("li")).to_have_count(0)
    assert page.evaluate(KEPT) == []


def test_an_answer_of_an_earlier_index_says_so_when_it_is_reopened(
    harbour: tuple[str, Path], corpus: Path, open_page: OpenPage
) -> None:
    page = open_page(harbour[0])
    ask(page, LAMP)
    file = corpus / "harbour.md"
    file.write_text(file.read_text(encoding="utf-8").replace("at dusk", "at sunset"), encoding="utf-8")
    rebuild(page)
    reload(page)
    open_history(page).get_by_role("button", name=LAMP).first.click()
    note = page.locator(".notice.age")
    expect(note).to_contain_text("Answered from an earlier index. No longer in the documents as quoted: [1]")
    expect(page.get_by_test_id("bot").locator(".verbatim").first).to_contain_text("at dusk")


def test_what_was_tampered_with_is_text_and_no_more(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    ask(page, FOCUS)
    wait_until_kept(page)
    hostile = " ".join(HOSTILE) + "<img src=x onerror=window.hacked=1><script>window.hacked=2</script>"
    (key,) = page.evaluate(KEPT)
    entry = json.loads(page.evaluate("key => localStorage[key]", key))
    answer = entry["bundle"]["turns"][0]["answer"]
    answer.update(question=hostile, resolved_question=f"{hostile}?", roles=[hostile], text=hostile)
    answer["citations"] = [
        {**answer["citations"][0], "quote": hostile, "document": hostile, "headings": [hostile], "lead_in": hostile}
    ]
    entry["bundle"]["turns"][0]["role"] = hostile
    entry.update(html="<img src=x onerror=window.hacked=3>", saved=hostile, verdicts={"<b>": hostile})
    page.evaluate("([key, data]) => localStorage.setItem(key, data)", [key, json.dumps(entry)])
    broken = ["", "null", "{", '{"bundle": {"turns": [{"id": 1, "answer": {"question": "<b>x</b>"}}]}}', "<img src=x>"]
    page.evaluate("data => data.forEach((one, i) => localStorage.setItem(`roleqa:conversation:${i}`, one))", broken)
    no_turns = {**entry, "bundle": {**entry["bundle"], "turns": [{"id": "x", "answer": {"question": "No answer"}}]}}
    page.evaluate("data => localStorage.setItem('roleqa:conversation:x', data)", json.dumps(no_turns))
    reload(page)

    dialog = open_history(page)
    expect(dialog.locator("li")).to_have_count(2)
    dialog.get_by_role("button", name="No answer").first.click()
    expect(page.locator("#record .bar .said")).to_contain_text("This conversation cannot be opened")
    dialog = open_history(page)
    other = dialog.locator("li .open").filter(has_not_text="No answer")
    assert other.locator("span").first.text_content() == hostile[:200]
    other.click()
    expect(page.get_by_test_id("user").locator(".question")).to_have_text(hostile)
    expect(page.locator(".notice.age")).to_have_text("This is not what was answered: [1] does not stand in the documents.")
    page.wait_for_timeout(300)  # an image would have been asked for by now
    foreign = "img, script, form, iframe, b, a:not([href^='?document='])"
    for place in ("#conversation", "#history", "#source", "#suggestions"):
        found = page.locator(place).locator(foreign).evaluate_all("all => all.map(one => one.outerHTML)")
        assert found == [], place
    assert page.evaluate("window.hacked") is None


def test_what_is_kept_is_bounded(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    ask(page, FOCUS)
    wait_until_kept(page)
    (key,) = page.evaluate(KEPT)
    entry = json.loads(page.evaluate("key => localStorage[key]", key))
    turn = entry["bundle"]["turns"][0]
    for number in range(60):
        other = {**entry, "saved": f"2020-01-01T00:00:{number:02}Z", "bundle": {"turns": [{**turn, "id": f"n{number}"}]}}
        page.evaluate("([key, data]) => localStorage.setItem(key, data)", [f"roleqa:conversation:n{number}", json.dumps(other)])
    ask(page, CLEARANCE)
    page.wait_for_function(f"{KEPT}.length === 50")
    left = page.evaluate(KEPT)
    assert key in left
    assert {f"roleqa:conversation:n{number}" for number in range(11, 60)} == set(left) - {key}


def test_a_browser_that_keeps_nothing_is_told_and_can_still_export(
    shipped_chat: str, shipped_index: Path, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(shipped_chat)
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }; }")
    ask(page, FOCUS)
    expect(page.locator("#record .bar .said")).to_contain_text("This browser keeps no conversations")
    run_roleqa("verify", "--bundle", saved(page, "JSON", tmp_path), "--index", shipped_index)
    thumb(page, "Right").click()
    expect(thumb(page, "Right")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("size", [PHONE, {"width": 320, "height": 568}, {"width": 1280, "height": 800}])
def test_it_fits_the_screen(shipped_chat: str, open_page: OpenPage, size: dict[str, int]) -> None:
    page = open_page(shipped_chat, viewport=size)
    ask(page, FOCUS)
    thumb(page, "Right").click()
    expect(page.get_by_role("textbox", name="Comment (optional)")).to_be_visible()
    open_history(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    overflowing = page.evaluate(
        "[...document.querySelectorAll('#record *, .feedback *')]"
        ".filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"
    )
    assert overflowing == []


def test_an_answer_that_comes_after_a_conversation_was_left_stays_away(
    harbour: tuple[str, Path], open_page: OpenPage
) -> None:
    url, index = harbour
    held = index.parent / "held"
    page = open_page(url)
    ask(page, LAMP)
    held.touch()
    page.get_by_role("textbox", name="Your question").fill("Who lights the lamp?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Who lights the lamp?")).to_be_visible()
    page.get_by_role("button", name="New conversation").click()
    expect(page.get_by_text("Who lights the lamp?")).to_have_count(0)
    held.unlink()
    page.wait_for_timeout(2000)
    expect(page.get_by_test_id("bot")).to_have_count(0)
    expect(ask(page, LAMP).locator(".verbatim").first).to_be_visible()
    expect(page.get_by_test_id("user")).to_have_count(1)
