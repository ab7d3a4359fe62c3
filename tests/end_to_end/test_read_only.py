"""An index in a folder that may not be written to: it answers, and what would write says in one line that it cannot."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from crew import QUESTION, QUOTE, WORD_CLI, make_corpus
from servers import ENVIRONMENT, read, url_of

from fakes import OverlapReader, WordEncoder
from roleqa import Assistant, Settings, build_index
from roleqa.bundle.exchange import Exchange
from roleqa.feedback.store import save_feedback

LABEL = {"query_id": "q", "question": QUESTION, "answerable": True, "gold": [{"document": "leave.md", "quote": QUOTE}]}
# Linux: an administrator may write anywhere by these two capabilities, which a program can be started without.
PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2


def _without_privileges() -> None:
    if sys.platform == "linux" and os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


@pytest.fixture(params=[False, True], ids=["no feedback yet", "with feedback"])
def places(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Path, Path]]:
    """A corpus, and its index, in which nothing can be changed."""
    corpus, index = make_corpus(tmp_path)
    settings = Settings(corpus=corpus, index=index)
    build_index(settings, encoder=WordEncoder())
    if request.param:
        answer = Assistant.load(settings, encoder=WordEncoder(), reader=OverlapReader()).ask(QUESTION)
        save_feedback(index, Exchange("a" * 32, "2026-01-01T00:00:00+00:00", None, answer, ()), (), "up", "good")
    (tmp_path / "labels.jsonl").write_text(json.dumps(LABEL), encoding="utf-8")
    everything = [index, *index.rglob("*")]
    modes = {path: path.stat().st_mode for path in everything}
    for path in reversed(everything):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = sorted(map(str, index.rglob("*")))
    yield corpus, index
    assert sorted(map(str, index.rglob("*"))) == before
    for path, mode in modes.items():
        path.chmod(mode)


RATE = """
import sys
from pathlib import Path
from exchanges import cite, exchange
from roleqa.errors import FeedbackError
from roleqa.feedback.store import save_feedback
try:
    save_feedback(Path(sys.argv[1]), exchange(cite("Open at nine.")), (), "down")
except FeedbackError as error:
    print(error)
"""


def test_feedback_says_that_it_is_not_kept(places: tuple[Path, Path]) -> None:
    command = [sys.executable, "-c", RATE, str(places[1])]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True, preexec_fn=_without_privileges)
    assert "see to the folder's permissions" in done.stdout
    assert done.stdout.count("\n") == 1


def run(places: tuple[Path, Path], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(WORD_CLI), *arguments, "--index", str(places[1])]
    return subprocess.run(
        command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=120,
        cwd=places[0].parent, preexec_fn=_without_privileges,
    )  # fmt: skip


def test_what_reads_works_and_what_writes_says_so(places: tuple[Path, Path], request: pytest.FixtureRequest) -> None:
    with_feedback = "with feedback" in request.node.name
    for command in (("ask", QUESTION), ("search", "leave"), ("status",), ("verify",)):
        done = run(places, *command)
        assert (done.returncode, done.stderr) == (0, ""), command
        assert QUOTE in done.stdout or command[0] in ("status", "verify")
    (places[0] / "new.md").write_text("# New\n\nA lamp is lit.\n", encoding="utf-8")
    writing = [
        ("build", "--corpus", str(places[0])), ("build", "--full", "--corpus", str(places[0])), ("rollback",),
        ("eval", "--questions", "labels.jsonl"),
    ]  # fmt: skip
    for command in writing:
        done = run(places, *command)
        assert done.returncode == 1, command
        assert done.stderr.count("\n") == 1, done.stderr
        assert "cannot be written to" in done.stderr or command[0] == "rollback", done.stderr
    done = run(places, "eval", "--questions", "labels.jsonl", "--output", str(places[0].parent / "report"))
    assert done.returncode == 0, done.stderr
    done = run(places, "feedback", "export")
    assert done.returncode == (0 if with_feedback else 1), done.stderr
    assert "1 labelled question" in done.stderr if with_feedback else "there is no feedback" in done.stderr


def test_a_server_answers(places: tuple[Path, Path], tmp_path: Path) -> None:
    with (tmp_path / "errors").open("w+") as errors:
        process = subprocess.Popen(
            [sys.executable, str(WORD_CLI), "serve", "--corpus", str(places[0]), "--index", str(places[1]), "--port", "0"],
            env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=errors, text=True, preexec_fn=_without_privileges,
        )  # fmt: skip
        try:
            url = url_of(process)
            called = httpx.post(f"{url}gradio_api/call/v2/ask", json={"question": QUESTION}, timeout=60).json()
            answered = httpx.get(f"{url}gradio_api/call/ask/{called['event_id']}", timeout=60).text
            assert QUOTE in answered
            assert httpx.get(url, timeout=60).status_code == 200
            process.terminate()
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.communicate()
        assert "Traceback" not in read(errors)
