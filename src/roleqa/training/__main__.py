"""Trains the reader: `python -m roleqa.training --data DIR --output FILE`. `--help` says what can be chosen."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from random import Random

from safetensors.numpy import load_file
from tokenizers import Tokenizer

from roleqa.models.reader_weights import packaged_file
from roleqa.models.weights import CROSS_ENCODER_WEIGHTS
from roleqa.training.batches import batches
from roleqa.training.network import load_network, start_layers
from roleqa.training.plan import handbook_sets, labelled_groups, mixed, public_units
from roleqa.training.quantise import save_quantised
from roleqa.training.train import Schedule, train


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m roleqa.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="Holds public/ and handbooks/N/.")
    parser.add_argument("--output", type=Path, required=True, help="The trained layers (safetensors, float16).")
    parser.add_argument("--package", action="store_true", help="Put them into the package as well, in 8 bits.")
    parser.add_argument("--start", help="Layers to go on from; `cross-encoder` for its own. [default: the package's]")
    parser.add_argument("--more", type=Path, nargs="*", default=[], help="Further folders of labelled questions.")
    parser.add_argument("--first", type=int, default=0, help="The first row of the public mix to train on.")
    parser.add_argument("--rows", type=int, default=32_000, help="How many rows of the public mix to train on.")
    parser.add_argument("--passes", type=int, default=1, help="How often the labelled questions are trained on.")
    parser.add_argument("--negatives", type=int, default=2, help="Passages that don't answer, for each of them.")
    parser.add_argument("--rate", type=float, default=5e-5, help="The highest learning rate.")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    def report(message: str) -> None:
        print(message, file=sys.stderr, flush=True)

    random = Random(arguments.seed)
    groups = labelled_groups((*handbook_sets(arguments.data), *arguments.more))
    public = public_units(arguments.data, arguments.first, arguments.rows)
    examples = mixed(public, groups, arguments.passes, arguments.negatives, random)
    tokenizer = Tokenizer.from_file(str(CROSS_ENCODER_WEIGHTS.locate() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    ready = list(batches(examples, tokenizer, random))
    report(f"{len(groups)} labelled questions, {len(examples)} examples, {len(ready)} batches")
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    network = load_network(start_layers(arguments.start))
    train(network, ready, Schedule(arguments.rate, len(ready)), arguments.output, report)
    if arguments.package:
        sha256 = save_quantised(load_file(arguments.output), packaged_file())
        report(f"SHA256 in models/reader_weights.py is to be {sha256}")


if __name__ == "__main__":
    main()
