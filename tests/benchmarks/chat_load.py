"""How fast the chat answers one person in a browser, and fifty at once over HTTP.

    python tests/benchmarks/chat_load.py [--questions FILE] [--corpus DIR] [--asked 30] [--users 50] [--json FILE]

Builds an index in a temporary folder, serves it on loopback, and stops by itself. The answers that the users get are
held against those of an assistant of its own. Figures hang on what else the machine does: its load is shown as well.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, sync_playwright

from roleqa import Assistant, Settings
from roleqa.evaluate.metrics import Latency, latency

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS / "end_to_end"))

from servers import run_roleqa, running  # noqa: E402 (found by the line above)

# Questions of one conversation, in the browser as of each user.
TURNS = 5
# Seconds after which a question counts as failed.
PATIENCE = 120.0

# Times a question in the page itself: from the press of Enter to the frame that shows its answer.
STOPWATCH = """
window.taken = [];
let started = 0, before = 0;
const answers = () => document.querySelectorAll("[data-testid=bot]").length;
document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("#question textarea")) return;
    started = performance.now();
    before = answers();
}, true);
new MutationObserver(() => {
    if (!started || answers() <= before) return;
    const from = started;
    started = 0;
    requestAnimationFrame(() => window.taken.push((performance.now() - from) / 1000));
}).observe(document.documentElement, {childList: true, subtree: true});
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of one user: how long its answer took, and what is wrong with that, or nothing."""

    user: int
    turn: int
    seconds: float
    problem: str | None


def in_browser(url: str, questions: list[str]) -> list[float]:
    """Seconds from Enter to the answer on the page, each question in turn, `TURNS` a conversation."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not found:
        sys.exit("the browser that this needs is missing: install Chromium (on Debian: sudo apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=("--no-sandbox", "--disable-gpu"))
        page = browser.new_page()
        page.goto(url)
        page.get_by_role("textbox", name="Your question").wait_for()
        page.evaluate(STOPWATCH)
        for number, question in enumerate(questions):
            if number % TURNS == 0 and number:
                page.get_by_role("button", name="New conversation").click()
                page.wait_for_function("!document.querySelector('[data-testid=bot]')")
            _ask_in(page, question, number)
        seconds: list[float] = page.evaluate("window.taken")
        browser.close()
    return seconds


def _ask_in(page: Page, question: str, number: int) -> None:
    page.get_by_role("textbox", name="Your question").fill(question)
    page.keyboard.press("Enter")
    page.wait_for_function(f"window.taken.length > {number}", timeout=1000 * PATIENCE)
    page.wait_for_timeout(400)  # as a reader would; the page suggests the next questions meanwhile


def at_once(url: str, conversations: list[list[str]], assistant: Assistant) -> tuple[list[Asked], float]:
    """Every user's questions, asked in order, all users at once; and how many seconds all of it took."""
    expected = [[_essence(assistant.ask(q, said[:i]).to_dict()) for i, q in enumerate(said)] for said in conversations]
    start = threading.Barrier(len(conversations) + 1)

    def ask_all(user: int) -> list[Asked]:
        said = conversations[user]
        with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as client:
            start.wait(PATIENCE)
            return [_ask(client, user, turn, said, expected[user][turn]) for turn in range(len(said))]

    with ThreadPoolExecutor(len(conversations)) as pool:
        pending = [pool.submit(ask_all, user) for user in range(len(conversations))]
        start.wait(PATIENCE)
        began = time.perf_counter()
        asked = [item for future in pending for item in future.result()]
        return asked, time.perf_counter() - began


def _ask(client: httpx.Client, user: int, turn: int, said: list[str], expected: dict[str, Any]) -> Asked:
    started = time.perf_counter()
    problem = None
    try:
        call = {"question": said[turn], "history": said[:turn], "role": None}
        event = client.post("gradio_api/call/v2/ask", json=call).raise_for_status().json()["event_id"]
        stream = client.get(f"gradio_api/call/ask/{event}").raise_for_status().text
        answer = _essence(json.loads(_data(stream)))
        problem = None if answer == expected else f"{answer} and not {expected}"
    except (httpx.HTTPError, ValueError, KeyError) as error:
        problem = f"{type(error).__name__}: {error}"
    return Asked(user, turn, time.perf_counter() - started, problem)


def _data(stream: str) -> str:
    """What the event that ends the stream carries. Raises ValueError where that is an error."""
    last = stream.strip().split("\n\n")[-1]
    if not last.startswith("event: complete\n"):
        raise ValueError(last)
    (data,) = json.loads(last.partition("\ndata: ")[2])
    return str(data)


def _essence(answer: dict[str, Any]) -> dict[str, Any]:
    """What tells an answer from every other one: question, as understood, and what was quoted from where."""
    return {
        "question": answer["question"],
        "resolved_question": answer["resolved_question"],
        "kind": answer["kind"],
        "citations": [[item[name] for name in ("document", "start", "end", "quote")] for item in answer["citations"]],
    }


def measure(corpus: Path, questions: list[str], asked: int, users: int) -> dict[str, Any]:
    conversations = [[questions[(user * TURNS + i) % len(questions)] for i in range(TURNS)] for user in range(users)]
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        run_roleqa("build", "--corpus", corpus, "--index", index)
        assistant = Assistant.load(Settings(corpus=corpus, index=index))
        with running("-m", "roleqa", "serve", "--corpus", corpus, "--index", index, "--port", "0") as url:
            load = {"before": os.getloadavg()[0]}
            seconds = in_browser(url, questions[:asked])
            load["after the browser"] = os.getloadavg()[0]
            answers, whole = at_once(url, conversations, assistant)
            load["after the users"] = os.getloadavg()[0]
    problems = [f"user {item.user}, question {item.turn}: {item.problem}" for item in answers if item.problem]
    return {
        "cores": os.cpu_count(),
        "load": load,
        "browser": {"questions": len(seconds), **_figures(seconds)},
        "users": {
            "users": users,
            "questions": len(answers),
            "problems": problems,
            "seconds": round(whole, 1),
            "answers_a_second": round(len(answers) / whole, 2),
            **_figures([item.seconds for item in answers]),
        },
    }


def _figures(seconds: list[float]) -> dict[str, float | None]:
    taken: Latency = latency(seconds)
    return {"p50": taken.p50, "p95": taken.p95, "fastest": min(seconds), "mean": statistics.mean(seconds)}


def single_questions(file: Path) -> list[str]:
    """The different questions of a file that stand by themselves, spread over all its kinds."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    found = list(dict.fromkeys(line["question"] for line in lines if not line.get("history")))
    step = 7  # no divisor of a kind's length decides what comes first
    return [question for first in range(step) for question in found[first::step]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=Path, default=TESTS / "eval" / "questions.jsonl")
    parser.add_argument("--corpus", type=Path, default=TESTS.parent / "corpus")
    parser.add_argument("--asked", type=int, default=30)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    found = measure(arguments.corpus, single_questions(arguments.questions), arguments.asked, arguments.users)
    text = json.dumps(found, indent=1, ensure_ascii=False)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")
    print(text)
    return 1 if found["users"]["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
