"""Seconds from typing `roleqa ask` to its answer, in a fresh process each time, and what they are spent on; medians.

    python tests/benchmarks/cold_start.py [--rounds 5] [--against OTHER_CHECKOUT]

With --against, another checkout of roleqa is asked in turn with this one, each on an index of its own making. Prints
seconds by wall clock and on the processor, the largest memory, and what they are of the other's, as JSON. The files
are in the system's cache, as they have been read before.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
QUESTION = "Which immunities does a defence attach\u00e9 have?"
STAGES = ("starting Python", "imports", "opening the index", "loading the encoder", "loading the reader", "answering")


def ask(checkout: Path, *arguments: str | Path) -> tuple[float, float, float]:
    """Seconds, seconds on the processor, and megabytes at most, of one command."""
    environment = os.environ | {"PYTHONPATH": str(checkout / "src")}
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "roleqa", *arguments], env=environment, stdout=subprocess.DEVNULL
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"roleqa {arguments[0]} failed")
    return time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def seconds_by_stage(index: Path, rounds: int) -> dict[str, float]:
    """What a cold question spends its time on, step by step."""
    taken = []
    command = [sys.executable, str(Path(__file__).with_name("cold_question.py")), str(index), QUESTION]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "src")}
    for _ in range(rounds):
        started = time.monotonic()
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        taken.append([end - start for start, end in pairwise([started, *json.loads(done.stdout)])])
    return {stage: round(statistics.median(own), 3) for stage, own in zip(STAGES, zip(*taken, strict=True), strict=True)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--against", type=Path)
    given = parser.parse_args()
    checkouts = [REPOSITORY, *([given.against.resolve()] if given.against else [])]
    with tempfile.TemporaryDirectory() as folder:
        for number, checkout in enumerate(checkouts):
            ask(checkout, "build", "--corpus", REPOSITORY / "corpus", "--index", Path(folder, str(number)))
        load = os.getloadavg()[0]
        taken: list[list[tuple[float, float, float]]] = [[] for _ in checkouts]
        for _ in range(given.rounds):
            for number, checkout in enumerate(checkouts):
                taken[number].append(ask(checkout, "ask", QUESTION, "--index", Path(folder, str(number))))
        stages = seconds_by_stage(Path(folder, "0"), given.rounds)
    medians = [[round(statistics.median(kind), 2) for kind in zip(*rounds, strict=True)] for rounds in taken]
    found = {"cores": os.cpu_count(), "load_before": load, "rounds": given.rounds}
    names = ("seconds", "processor_seconds", "megabytes")
    found["this"] = dict(zip(names, medians[0], strict=True)) | {"seconds_by_stage": stages}
    if given.against:
        found["other"] = dict(zip(names, medians[1], strict=True))
        ratios = (round(mine / other, 3) for mine, other in zip(*medians, strict=True))
        found["ratio"] = dict(zip(names, ratios, strict=True))
    print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
