"""How an index fares that is large: build, start-up, memory, times of search and of answers, and what is found.

    python tests/benchmarks/scale.py [--passages 10000 100000] [--corpus DIR] [--questions FILE] [--folder DIR] [--json FILE]

The documents of the corpus are in every index, as they are. What is missing to so many passages is made of them: a
passage is two or three of their sentences under one of their headings, in documents of 50 passages with a made-up name
each. A sentence's embedding is its own; a passage's is drawn near the mean of its sentences' (noise of a quarter of its
length), as the encoder would need hours for a million. All else is real: what is made goes through the code that writes
a generation, and is asked in a process of its own with the real models. A million passages take about 12 GB of memory
and of disk, and half an hour.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roleqa import Assistant, Settings, build_index
from roleqa.blocks import Block, Span
from roleqa.index import write
from roleqa.index.content import Content, Embeddings, Part, parts_of
from roleqa.index.layout import IndexFolder
from roleqa.index.load import load_generation, load_index
from roleqa.index.manifest import Recipe
from roleqa.index.news import News
from roleqa.index.write import Origin, write_generation
from roleqa.ingest.match_text import index_text
from roleqa.ingest.roles import read_roles
from roleqa.retrieve.encoder import load_encoder
from roleqa.retrieve.reranker import load_reranker
from roleqa.types import Document, Evidence, Passage

TESTS = Path(__file__).parents[1]
# Where made documents are: behind all others.
MADE = "~made/"
A_DOCUMENT = 50
# The stages of writing a generation, as functions.
STAGES = [
    (write, name)
    for name in ("save_documents", "save_passages", "save_vectors", "build_vocabulary", "check_generation")
] + [(write.Bm25Store, "build"), (write.EvidenceStore, "save"), (write.GenerationFolder, "sync")]
NOISE = 0.25
SEED = 11


class Maker:
    """Makes documents of the sentences and headings of real ones."""

    def __init__(self, parts: list[Part]) -> None:
        self._chance = random.Random(SEED)
        pieces = [
            (part.document.text[item.start : item.end], row)
            for part in parts
            for item, row in zip((item for own in part.evidence for item in own), part.embeddings.evidence, strict=True)
            if item.kind in ("sentence", "item") and "\n" not in part.document.text[item.start : item.end]
        ]
        self._texts = [text for text, _ in pieces]
        self.rows = np.stack([row for _, row in pieces])
        self._headings = sorted({passage.headings[-1] for part in parts for passage in part.passages if passage.headings})

    def document(self, number: int, passages: int) -> tuple[Document, list[Passage], list[tuple[Evidence, ...]], list[int]]:
        """A document with so many passages, and which sentence each piece of its evidence is."""
        name = self._name()
        id = f"{MADE}{number // 1000:03}/{number:06}.md"
        lines, blocks, made, evidence, used = [f"# {name}\n\n"], [], [], [], []
        at = len(lines[0])
        blocks.append(Block("heading", 0, at - 2, Span(2, at - 2), 1, name))
        for place in range(passages):
            heading = f"{self._chance.choice(self._headings)} in {name}"
            lines.append(f"## {heading}\n\n")
            blocks.append(Block("heading", at, at + 3 + len(heading), Span(at + 3, at + 3 + len(heading)), 2, heading))
            start = at = at + len(lines[-1])
            own = []
            for piece in self._chance.sample(range(len(self._texts)), self._chance.randint(2, 3)):
                own.append(Evidence(f"{id}#{place}", at, at + len(self._texts[piece]), "sentence"))
                lines.append(self._texts[piece] + " ")
                at += len(lines[-1])
                used.append(piece)
            blocks.append(Block("paragraph", start, at - 1, Span(start, at - 1)))
            made.append(Passage(f"{id}#{place}", id, (name, heading), start, at - 1))
            evidence.append(tuple(own))
            lines.append("\n\n")
            at += 2
        return Document(id, name, "".join(lines), "", tuple(blocks)), made, evidence, used

    def _name(self) -> str:
        letters = (self._chance.choice("bcdfghklmnprstvz") + self._chance.choice("aeiou") for _ in range(4))
        return "".join(letters).capitalize()


def make_content(parts: list[Part], size: int, folder: Path) -> Content:
    """The real parts, and what is made of them up to so many passages. Embeddings are on disk, below the folder."""
    maker, whole = Maker(parts), Content.of(parts)
    documents, passages, evidence = dict(whole.documents), list(whole.passages), list(whole.evidence)
    texts, used = list(whole.passage_texts), []
    number = 0
    while len(passages) < size:
        document, own, pieces, places = maker.document(number, min(A_DOCUMENT, size - len(passages)))
        documents[document.id] = document
        passages += own
        evidence += pieces
        texts += [index_text(passage, document, items) for passage, items in zip(own, pieces, strict=True)]
        used += places
        number += 1
    counts = [len(own) for own in evidence[len(whole.passages) :]]
    embeddings = _embeddings(whole.embeddings, maker.rows, np.array(used, dtype=np.int64), counts, folder)
    return Content(documents, passages, evidence, texts, embeddings)


def _embeddings(real: Embeddings, rows: NDArray[np.float16], used: NDArray[np.int64], counts: list[int], folder: Path) -> Embeddings:
    """Made of sentences' embeddings, in slices, behind the real ones."""
    chance = np.random.default_rng(SEED)
    first, pieces, dimensions = len(real.passages), len(real.evidence), real.passages.shape[1]
    passages = np.lib.format.open_memmap(folder / "passages.npy", "w+", np.float32, (first + len(counts), dimensions))
    evidence = np.lib.format.open_memmap(folder / "evidence.npy", "w+", np.float16, (pieces + len(used), dimensions))
    passages[:first], evidence[:pieces] = real.passages, real.evidence
    starts = np.cumsum([0, *counts])
    for row in range(0, len(counts), 50_000):
        end = min(row + 50_000, len(counts))
        own = rows[used[starts[row] : starts[end]]]
        evidence[pieces + starts[row] : pieces + starts[end]] = own
        mean = np.add.reduceat(own.astype(np.float32), starts[row:end] - starts[row])
        mean /= np.linalg.norm(mean, axis=1, keepdims=True)
        mean += chance.normal(size=mean.shape).astype(np.float32) * np.float32(NOISE / dimensions**0.5)
        passages[first + row : first + end] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return Embeddings(passages, evidence)


def make_index(size: int, corpus: Path, folder: Path) -> dict[str, Any]:
    """An index of so many passages in `folder/index`, its documents in `folder/corpus`; seconds by stage."""
    encoder = load_encoder(Settings().encoder)
    real = Settings(corpus=corpus, index=folder.parent / "real")
    build_index(real, encoder=encoder)
    parts = list(parts_of(load_generation(IndexFolder(real.index).live())).values())
    made = folder / "corpus"
    made.mkdir(parents=True)
    content = make_content(parts, size, folder)
    for file in (*corpus.rglob("*.md"), *corpus.glob("*.toml")):
        target = made / file.relative_to(corpus)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    sources = {}
    for id, document in content.documents.items():
        file = made / id
        if id.startswith(MADE):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(document.text, encoding="utf-8", newline="\n")
        sources[id] = hashlib.sha256(file.read_bytes()).hexdigest()
    sources = dict(sorted(sources.items())) | {"roles.toml": hashlib.sha256((made / "roles.toml").read_bytes()).hexdigest()}
    index = IndexFolder(folder / "index")
    news = News(frozenset(), (), sources, (), {})
    origin = Origin(datetime.now(UTC), made, news, read_roles(made), Recipe.of(encoder))
    index.generations.mkdir(parents=True)
    pending = index.pending(origin.name)
    seconds: dict[str, float] = {}
    for target, name in STAGES:
        setattr(target, name, timed(name, getattr(target, name), seconds))
    manifest = timed("all", write_generation, seconds)(pending, origin, content)
    index.publish(pending, origin.name, None)
    for file in folder.glob("*.npy"):
        file.unlink()
    return {
        "documents": manifest.documents,
        "evidence": manifest.evidence,
        "vectors": asdict(manifest.vectors),
        "megabytes": round(sum(manifest.sizes.values()) / 1e6, 1),
        "seconds_of_stages": seconds,
        "peak_megabytes": memory()["VmHWM"],
        "load": os.getloadavg()[0],
    }


def timed(name: str, work: Callable[..., Any], seconds: dict[str, float]) -> Callable[..., Any]:
    """The same work, its seconds noted."""

    def run(*arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return work(*arguments)
        finally:
            seconds[name] = round(time.perf_counter() - started, 2)

    return run


def memory() -> dict[str, int]:
    """What this process has in memory, in megabytes: in all, of its own, and of files that the system may drop."""
    status = Path("/proc/self/status").read_text()
    return {name: int(re.search(rf"{name}:\s+(\d+)", status)[1]) // 1000 for name in ("VmRSS", "RssAnon", "RssFile", "VmHWM")}


def measure(folder: Path, questions: Path, asked: int) -> dict[str, Any]:
    """Of an index in `folder/index`, in this process, which has done nothing else."""
    settings = Settings(corpus=folder / "corpus", index=folder / "index")
    encoder, reranker = load_encoder(settings.encoder), load_reranker(settings.reranker)
    encoder.encode_query("warm up")
    reranker.rerank("warm up", ["warm up"])
    found: dict[str, Any] = {"memory_of_models": memory()}
    started = time.perf_counter()
    index = load_index(settings.index, encoder.fingerprint)
    found["startup_seconds"] = round(time.perf_counter() - started, 3)
    found["memory_after_startup"] = memory()
    assistant = Assistant(settings, index, encoder, reranker)
    started = time.perf_counter()
    assistant.status()
    found["first_comparison_with_the_corpus_seconds"] = round(time.perf_counter() - started, 3)
    labelled = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]
    texts = [item["question"] for item in labelled if not item["history"]]
    texts = random.Random(SEED).sample(texts, min(asked, len(texts)))
    rows = [encoder.encode_query(text) for text in texts]
    retriever, top = assistant.retriever, settings.num_candidates
    found["milliseconds"] = {
        "encode": times(encoder.encode_query, texts),
        "dense": times(lambda row: index.vectors.search(row, top), rows),
        "bm25": times(lambda text: index.bm25.search(text, top), texts),
        "hybrid": times(lambda text: retriever.hybrid(text, settings.top_k), texts),
        "ask": times(assistant.ask, texts),
    }
    found["memory_after_questions"] = memory()
    found["recall_at_10"] = recall(index.vectors, np.stack(rows))
    found["load"] = os.getloadavg()[0]
    return found


def times(work: Callable[[Any], object], items: list[Any]) -> dict[str, float]:
    """Milliseconds of each, one after the other, in the middle and near the worst; and of the processor's time, which
    hangs less on what else the machine does. Two go before, for the caches.
    """
    taken, worked = [], []
    for item in (*items[:2], *items):
        before = time.perf_counter(), time.process_time()
        work(item)
        taken.append(1000 * (time.perf_counter() - before[0]))
        worked.append(1000 * (time.process_time() - before[1]))
    near_worst = sorted(taken[2:])[int(0.95 * (len(items) - 1))]
    middle, processor = statistics.median(taken[2:]), statistics.median(worked[2:])
    return {"p50": round(middle, 2), "p95": round(near_worst, 2), "processor_p50": round(processor, 2)}


def recall(store: Any, queries: NDArray[np.float32]) -> float:
    """The share of the ten nearest, by comparing all, that the store finds for questions."""
    scores = np.concatenate(list(_scores(store, queries)), axis=1)
    exact = np.argpartition(-scores, 10, axis=1)[:, :10]
    shares = [
        len(set(best.tolist()) & {row for row, _ in store.search(query, 10)}) / 10
        for best, query in zip(exact, queries, strict=True)
    ]
    return round(statistics.mean(shares), 4)


def _scores(store: Any, queries: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    for first in range(0, len(store), 50_000):
        yield queries @ np.asarray(store.embeddings(first, first + 50_000)).T


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--corpus", type=Path, default=TESTS.parent / "corpus")
    parser.add_argument("--questions", type=Path, default=TESTS / "eval" / "questions.jsonl")
    parser.add_argument("--asked", type=int, default=100, help="how many of the questions")
    parser.add_argument("--folder", type=Path, help="where to work, and keep what was made [default: a temporary folder]")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--make", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure or arguments.make:
        made = make_index(arguments.passages[0], arguments.corpus, arguments.folder) if arguments.make else {}
        print(json.dumps(made or measure(arguments.folder, arguments.questions, arguments.asked)))
        return
    found = {}
    with tempfile.TemporaryDirectory() as name:
        whole = arguments.folder or Path(name)
        for size in arguments.passages:
            folder = whole / str(size)
            made = {} if IndexFolder(folder / "index").live_name() else child("--make", size, folder, arguments)
            found[size] = made | child("--measure", size, folder, arguments)
            print(json.dumps({size: found[size]}, indent=1), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def child(step: str, size: int, folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """One step in a process of its own, whose memory is its own."""
    command = [sys.executable, __file__, step, "--passages", str(size), "--folder", str(folder)]
    command += ["--corpus", str(arguments.corpus), "--questions", str(arguments.questions), "--asked", str(arguments.asked)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
