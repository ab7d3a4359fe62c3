"""The page as a person uses it: asking, opening what was cited, rebuilding."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

OpenPage = Callable[..., Page]

# What the shipped documents answer in one place alone, in a table, and what they don't at all.
FOCUS = "What is the focus area of a defence attach\u00e9?"
STRATEGIC = "Defence relations at the strategic level, and policy representation"
COMPARE_FOCUS = "Compare the focus areas of a liaison officer and a defence attach\u00e9"
TOMATOES = "How do I grow tomatoes on a balcony?"

PHONE = {"width": 390, "height": 844}
# What a busy machine may take for an answer or a rebuild, in milliseconds.
PATIENCE = 60_000


def ask(page: Page, question: str) -> Locator:
    """Types a question, presses Enter and waits for what the chat says to it."""
    number = page.get_by_test_id("bot").count()
    box = page.get_by_role("textbox", name="Your question")
    box.fill(question)
    box.press("Enter")  # there, and not where a source that was clicked before, and comes only now, takes the keyboard
    return answer(page, number)


def answer(page: Page, number: int) -> Locator:
    """What the chat says to the question of that number, counted from 0."""
    answers = page.get_by_test_id("bot")
    expect(answers).to_have_count(number + 1, timeout=PATIENCE)
    return answers.nth(number)


def source(page: Page) -> Locator:
    return page.get_by_role("region", name="Source", exact=True)


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def rebuild(page: Page) -> None:
    """Has the corpus looked at, in the tab for it, and the index built anew where it has changed."""
    open_tab(page, "Corpus")
    page.get_by_role("button", name="Rebuild index").click()
    expect(page.locator("#report")).to_contain_text(re.compile("answers (now|as before)"), timeout=PATIENCE)
    open_tab(page, "Chat")


def is_focused(element: Locator) -> bool:
    return bool(element.evaluate("element => element === document.activeElement"))
