"""What people in a browser see of a server that is asked too much, and of one that stops."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from crew import QUESTION, QUOTE, make_corpus
from load import metric
from pages import OpenPage, ask
from playwright.sync_api import expect
from servers import read, running, started, url_of
from slow_server import slow

from roleqa.ui.line import BUSY

PATIENCE = 60


def test_the_chat_says_calmly_that_it_is_busy(tmp_path: Path, open_page: OpenPage) -> None:
    with running(*slow(make_corpus(tmp_path), 8, max_waiting=0, max_answering=1)) as url:
        first, second = pages = [open_page(url), open_page(url)]
        for page in pages:
            page.get_by_role("textbox", name="Your question").fill(QUESTION)
        first.keyboard.press("Enter")
        while metric(url, "roleqa_questions_running") < 1:
            time.sleep(0.05)
        second.keyboard.press("Enter")
        expect(second.get_by_test_id("bot")).to_contain_text(BUSY)
        expect(second.get_by_role("textbox", name="Your question")).to_have_value(QUESTION)
        expect(first.get_by_test_id("bot")).to_contain_text(QUOTE, timeout=60_000)
        second.keyboard.press("Enter")
        expect(second.get_by_test_id("bot").nth(1)).to_contain_text(QUOTE, timeout=60_000)


def test_an_idle_server_with_a_page_open_stops(tmp_path: Path, open_page: OpenPage) -> None:
    with started(*slow(make_corpus(tmp_path), 0)) as (process, errors):
        page = open_page(url_of(process))
        ask(page, QUESTION)
        began = time.monotonic()
        page.goto("about:blank")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert time.monotonic() - began < PATIENCE
        assert "Traceback" not in read(errors)
