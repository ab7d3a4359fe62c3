"""Whoever cannot see the page, or has no mouse, has all of it: axe-core in every state, and the keyboard alone."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from crew import ADA
from pages import COMPARE_FOCUS, FOCUS, PATIENCE, PHONE, STRATEGIC, TOMATOES, OpenPage, ask, open_tab, source
from playwright.sync_api import Browser, Locator, Page, expect

DESKTOP = {"width": 1280, "height": 800}
SIZES = [pytest.param(size, id=str(size["width"])) for size in (DESKTOP, PHONE)]
# So many presses of Tab take the keyboard anywhere on the page.
FAR = 80


@pytest.fixture
def evaluated_chat(evaluated_index: Path, shipped_chat: str) -> str:
    """The chat on the shipped corpus, with the report of an evaluation."""
    return shipped_chat


def violations(page: Page) -> list[str]:
    """What axe-core finds in light and in dark."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"document.body.classList.contains('dark') === {str(scheme == 'dark').lower()}")
        found += [f"{scheme}: {violation}" for violation in violations_as_it_looks(page)]
    return found


def violations_as_it_looks(page: Page) -> list[str]:
    """What axe-core finds that is serious or critical, each with the element that it finds it on."""
    page.evaluate("Promise.allSettled(document.getAnimations().filter(a => a.effect.getTiming().iterations !== Infinity).map(a => a.finished))")
    found = Axe().run(page).response
    assert found["testEngine"]["name"] == "axe-core"
    assert len(found["passes"]) > 5
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:200]}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def test_a_page_that_shuts_people_out_is_found_out(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<html lang=en><title>t</title><main><h1>h</h1>" + "<p>p</p>" * 9 + "<img src=x><button></button></main>")
    assert {found.split(" ")[0] for found in violations_as_it_looks(page)} == {"image-alt", "button-name"}
    page.close()


@pytest.mark.parametrize("size", SIZES)
def test_no_state_of_the_chat_shuts_anyone_out(shipped_chat: str, open_page: OpenPage, size: dict[str, int]) -> None:
    page = open_page(shipped_chat, viewport=size)
    expect(page.get_by_role("list", name="Example questions")).to_be_visible()
    found = {"start": violations(page)}
    said = ask(page, FOCUS)
    found["answer"] = violations(page)
    page.get_by_role("group", name="Was this right?").get_by_role("button", name="Right", exact=True).click()
    expect(page.get_by_role("textbox", name="Comment (optional)")).to_be_visible()
    found["comment"] = violations(page)
    page.get_by_role("button", name="History").click()
    expect(page.get_by_role("dialog", name="Earlier conversations")).to_be_visible()
    found["history"] = violations(page)
    page.keyboard.press("Escape")
    said.locator("a.marker").first.click()
    expect(source(page).locator("mark")).to_be_visible()
    found["source"] = violations(page)
    source(page).locator(".outline summary").click()
    found["outline"] = violations(page)
    page.keyboard.press("Escape")
    source(page).get_by_role("button", name="Back: close source").click()
    ask(page, COMPARE_FOCUS)
    found["comparison"] = violations(page)
    if source(page).is_visible():
        source(page).get_by_role("button", name="Back: close source").click()
    ask(page, TOMATOES)
    found["refusal"] = violations(page)
    assert not any(found.values()), found


@pytest.mark.parametrize("size", SIZES)
def test_no_state_of_corpus_and_quality_shuts_anyone_out(
    evaluated_chat: str, open_page: OpenPage, size: dict[str, int]
) -> None:
    page = open_page(evaluated_chat, viewport=size)
    open_tab(page, "Corpus")
    documents = page.locator("#documents")
    expect(documents.get_by_role("listitem").first).to_be_visible()
    found = {"corpus": violations(page)}
    documents.locator("button[aria-expanded=false]").first.click()
    expect(documents.locator(".split").first).not_to_have_attribute("aria-busy", "true")
    found["split"] = violations(page)
    documents.get_by_role("button", name="Remove").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found["remove"] = violations(page)
    page.keyboard.press("Escape")
    open_tab(page, "Quality")
    expect(page.locator("#evaluation .cards > div")).to_have_count(9)
    found["report"] = violations(page)
    for summary in page.locator("#evaluation summary").all():
        summary.click()
    found["failures"] = violations(page)
    page.get_by_role("button", name="Run evaluation").click()
    expect(page.get_by_role("progressbar", name="Questions asked")).to_be_visible(timeout=PATIENCE)
    found["running"] = violations(page)
    page.get_by_role("button", name="Cancel evaluation").click()
    expect(page.locator("#evaluation-said")).to_contain_text("cancelled", timeout=PATIENCE)
    assert not any(found.values()), found


@pytest.mark.parametrize("size", SIZES)
def test_login_and_no_report_shut_no_one_out(guarded: str, browser: Browser, size: dict[str, int]) -> None:
    page = browser.new_page(viewport=size)
    page.goto(guarded)
    page.get_by_role("button", name="Login").wait_for()
    found = {"login": violations(page)}
    page.get_by_label("Username").fill(ADA[0])
    page.get_by_label("Password").fill(ADA[1])
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Your question").wait_for()
    if size is PHONE:  # beside the way out there is room for one tab
        page.get_by_role("button", name="More tabs").click()
        found["more tabs"] = violations(page)
        page.get_by_role("button", name="Quality").click()
    else:
        open_tab(page, "Quality")
    expect(page.get_by_role("heading", name="No evaluation yet")).to_be_visible()
    found["no report"] = violations(page)
    page.close()
    assert not any(found.values()), found


def tab_to(page: Page, element: Locator, key: str = "Tab") -> None:
    """Presses Tab until the element has the focus, which must then be seen."""
    for _ in range(FAR):
        if element.evaluate("element => element === document.activeElement"):
            assert element.evaluate("element => element.matches(':focus-visible')")
            return
        page.keyboard.press(key)
    pytest.fail(f"the keyboard does not get to {element}")


def test_the_whole_path_by_keyboard_alone_and_on_this_server_alone(evaluated_chat: str, open_page: OpenPage) -> None:
    page = open_page(evaluated_chat, viewport=DESKTOP)
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.reload()
    box = page.get_by_role("textbox", name="Your question")
    expect(box).to_be_focused()

    # Ask, and hear the answer.
    log = page.get_by_role("log")
    assert STRATEGIC not in (log.text_content() or "")
    page.keyboard.type(FOCUS)
    page.keyboard.press("Enter")
    said = page.get_by_test_id("bot").first
    expect(said).to_be_visible(timeout=PATIENCE)
    expect(log).to_have_attribute("aria-live", "polite")
    expect(log).to_contain_text(STRATEGIC)
    expect(box).to_be_focused()

    # Open what is cited, and go back.
    marker = said.locator("a.marker").first
    tab_to(page, marker, "Shift+Tab")
    page.keyboard.press("Enter")
    expect(source(page).locator("mark")).to_contain_text(STRATEGIC)
    expect(source(page).locator(":focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(source(page)).to_be_hidden()
    expect(marker).to_be_focused()

    # Build the index anew.
    tab_to(page, page.get_by_role("tab", name="Corpus"), "Shift+Tab")
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Rebuild index"))
    page.keyboard.press("Enter")
    report = page.locator("#report")
    expect(report).to_contain_text("Nothing has changed: the index answers as before.", timeout=PATIENCE)
    expect(report.get_by_role("status")).to_have_count(1)

    # See how well it answers, begin to measure it anew, and think better of it.
    tab_to(page, page.get_by_role("tab", name="Quality"), "Shift+Tab")
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Run evaluation"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Cancel evaluation"))
    page.keyboard.press("Enter")
    expect(page.locator("#evaluation-said").get_by_role("status")).to_contain_text("cancelled", timeout=PATIENCE)
    tab_to(page, page.locator("#evaluation summary").first)
    page.keyboard.press("Enter")
    expect(page.locator("#evaluation details[open]")).to_have_count(1)

    # Back to the chat, and on.
    tab_to(page, page.get_by_role("tab", name="Chat"), "Shift+Tab")
    page.keyboard.press("Enter")
    tab_to(page, box)
    page.keyboard.type(TOMATOES)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("bot").nth(1)).to_contain_text("What came nearest", timeout=PATIENCE)
    expect(log).to_contain_text("What came nearest")

    assert len(asked) > 20
    assert {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))} == {urlsplit(evaluated_chat).netloc}
