"""From a number in an answer to the words in the document, with real models and in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pages import FOCUS, PATIENCE, PHONE, STRATEGIC, TOMATOES, OpenPage, answer, ask, is_focused, rebuild, source
from playwright.sync_api import Page, Route, expect
from servers import REPOSITORY, running

from roleqa.ui.source import CHANGED, NEAREST, NOT_A_LINK, NOT_HERE

DOCUMENT = REPOSITORY / "corpus" / "role-comparison.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
PLACE = f"start={TEXT.index(STRATEGIC)}&end={TEXT.index(STRATEGIC) + len(STRATEGIC)}"
CLEARANCE = "Which security clearance level does a liaison officer often have?"
NARROW = {"viewport": PHONE}

GATED_SERVER = Path(__file__).with_name("gated_server.py")


def quote_of(page: Page, number: int = 0) -> str:
    return answer(page, number).locator(".verbatim").first.text_content() or ""


def in_sight(page: Page, selector: str) -> bool:
    """Whether an element lies within the part of the document that is scrolled into view."""
    return bool(
        page.evaluate(
            """selector => {
                const box = document.querySelector(selector).getBoundingClientRect();
                const view = document.querySelector("#source .page").getBoundingClientRect();
                return box.top >= view.top && box.bottom <= view.bottom && box.height > 0;
            }""",
            selector,
        )
    )


def test_the_best_source_stands_beside_the_answer_at_once(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    expect(page.locator("#overview")).to_contain_text("What the documents cover")
    ask(page, CLEARANCE)
    pane = source(page)
    expect(pane.locator("mark")).to_have_text(quote_of(page))
    assert "Secret" in quote_of(page)
    assert quote_of(page) in TEXT
    assert in_sight(page, "#source mark")
    expect(pane.locator(".file")).to_have_text(DOCUMENT.name)
    expect(pane.locator(".outline .here")).to_have_text("Security clearance and legal requirements")
    expect(page.locator("#overview")).to_be_hidden()
    # The keyboard stays where the person types.
    assert is_focused(page.get_by_role("textbox", name="Your question"))


def test_a_click_on_a_number_opens_its_quote_in_place(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    compared = ask(page, "Compare the rank of a liaison officer and a defence attach\u00e9")
    markers, quotes = compared.locator("a.marker"), compared.locator(".verbatim")
    expect(markers.nth(2)).to_be_visible()
    mark = source(page).locator("mark")
    for i in (1, 0, 2):
        markers.nth(i).click()
        expect(mark).to_have_count(1)
        expect(mark).to_have_text(quotes.nth(i).text_content() or "")
        assert mark.evaluate("mark => mark.textContent") == quotes.nth(i).text_content()
        assert in_sight(page, "#source mark")
        expect(markers.nth(i)).to_have_attribute("aria-current", "true")
        expect(compared.locator("a.marker[aria-current]")).to_have_count(1)


def test_enter_on_a_focused_number_opens_it_and_escape_leads_back(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    said = ask(page, FOCUS)
    marker = said.locator("a.marker").first
    expect(source(page).locator("mark")).to_have_count(1)
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if is_focused(marker):
            break
    assert marker.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    mark = source(page).locator("mark")
    expect(mark).to_be_focused()
    expect(mark).to_have_text(quote_of(page))
    page.keyboard.press("Escape")
    expect(source(page)).to_be_hidden()
    expect(marker).to_be_focused()
    expect(page.locator("#overview")).to_be_visible()


def test_a_source_that_comes_late_interrupts_nobody_who_types(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    marker = ask(page, FOCUS).locator("a.marker").first
    expect(source(page).locator("mark")).to_have_count(1)
    page.get_by_role("button", name="Back: close source").click()
    held: list[Route] = []
    page.route(re.compile("component_server"), lambda route: held.append(route))
    marker.click()
    while not held:
        page.wait_for_timeout(50)
    box = page.get_by_role("textbox", name="Your question")
    box.fill("And the liaison")
    held[0].continue_()
    expect(source(page).locator("mark")).to_have_count(1)
    expect(source(page)).to_be_visible()
    expect(box).to_be_focused()


def test_a_cited_cell_is_marked_in_its_table(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    ask(page, FOCUS)
    row = next(line for line in TEXT.splitlines() if line.startswith("| Focus area"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    cited = source(page).locator("tr:has(mark)")
    expect(cited.locator("th, td")).to_have_text(cells)
    expect(cited.locator("td").nth(1).locator("mark")).to_have_text(cells[2])
    expect(cited.locator(".cited")).to_have_count(1)
    expect(source(page).locator("thead th")).to_have_text(["Topic", "Military Liaison Officer", "Defence Attach\u00e9"])
    # However far the row is down, the head of its column is in sight.
    assert in_sight(page, "#source thead th:last-child")


def test_the_whole_document_can_be_read_from_there(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    ask(page, CLEARANCE)
    pane = source(page)
    here, current = pane.locator(".outline .here"), pane.locator(".outline a[aria-current]")
    pane.get_by_role("button", name="Next section").click()
    expect(here).to_have_text("The host's defence side in accreditation")
    pane.get_by_role("button", name="Previous section").click()
    pane.get_by_role("button", name="Previous section").click()
    expect(here).to_have_text("Career progression and training")

    pane.locator(".outline summary").click()
    titles = [line.lstrip("# ") for line in TEXT.splitlines() if line.startswith("#")]
    expect(pane.locator(".outline li")).to_have_text(titles)
    expect(current).to_have_text("Career progression and training")
    pane.get_by_role("link", name="Comparison table").click()
    expect(pane.locator(".outline li").first).to_be_hidden()
    expect(here).to_have_text("Comparison table")
    assert in_sight(page, "#source section:nth-of-type(2) h3")
    pane.locator(".outline summary").click()
    pane.get_by_role("link", name=titles[0]).click()
    expect(pane.get_by_role("button", name="Previous section")).to_be_disabled()

    # Reading on by hand moves the outline along.
    pane.locator(".page").hover()
    page.mouse.wheel(0, 100_000)
    expect(here).to_have_text(titles[-1])
    expect(pane.get_by_role("button", name="Next section")).to_be_disabled()


def test_a_link_opens_the_same_view_on_a_fresh_page(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat, permissions=["clipboard-read", "clipboard-write"])
    ask(page, FOCUS)
    pane = source(page)
    pane.get_by_role("button", name="Copy link").click()
    expect(pane.get_by_role("button", name="Link copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    fields = parse_qs(urlsplit(link).query)
    assert fields["document"] == [DOCUMENT.name]
    assert TEXT[int(fields["start"][0]) : int(fields["end"][0])] == quote_of(page)

    fresh = open_page(link)
    expect(source(fresh).locator("mark")).to_have_text(quote_of(page))
    expect(source(fresh).locator("mark")).to_be_focused()
    assert in_sight(fresh, "#source mark")
    assert source(fresh).inner_text().replace("Copy link", "") == pane.inner_text().replace("Link copied", "")
    source(fresh).get_by_role("button", name="Back: close source").click()
    expect(source(fresh)).to_be_hidden()
    assert urlsplit(fresh.url).query == ""


def test_a_number_is_a_link_that_other_tabs_can_open(shipped_chat: str, open_page: OpenPage) -> None:
    page = open_page(shipped_chat)
    marker = ask(page, FOCUS).locator("a.marker").first
    with page.context.expect_page() as other:
        marker.click(modifiers=["Control"])
    expect(source(other.value).locator("mark")).to_have_text(quote_of(page), timeout=PATIENCE)


@pytest.mark.parametrize(
    ("query", "said", "marks"),
    [
        ("document=role-comparison.md&start=x", NOT_A_LINK, 0),
        ("document=../pyproject.toml&start=0&end=9", NOT_HERE, 0),
        ("document=%2Fetc%2Fpasswd&start=0&end=9", NOT_HERE, 0),
        ("document=role-comparison.md&start=5000&end=99999999", "past the end", 0),
        (f"document=role-comparison.md&{PLACE}&check=0123456789abcdef", CHANGED, 0),
        (f"document=role-comparison.md&{PLACE}", "", 1),
        ("document=<img src=x onerror=window.hacked=1>&start=0", NOT_HERE, 0),
    ],
)
def test_whatever_the_address_says_the_page_stays_calm(
    shipped_chat: str, open_page: OpenPage, query: str, said: str, marks: int
) -> None:
    page = open_page(f"{shipped_chat}?{query}")
    pane = source(page)
    expect(pane.locator("h2")).to_be_visible()
    expect(pane.locator("mark")).to_have_count(marks)
    if said:
        expect(pane.locator(".notice")).to_contain_text(said)
    else:
        expect(pane.locator(".notice")).to_have_count(0)
    assert pane.locator("img").count() == 0
    assert page.evaluate("window.hacked") is None
    page.get_by_role("button", name="Back: close source").click()
    ask(page, FOCUS)


def test_what_came_nearest_opens_as_no_answer_and_an_old_source_is_put_away(
    shipped_chat: str, open_page: OpenPage
) -> None:
    page = open_page(shipped_chat)
    ask(page, FOCUS)
    expect(source(page)).to_be_visible()
    refused = ask(page, TOMATOES)
    expect(source(page)).to_be_hidden()
    assert urlsplit(page.url).query == ""
    nearest = refused.locator(".closest a").first
    nearest.click()
    expect(source(page).locator(".notice")).to_have_text(NEAREST)
    expect(source(page).locator("mark")).to_have_text(nearest.locator(".excerpt").text_content() or "")
    line = source(page).locator("mark").evaluate("mark => getComputedStyle(mark).textDecorationStyle")
    assert line == "dashed"


def test_on_a_phone_the_source_comes_over_the_conversation_and_goes_back(
    shipped_chat: str, open_page: OpenPage
) -> None:
    page = open_page(shipped_chat, **NARROW)
    said = ask(page, FOCUS)
    page.wait_for_timeout(500)
    expect(source(page)).to_be_hidden()  # it would cover the answer
    marker = said.locator("a.marker").first
    marker.click()
    pane = source(page)
    expect(pane.locator("mark")).to_be_focused()
    box = page.locator("#source-frame").bounding_box()
    assert box == {"x": 0, "y": 0, **PHONE}
    assert in_sight(page, "#source mark")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    # What is covered cannot be reached by the keyboard.
    for _ in range(30):
        page.keyboard.press("Tab")
        assert page.evaluate("!document.querySelector('#chat').contains(document.activeElement)")

    pane.get_by_role("button", name="Back: close source").click()
    expect(pane).to_be_hidden()
    expect(marker).to_be_focused()
    marker.click()
    expect(pane).to_be_visible()
    page.go_back()
    expect(pane).to_be_hidden()
    expect(page.get_by_test_id("bot")).to_have_count(1)
    ask(page, CLEARANCE)
    assert urlsplit(page.url).query == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_marked_words_can_be_read_in_light_and_dark(shipped_chat: str, open_page: OpenPage, scheme: str) -> None:
    page = open_page(shipped_chat, color_scheme=scheme)
    ask(page, CLEARANCE)
    ink, ground = (
        source(page)
        .locator("mark")
        .evaluate("mark => [getComputedStyle(mark).color, getComputedStyle(mark).backgroundColor]")
    )
    assert contrast(ink, ground) >= 7
    text = source(page).locator(".page").evaluate("page => getComputedStyle(page).color")
    card = page.locator("#source-frame").evaluate("frame => getComputedStyle(frame).backgroundColor")
    assert contrast(text, card) >= 7


def contrast(one: str, other: str) -> float:
    """Of two CSS rgb() colours, as the Web Content Accessibility Guidelines count it."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [float(number) / 255 for number in re.findall(r"[\d.]+", colour)[:3]]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# A corpus that changes while it is read.


@pytest.fixture
def harbour_chat(corpus: Path, tmp_path: Path) -> Iterator[str]:
    gate = tmp_path / "gate"
    gate.touch()
    with running(GATED_SERVER, corpus, tmp_path / "index", gate) as url:
        yield url


def test_a_quote_from_an_older_index_is_said_to_be_gone(corpus: Path, harbour_chat: str, open_page: OpenPage) -> None:
    page = open_page(harbour_chat)
    said = ask(page, "When does the lighthouse keeper light the lamp?")
    link = said.locator("a.marker").first.get_attribute("href") or ""
    expect(source(page).locator("mark")).to_contain_text("at dusk")

    document = corpus / "harbour.md"
    text = document.read_text(encoding="utf-8")
    document.write_text(text.replace("A lighthouse keeper lights", "Since spring the keeper lights"), encoding="utf-8")
    rebuild(page)
    for viewer in (page, open_page(harbour_chat + link)):
        if viewer is page:
            said.locator("a.marker").first.click()
        expect(source(viewer).locator(".notice")).to_have_text(CHANGED)
        expect(source(viewer).locator("mark")).to_have_count(0)
        expect(source(viewer)).to_contain_text("Since spring the keeper lights the lamp at dusk.")

    document.unlink()
    (corpus / "other.md").write_text("# Other\n\nNothing of it is left.\n", encoding="utf-8")
    rebuild(page)
    said.locator("a.marker").first.click()
    expect(source(page).locator(".notice")).to_have_text(NOT_HERE)


def test_a_server_that_is_gone_is_said_to_be(corpus: Path, tmp_path: Path, open_page: OpenPage) -> None:
    gate = tmp_path / "gate"
    gate.touch()
    with running(GATED_SERVER, corpus, tmp_path / "index", gate) as url:
        page = open_page(url)
        said = ask(page, "When does the lighthouse keeper light the lamp?")
        expect(source(page).locator("mark")).to_have_count(1)
        page.route(re.compile("component_server"), lambda route: route.fulfill(status=200, body="not what it was"))
        said.locator("a.marker").first.click()
        expect(source(page).locator(".notice")).to_contain_text("does not answer")
        page.get_by_role("button", name="Back: close source").click()
        expect(source(page)).to_be_hidden()
