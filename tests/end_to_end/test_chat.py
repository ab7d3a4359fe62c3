"""The chat as people use it: a real server, real models, a real browser."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import COMPARE_FOCUS, FOCUS, PATIENCE, PHONE, TOMATOES, OpenPage, answer, ask, open_tab, rebuild, source
from playwright.sync_api import Page, expect
from servers import REPOSITORY, running

GATED_SERVER = Path(__file__).with_name("gated_server.py")


def table_cell(file: Path, row: str, column: int) -> str:
    line = next(line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {row}"))
    return line.split("|")[column + 1].strip()


def choose_role(page: Page, name: str) -> None:
    page.get_by_role("group", name="Ask about").get_by_text(name, exact=True).click()


DOCUMENT = REPOSITORY / "corpus" / "role-comparison.md"
PRACTICE = REPOSITORY / "corpus" / "side-by-side.md"
IN_PRACTICE = "What is the rank in practice of a defence attach\u00e9?"


def test_an_answer_is_a_quote_with_its_number_and_place(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    said = ask(page, IN_PRACTICE)
    first = said.locator(".quote").first
    expect(first.locator(".verbatim")).to_have_text(table_cell(PRACTICE, "Rank in practice", 1))
    expect(first.locator(".context")).to_have_text("Rank in practice \u00b7 Defence Attach\u00e9")
    expect(first.locator(".source-line")).to_contain_text("Source: for the attach\u00e9, ")
    expect(first.get_by_role("link", name="[1]")).to_be_visible()
    place = said.locator(".sources a").first
    expect(place).to_contain_text("[1]")
    expect(place).to_contain_text("Rank and tour in practice")
    expect(place).to_contain_text(PRACTICE.name)
    confidence = said.locator(".confidence")
    expect(confidence).to_have_text(re.compile(r"^(strong|likely|weak) match, confidence 0\.\d\d$"))
    expect(confidence).to_have_attribute("title", re.compile(r"^Confidence 0\.\d\d$"))


def test_the_question_as_understood_is_shown_where_it_differs(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    expect(ask(page, FOCUS).locator(".understood")).to_have_count(0)
    follow_up = ask(page, "And the liaison officer?").locator(".understood")
    expect(follow_up).to_have_text("Understood as What is the focus area of a Military Liaison Officer?")


def test_a_comparison_is_a_table_with_a_cited_cell_a_role(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    table = ask(page, COMPARE_FOCUS).get_by_role("table")
    expect(table.locator("th")).to_have_text(["Military Liaison Officer", "Defence Attach\u00e9"])
    cells = table.locator("td")
    expect(cells).to_have_count(2)
    for i in (0, 1):
        quote = cells.nth(i).locator(".verbatim").first
        expect(quote).to_have_text(table_cell(DOCUMENT, "Focus area", i + 1))
        cells.nth(i).locator("a.marker").first.click()
        expect(source(page).locator("mark")).to_have_text(quote.text_content() or "")


def test_the_keyboard_alone_will_do(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    box = page.get_by_role("textbox", name="Your question")
    expect(box).to_be_focused()
    roles = page.get_by_role("group", name="Ask about").get_by_role("radio")
    expect(roles).to_have_count(1 + 5)
    page.keyboard.press("Shift+Tab")
    expect(roles.first).to_be_focused()
    ring = roles.first.evaluate("input => getComputedStyle(input.closest('label')).outlineStyle")
    assert ring == "solid"
    page.keyboard.press("ArrowRight")
    expect(roles.nth(1)).to_be_checked()
    page.keyboard.press("Shift+Tab")
    chip = page.get_by_role("list", name="Example questions").get_by_role("button").last
    expect(chip).to_be_focused()
    question = chip.get_attribute("data-question") or ""
    page.keyboard.press("Enter")
    answer(page, 0)
    expect(page.get_by_test_id("user").locator(".question")).to_have_text(question)
    expect(box).to_be_focused()


def test_the_role_filter_changes_the_answer(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    choices = page.get_by_role("group", name="Ask about").get_by_role("radio")
    expect(choices).to_have_count(1 + 5)
    expect(page.get_by_role("radio", name="All roles")).to_be_checked()
    for number, (role, column) in enumerate((("Military Liaison Officer", 1), ("Defence Attach\u00e9", 2))):
        choose_role(page, role)
        said = ask(page, "What is the primary function?")
        expect(said.locator(".verbatim").first).to_have_text(table_cell(DOCUMENT, "Primary function", column))
        expect(page.locator(".asked-of").nth(number)).to_have_text(f"Only about: {role}")
    choose_role(page, "All roles")
    ask(page, "What is the primary function?")
    expect(page.locator(".asked-of")).to_have_count(2)


def test_a_suggestion_asks_about_what_stands_beside_the_answer(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    ask(page, FOCUS)
    chips = page.get_by_role("list", name="Ask next").get_by_role("button")
    expect(chips.first).to_be_visible()
    text = DOCUMENT.read_text(encoding="utf-8")
    assert 1 <= chips.count() <= 3
    assert all(chip in text and chip != "Focus area" for chip in chips.all_text_contents())
    topic = chips.first.text_content() or ""
    chips.first.click()
    said = answer(page, 1)
    asked = page.get_by_test_id("user").nth(1)
    expect(asked).to_have_text(f"What about the Defence Attach\u00e9: {topic.lower()}?")
    expect(said.locator(".verbatim").first).to_have_text(table_cell(DOCUMENT, topic, 2))
    expect(page.get_by_role("textbox")).to_be_focused()


def test_answers_are_announced(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    answer = ask(page, FOCUS)
    log = page.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(log.get_by_test_id("bot")).to_have_text(answer.text_content() or "")


def test_an_example_is_one_click_away_while_there_is_no_conversation(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    examples = page.get_by_role("list", name="Example questions")
    question = examples.get_by_role("button").first.text_content() or ""
    assert question.startswith("Tell me about ")
    examples.get_by_role("button").first.click()
    expect(page.get_by_test_id("user")).to_have_text(question)
    expect(answer(page, 0).locator(".verbatim").first).to_be_visible()
    expect(examples).to_be_hidden()
    expect(page.get_by_role("textbox")).to_be_focused()

    page.get_by_role("button", name="New conversation").click()
    expect(page.get_by_test_id("user")).to_have_count(0)
    expect(examples).to_be_visible()
    expect(source(page)).to_be_hidden()


def test_what_the_documents_do_not_answer_is_refused_and_what_they_do_is_named(
    shipped_chat: str, open_page: OpenPage
) -> None:
    page = open_page(shipped_chat)
    refused = ask(page, TOMATOES)
    expect(refused.locator("p.said")).to_contain_text("documents")
    expect(refused.get_by_role("heading", name="What came nearest")).to_be_visible()
    expect(refused).to_contain_text("it is not an answer")
    expect(refused.locator("a.marker, .confidence")).to_have_count(0)
    covered = refused.locator(".covered li").all_text_contents()
    text = "".join(file.read_text(encoding="utf-8") for file in DOCUMENT.parent.glob("*.md"))
    assert len(covered) >= 5
    assert all(topic in text for topic in covered)
    chips = page.get_by_role("list", name="Try asking").get_by_role("button")
    expect(chips).to_have_count(3)
    chips.nth(1).click()
    expect(answer(page, 1).locator(".verbatim").first).to_be_visible()


def test_an_error_is_said_and_nothing_is_lost(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    ask(page, FOCUS)
    question = "why " * 600
    answer = ask(page, question)
    expect(answer.locator(".notice")).to_contain_text("2000")
    expect(page.get_by_role("textbox")).to_have_value(question)
    expect(page.get_by_test_id("bot").first.locator(".quote").first).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, {"width": 320, "height": 568}, {"width": 1280, "height": 800}])
def test_it_fits_the_screen(shipped_chat: str, open_page: OpenPage, size: dict[str, int]) -> None:
    page = open_page(shipped_chat, viewport=size)
    for question in (FOCUS, "x" * 300, "Compare both reporting lines", TOMATOES):
        ask(page, question)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        overflowing = page.evaluate(
            "[...document.querySelectorAll('#conversation *')]"
            ".filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML.slice(0, 80))"
        )
        assert overflowing == []
        for box in (page.get_by_role("button", name="Ask", exact=True), page.locator("#conversation")):
            found = box.bounding_box()
            assert found
            assert found["y"] + found["height"] <= size["height"]
            assert found["height"] >= 30
    page.get_by_test_id("bot").last.locator("a").first.click()
    expect(source(page)).to_be_visible()
    open_frame = page.locator("#source-frame").bounding_box()
    assert open_frame
    assert open_frame["x"] + open_frame["width"] <= size["width"]
    assert open_frame["y"] + open_frame["height"] <= size["height"]


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_it_follows_the_system_into_light_and_dark(
    shipped_chat: str, open_page: OpenPage, scheme: str, is_dark: bool
) -> None:
    page = open_page(shipped_chat, color_scheme=scheme)
    answer = ask(page, FOCUS)
    for element in (page.locator("#conversation"), page.locator("#source-frame"), page.locator("body")):
        colour = element.evaluate("element => getComputedStyle(element).backgroundColor")
        assert (brightness(colour) < 0.3) is is_dark, colour
    ink = answer.locator(".verbatim").first.evaluate("element => getComputedStyle(element).color")
    assert (brightness(ink) > 0.7) is is_dark, ink


def brightness(colour: str) -> float:
    """Of a CSS rgb() colour, from 0 to 1."""
    channels = [float(number) for number in re.findall(r"[\d.]+", colour)[:3]]
    return sum(channels) / 3 / 255


def test_the_corpus_tab_says_what_is_answered_from(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    expect(page.locator("#overview")).to_contain_text("Up to date")
    ask(page, FOCUS)
    open_tab(page, "Corpus")
    status = page.locator("#status")
    expect(status).to_contain_text("Up to date")
    documents = len(list((REPOSITORY / "corpus").glob("*.md")))
    expect(status.locator("dd").first).to_have_text(str(documents))
    assert int(status.locator("dd").nth(1).text_content() or "") > 10
    expect(status.locator("time")).to_have_attribute("title", re.compile(r"^\d+ \w+ \d{4}, \d\d:\d\d:\d\d UTC$"))
    open_tab(page, "Chat")
    expect(page.get_by_test_id("bot")).to_be_visible()
    expect(source(page).locator("mark")).to_be_visible()


def test_an_answer_is_there_in_the_blink_of_an_eye(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    ask(page, FOCUS)
    topics = ("duties", "training", "posting", "clearance", "reporting line", "languages", "host nation")
    seconds = []
    for topic in topics:
        started = time.perf_counter()
        ask(page, f"What about the {topic} of a defence attach\u00e9?")
        seconds.append(time.perf_counter() - started)
    # 0.4 s on two idle cores; other work on the machine must not fail the test, a page that waits for something must.
    assert statistics.median(seconds) < 3


# A corpus of one's own, in which nothing means well.

FORM = '<form action="http://evil.example"><button>the porter</button></form>'
HOSTILE = '<img src="http://evil.example/x.png" onerror="window.hacked=1">'
ARCHIVE = f"""# The archive {HOSTILE}

## Opening hours `<script>window.hacked=2</script>`

The archive opens at nine in the morning. ![pixel](http://evil.example/p.png) {HOSTILE}

## Lost property

Lost umbrellas are kept by {FORM} for $$x^2$$ weeks.
"""


@pytest.fixture
def own_corpus(tmp_path: Path) -> Path:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "archive <b>hours<b>.md").write_text(ARCHIVE, encoding="utf-8")
    (corpus / "<img src=x onerror=window.hacked=3>.md").write_bytes(b"\xff\xfe\x00")
    (corpus / "roles.toml").write_text(
        f"[[role]]\nid = 'porter'\nname = '<b>Porter</b> {HOSTILE}'\naliases = ['porter']\n", encoding="utf-8"
    )
    return corpus


@pytest.fixture
def own_chat(own_corpus: Path) -> Iterator[str]:
    """The chat on that corpus, with models that count words: what is shown does not hang on their wits."""
    gate = own_corpus.parent / "gate"
    gate.touch()
    with running(GATED_SERVER, own_corpus, own_corpus.parent / "index", gate) as url:
        yield url


def test_a_changed_file_gives_the_new_answer_after_a_rebuild(
    own_corpus: Path, own_chat: str, open_page: OpenPage
) -> None:
    page = open_page(own_chat)
    question = "When does the archive open?"
    expect(ask(page, question).locator(".verbatim").first).to_contain_text("opens at nine in the morning")

    (own_corpus / "archive <b>hours<b>.md").write_text(ARCHIVE.replace("nine", "eleven"), encoding="utf-8")
    (own_corpus / "porters.md").write_text("# Porters\n\nPorters wear green.\n", encoding="utf-8")
    before = ask(page, question)
    expect(before.locator(".verbatim").first).to_contain_text("opens at nine in the morning")
    expect(before.locator(".standing")).to_contain_text("the documents have changed since")
    page.reload()
    expect(page.locator("#overview")).to_contain_text("Changed since the last build")
    open_tab(page, "Corpus")
    status = page.locator("#status")
    expect(status).to_contain_text("Changed since the last build")
    expect(page.locator("#documents [data-state=added]")).to_contain_text("porters.md")

    rebuild(page)
    expect(status.locator("dd").first).to_have_text("2")
    expect(status).to_contain_text("Up to date")
    expect(page.locator("#documents [data-state=added]")).to_have_count(0)
    after = ask(page, question)
    expect(after.locator(".verbatim").first).to_contain_text("opens at eleven in the morning")
    expect(source(page).locator("mark")).to_contain_text("opens at eleven in the morning")
    expect(after.locator(".standing")).not_to_contain_text("changed since")


def test_a_rebuild_that_fails_says_why_and_the_old_index_answers_on(
    own_corpus: Path, own_chat: str, open_page: OpenPage
) -> None:
    page = open_page(own_chat)
    for file in own_corpus.glob("*.md"):
        file.unlink()
    open_tab(page, "Corpus")
    page.get_by_role("button", name="Rebuild index").click()
    expect(page.locator("#report .notice")).to_contain_text("corpus", timeout=PATIENCE)
    expect(page.locator("#report")).to_contain_text("The index from before goes on answering.")
    open_tab(page, "Chat")
    said = ask(page, "When does the archive open?")
    expect(said.locator(".verbatim").first).to_contain_text("opens at nine in the morning")


def test_hostile_documents_names_and_questions_are_shown_and_never_obeyed(own_chat: str, open_page: OpenPage) -> None:
    page = open_page(own_chat)
    open_tab(page, "Corpus")
    expect(page.locator("#documents")).to_contain_text("<img src=x onerror=window.hacked=3>.md")
    open_tab(page, "Chat")
    expect(page.get_by_role("group", name="Ask about")).to_contain_text(f"<b>Porter</b> {HOSTILE}")
    ask(page, "When does the archive open?")
    pane = source(page)
    expect(pane.locator("section.here .text")).to_contain_text(f"![pixel](http://evil.example/p.png) {HOSTILE}")
    expect(pane.locator(".file")).to_have_text("archive <b>hours<b>.md")
    expect(pane.locator(".outline .here")).to_have_text("Opening hours <script>window.hacked=2</script>")
    expect(pane.locator("h2")).to_have_text("The archive")
    expect(ask(page, "Who keeps lost umbrellas?")).to_contain_text(f"{FORM} for $$x^2$$")
    expect(pane.locator("mark")).to_contain_text(f"{FORM} for $$x^2$$")
    question = f"**bold** [a](http://evil.example) ${{window.hacked=4}} {{{{value}}}} `x` $$y^2$$ {HOSTILE}?"
    ask(page, question)
    expect(page.get_by_test_id("user").last).to_have_text(question)

    page.wait_for_timeout(300)  # an image would have been asked for by now
    foreign = "img, script, form, iframe, b, strong:not(.verbatim > strong), .katex, a:not([href^='?document='])"
    for place in ("#conversation", "#source", "#status", "#documents", "#overview", "#suggestions", "#role"):
        assert page.locator(place).locator(foreign).count() == 0, place
    assert page.evaluate("window.hacked") is None


def test_the_old_index_answers_while_the_new_one_is_built(corpus: Path, tmp_path: Path, open_page: OpenPage) -> None:
    gate = tmp_path / "gate"
    with running(GATED_SERVER, corpus, tmp_path / "index", gate) as url:
        page = open_page(url)
        document = corpus / "harbour.md"
        document.write_text(document.read_text().replace("at dusk", "at sunset"), encoding="utf-8")
        question = "When does the lighthouse keeper light the lamp?"

        open_tab(page, "Corpus")
        page.get_by_role("button", name="Rebuild index").click()
        bar = page.get_by_role("progressbar")
        expect(bar).to_be_visible()
        open_tab(page, "Chat")
        expect(ask(page, question).locator(".verbatim").first).to_contain_text("at dusk")
        open_tab(page, "Corpus")
        expect(bar).to_be_visible()
        gate.touch()
        expect(page.locator("#report")).to_contain_text("The new index answers now.")
        expect(bar).to_be_hidden()
        open_tab(page, "Chat")
        expect(ask(page, question).locator(".verbatim").first).to_contain_text("at sunset")
