"""What retrieval does, against what it might do: one table of quality and time, from one run.

    python tests/benchmarks/alternatives.py FOLDER [--questions 200] [--seed 7] [--timed 15] [--json FILE]

Quality comes from all the questions (each pair of question and passage is read once), time from the first `--timed` of
them with nothing remembered, every variant in turn on each question, so that all share the machine's moods.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cached_models import CachedEncoder, CachedReader
from onnx_encoder import BGE_INSTRUCTION, BGE_SMALL, OnnxEncoder
from squad_labels import build, holds_gold, labelled_sample, rows_with_gold
from strategies import (
    Find,
    NoReader,
    by_reading,
    passages_only,
    reciprocal_ranks,
    with_settings,
)

from roleqa import Settings
from roleqa.errors import RoleqaError
from roleqa.evaluate.questions import LabelledQuestion
from roleqa.index.load import Index, load_index
from roleqa.ingest.match_text import index_text
from roleqa.models.encoder import SentenceEncoder
from roleqa.models.load import load_reader
from roleqa.protocols import Encoder, Reader
from roleqa.retrieve.search import Retriever

# What the product does; the other variants are compared with it.
IN_USE = "in use"
ENCODER_IN_USE = "MiniLM, window 256"
# How many passages, and how often, the encoders' speed is measured with.
ENCODED, REPEATS = 48, 3


@dataclass(frozen=True, slots=True)
class Built:
    """An encoder with the index it made; gold[i] are the passages that hold an answer to question i."""

    encoder: Encoder
    index: Index
    gold: tuple[frozenset[int], ...]


@dataclass(frozen=True, slots=True)
class Variant:
    group: str
    name: str
    find: Find
    built: Built


@dataclass(frozen=True, slots=True)
class Judged:
    """One question: whether the first passage, one of the first five, and the quote (if any) hold an answer."""

    first: bool
    five: bool
    quote: bool | None


def tried(retriever: Retriever) -> Iterator[tuple[str, str, Find]]:
    """Group, name and way of finding of what was tried on the index in use."""
    yield "reading", IN_USE, by_reading(retriever)
    yield "reading", "none; the quote is the likeliest guess", by_reading(replace(retriever, reader=NoReader()))
    for passages, characters in ((5, 8000), (10, 8000), (40, 8000), (20, 4000), (20, 16_000), (40, 32_000)):
        changed = with_settings(retriever, num_passages=passages, read_characters=characters)
        yield "candidates", f"{passages} passages, {characters} characters", by_reading(changed)
    for pool in (30, 300):
        yield "candidates", f"of {pool} each of BM25 and FAISS", by_reading(with_settings(retriever, num_candidates=pool))
    for weight in (0.2, 0.3, 0.4, 0.5, 0.6, 0.8):
        fused = with_settings(retriever, dense_weight=weight)
        yield "fusion", f"dense weight {weight}", passages_only(fused.hybrid)
    yield "fusion", "reciprocal ranks", reciprocal_ranks(retriever)
    yield "fusion", "BM25 alone", passages_only(retriever.bm25)
    yield "fusion", "dense alone", passages_only(retriever.dense)
    for weight, name in ((0.0, "BM25"), (1.0, "dense")):
        yield "fusion", f"{name} alone, read", by_reading(with_settings(retriever, dense_weight=weight))


def tried_encoder(name: str, retriever: Retriever) -> Iterator[tuple[str, str, Find]]:
    """The same, for each encoder on its own index."""
    yield "encoder", f"{name}: dense alone", passages_only(retriever.dense)
    for weight in (0.4, 0.6):
        fused = with_settings(retriever, dense_weight=weight)
        yield "encoder", f"{name}: hybrid, dense weight {weight}", passages_only(fused.hybrid)
    yield "encoder", f"{name}: read", by_reading(retriever)


def build_all(folder: Path, scratch: Path, each: int, seed: int) -> tuple[dict[str, Built], list[LabelledQuestion]]:
    """Each encoder with its index (an instruction changes queries alone), and the answerable questions."""
    encoders: dict[str, tuple[Encoder, ...]] = {ENCODER_IN_USE: (SentenceEncoder(),)}
    for window in (256, 512):
        plain = OnnxEncoder(BGE_SMALL, window - 2)
        encoders[f"bge-small, window {window}"] = (plain, OnnxEncoder(BGE_SMALL, window - 2, BGE_INSTRUCTION))
    built: dict[str, Built] = {}
    questions: list[LabelledQuestion] = []
    for name, (encoder, *instructed) in encoders.items():
        tell(f"building with {name}")
        settings = build(folder, scratch / name, encoder)
        index = load_index(settings.index, encoder.fingerprint)
        drawn = labelled_sample(folder, index, each, seed)
        questions = [question for question in drawn if question.answerable]
        gold = tuple(rows_with_gold(index, question) for question in questions)
        built[name] = Built(encoder, index, gold)
        built |= {f"{name}, instructed": Built(other, index, gold) for other in instructed}
    return built, questions


def tell(what: str) -> None:
    """What is under way, on one line that the next one replaces."""
    print(f"\r{what:<78}", end="", file=sys.stderr, flush=True)


def variants(
    built: Mapping[str, Built], reader: Reader, encoder: Callable[[Encoder], Encoder], settings: Settings
) -> list[Variant]:
    """Everything that was tried, with models that remember or not."""
    made = []
    for name, item in built.items():
        retriever = Retriever(item.index, encoder(item.encoder), reader, settings)
        ways = [*tried(retriever)] if name == ENCODER_IN_USE else []
        made += [Variant(*way, item) for way in (*ways, *tried_encoder(name, retriever))]
    return sorted(made, key=lambda variant: variant.group == "encoder")


def judge(variant: Variant, questions: Sequence[LabelledQuestion]) -> list[Judged]:
    judged = []
    for question, right in zip(questions, variant.built.gold, strict=True):
        found = variant.find(question.question)
        quote = None
        if found.quote:
            row, evidence = found.quote
            document = variant.built.index.passages[row].document_id
            quote = holds_gold(question, document, evidence.start, evidence.end)
        judged.append(Judged(bool(right & set(found.rows[:1])), bool(right & set(found.rows[:5])), quote))
    return judged


def milliseconds(timed: Sequence[Variant], questions: Sequence[LabelledQuestion]) -> list[list[float]]:
    """Each variant's time for each question."""
    taken: list[list[float]] = [[] for _ in timed]
    for done, question in enumerate(questions, start=1):
        tell(f"timing question {done} of {len(questions)}")
        for variant, times in zip(timed, taken, strict=True):
            started = time.perf_counter()
            variant.find(question.question)
            times.append((time.perf_counter() - started) * 1000)
    return taken


@dataclass(frozen=True, slots=True)
class Measured:
    """A variant's judged questions, and the milliseconds of those that were timed."""

    variant: Variant
    judged: Sequence[Judged]
    milliseconds: Sequence[float]


def figures(own: Measured, in_use: Measured) -> dict[str, Any]:
    """Shares of the questions; `won` and `lost` count those whose quote is right only here, or only as it is done.

    Times are medians; that of the ratios compares the two on the same question.
    """
    quoting = own.judged[0].quote is not None
    pairs = [(one.quote, other.quote) for one, other in zip(own.judged, in_use.judged, strict=True)]
    ratios = [one / other for one, other in zip(own.milliseconds, in_use.milliseconds, strict=True)]
    return {
        "group": own.variant.group,
        "name": own.variant.name,
        "hit@1": round(statistics.fmean(item.first for item in own.judged), 4),
        "hit@5": round(statistics.fmean(item.five for item in own.judged), 4),
        "first_quote": round(statistics.fmean(bool(item.quote) for item in own.judged), 4) if quoting else None,
        "won": sum(bool(one and not other) for one, other in pairs) if quoting else None,
        "lost": sum(bool(other and not one) for one, other in pairs) if quoting else None,
        "p50_ms": round(statistics.median(own.milliseconds), 1),
        "time_ratio": round(statistics.median(ratios), 2),
    }


def encoding_speed(built: Mapping[str, Built], questions: Sequence[LabelledQuestion]) -> list[dict[str, Any]]:
    """Passages a second and milliseconds a query of each encoder, on the longest passages of the index in use."""
    index = built[ENCODER_IN_USE].index
    texts = [
        index_text(passage, index.documents[passage.document_id], own)
        for passage, own in zip(index.passages, index.evidence, strict=True)
    ]
    texts = sorted(texts, key=lambda text: -len(text))[:ENCODED]
    speeds: dict[str, list[float]] = {name: [] for name in built}
    queries: dict[str, list[float]] = {name: [] for name in built}
    for _ in range(REPEATS):
        for name, item in built.items():
            started = time.perf_counter()
            item.encoder.encode_passages(texts)
            speeds[name].append(len(texts) / (time.perf_counter() - started))
            for question in questions:
                started = time.perf_counter()
                item.encoder.encode_query(question.question)
                queries[name].append((time.perf_counter() - started) * 1000)
    speed = {name: statistics.median(values) for name, values in speeds.items()}
    query = {name: statistics.median(values) for name, values in queries.items()}
    return [
        {
            "name": name,
            "passages_per_second": round(speed[name], 1),
            "speed_ratio": round(speed[name] / speed[ENCODER_IN_USE], 2),
            "query_ms": round(query[name], 1),
            "query_ratio": round(query[name] / query[ENCODER_IN_USE], 2),
        }
        for name in built
    ]


def run(folder: Path, scratch: Path, each: int, seed: int, timed: int) -> dict[str, Any]:
    """Everything measured, as JSON."""
    settings = Settings(corpus=folder / "corpus")
    built, questions = build_all(folder, scratch, each, seed)
    reader = load_reader(settings.reader, settings.device)
    remembering = variants(built, CachedReader(reader), CachedEncoder, settings)
    judged = []
    for done, variant in enumerate(remembering, start=1):
        tell(f"judging {done} of {len(remembering)}: {variant.name}")
        judged.append(judge(variant, questions))
    fresh = variants(built, reader, lambda encoder: encoder, settings)
    times = milliseconds(fresh, questions[:timed])
    measured = [Measured(*parts) for parts in zip(remembering, judged, times, strict=True)]
    in_use = next(item for item in measured if item.variant.name == IN_USE)
    return {
        "questions": len(questions),
        "seed": seed,
        "timed": len(questions[:timed]),
        "variants": [figures(item, in_use) for item in measured],
        "encoders": encoding_speed(built, questions[:timed]),
    }


def show(report: Mapping[str, Any]) -> str:
    """The report as Markdown tables."""
    lines = ["| what | variant | hit@1 | hit@5 | first quote | won/lost | p50 ms | ratio |", "| --- " * 8 + "|"]
    for row in report["variants"]:
        quote = "" if row["first_quote"] is None else f"{row['first_quote']:.3f}"
        against = "" if row["won"] is None or row["name"] == IN_USE else f"+{row['won']} -{row['lost']}"
        hits = f"{row['hit@1']:.3f} | {row['hit@5']:.3f}"
        taken = f"{row['p50_ms']:.0f} | {row['time_ratio']:.2f}"
        lines.append(f"| {row['group']} | {row['name']} | {hits} | {quote} | {against} | {taken} |")
    lines += ["", "| encoder | passages/s | ratio | ms a query | ratio |", "| --- " * 5 + "|"]
    for row in report["encoders"]:
        speed = f"{row['passages_per_second']:.0f} | {row['speed_ratio']:.2f}"
        lines.append(f"| {row['name']} | {speed} | {row['query_ms']:.1f} | {row['query_ratio']:.2f} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="Holds corpus/ and questions.jsonl.")
    parser.add_argument("--questions", type=int, default=200, help="How many answerable questions.")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--timed", type=int, default=15, help="How many of them are timed.")
    parser.add_argument("--json", type=Path, help="Write the figures there, too.")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            report = run(arguments.folder, Path(scratch), arguments.questions, arguments.seed, arguments.timed)
    except (RoleqaError, OSError) as error:
        parser.exit(1, f"{error}\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1), encoding="utf-8")
    print(show(report))


if __name__ == "__main__":
    main()
