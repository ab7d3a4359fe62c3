"""The Corpus tab as people use it: adding a document, seeing how it was split, rebuilding, removing it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import PATIENCE, PHONE, OpenPage, ask, open_tab
from playwright.sync_api import FileChooser, Locator, Page, expect
from servers import running

from fakes import WordEncoder
from harbour import write_corpus
from roleqa.assistant import build_index
from roleqa.index.layout import IndexFolder
from roleqa.settings import Settings

GATED_SERVER = Path(__file__).with_name("gated_server.py")
LAMPS = "# Lamps <b>bold</b>\n\n## Oil\n\nThe lamp burns whale oil. It is filled at noon.\n"
QUESTION = "What does the lamp burn?"


def upload(page: Page, *files: tuple[str, bytes]) -> None:
    """Chooses files, by keyboard alone as far as a browser lets a test."""
    page.get_by_role("button", name="Add documents").focus()
    choosers: list[FileChooser] = []
    page.once("filechooser", lambda chooser: choosers.append(chooser))
    while not choosers:  # a button takes no key in the first moments of its tab
        page.keyboard.press("Enter")
        page.wait_for_timeout(500)
    choosers[0].set_files([{"name": name, "mimeType": "text/plain", "buffer": data} for name, data in files])


def document(page: Page, name: str) -> Locator:
    return page.locator("#documents .document").filter(has=page.get_by_text(name, exact=True))


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button).focus()
    page.keyboard.press("Enter")


@pytest.fixture
def gated_chat(corpus: Path, tmp_path: Path) -> Iterator[str]:
    """A chat on the small corpus whose rebuilds wait for the file `gate`."""
    with running(GATED_SERVER, corpus, tmp_path / "index", tmp_path / "gate") as url:
        yield url


def test_a_document_is_added_answered_from_and_removed(
    gated_chat: str, corpus: Path, tmp_path: Path, open_page: OpenPage
) -> None:
    (tmp_path / "gate").touch()
    page = open_page(gated_chat)
    open_tab(page, "Corpus")
    report = page.locator("#report").get_by_role("status")
    upload(page, ("Lamps.md", LAMPS.encode()))
    expect(report).to_have_text("Added Lamps.md. Rebuild the index to answer from it.")
    assert (corpus / "Lamps.md").read_text() == LAMPS
    added = document(page, "Lamps.md")
    expect(added.locator(".badge")).to_have_text("Added since")
    expect(added.locator(".facts")).to_contain_text("not in the index")

    open_tab(page, "Chat")
    expect(ask(page, QUESTION).locator(".standing")).to_contain_text("the documents have changed since")
    open_tab(page, "Corpus")
    press(page, "Rebuild index")
    expect(report).to_contain_text("The new index answers now.", timeout=PATIENCE)
    expect(report).to_contain_text("AddedLamps.md")
    expect(page.get_by_role("button", name="Rebuild index")).to_be_focused()
    expect(added.locator(".badge")).to_have_text("Indexed")
    expect(added.locator("h3")).to_have_text("Lamps bold")

    open_tab(page, "Chat")
    said = ask(page, QUESTION)
    expect(said.locator(".verbatim").first).to_have_text("The lamp burns whale oil.")
    expect(said.locator(".standing")).not_to_contain_text("changed since")
    generation = IndexFolder(tmp_path / "index").live().path.name
    origin = said.locator(".standing [title^='From index']")
    expect(origin).to_have_attribute("title", re.compile(f"^From index {generation}, built .* UTC$"))

    open_tab(page, "Corpus")
    remove = added.get_by_role("button", name="Remove Lamps.md")
    remove.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Remove Lamps.md?")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(remove).to_be_focused()
    assert (corpus / "Lamps.md").exists()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(report).to_have_text("Removed Lamps.md. What the index holds of it goes with the next rebuild.")
    assert not (corpus / "Lamps.md").exists()
    expect(added.locator(".badge")).to_have_text("Removed since")
    expect(page.get_by_role("heading", name="Documents")).to_be_focused()
    press(page, "Rebuild index")
    expect(report).to_contain_text("RemovedLamps.md", timeout=PATIENCE)
    expect(added).to_have_count(0)


def test_a_taken_name_is_asked_about_and_a_bad_file_refused(
    gated_chat: str, corpus: Path, open_page: OpenPage
) -> None:
    page = open_page(gated_chat)
    open_tab(page, "Corpus")
    before = (corpus / "harbour.md").read_text()
    left_over = uploads_left()
    upload(page, ("harbour.md", b"# Another harbour\n\nNew.\n"), ("bad.md", b"\xff\xfe\0"), ("<b>n</b>.md", b"# N\n\nN.\n"))
    expect(page.locator("#report")).to_contain_text("harbour.md is there already. Say below what to do.")
    expect(page.locator("#report .notice")).to_contain_text("Not added: bad.md: it is UTF-16")
    assert (corpus / "harbour.md").read_text() == before
    assert not (corpus / "bad.md").exists()
    press(page, "Keep both")
    expect(page.locator("#report")).to_have_text("Added harbour-2.md. Rebuild the index to answer from it.")
    expect(page.locator("#conflicts")).to_be_hidden()
    expect(page.get_by_role("button", name="Rebuild index")).to_be_focused()
    assert (corpus / "harbour-2.md").read_text() == "# Another harbour\n\nNew.\n"
    upload(page, ("harbour.md", b"# Another harbour\n\nNewer.\n"))
    press(page, "Replace")
    expect(page.locator("#report")).to_have_text("Added harbour.md. Rebuild the index to answer from it.")
    assert (corpus / "harbour.md").read_text() == "# Another harbour\n\nNewer.\n"
    assert uploads_left() <= left_over
    assert not [file.name for file in corpus.iterdir() if file.name.startswith(".")]


def uploads_left() -> set[Path]:
    """The files that Gradio keeps for uploads."""
    return set((Path(tempfile.gettempdir()) / "gradio").rglob("*.md"))


def test_a_rebuild_is_cancelled_and_the_old_index_answers_on(
    gated_chat: str, corpus: Path, tmp_path: Path, open_page: OpenPage
) -> None:
    page = open_page(gated_chat)
    document_file = corpus / "harbour.md"
    document_file.write_text(document_file.read_text().replace("at dusk", "at sunset"), encoding="utf-8")
    index = IndexFolder(tmp_path / "index")
    live = index.live().path.name
    open_tab(page, "Corpus")
    press(page, "Rebuild index")
    cancel = page.get_by_role("button", name="Cancel rebuild")
    expect(cancel).to_be_focused()
    expect(page.get_by_role("progressbar", name="Rebuild")).to_be_visible()
    expect(page.locator("#report")).to_contain_text("The index from before goes on answering.")

    other = open_page(gated_chat)  # another page sees it as well
    open_tab(other, "Corpus")
    expect(other.get_by_role("button", name="Cancel rebuild")).to_be_visible()
    open_tab(other, "Chat")
    question = "When does the lighthouse keeper light the lamp?"
    expect(ask(other, question).locator(".verbatim").first).to_contain_text("at dusk")

    page.keyboard.press("Enter")
    expect(page.locator("#progress")).to_contain_text("Cancelling")
    (tmp_path / "gate").touch()
    expect(page.locator("#report")).to_contain_text("The rebuild was cancelled.")
    expect(page.get_by_role("button", name="Rebuild index")).to_be_focused()
    expect(page.get_by_role("progressbar")).to_be_hidden()
    assert index.live().path.name == live
    assert [folder.name for folder in (tmp_path / "index" / "generations").iterdir()] == [live]
    open_tab(other, "Corpus")
    expect(other.locator("#report")).to_contain_text("The rebuild was cancelled.")
    # Its lock is free again.
    build_index(Settings(corpus=corpus, index=tmp_path / "index"), encoder=WordEncoder())


@pytest.fixture(scope="module")
def calm_chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A chat on a short document and on one of 70 sections, that no test changes."""
    folder = tmp_path_factory.mktemp("calm")
    corpus = write_corpus(folder / "corpus")
    (corpus / "long.md").write_text("".join(f"# Head {i}\n\nText {i}.\n\n" for i in range(70)))
    with running(GATED_SERVER, corpus, folder / "index", folder / "gate") as url:
        yield url


def test_how_a_document_was_split_opens_and_closes_by_keyboard(calm_chat: str, open_page: OpenPage) -> None:
    page = open_page(calm_chat)
    open_tab(page, "Corpus")
    show = page.get_by_role("button", name="Passages of harbour.md")
    show.focus()
    page.keyboard.press("Enter")
    expect(show).to_have_attribute("aria-expanded", "true")
    blocks = page.locator(".split .passage")
    expect(blocks).to_have_count(3)
    expect(blocks.first.locator(".piece")).to_have_text(
        ["A lighthouse keeper lights the lamp at dusk.", "A harbour pilot boards arriving ships."]
    )
    tints = blocks.first.locator(".piece").evaluate_all("all => all.map(e => getComputedStyle(e).backgroundColor)")
    assert len(set(tints)) == 2
    expect(page.get_by_role("row", name="Uniform Grey oilskin Blue jacket")).to_be_visible()
    page.keyboard.press("Enter")
    expect(show).to_have_attribute("aria-expanded", "false")
    expect(blocks).to_have_count(0)


def test_a_long_document_is_shown_bit_by_bit(calm_chat: str, open_page: OpenPage) -> None:
    page = open_page(calm_chat)
    open_tab(page, "Corpus")
    page.get_by_role("button", name="Passages of long.md").click()
    blocks = page.locator(".split .passage")
    expect(blocks).to_have_count(30)
    press(page, "Show 30 more of 40")
    expect(blocks).to_have_count(60)
    expect(blocks.nth(30)).to_be_focused()
    press(page, "Show 10 more of 10")
    expect(blocks).to_have_count(70)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(calm_chat: str, open_page: OpenPage, scheme: str) -> None:
    page = open_page(calm_chat, viewport=PHONE, color_scheme=scheme)
    open_tab(page, "Corpus")
    page.get_by_role("button", name="Passages of harbour.md").click()
    expect(page.locator(".split .passage")).to_have_count(3)
    for place in ("#corpus", "#corpus-side", "#corpus-main", "#add-documents", "#rebuild"):
        box = page.locator(place).bounding_box()
        assert box, place
        assert box["x"] >= 0, place
        assert box["x"] + box["width"] <= PHONE["width"], place
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
