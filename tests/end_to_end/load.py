"""Many clients of the API at once, and a check that each answer is of one generation: its quotes stand where it says."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

# Seconds after which an answer counts as failed.
PATIENCE = 120.0
HEADERS = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and what came of it: the answer, or what went wrong."""

    seconds: float
    answer: dict[str, Any] | None = None
    problem: str = ""


@dataclass(slots=True)
class Editions:
    """Corpora that take turns in an index, and which of them each generation was built from."""

    texts: Mapping[str, Mapping[str, str]]
    of_generation: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, folders: Iterable[Path]) -> Editions:
        return cls({str(folder): read_texts(folder) for folder in folders})

    def mixed(self, answer: dict[str, Any]) -> str:
        """What in an answer is not of the generation that it names, or nothing."""
        generation = answer["index"]["generation"]
        texts = self.texts[self.of_generation[generation]]
        for cited in (*answer["citations"], *answer["closest"]):
            stands = texts[cited["document"]][cited["start"] : cited["end"]]
            if stands != cited["quote"]:
                return f"{generation}: {cited['quote']!r} and not {stands!r}"
        return ""


def read_texts(folder: Path) -> dict[str, str]:
    """The text of each document of a corpus, by id."""
    return {file.name: file.read_text(encoding="utf-8") for file in folder.glob("*.md")}


def second_edition(corpus: Path, folder: Path) -> Path:
    """A copy of a corpus in which every quote stands elsewhere than in the first."""
    folder.mkdir()
    for file in corpus.iterdir():
        text = file.read_text(encoding="utf-8")
        (folder / file.name).write_text(f"Second edition.\n\n{text}" if file.suffix == ".md" else text, encoding="utf-8")
    return folder


async def ask(client: httpx.AsyncClient, question: str) -> Asked:
    """One question over REST: the call, and its stream of events to the end."""
    started = time.perf_counter()
    try:
        body = json.dumps({"question": question})
        posted = await client.post("gradio_api/call/v2/ask", content=body, headers=HEADERS)
        if posted.status_code != 200:
            return Asked(time.perf_counter() - started, problem=f"{posted.status_code} {posted.text}")
        stream = await client.get(f"gradio_api/call/ask/{posted.json()['event_id']}")
        event, data = stream.text.strip().splitlines()[-2:]
        said = json.loads(data.removeprefix("data: "))
        if event != "event: complete":
            return Asked(time.perf_counter() - started, problem=str(said.get("error")))
        return Asked(time.perf_counter() - started, json.loads(said[0]))
    except (httpx.HTTPError, ValueError, KeyError) as error:
        return Asked(time.perf_counter() - started, problem=f"{type(error).__name__}: {error}")


async def ask_on(url: str, clients: int, questions: list[str], *, seconds: float = 0, number: int = 0) -> list[Asked]:
    """So many clients ask one question after the other, for so many seconds or until so many are asked in all."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    end = time.perf_counter() + seconds
    taken: list[Asked] = []
    begun = 0

    async def client_asks(http: httpx.AsyncClient, client: int) -> None:
        nonlocal begun
        turn = client
        while begun < number if number else time.perf_counter() < end:
            begun += 1
            taken.append(await ask(http, questions[turn % len(questions)]))
            turn += 7

    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, trust_env=False, limits=limits) as http:
        await asyncio.gather(*(client_asks(http, client) for client in range(clients)))
    return taken


def problems(asked: Iterable[Asked], editions: Editions) -> Counter[str]:
    """What is wrong with the answers, and how often; nothing for none."""
    found = (item.problem or editions.mixed(item.answer or {}) for item in asked)
    return Counter(problem for problem in found if problem)


def metric(url: str, name: str) -> float:
    """The sum of a metric over all its labels."""
    # Asked again and again: without `verify=False` each call would read all certificates of the world.
    lines = httpx.get(f"{url}metrics", verify=False, trust_env=False, timeout=PATIENCE).text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))
