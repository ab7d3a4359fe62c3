"""The chat as people use it: a real server, real models, a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from servers import REPOSITORY, run_roleqa, running

OpenPage = Callable[..., Page]

GATED_SERVER = Path(__file__).with_name("gated_server.py")
PHONE = {"width": 375, "height": 720}
# What a busy machine may take for an answer or a rebuild, in milliseconds.
PATIENCE = 60_000


def ask(page: Page, question: str) -> Locator:
    """Types a question, presses Enter and waits for what the chat says to it."""
    answers = page.get_by_test_id("bot")
    number = answers.count()
    page.get_by_role("textbox", name="Your question").fill(question)
    page.keyboard.press("Enter")
    expect(answers).to_have_count(number + 1, timeout=PATIENCE)
    return answers.nth(number)


def rebuild(page: Page) -> None:
    page.get_by_role("button", name="Rebuild index").click()
    expect(page.locator("#report")).to_contain_text("The new index answers now.", timeout=PATIENCE)


def table_cell(file: Path, row: str, column: int) -> str:
    line = next(line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {row}"))
    return line.split("|")[column + 1].strip()


def test_an_answer_can_be_checked_at_a_glance(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    answer = ask(page, "What rank does a defence attach\u00e9 usually hold?")
    document = REPOSITORY / "corpus" / "role-comparison.md"
    quote = table_cell(document, "Military rank", 2)

    first = answer.locator(".quote").first
    expect(first.locator(".verbatim")).to_have_text(quote)
    source = answer.locator("details").first
    expect(source.locator(".document")).to_have_text(document.name)
    expect(source.locator(".headings")).to_contain_text("Comparison table")
    expect(source.locator(".labels")).to_contain_text("Row Military rank")
    expect(source.locator(".labels")).to_contain_text("Column Defence Attach\u00e9")

    passage = source.locator("blockquote")
    expect(passage).to_be_hidden()
    first.get_by_role("link", name="[1]").click()
    expect(passage).to_be_visible()
    expect(passage.locator("mark")).to_have_text(quote)
    shown = passage.text_content() or ""
    assert shown in document.read_text(encoding="utf-8")
    assert len(shown) > len(quote)
    source.locator("summary").click()
    expect(passage).to_be_hidden()


def test_a_sentence_is_shown_in_its_place_in_the_section(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    answer = ask(page, "Which security clearance level does a liaison officer often have?")
    quote = answer.locator(".verbatim").first.text_content() or ""
    text = (REPOSITORY / "corpus" / "role-comparison.md").read_text(encoding="utf-8")
    assert "Secret" in quote
    assert quote in text
    answer.locator("summary").first.click()
    passage = answer.locator("blockquote").first
    expect(passage.locator("mark")).to_have_text(quote)
    assert (passage.text_content() or "") in text
    expect(answer.locator(".headings").first).to_contain_text("Security clearance")


def test_the_keyboard_alone_will_do(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    expect(page.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("What rank does a defence attach\u00e9 usually hold?")
    page.keyboard.press("Enter")
    answer = page.get_by_test_id("bot")
    expect(answer).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("textbox")).to_be_focused()

    marker = answer.get_by_role("link", name="[1]").first
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if marker.evaluate("element => element === document.activeElement"):
            break
    assert marker.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    summary = answer.locator("summary").first
    expect(summary).to_be_focused()
    expect(answer.locator("mark").first).to_be_visible()
    page.keyboard.press("Space")
    expect(answer.locator("mark").first).to_be_hidden()


def test_answers_are_announced(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    answer = ask(page, "Where is a defence attach\u00e9 posted?")
    log = page.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(log.get_by_test_id("bot")).to_have_text(answer.text_content() or "")


def test_an_example_is_one_click_away_until_the_conversation_begins(
    shipped_chat: str, open_page: OpenPage
) -> None:
    page = open_page(shipped_chat)
    examples = page.get_by_role("list", name="Example questions")
    question = examples.get_by_role("button").first.text_content() or ""
    assert "Military Liaison Officer" in question
    examples.get_by_role("button").first.click()
    expect(page.get_by_test_id("user")).to_have_text(question)
    expect(page.get_by_test_id("bot")).to_be_visible(timeout=PATIENCE)
    expect(examples).to_be_hidden()
    expect(page.get_by_role("textbox")).to_be_focused()

    page.get_by_role("button", name="New conversation").click()
    expect(page.get_by_test_id("user")).to_have_count(0)
    expect(examples).to_be_visible()


def test_what_the_documents_do_not_answer_is_refused(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    answer = ask(page, "How do I grow tomatoes on a balcony?")
    expect(answer.locator(".said")).to_contain_text("documents")
    expect(answer.get_by_role("heading", name="Closest passages")).to_be_visible()
    expect(answer).to_contain_text("It is not an answer.")
    expect(answer.get_by_role("link")).to_have_count(0)
    expect(answer.locator(".confidence")).to_have_count(0)


def test_what_was_opened_stays_open_when_the_next_question_is_asked(
    shipped_chat: str, open_page: OpenPage
) -> None:
    page = open_page(shipped_chat)
    first = ask(page, "What rank does a defence attach\u00e9 usually hold?")
    first.locator("summary").first.click()
    ask(page, "Where is a defence attach\u00e9 posted?")
    expect(first.locator("details").first).to_have_attribute("open", "")
    expect(page.get_by_test_id("user")).to_have_count(2)
    page.get_by_test_id("bot").nth(1).locator("a.marker").first.click()
    expect(page.locator("#turn-2-source-1")).to_have_attribute("open", "")


def test_an_error_is_said_and_nothing_is_lost(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    ask(page, "Where is a defence attach\u00e9 posted?")
    question = "why " * 600
    answer = ask(page, question)
    expect(answer.locator(".notice")).to_contain_text("2000")
    expect(page.get_by_role("textbox")).to_have_value(question)
    expect(page.get_by_test_id("bot").first.locator(".quote").first).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, {"width": 320, "height": 568}, {"width": 1280, "height": 800}])
def test_it_fits_the_screen(shipped_chat: str, open_page: OpenPage, size: dict[str, int]) -> None:
    page = open_page(shipped_chat, viewport=size)
    for question in (
        "What rank does a defence attach\u00e9 usually hold?",
        "x" * 300,
        "Compare both reporting lines",
    ):
        ask(page, question)
        for summary in page.locator("summary").all():
            summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        overflowing = page.evaluate(
            "[...document.querySelectorAll('#conversation *')]"
            ".filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML.slice(0, 80))"
        )
        assert overflowing == []
    box = page.get_by_role("button", name="Ask", exact=True).bounding_box()
    assert box
    assert box["y"] + box["height"] <= size["height"]


@pytest.mark.parametrize(("scheme", "is_dark"), [("light", False), ("dark", True)])
def test_it_follows_the_system_into_light_and_dark(
    shipped_chat: str, open_page: OpenPage, scheme: str, is_dark: bool
) -> None:
    page = open_page(shipped_chat, color_scheme=scheme)
    answer = ask(page, "Where is a defence attach\u00e9 posted?")
    for element in (page.locator("#conversation"), page.locator("#corpus"), page.locator("body")):
        colour = element.evaluate("element => getComputedStyle(element).backgroundColor")
        assert (brightness(colour) < 0.3) is is_dark, colour
    ink = answer.locator(".verbatim").first.evaluate("element => getComputedStyle(element).color")
    assert (brightness(ink) > 0.7) is is_dark, ink


def brightness(colour: str) -> float:
    """Of a CSS rgb() colour, from 0 to 1."""
    channels = [float(number) for number in re.findall(r"[\d.]+", colour)[:3]]
    return sum(channels) / 3 / 255


def test_the_panel_says_what_is_answered_from(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    status = page.locator("#status")
    expect(status).to_contain_text("Up to date")
    documents = len(list((REPOSITORY / "corpus").glob("*.md")))
    expect(status.locator("dd").first).to_have_text(str(documents))
    assert int(status.locator("dd").nth(1).text_content() or "") > 10
    expect(status.locator("time")).to_have_attribute(
        "title", re.compile(r"^\d+ \w+ \d{4}, \d\d:\d\d:\d\d UTC$")
    )


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
def real_chat(own_corpus: Path, asked_of_other_machines: list[bytes]) -> Iterator[str]:
    """The chat on that corpus, as `roleqa build` and `roleqa serve` make it."""
    index = own_corpus.parent / "index"
    run_roleqa("build", "--corpus", own_corpus, "--index", index)
    with running("-m", "roleqa", "serve", "--corpus", own_corpus, "--index", index, "--port", "0") as url:
        yield url
    assert asked_of_other_machines == []


@pytest.fixture
def own_chat(own_corpus: Path) -> Iterator[str]:
    """The chat on that corpus, with models that count words: what is shown does not hang on their wits."""
    gate = own_corpus.parent / "gate"
    gate.touch()
    with running(GATED_SERVER, own_corpus, own_corpus.parent / "index", gate) as url:
        yield url


def test_a_changed_file_gives_the_new_answer_after_a_rebuild(
    own_corpus: Path, real_chat: str, open_page: OpenPage
) -> None:
    page = open_page(real_chat)
    question = "When does the archive open?"
    expect(ask(page, question).locator(".verbatim").first).to_contain_text("opens at nine in the morning")

    (own_corpus / "archive <b>hours<b>.md").write_text(ARCHIVE.replace("nine", "eleven"), encoding="utf-8")
    (own_corpus / "porters.md").write_text("# Porters\n\nPorters wear green.\n", encoding="utf-8")
    before = ask(page, question)
    expect(before.locator(".verbatim").first).to_contain_text("opens at nine in the morning")
    expect(before.locator(".standing")).to_contain_text("the documents have changed since")
    page.reload()
    status = page.locator("#status")
    expect(status).to_contain_text("Changed since the last build")
    expect(status.locator(".files").first).to_have_text("Addedporters.md")

    rebuild(page)
    expect(status).to_contain_text("Up to date")
    expect(status).not_to_contain_text("porters.md")
    expect(status.locator("dd").first).to_have_text("2")
    after = ask(page, question)
    expect(after.locator(".verbatim").first).to_contain_text("opens at eleven in the morning")
    after.locator("summary").first.click()
    expect(after.locator("mark").first).to_contain_text("opens at eleven in the morning")
    expect(after.locator(".standing")).not_to_contain_text("changed since")


def test_a_rebuild_that_fails_says_why_and_the_old_index_answers_on(
    own_corpus: Path, own_chat: str, open_page: OpenPage
) -> None:
    page = open_page(own_chat)
    for file in own_corpus.glob("*.md"):
        file.unlink()
    page.get_by_role("button", name="Rebuild index").click()
    expect(page.locator("#report .notice")).to_contain_text("corpus", timeout=PATIENCE)
    expect(page.locator("#report")).to_contain_text("The index from before goes on answering.")
    answer = ask(page, "When does the archive open?")
    expect(answer.locator(".verbatim").first).to_contain_text("opens at nine in the morning")


def test_hostile_documents_names_and_questions_are_shown_and_never_obeyed(
    own_chat: str, open_page: OpenPage
) -> None:
    page = open_page(own_chat)
    status = page.locator("#status")
    expect(status).to_contain_text("<img src=x onerror=window.hacked=3>.md")
    answer = ask(page, "When does the archive open?")
    answer.locator("summary").first.click()
    expect(answer.locator("blockquote").first).to_contain_text(
        f"![pixel](http://evil.example/p.png) {HOSTILE}"
    )
    expect(answer.locator(".document").first).to_have_text("archive <b>hours<b>.md")
    expect(answer.locator(".headings").first).to_contain_text("<script>window.hacked=2</script>")
    answer = ask(page, "Who keeps lost umbrellas?")
    expect(answer).to_contain_text(f"{FORM} for $$x^2$$")
    question = f"**bold** [a](http://evil.example) ${{window.hacked=4}} {{{{value}}}} `x` $$y^2$$ {HOSTILE}?"
    ask(page, question)
    expect(page.get_by_test_id("user").last).to_have_text(question)

    page.wait_for_timeout(300)  # an image would have been asked for by now
    foreign = "img, script, form, iframe, b b, strong, .katex, a:not(.marker)"
    assert page.locator("#conversation").locator(foreign).count() == 0
    assert page.locator("#status, #examples").locator("img, script, form, iframe, strong, a").count() == 0
    assert page.evaluate("window.hacked") is None


def test_the_old_index_answers_while_the_new_one_is_built(
    corpus: Path, tmp_path: Path, open_page: OpenPage
) -> None:
    gate = tmp_path / "gate"
    with running(GATED_SERVER, corpus, tmp_path / "index", gate) as url:
        page = open_page(url)
        document = corpus / "harbour.md"
        document.write_text(document.read_text().replace("at dusk", "at sunset"), encoding="utf-8")
        question = "When does the lighthouse keeper light the lamp?"

        page.get_by_role("button", name="Rebuild index").click()
        bar = page.get_by_role("progressbar")
        expect(bar).to_be_visible()
        expect(ask(page, question).locator(".verbatim").first).to_contain_text("at dusk")
        expect(bar).to_be_visible()
        gate.touch()
        expect(page.locator("#report")).to_contain_text("The new index answers now.")
        expect(bar).to_be_hidden()
        expect(ask(page, question).locator(".verbatim").first).to_contain_text("at sunset")
