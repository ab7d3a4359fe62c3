"""A server under load: many clients while the index is switched under them, and its memory after many questions.

    python tests/benchmarks/service.py load   [--clients 100] [--seconds 60] [--every 5] [--models packaged|words]
    python tests/benchmarks/service.py memory [--first 2000] [--last 20000] [--models words|packaged] [--most 0.05]
    python tests/benchmarks/service.py crowd  [--clients 12] [--models packaged|words]
    python tests/benchmarks/service.py stops  [--times 10] [--clients 12] [--models packaged|words]

`memory` fails where it grew by more than a share of `--most` from the first number of questions to the last; with the
real models: `memory --models packaged --first 500 --last 3000`. `crowd` asks that many questions of 2,000 characters at
once, and gives the most memory that took. `stops` sends SIGTERM while such questions are answered, and fails where a
server does not end with exit code 0 within its `stop_seconds`. All serve the shipped corpus from a temporary folder on loopback, print their figures as JSON and stop by themselves.
`words` are models that count words: they leave the time to everything else. The clients run on the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "end_to_end")]

from load import Asked, Editions, ask_on, metric, problems, second_edition  # noqa: E402 (found by the line above)
from servers import ENVIRONMENT, running, started, url_of  # noqa: E402

from fakes import WordEncoder  # noqa: E402
from roleqa import Settings, build_index  # noqa: E402
from roleqa.models.encoder import SentenceEncoder  # noqa: E402
from roleqa.protocols import Encoder  # noqa: E402

CORPUS = TESTS.parent / "corpus"
QUESTIONS = TESTS / "eval" / "questions.jsonl"


def single_questions() -> list[str]:
    lines = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines() if line.strip()]
    return list(dict.fromkeys(line["question"] for line in lines if not line.get("history")))


def build_on(index: Path, corpora: list[Path], every: float, models: str) -> None:
    """Builds the corpora in turn, one each so many seconds, until its standard input ends; prints which it was."""
    encoder: Encoder = WordEncoder() if models == "words" else SentenceEncoder("packaged")
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    turn = 0
    while not over.is_set():
        corpus = corpora[turn % len(corpora)]
        report = build_index(Settings(corpus=corpus, index=index), encoder=encoder)
        print(json.dumps([report.generation, str(corpus)]), flush=True)
        turn += 1
        over.wait(max(0.0, every - report.seconds))


@contextmanager
def builder(index: Path, corpora: list[Path], every: float, models: str, editions: Editions) -> Iterator[None]:
    """Another process that builds in the block; what it built is noted in the end."""
    command = [sys.executable, __file__, "build", str(index), *map(str, corpora)]
    process = subprocess.Popen(
        [*command, "--every", str(every), "--models", models],
        env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    first = process.stdout.readline()
    try:
        yield
    finally:
        said, _ = process.communicate(timeout=60)
        editions.of_generation.update(map(json.loads, [first, *said.splitlines()]))


@contextmanager
def serving(folder: Path, models: str, *arguments: str) -> Iterator[str]:
    with running(*command_of(folder, models), *arguments) as url:
        yield url


def command_of(folder: Path, models: str) -> tuple[str | Path, ...]:
    start = (TESTS / "end_to_end" / "word_cli.py",) if models == "words" else ("-m", "roleqa")
    return (*start, "serve", "--corpus", folder / "first", "--index", folder / "index", "--port", "0")


def measure_load(folder: Path, clients: int, seconds: float, every: float, models: str) -> dict[str, Any]:
    corpora = editions_in(folder)
    editions = Editions.of(corpora)
    with builder(folder / "index", corpora, every, models, editions), serving(folder, models) as url:
        before = os.getloadavg()[0]
        started = time.perf_counter()
        asked = asyncio.run(ask_on(url, clients, single_questions(), seconds=seconds))
        whole = time.perf_counter() - started
    wrong = problems(asked, editions)
    used = {item.answer["index"]["generation"] for item in asked if item.answer}
    return {
        "models": models, "clients": clients, "cores": os.cpu_count(), "load_before": before, "seconds": round(whole, 1),
        "questions": len(asked), "answered": sum(bool(item.answer and item.answer["answered"]) for item in asked),
        "failed_or_mixed": sum(wrong.values()), "problems": wrong.most_common(5), "generations_that_answered": len(used),
        "answers_a_second": round(len(asked) / whole, 1), **percentiles(asked),
    }  # fmt: skip


def editions_in(folder: Path) -> list[Path]:
    first = folder / "first"
    first.mkdir()
    for file in CORPUS.iterdir():
        (first / file.name).write_bytes(file.read_bytes())
    return [first, second_edition(first, folder / "second")]


def percentiles(asked: list[Asked]) -> dict[str, float]:
    cuts = statistics.quantiles((item.seconds for item in asked), n=100)
    return {name: round(cuts[number - 1], 3) for name, number in (("p50", 50), ("p95", 95), ("p99", 99))}


def measure_memory(folder: Path, first: int, last: int, models: str) -> dict[str, Any]:
    generation = build_first(folder, models)
    editions = Editions.of([folder / "first"])
    editions.of_generation[generation] = str(folder / "first")
    found: dict[int, float] = {}
    with serving(folder, models) as url:
        done = 0
        for number in (first, *(first + (last - first) * part // 4 for part in (1, 2, 3)), last):
            asked = asyncio.run(ask_on(url, 8, single_questions(), number=number - done))
            done = number
            found[number] = resident(url)
            wrong = problems(asked, editions)
            print(f"{number} questions: {found[number]} MB, {sum(wrong.values())} problems {wrong.most_common(2)}", file=sys.stderr)
    return {"models": models, "megabytes": found, "growth": round(found[last] / found[first] - 1, 4)}


def long_questions(number: int) -> list[str]:
    """Questions as long as any may be, each another."""
    words = " ".join(single_questions())
    return [f"{number} {words[number * 100 :]}"[:2000].strip() for number in range(number)]


def measure_crowd(folder: Path, clients: int, models: str) -> dict[str, Any]:
    """The memory of a server before, while and after many long questions are asked at once."""
    build_first(folder, models)
    with serving(folder, models) as url:
        before, peak, over = resident(url), 0.0, threading.Event()

        def look() -> None:
            nonlocal peak
            while not over.wait(0.05):
                peak = max(peak, resident(url))

        looking = threading.Thread(target=look)
        looking.start()
        asked = asyncio.run(ask_on(url, clients, long_questions(clients), number=clients))
        over.set()
        looking.join()
        after = resident(url)
    return {
        "models": models, "clients": clients, "megabytes": {"before": before, "peak": peak, "after": after},
        "failed": sum(bool(item.problem) for item in asked), "slowest": round(max(item.seconds for item in asked), 2),
    }  # fmt: skip


def measure_stops(folder: Path, times: int, clients: int, models: str) -> dict[str, Any]:
    """How servers end that get SIGTERM, at moments of chance, while many long questions are answered."""
    build_first(folder, models)
    chance = random.Random(11)
    ends = [asyncio.run(_stopped(folder, clients, models, chance.uniform(0, 2))) for _ in range(times)]
    allowed = Settings().stop_seconds
    return {
        "models": models, "clients": clients, "stops": len(ends), "exit_codes": sorted({code for code, _ in ends}),
        "slowest": round(max(seconds for _, seconds in ends), 1), "allowed": allowed,
        "failed": sum(code != 0 or seconds > allowed for code, seconds in ends),
    }  # fmt: skip


async def _stopped(folder: Path, clients: int, models: str, after: float) -> tuple[int, float]:
    """The exit code, and the seconds from the signal to the end."""
    with started(*command_of(folder, models)) as (process, _):
        url = url_of(process)
        asking = asyncio.create_task(ask_on(url, clients, long_questions(clients), seconds=60))
        while not metric(url, "roleqa_questions_running"):
            await asyncio.sleep(0.01)
        await asyncio.sleep(after)
        process.terminate()
        began = time.monotonic()
        code = await asyncio.to_thread(process.wait, 120)
        seconds = time.monotonic() - began
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    return code, seconds


def build_first(folder: Path, models: str) -> str:
    """Builds the first edition; its generation."""
    encoder: Encoder = WordEncoder() if models == "words" else SentenceEncoder("packaged")
    return build_index(Settings(corpus=editions_in(folder)[0], index=folder / "index"), encoder=encoder).generation


def resident(url: str) -> float:
    """The memory of the server's process, in megabytes."""
    return round(metric(url, "process_resident_memory_bytes") / 1e6, 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    load = kinds.add_parser("load")
    load.add_argument("--clients", type=int, default=100)
    load.add_argument("--seconds", type=float, default=60)
    memory = kinds.add_parser("memory")
    memory.add_argument("--first", type=int, default=2000)
    memory.add_argument("--last", type=int, default=20000)
    memory.add_argument("--most", type=float, default=1.0)
    crowd = kinds.add_parser("crowd")
    stops = kinds.add_parser("stops")
    stops.add_argument("--times", type=int, default=10)
    for kind in (crowd, stops):
        kind.add_argument("--clients", type=int, default=12)
    build = kinds.add_parser("build")
    build.add_argument("index", type=Path)
    build.add_argument("corpora", type=Path, nargs="+")
    defaults = ((load, "packaged"), (memory, "words"), (build, "packaged"), (crowd, "packaged"), (stops, "packaged"))
    for kind, models in defaults:
        kind.add_argument("--models", choices=("packaged", "words"), default=models)
        kind.add_argument("--every", type=float, default=5)
    given = parser.parse_args()
    if given.kind == "build":
        build_on(given.index, given.corpora, given.every, given.models)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        if given.kind == "load":
            found = measure_load(Path(folder), given.clients, given.seconds, given.every, given.models)
        elif given.kind == "crowd":
            found = measure_crowd(Path(folder), given.clients, given.models)
        elif given.kind == "stops":
            found = measure_stops(Path(folder), given.times, given.clients, given.models)
        else:
            found = measure_memory(Path(folder), given.first, given.last, given.models)
            found["failed"] = found["growth"] > given.most
    print(json.dumps(found, indent=1))
    return 1 if found.get("failed_or_mixed") or found.get("failed") else 0


if __name__ == "__main__":
    sys.exit(main())
