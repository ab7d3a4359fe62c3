"""How fast passages are encoded, against sentence-transformers left to its defaults, in turn and in one process.

    python tests/benchmarks/encoding.py [--texts 64] [--tokens 256] [--rounds 5]

Prints passages a second by wall clock and by time on the processor (medians), and their ratio, as JSON. The texts are
cut from the shipped corpus, over and over at other places, to that many tokens.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from roleqa.models.encoder import SentenceEncoder

CORPUS = Path(__file__).parents[2] / "corpus"


def texts_of(encoder: SentenceEncoder, count: int, tokens: int) -> list[str]:
    whole = "\n".join(file.read_text(encoding="utf-8") for file in sorted(CORPUS.glob("*.md")))
    spans = encoder._tokenizer.encode(whole, add_special_tokens=False).offsets
    size = tokens - encoder._special_tokens
    firsts = np.linspace(0, len(spans) - size - 1, count).astype(int)
    return [whole[spans[first][0] : spans[first + size - 1][1]] for first in firsts]


def measure(encoder: SentenceEncoder, texts: list[str], rounds: int) -> dict[str, Any]:
    plain = encoder._model
    ways: dict[str, Callable[[], Any]] = {
        "plain": lambda: plain.encode(texts, show_progress_bar=False, normalize_embeddings=True),
        "roleqa": lambda: encoder.encode_passages(texts),
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    made: dict[str, Any] = {}
    for _ in range(rounds + 1):  # the first warms up
        for name, encode in ways.items():
            started, worked = time.perf_counter(), time.process_time()
            made[name] = encode()
            taken[name].append((time.perf_counter() - started, time.process_time() - worked))
    rates = {
        name: [round(len(texts) / statistics.median(kind), 1) for kind in zip(*times[1:], strict=True)]
        for name, times in taken.items()
    }
    return {
        "a_second": {name: rate[0] for name, rate in rates.items()},
        "a_second_of_processor_time": {name: rate[1] for name, rate in rates.items()},
        "ratio": round(rates["roleqa"][0] / rates["plain"][0], 2),
        "ratio_of_processor_time": round(rates["roleqa"][1] / rates["plain"][1], 2),
        "least_cosine": round(float((made["plain"] * made["roleqa"]).sum(axis=1).min()), 6),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    encoder, load = SentenceEncoder(), os.getloadavg()[0]
    found = measure(encoder, texts_of(encoder, given.texts, given.tokens), given.rounds)
    machine = {"cores": os.cpu_count(), "load_before": load, "precision": encoder.precision}
    print(json.dumps({"texts": given.texts, "tokens": given.tokens} | machine | found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
