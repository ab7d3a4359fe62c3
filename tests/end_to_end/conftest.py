"""A real server, a real browser, and a watch on everything that either asks of another machine."""

from __future__ import annotations

import os
import shutil
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from crew import serving
from filelock import FileLock
from playwright.sync_api import Browser, Frame, Page, expect, sync_playwright
from servers import ENVIRONMENT, REPOSITORY, run_roleqa, running

from roleqa.models.encoder import SentenceEncoder

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
def of_all_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what is dear to make: where tests run in several workers, the first makes it for all."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def shipped_index(
    tmp_path_factory: pytest.TempPathFactory, of_all_workers: Path, asked_of_other_machines: list[bytes]
) -> Path:
    """An index of the corpus that comes with the program. Tests may leave more beside it, but none builds it anew."""
    made, index = of_all_workers / "shipped", tmp_path_factory.mktemp("shipped") / "index"
    with FileLock(f"{made}.lock"):
        if not (made / "CURRENT").exists():
            run_roleqa("build", "--corpus", REPOSITORY / "corpus", "--index", made)
    shutil.copytree(made, index)
    return index


@pytest.fixture(scope="session")
def labels(of_all_workers: Path) -> Path:
    """44 of the labelled questions: all kinds are among them."""
    file = of_all_workers / "slice.jsonl"
    lines = (REPOSITORY / "tests" / "eval" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(lines[::14]), encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def evaluated_index(shipped_index: Path, labels: Path, of_all_workers: Path) -> Path:
    """The same index, with the report of an evaluation in it."""
    made = of_all_workers / "evaluation"
    with FileLock(f"{made}.lock"):
        if not made.exists():
            run_roleqa("eval", "--questions", labels, "--index", shipped_index)
            shutil.copytree(shipped_index / "evaluation", made)
    shutil.copytree(made, shipped_index / "evaluation", dirs_exist_ok=True)
    return shipped_index


@pytest.fixture(scope="session")
def shipped_said() -> list[str]:
    """The line with which the chat on the shipped corpus says where it is."""
    return []


@pytest.fixture(scope="session")
def shipped_chat(
    shipped_index: Path, labels: Path, shipped_said: list[str], asked_of_other_machines: list[bytes]
) -> Iterator[str]:
    """The chat on the corpus that comes with the program, as `roleqa build` and `roleqa serve` make it; no login."""
    places = ("--corpus", REPOSITORY / "corpus", "--index", shipped_index, "--port", "0")
    with running("-m", "roleqa", "serve", *places, "--questions", labels, "--mcp", said=shipped_said) as url:
        yield url
    assert asked_of_other_machines == []


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A chat that only ada, an admin, and grace may use, with models that count words. It has no evaluation yet."""
    with serving(tmp_path_factory.mktemp("guarded"), "--mcp", login=True) as url:
        yield url


@pytest.fixture(scope="session")
def encoder() -> SentenceEncoder:
    return SentenceEncoder()
