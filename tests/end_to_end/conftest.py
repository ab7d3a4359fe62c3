"""A real server, a real browser, and a watch on everything that either asks of another machine."""

from __future__ import annotations

import shutil
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Frame, Page, expect, sync_playwright
from servers import ENVIRONMENT, REPOSITORY, run_roleqa, running

# A busy machine is slow, not wrong.
expect.set_options(timeout=20_000)

BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome")
# Chromium asks its maker this and that when left alone; the tests watch what the page asks.
BROWSER_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# What Gradio's page says of the requests that it gives up when it is left or loaded anew.
GIVEN_UP = ("AbortError: signal is aborted", "Unexpected error Connection errored out")
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium. Not for the whole session: while it lives, no other test can run an event loop."""
    found = next(filter(None, map(shutil.which, BROWSER_NAMES)), None)
    if found is None:
        pytest.fail("These tests need Chromium. Install it (on Debian: sudo apt-get install chromium).")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=BROWSER_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens a chat. In the end the page must have run without errors and asked its own host alone."""
    requests: list[str] = []
    errors: list[str] = []
    contexts = []

    def left(frame: Frame) -> None:
        errors[:] = [error for error in errors if frame.parent_frame or not error.startswith(GIVEN_UP)]

    def open_page(url: str, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.on("framenavigated", left)
        page.goto(url)
        page.get_by_role("textbox", name="Your question").wait_for()
        return page

    yield open_page
    shown = tuple(errors)  # a page that is closed reports the requests it drops
    for context in contexts:
        context.close()
    hosts = {urlsplit(url).hostname for url in requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}
    assert shown == ()


@pytest.fixture(scope="session")
def asked_of_other_machines() -> Iterator[list[bytes]]:
    """What servers ask of the world: a proxy that they are told to use, and that answers nothing."""
    asked: list[bytes] = []

    class Listener(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked.append(self.request.recv(200))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Listener) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{proxy.server_address[1]}"
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            ENVIRONMENT[name] = ENVIRONMENT[name.lower()] = address
        yield asked
        proxy.shutdown()


@pytest.fixture(scope="session")
def shipped_index(tmp_path_factory: pytest.TempPathFactory, asked_of_other_machines: list[bytes]) -> Path:
    """An index of the corpus that comes with the program."""
    index = tmp_path_factory.mktemp("shipped") / "index"
    run_roleqa("build", "--corpus", REPOSITORY / "corpus", "--index", index)
    return index


@pytest.fixture(scope="session")
def shipped_chat(shipped_index: Path, asked_of_other_machines: list[bytes]) -> Iterator[str]:
    """The chat on the corpus that comes with the program, as `roleqa build` and `roleqa serve` make it."""
    corpus = REPOSITORY / "corpus"
    with running("-m", "roleqa", "serve", "--corpus", corpus, "--index", shipped_index, "--port", "0") as url:
        yield url
    assert asked_of_other_machines == []
