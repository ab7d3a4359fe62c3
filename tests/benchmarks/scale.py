"""How an index fares that is large: build, start-up, memory, times of search and of answers, and what is found.

    python tests/benchmarks/scale.py [--passages 10000 100000] [--store faiss|milvus] [--uri ADDRESS] [--corpus DIR]
        [--questions FILE] [--folder DIR] [--json FILE]

The documents of the corpus are in every index, as they are. What is missing to so many passages is made of them, as
`made.py` says, and its embeddings are drawn near real ones. All else is real: what is made goes through the code that
writes a generation, and is asked in a process of its own with the real models. A million passages take about 12 GB of
memory and of disk, and six minutes. Vectors in Milvus are on a server that is started for it, standalone, on the same
cores, unless the address of another is given.
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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

from benchmarks.cold_start import seconds_by_stage  # noqa: E402 (found by the line above)
from benchmarks.made import MADE, SEED, make_content  # noqa: E402
from benchmarks.stages import WRITING, answering, timed_stages, with_rest  # noqa: E402
from milvus_standalone import Standalone  # noqa: E402
from roleqa import Assistant, Settings, build_index  # noqa: E402
from roleqa.blocks import Span  # noqa: E402
from roleqa.index.content import Content, parts_of  # noqa: E402
from roleqa.index.layout import IndexFolder  # noqa: E402
from roleqa.index.load import load_generation, load_index  # noqa: E402
from roleqa.index.manifest import Recipe  # noqa: E402
from roleqa.index.milvus_collections import collections_of  # noqa: E402
from roleqa.index.milvus_server import MilvusServer  # noqa: E402
from roleqa.index.news import News  # noqa: E402
from roleqa.index.vectors import MILVUS, settle_vectors  # noqa: E402
from roleqa.index.write import Origin, write_generation  # noqa: E402
from roleqa.ingest.roles import read_roles  # noqa: E402
from roleqa.models.load import load_encoder, load_reader  # noqa: E402
from roleqa.retrieve.search import Retriever  # noqa: E402
from roleqa.stores import HERE, StorePlace  # noqa: E402
from roleqa.types import MODES, Hit, MatchText  # noqa: E402

# How often a cold process asks.
COLD = 3


def make_index(size: int, corpus: Path, folder: Path, place: StorePlace) -> dict[str, Any]:
    """An index of so many passages in `folder/index`, its documents in `folder/corpus`; seconds by stage."""
    encoder = load_encoder(Settings().encoder)
    real = Settings(corpus=corpus, index=folder.parent / "real")
    build_index(real, encoder=encoder)
    parts = list(parts_of(load_generation(IndexFolder(real.index).live())).values())
    made = folder / "corpus"
    made.mkdir(parents=True)
    content = make_content(parts, size, folder)
    sources = write_corpus(content, corpus, made)
    index = IndexFolder(folder / "index")
    news = News(frozenset(), (), sources, (), {})
    origin = Origin(datetime.now(UTC), made, news, read_roles(made), Recipe.of(encoder))
    index.generations.mkdir(parents=True)
    pending = index.pending(origin.name)
    started = time.perf_counter()
    with timed_stages(WRITING) as stages:
        manifest = write_generation(pending, origin, content, place)
    seconds = time.perf_counter() - started
    index.publish(pending, origin.name, None)
    settle_vectors(index, place, {place.uri} if place.store == MILVUS else ())
    for file in folder.glob("*.npy"):
        file.unlink()
    return {
        "passages": manifest.passages,
        "made_passages": manifest.passages - sum(len(part.passages) for part in parts),
        "documents": manifest.documents,
        "evidence": manifest.evidence,
        "vectors": asdict(manifest.vectors),
        "megabytes": megabytes(index.path),
        "seconds": round(seconds, 2),
        "seconds_by_stage": {name: round(value, 3) for name, value in with_rest(stages, seconds).items()},
        "peak_megabytes": memory()["VmHWM"],
        "load": os.getloadavg()[0],
    }


def write_corpus(content: Content, corpus: Path, made: Path) -> dict[str, str]:
    """Writes all documents into the folder `made`; their checksums by name."""
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
    return dict(sorted(sources.items())) | {"roles.toml": hashlib.sha256((made / "roles.toml").read_bytes()).hexdigest()}


def megabytes(folder: Path) -> float:
    """What a folder takes up on the disk."""
    return round(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6, 1)


def memory(process: int | str = "self") -> dict[str, int]:
    """What a process has in memory, in megabytes: in all, of its own, of files that the system may drop, and at most."""
    status = Path(f"/proc/{process}/status").read_text()
    return {name: int(re.search(rf"{name}:\s+(\d+)", status)[1]) // 1000 for name in ("VmRSS", "RssAnon", "RssFile", "VmHWM")}


def measure(folder: Path, questions: Path, asked: int) -> dict[str, Any]:
    """Of an index in `folder/index`, in this process, which has done nothing else."""
    settings = Settings(corpus=folder / "corpus", index=folder / "index")
    encoder, reader = load_encoder(settings.encoder), load_reader(settings.reader, settings.device)
    encoder.encode_query("warm up")
    reader.read("warm up", [MatchText("warm up", (Span(0, 7),))])
    found: dict[str, Any] = {"memory_of_models": memory()}
    started = time.perf_counter()
    index = load_index(settings.index, encoder.fingerprint)
    found["startup_seconds"] = round(time.perf_counter() - started, 3)
    found["memory_after_startup"] = memory()
    assistant = Assistant(settings, index, encoder, reader)
    started = time.perf_counter()
    assistant.status()
    found["first_comparison_with_the_corpus_seconds"] = round(time.perf_counter() - started, 3)
    labelled = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]
    alone = [item for item in labelled if not item["history"]]
    sample = random.Random(SEED).sample(alone, min(asked, len(alone)))
    texts = [item["question"] for item in sample]
    rows = [encoder.encode_query(text) for text in texts]
    retriever, top = assistant.retriever, settings.num_candidates
    found["questions"] = len(texts)
    found["milliseconds"] = {
        "encode": times(encoder.encode_query, texts),
        "dense": times(lambda row: index.vectors.search(row, top), rows),
        "bm25": times(lambda text: index.bm25.search(text, top), texts),
        "hybrid": times(lambda text: retriever.hybrid(text, settings.top_k), texts),
        "ask": times(assistant.ask, texts),
    }
    found["memory_after_questions"] = memory()
    found["milliseconds_by_stage"] = stages_of(assistant, texts)
    found["quality"] = quality(retriever, [item for item in sample if item["answerable"]])
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


def stages_of(assistant: Assistant, texts: list[str]) -> dict[str, float]:
    """Milliseconds by stage of an answer, medians."""
    taken = []
    for text in texts:
        with timed_stages(answering(assistant.retriever)) as stages:
            answer = assistant.ask(text)
        taken.append(with_rest(stages, answer.seconds))
    names = dict.fromkeys(name for own in taken for name in own)
    return {name: round(1000 * statistics.median(own.get(name, 0.0) for own in taken), 3) for name in names}


def quality(retriever: Retriever, labelled: list[dict[str, Any]]) -> dict[str, Any]:
    """By mode: the share of questions with a quote that answers in the first passage, and in the first five.

    Made passages that repeat the quote count: they hold the answer as much as the document that it is from.
    """
    shares: dict[str, Any] = {"answerable": len(labelled)}
    for mode in MODES if labelled else ():
        ranks = [rank_of(item, retriever.search(item["question"], 5, mode)) for item in labelled]
        shares[mode] = {f"hit_at_{k}": round(statistics.mean(rank <= k for rank in ranks), 4) for k in (1, 5)}
    return shares


def rank_of(item: dict[str, Any], hits: Sequence[Hit]) -> int:
    """The rank of the first passage with a quote that answers, from 1; more than there are where none has one."""
    quotes = [gold["quote"] for gold in item["gold"]]
    found = (rank for rank, hit in enumerate(hits, start=1) if any(quote in hit.text for quote in quotes))
    return next(found, len(hits) + 1)


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
    parser.add_argument("--store", choices=("faiss", "milvus"), default="faiss", help="where the vectors are kept")
    parser.add_argument("--uri", help="address of a Milvus server [default: one that is started for it]")
    parser.add_argument("--corpus", type=Path, default=TESTS.parent / "corpus")
    parser.add_argument("--questions", type=Path, default=TESTS / "eval" / "questions.jsonl")
    parser.add_argument("--asked", type=int, default=100, help="how many of the questions")
    parser.add_argument("--folder", type=Path, help="where to work, and keep what was made [default: a temporary folder]")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--make", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure or given.make:
        made = make_index(given.passages[0], given.corpus, given.folder, place_in(given)) if given.make else {}
        print(json.dumps(made or measure(given.folder, given.questions, given.asked)))
        return
    found = {}
    with tempfile.TemporaryDirectory() as name:
        whole = (given.folder or Path(name)) / given.store
        with server_for(given, Path(name)) as server:
            for size in given.passages:
                folder = whole / str(size)
                made = {} if IndexFolder(folder / "index").live_name() else child("--make", size, folder, given)
                found[size] = made | child("--measure", size, folder, given)
                found[size]["cold_seconds_by_stage"] = seconds_by_stage(folder / "index", COLD)
                if server:
                    found[size]["server"] = memory(server.pid) | {"megabytes": megabytes(server.folder / "data")}
                if given.uri and not given.folder:
                    drop_collections(IndexFolder(folder / "index"), given.uri)
    print(json.dumps(found, indent=1))
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


@contextmanager
def server_for(given: argparse.Namespace, folder: Path) -> Iterator[Standalone | None]:
    """Starts a Milvus server, where one is needed and no other is named, whose address is then in what is `given`."""
    if given.store != MILVUS or given.uri:
        yield None
        return
    server = Standalone(folder / "server")
    try:
        server.start()
        given.uri = server.uri
        yield server
    finally:
        server.kill()


def place_in(given: argparse.Namespace) -> StorePlace:
    """Where the vectors of an index are kept."""
    if given.store != MILVUS:
        return HERE
    # A name of its own: what another run has left on a server would not be sent again.
    return StorePlace(MILVUS, given.uri, token(), f"scale_{datetime.now(UTC):%Y%m%dT%H%M%S%f}")


def token() -> str:
    """What a server asks for."""
    return os.environ.get("ROLEQA_TOKEN", "")


def drop_collections(index: IndexFolder, uri: str) -> None:
    """Takes what an index has on a server away."""
    server = MilvusServer(uri, token())
    for collection in collections_of(index):
        for alias in server.call("list_aliases", collection.name)["aliases"]:
            server.call("drop_alias", alias)
        server.call("drop_collection", collection.name)


def child(step: str, size: int, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """One step in a process of its own, whose memory is its own."""
    command = [sys.executable, __file__, step, "--passages", str(size), "--folder", str(folder), "--store", given.store]
    command += ["--corpus", str(given.corpus), "--questions", str(given.questions), "--asked", str(given.asked)]
    command += ["--uri", given.uri] if given.uri else []
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode < 0:
        sys.exit(f"{step} of {size:,} passages was killed by signal {-done.returncode}, mostly for want of memory")
    if done.returncode:
        sys.exit(done.returncode)  # it has said why
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
