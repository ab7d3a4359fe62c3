"""A server in use: switched under load, asked too much, held up by slow clients, stopped, watched, and its memory."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from crew import DOCUMENT, QUESTION, QUOTE, WORD_CLI, make_corpus, serving
from load import Asked, Editions, ask_on, metric, problems, second_edition
from servers import ENVIRONMENT, REPOSITORY, read, running, started, url_of
from slow_server import slow

from fakes import WordEncoder
from roleqa import Settings, build_index
from roleqa.ui.line import BUSY, RETRY_AFTER, STOPPING

BENCHMARK = REPOSITORY / "tests" / "benchmarks" / "service.py"
PATIENCE = 60


def wait_for(what: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def real_index(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small corpus, and its index by the packaged models."""
    corpus, index = make_corpus(tmp_path_factory.mktemp("real"))
    build_index(Settings(corpus=corpus, index=index))
    return corpus, index


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    return make_corpus(tmp_path)


def texts(asked: list[Asked]) -> list[str]:
    return [item.problem or item.answer["citations"][0]["quote"] for item in asked if item.answer or item.problem]


def test_no_answer_fails_or_mixes_while_generations_switch(tmp_path: Path) -> None:
    with serving(tmp_path, login=False) as url:
        corpora = [tmp_path / "corpus", second_edition(tmp_path / "corpus", tmp_path / "second")]
        editions = Editions.of(corpora)
        live = httpx.get(f"{url}metrics").text
        editions.of_generation[re.search(r'generation="(\w+)"', live)[1]] = str(corpora[0])  # type: ignore[index]
        builder = subprocess.Popen(
            [sys.executable, str(BENCHMARK), "build", str(tmp_path / "index"), *map(str, corpora), "--every", "0.7", "--models", "words"],
            env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert builder.stdout
        editions.of_generation.update([json.loads(builder.stdout.readline())])
        asked = asyncio.run(ask_on(url, 12, [QUESTION], seconds=6))
        said, _ = builder.communicate(timeout=PATIENCE)
        editions.of_generation.update(map(json.loads, said.splitlines()))
    assert len(asked) >= 12
    assert problems(asked, editions) == {}
    assert len({item.answer["index"]["generation"] for item in asked if item.answer}) >= 3
    assert set(texts(asked)) == {QUOTE}


def test_who_comes_when_too_many_wait_comes_back_later(places: tuple[Path, Path]) -> None:
    most = 4
    with running(*slow(places, 2, max_waiting=3, max_answering=most)) as url:

        async def crowd() -> tuple[list[Asked], httpx.Response, str]:
            async with httpx.AsyncClient(base_url=url, timeout=60) as http:
                first = asyncio.create_task(ask_on(url, most + 3, [QUESTION], number=most + 3))
                while metric_of((await http.get("metrics")).text, "roleqa_questions_waiting") < 3:
                    await asyncio.sleep(0.05)
                refused = await http.post("gradio_api/call/v2/ask", json={"question": QUESTION})
                page = (await http.get("config")).text
                return await first, refused, page

        answered, refused, page = asyncio.run(crowd())
        later = asyncio.run(ask_on(url, 1, [QUESTION], number=1))
    assert texts(answered) == [QUOTE] * (most + 3)
    assert (refused.status_code, refused.json()["detail"]) == (503, BUSY)
    assert refused.headers["retry-after"] == str(RETRY_AFTER)
    assert "roleqa" in page
    assert texts(later) == [QUOTE]


def metric_of(text: str, name: str) -> float:
    return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE)[1])  # type: ignore[index]


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server below puts what is uploaded."""
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, uploads: Path) -> Iterator[str]:
    """A server with models that count words, for tests that leave it as it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENVIRONMENT, "GRADIO_TEMP_DIR", str(uploads))
        with serving(tmp_path_factory.mktemp("served"), login=False) as url:
            yield url


def connect(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1].rstrip("/"))))


def test_slow_clients_hold_up_nobody(url: str) -> None:
    slow_ones = [connect(url) for _ in range(120)]
    beginnings = (
        b"", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ",
        b"POST /gradio_api/call/v2/ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{",
        b"POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n--b",
        b"GET /config HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20,  # whose answers are not read
    )  # fmt: skip
    for number, client in enumerate(slow_ones):
        client.sendall(beginnings[number % len(beginnings)])
    time.sleep(0.3)
    asked = asyncio.run(ask_on(url, 8, [QUESTION], number=40))
    # Their headers did not come in time: they are given up on.
    ended = 0
    for client in slow_ones[1 :: len(beginnings)]:
        client.settimeout(PATIENCE)
        with suppress(ConnectionError):
            assert client.recv(100) == b""
        ended += 1
    for client in slow_ones:
        client.close()
    assert texts(asked) == [QUOTE] * len(asked)
    assert ended == 24


def test_an_upload_that_is_broken_off_leaves_nothing_behind(url: str, uploads: Path) -> None:
    beginning = (
        b"POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n"
        b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.md"\r\n\r\n'
    )
    with connect(url) as client:
        client.sendall(beginning + b"x" * 2_000_000)
        wait_for(lambda: files_in(uploads))
    wait_for(lambda: not files_in(uploads))


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_fifty_uploads_at_once_are_taken_or_told_to_come_back(url: str, uploads: Path) -> None:
    content = b"# Buoys\n\nA buoy is red.\n" * 40_000

    async def crowd() -> tuple[list[httpx.Response], int]:
        async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, limits=httpx.Limits(max_connections=None)) as http:

            async def upload(number: int) -> httpx.Response:
                return await http.post("gradio_api/upload", files={"files": (f"buoys-{number}.md", content)})

            sending = [asyncio.create_task(upload(number)) for number in range(50)]
            asked = await ask_on(url, 1, [QUESTION], number=3)
            assert texts(asked) == [QUOTE] * 3
            return await asyncio.gather(*sending), (await upload(50)).status_code

    responses, later = asyncio.run(crowd())
    taken = [response for response in responses if response.status_code == 200]
    turned_away = [response for response in responses if response.status_code == 503]
    assert len(taken) >= 4
    assert len(taken) + len(turned_away) == 50
    assert {response.headers["retry-after"] for response in turned_away} <= {str(RETRY_AFTER)}
    assert later == 200
    assert len(files_in(uploads)) == len(taken) + 1
    for file in files_in(uploads):
        file.unlink()


def test_a_stop_answers_what_was_asked_and_cancels_a_rebuild(places: tuple[Path, Path]) -> None:
    with started(*slow(places, 1.5)) as (process, errors):
        url = url_of(process)
        (places[0] / "new.md").write_text("# New\n\nWhich is never built.\n", encoding="utf-8")
        assert process.stdout.readline() == "building\n"

        async def stopped_while_asking() -> tuple[list[Asked], httpx.Response]:
            asking = asyncio.create_task(ask_on(url, 8, [QUESTION], number=8))
            async with httpx.AsyncClient(base_url=url, timeout=60) as http:
                while metric_of((await http.get("metrics")).text, "roleqa_questions_running") < 1:
                    await asyncio.sleep(0.02)
                process.send_signal(signal.SIGTERM)
                await asyncio.sleep(0.3)
                refused = await http.post("gradio_api/call/v2/ask", json={"question": QUESTION})
                return await asking, refused

        asked, refused = asyncio.run(stopped_while_asking())
        assert process.wait(PATIENCE) == 0
        log = [json.loads(line) for line in read(errors).splitlines()]
    assert texts(asked) == [QUOTE] * 8
    assert (refused.status_code, refused.json()["detail"]) == (503, STOPPING)
    assert [line["event"] for line in log if line["level"] == "error" or "traceback" in line] == []
    assert log[-1]["event"] == "stopped"
    assert log[-1]["finished"] is True
    assert "no rebuild" in [line["event"] for line in log]
    assert build_index(Settings(corpus=places[0], index=places[1]), encoder=WordEncoder()).documents == 2


def test_a_second_signal_ends_it_at_once(places: tuple[Path, Path]) -> None:
    with started(*slow(places, 60)) as (process, _):
        url = url_of(process)
        posted = httpx.post(f"{url}gradio_api/call/v2/ask", json={"question": QUESTION})
        wait_for(lambda: metric(url, "roleqa_questions_running") == 1)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 128 + signal.SIGINT
    assert posted.status_code == 200


def test_a_stop_tells_all_who_wait_and_ends_in_time(places: tuple[Path, Path]) -> None:
    with started(*slow(places, 3, stop_seconds=1, max_answering=2)) as (process, errors):
        url = url_of(process)

        async def stopped_while_asking() -> tuple[list[Asked], float]:
            asking = asyncio.create_task(ask_on(url, 8, [QUESTION], number=8))
            while metric(url, "roleqa_questions_waiting") < 6:
                await asyncio.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            assert await asyncio.to_thread(process.wait, PATIENCE) == 0
            return await asking, time.monotonic() - began

        asked, seconds = asyncio.run(stopped_while_asking())
        log = [json.loads(line) for line in read(errors).splitlines()]
    assert Counter(item.problem == STOPPING for item in asked) == {True: 6, False: 2}
    assert {"event": "stopped", "finished": False}.items() <= log[-1].items()
    assert seconds < 10  # and not the 12 that answering all would take


@pytest.mark.parametrize("patience", [0.3, 20])
def test_with_the_real_models_a_stop_under_load_ends_the_process_cleanly(
    real_index: tuple[Path, Path], patience: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENVIRONMENT, "ROLEQA_STOP_SECONDS", str(patience))
    corpus, index = real_index
    question = "Which clearance does the keeper of the harbour lamp need? " * 30
    with started("-m", "roleqa", "serve", "--corpus", corpus, "--index", index, "--port", "0") as (process, errors):
        url = url_of(process)

        async def stopped_while_asking() -> None:
            asking = asyncio.create_task(ask_on(url, 6, [question], seconds=PATIENCE))
            while metric(url, "roleqa_questions_running") < 2:
                await asyncio.sleep(0.02)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, PATIENCE) == 0
            asking.cancel()

        with suppress(asyncio.CancelledError):
            asyncio.run(stopped_while_asking())
        assert process.returncode == 0
        said = read(errors)
    assert "stopped" in said
    assert "Traceback" not in said


def test_a_stop_does_not_wait_for_ever(places: tuple[Path, Path]) -> None:
    with started(*slow(places, 6, stop_seconds=0.5)) as (process, errors):
        url = url_of(process)
        httpx.post(f"{url}gradio_api/call/v2/ask", json={"question": QUESTION})
        wait_for(lambda: metric(url, "roleqa_questions_running") == 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        stopped = [json.loads(line) for line in read(errors).splitlines()]
    assert {"event": "stopped", "finished": False}.items() <= stopped[-1].items()


@contextmanager
def unrest(file: Path) -> Iterator[None]:
    """Writes to a file again and again, as an editor may, so that the watch waits for quiet."""
    calm = threading.Event()

    def write() -> None:
        while not calm.wait(0.05):
            file.write_text("x", encoding="utf-8")

    writing = threading.Thread(target=write)
    writing.start()
    try:
        yield
    finally:
        calm.set()
        writing.join()


def test_a_watched_corpus_is_rebuilt_and_the_page_says_when_it_is_stale(tmp_path: Path) -> None:
    said: list[str] = []
    document = tmp_path / "corpus" / "leave.md"
    with serving(tmp_path, "--watch", "--log", "json", login=False, said=said) as url:

        def ask() -> Any:
            return asyncio.run(ask_on(url, 1, [QUESTION], number=1))[0].answer

        document.write_text(DOCUMENT.replace("four", "nine"), encoding="utf-8")
        wait_for(lambda: metric(url, "roleqa_builds_total") == 1 and metric(url, "roleqa_stale") == 0)
        with unrest(tmp_path / "corpus" / ".leave.md.swp"):
            document.write_text(DOCUMENT.replace("four", "ten"), encoding="utf-8")
            stale = ask()
        wait_for(lambda: metric(url, "roleqa_builds_total") == 2 and metric(url, "roleqa_stale") == 0)
        fresh = ask()
        (tmp_path / "corpus" / "roles.toml").write_text("[[role", encoding="utf-8")
        wait_for(lambda: metric(url, "roleqa_builds_total") == 3)
        still = ask()
    assert (stale["index"]["stale"], stale["citations"][0]["quote"]) == (True, QUOTE.replace("four", "nine"))
    assert (fresh["index"]["stale"], fresh["citations"][0]["quote"]) == (False, QUOTE.replace("four", "ten"))
    assert (still["index"]["stale"], still["index"]["generation"]) == (True, fresh["index"]["generation"])
    log = [json.loads(line) for line in said[-1].splitlines() if line.startswith("{")]
    events = ["rebuilt", "question", "rebuilt", "question", "no rebuild", "question", "stopping", "stopped"]
    assert [line["event"] for line in log] == events
    assert not [line for line in log if "harbour pilot" in json.dumps(line)]


def test_what_another_process_builds_is_served_and_what_is_damaged_is_not(tmp_path: Path) -> None:
    settings = Settings(corpus=tmp_path / "corpus", index=tmp_path / "index")
    said: list[str] = []
    with serving(tmp_path, login=False, said=said) as url:

        def generation() -> str:
            return re.search(r'generation="(\w+)"', httpx.get(f"{url}metrics").text)[1]  # type: ignore[index]

        (settings.corpus / "leave.md").write_text(DOCUMENT.replace("four", "nine"), encoding="utf-8")
        built = build_index(settings, encoder=WordEncoder()).generation
        wait_for(lambda: generation() == built)
        (settings.corpus / "leave.md").write_text(DOCUMENT.replace("four", "five"), encoding="utf-8")
        damaged = build_index(settings, encoder=WordEncoder()).generation
        os.truncate(settings.index / "generations" / damaged / "passages.jsonl", 10)
        (settings.index / "CURRENT").write_text(f"{damaged}\n", encoding="utf-8")
        answers = asyncio.run(ask_on(url, 1, [QUESTION], seconds=1.5))
    # It may have been gone over to in the moment before it was damaged; then it is whole in memory.
    assert {item.answer["index"]["generation"] for item in answers if item.answer} <= {built, damaged}
    assert texts(answers) == [QUOTE.replace("four", "nine")] * len(answers)
    assert "switch" in said[-1]


def test_build_watch_builds_again_and_ends_cleanly(places: tuple[Path, Path]) -> None:
    corpus, index = places
    with started(WORD_CLI, "build", "--corpus", corpus, "--index", index, "--watch") as (process, errors):
        assert "Built 1 documents" in process.stdout.readline()
        wait_for(lambda: "watching" in read(errors))
        (corpus / "roles.toml").write_text("[[role", encoding="utf-8")
        wait_for(lambda: "roleqa: " in read(errors))
        (corpus / "roles.toml").unlink()
        (corpus / "leave.md").rename(corpus / "holidays.md")
        before = (index / "CURRENT").read_text(encoding="utf-8")
        wait_for(lambda: (index / "CURRENT").read_text(encoding="utf-8") != before)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert "Traceback" not in read(errors)
    documents = (index / "generations" / (index / "CURRENT").read_text().strip() / "documents.jsonl").read_text(encoding="utf-8")
    assert "holidays.md" in documents


def test_memory_does_not_grow_with_the_questions(url: str) -> None:
    sizes = []
    for _ in range(2):
        asked = asyncio.run(ask_on(url, 8, [QUESTION], number=250))
        assert set(texts(asked)) == {QUOTE}
        sizes.append(metric(url, "process_resident_memory_bytes"))
    assert sizes[1] < 1.05 * sizes[0]
