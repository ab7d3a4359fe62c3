"""Logging in and what it allows, in a real browser; and what an open address allows without."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from crew import ADA, DOCUMENT, GRACE, QUESTION, QUOTE, serving
from pages import FOCUS, PHONE, STRATEGIC, ask, open_tab, rebuild
from playwright.sync_api import Browser, Page, expect
from servers import REPOSITORY, running

from roleqa.ui.access import NO_LOGIN, NOT_ADMIN
from roleqa.ui.users import PasswordHash, User, add_user

OpenLogin = Callable[..., Page]


@pytest.fixture
def open_login(browser: Browser, guarded: str) -> Iterator[OpenLogin]:
    """Opens the login page. In the end nothing of another machine was asked for."""
    requests: list[str] = []
    contexts = []

    def open_login(**options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.goto(guarded)
        page.get_by_label("Password").wait_for()
        return page

    yield open_login
    for context in contexts:
        context.close()
    assert {urlsplit(url).hostname for url in requests if not url.startswith(("data:", "blob:"))} == {"127.0.0.1"}


def log_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")


def test_who_has_not_logged_in_sees_nothing(open_login: OpenLogin) -> None:
    page = open_login()
    expect(page).to_have_title("Log in to roleqa")
    expect(page.get_by_role("heading", name="Login")).to_be_visible()
    expect(page.get_by_role("textbox", name="Your question")).to_have_count(0)
    assert "pilot" not in page.content()
    log_in(page, "ada", "wrong password")
    expect(page.get_by_text("Incorrect Credentials")).to_be_visible()
    expect(page.get_by_role("textbox", name="Your question")).to_have_count(0)


def test_a_user_asks_and_may_change_nothing(open_login: OpenLogin) -> None:
    page = open_login()
    log_in(page, *GRACE)
    expect(page.locator("#account")).to_have_text("grace Log out")
    expect(ask(page, QUESTION).locator(".verbatim").first).to_have_text(QUOTE)
    open_tab(page, "Corpus")
    expect(page.get_by_role("button", name="Rebuild index")).to_be_disabled()
    expect(page.locator("#not-admin")).to_have_text(NOT_ADMIN)
    page.get_by_role("link", name="Log out").click()
    page.get_by_label("Password").wait_for()


def test_an_admin_rebuilds(open_login: OpenLogin) -> None:
    page = open_login()
    log_in(page, *ADA)
    expect(page.locator("#account")).to_have_text("ada Log out")
    rebuild(page)
    open_tab(page, "Corpus")
    expect(page.locator("#not-admin")).to_have_text("")


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_the_login_page_looks_like_the_chat(open_login: OpenLogin, scheme: str, dark: bool) -> None:
    page = open_login(color_scheme=scheme, viewport=PHONE)
    panel = page.locator(".panel")
    colours = panel.evaluate("panel => [getComputedStyle(panel).backgroundColor, getComputedStyle(document.body).backgroundColor]")
    assert colours == (["rgb(21, 29, 41)", "rgb(13, 19, 28)"] if dark else ["rgb(255, 255, 255)", "rgb(245, 247, 249)"])
    box = panel.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]


def test_the_head_of_the_page_has_room_for_the_way_out(open_login: OpenLogin) -> None:
    page = open_login(viewport=PHONE)
    log_in(page, *GRACE)
    out = page.get_by_role("link", name="Log out")
    expect(out).to_be_visible()
    places = [item.bounding_box() for item in (page.get_by_role("tab").first, out, page.locator("#fresh"))]
    for left, right in pairwise(places):
        assert left
        assert right
        assert left["x"] + left["width"] <= right["x"]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_an_open_address_allows_no_changes_and_says_so(tmp_path: Path, browser: Browser) -> None:
    said: list[str] = []
    with serving(tmp_path, "--host", "0.0.0.0", login=False, said=said) as url:
        url = url.replace("localhost", "127.0.0.1")
        page = browser.new_page()
        page.goto(url)
        expect(ask(page, QUESTION).locator(".verbatim").first).to_have_text(QUOTE)
        open_tab(page, "Corpus")
        expect(page.get_by_role("button", name="Rebuild index")).to_be_disabled()
        expect(page.locator("#not-admin")).to_have_text(NO_LOGIN)
        page.close()
        assert httpx.post(f"{url}gradio_api/upload", files={"files": ("a.md", b"# A\n")}).json() == {"detail": NO_LOGIN}
        assert NO_LOGIN in press_rebuild(url)
    assert "roleqa: warning: anyone who can reach 0.0.0.0 can read the documents. Without --auth-file nobody can" in said[1]
    assert len(list((tmp_path / "index" / "generations").iterdir())) == 1


def test_a_user_who_presses_the_button_all_the_same_is_refused(guarded: str) -> None:
    with httpx.Client() as session:
        session.post(f"{guarded}login", data={"username": GRACE[0], "password": GRACE[1]})
        cookies = {name: value for name, value in session.cookies.items() if "unsecure" in name}
    assert NOT_ADMIN in press_rebuild(guarded, cookies)


def press_rebuild(url: str, cookies: dict[str, str] | None = None) -> str:
    """Runs the event behind the button as a program would that does not mind its being shut; what the server says."""
    config = httpx.get(f"{url}config", cookies=cookies).json()
    button = next(item["id"] for item in config["components"] if item["props"].get("elem_id") == "rebuild")
    event = next(item["id"] for item in config["dependencies"] if [button, "click"] in item["targets"])
    call = {"data": [], "fn_index": event, "session_hash": "pressed"}
    httpx.post(f"{url}gradio_api/queue/join", json=call, cookies=cookies)
    return httpx.get(f"{url}gradio_api/queue/data?session_hash=pressed", cookies=cookies, timeout=60).text


def test_an_admin_adds_to_the_shipped_corpus_what_a_user_then_asks(
    tmp_path: Path, shipped_index: Path, asked_of_other_machines: list[bytes], browser: Browser
) -> None:
    # In the places that roleqa looks in unless told otherwise, and with its own models.
    shutil.copytree(REPOSITORY / "corpus", tmp_path / "corpus")
    shutil.copytree(shipped_index, tmp_path / "index")
    for name, password in (ADA, GRACE):
        add_user(tmp_path / "users.txt", User(name, name == ADA[0], PasswordHash.of(password)))
    serve = ("-m", "roleqa", "serve", "--port", "0", "--auth-file", "users.txt")
    with running(*serve, folder=tmp_path) as url:
        page = browser.new_page()
        page.goto(url)
        log_in(page, *ADA)
        open_tab(page, "Corpus")
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Add documents").click()
        chooser.value.set_files({"name": "Leave.md", "mimeType": "text/markdown", "buffer": DOCUMENT.encode()})
        expect(page.locator("#report")).to_contain_text("Added Leave.md.")
        rebuild(page)
        page.get_by_role("link", name="Log out").click()
        log_in(page, *GRACE)
        expect(ask(page, QUESTION).locator(".verbatim").first).to_have_text(QUOTE)
        expect(ask(page, FOCUS).locator(".verbatim").first).to_have_text(STRATEGIC)
        open_tab(page, "Corpus")
        expect(page.get_by_role("button", name="Rebuild index")).to_be_disabled()
        page.close()
    assert asked_of_other_machines == []
