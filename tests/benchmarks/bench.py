"""All figures: runs the benchmarks one after another, and makes one page of what they find. `make bench` runs it.

    python tests/benchmarks/bench.py [--sizes 1000 10000 100000 1000000] [--uri ADDRESS] [--only PART ...]
        [--output FOLDER] [--publish] [--quick]

Each part is a process of its own, bounded in time. What it finds is kept as soon as it is there, in `figures.json` in the
output folder, with the machine, the revision and the moment; parts that are not run now keep what was found before. A
part that fails is said to on the page. With --publish, what the output folder has becomes the page, the JSON and the
figures of the README in the repository; with `--only` and no part after it, nothing is run before that.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

BENCHMARKS = Path(__file__).parent
REPOSITORY = BENCHMARKS.parents[1]
sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY / "src")]

from benchmarks.figures.data import SIZES, STORES  # noqa: E402 (found by the line above)
from benchmarks.figures.page import render_page  # noqa: E402
from benchmarks.figures.readme import with_figures  # noqa: E402
from benchmarks.figures.stamp import Others, stamp  # noqa: E402
from roleqa.evaluate.display import as_duration  # noqa: E402
from roleqa.evaluate.save import write_whole  # noqa: E402

# Gigabytes of memory, and of disk, for a million passages: of what builds, and of a server beside it.
BUILDING, SERVING = 12.0, 6.0
# Seconds for an index in each store: whatever its size, and for each passage.
_SCALE_SECONDS = {"faiss": (38, 0.0003), "milvus": (65, 0.0008)}
JSON_FILE, PAGE_FILE = "figures.json", "figures.html"
PUBLISHED = BENCHMARKS / "figures" / JSON_FILE
README = REPOSITORY / "README.md"


@dataclass(frozen=True, slots=True)
class Part:
    """A benchmark: what it takes on two cores, in seconds, and how long it is waited for; gigabytes of memory and of
    disk that must be free.
    """

    name: str
    what: str
    command: tuple[str, ...]
    seconds: float
    limit: float = 900
    gigabytes: float = 2


def parts_of(sizes: Sequence[int], uri: str, quick: bool) -> list[Part]:
    """Everything that is measured, the largest last. `quick` asks little: it shows that all runs, and measures badly."""
    asked = ("--asked", "8") if quick else ()
    rounds = ("--rounds", "1" if quick else "5")
    memory = ("--first", "20", "--last", "40") if quick else ("--first", "100", "--last", "1000")
    users = (*asked, "--users", "3") if quick else ()
    pages = ("--pages", "10") if quick else ()
    return [
        Part("shipped", "the shipped corpus: building and asking", ("shipped.py", *asked), 135),
        Part("cold", "a question from a cold start", ("cold_start.py", *rounds), 15),
        Part("encoding", "encoding, against sentence-transformers' defaults", ("encoding.py", *rounds), 30),
        Part("serving", "memory while serving", ("service.py", "memory", *memory, "--models", "packaged"), 115),
        Part("chat", "the chat in a browser, and many users at once", ("chat_load.py", *users), 80),
        Part("pdf", "a long PDF", ("formats.py", *pages), 25),
        *(part for size in sorted(sizes) for part in _scale(size, uri, asked)),
    ]


def _scale(size: int, uri: str, asked: tuple[str, ...]) -> list[Part]:
    """An index of so many passages, in either store."""
    server = ("--uri", uri) if uri else ()
    return [
        Part(
            f"{store}-{size}",
            f"{size:,} passages in {title}",
            ("scale.py", "--passages", str(size), "--store", store, *(server if store == "milvus" else ()), *asked),
            seconds=_SCALE_SECONDS[store][0] + size * _SCALE_SECONDS[store][1],
            limit=900 + size / 150,
            gigabytes=2 + (BUILDING + (SERVING if store == "milvus" and not uri else 0)) * size / 1e6,
        )
        for store, title in STORES.items()
    ]


def run(part: Part, output: Path) -> dict[str, Any]:
    """What a part finds, or how it failed, with the machine that it ran on."""
    made = stamp(REPOSITORY)
    started, others = time.perf_counter(), Others()
    short = _short_of_room(part, output)
    with tempfile.TemporaryDirectory(dir=output) as folder:
        outcome = {"failed": short} if short else _outcome(part, Path(folder), output / f"{part.name}.log")
    made["others"] = others.share()
    return {"stamp": made, "seconds": round(time.perf_counter() - started, 1)} | outcome


def _short_of_room(part: Part, output: Path) -> str:
    disk = os.statvfs(output)
    free = {"memory": _free_memory(), "disk": disk.f_bavail * disk.f_frsize / 1e9}
    return "; ".join(
        f"needs about {part.gigabytes:.0f} GB of {what}, {there:.0f} GB are free"
        for what, there in free.items()
        if there < part.gigabytes
    )


def _free_memory() -> float:
    """In gigabytes; without end where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return float("inf")
    return next((int(line.split()[1]) / 1e6 for line in lines if line.startswith("MemAvailable")), float("inf"))


def _outcome(part: Part, folder: Path, log: Path) -> dict[str, Any]:
    """Runs the part in a folder that goes afterwards, without the settings of whoever calls."""
    own = {
        name: value for name, value in os.environ.items() if not name.startswith("ROLEQA_") or name == "ROLEQA_TOKEN"
    }
    path = os.pathsep.join((str(REPOSITORY / "src"), str(REPOSITORY / "tests")))
    script, *arguments = part.command
    with log.open("w", encoding="utf-8") as errors, subprocess.Popen(
        [sys.executable, str(BENCHMARKS / script), *arguments],
        cwd=folder, env=own | {"PYTHONPATH": path, "TMPDIR": str(folder)}, stdout=subprocess.PIPE, stderr=errors,
        text=True, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            said, _ = process.communicate(timeout=part.limit)
        except BaseException as error:  # its own processes go with it, also when someone presses Ctrl-C
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if isinstance(error, subprocess.TimeoutExpired):
                return {"failed": f"took longer than {as_duration(part.limit)}"}
            raise
    if process.returncode:
        lines = [line for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
        return {"failed": lines[-1][:300] if lines else f"exit code {process.returncode}"}
    return {"found": json.loads(said)}


def measure(parts: Sequence[Part], output: Path) -> None:
    """Runs the parts, and writes JSON and page anew after each."""
    together = as_duration(sum(part.seconds for part in parts))
    print(f"{len(parts)} parts, about {together} on two cores; the page: {output / PAGE_FILE}", flush=True)
    for number, part in enumerate(parts, start=1):
        print(f"[{number}/{len(parts)}] {part.what}: about {as_duration(part.seconds)} ...", end=" ", flush=True)
        made = run(part, output)
        figures = load(output / JSON_FILE)
        figures[part.name] = {"what": part.what} | made
        write(figures, output)
        print(
            f"failed: {made['failed']}" if "failed" in made else f"done in {as_duration(made['seconds'])}", flush=True
        )


def load(file: Path) -> dict[str, Any]:
    """The figures of a file, by part; none where there is no file."""
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}


def set_aside(file: Path) -> None:
    """Renames figures that another revision has left, where this one cannot show them."""
    try:
        render_page(load(file))
    except (ValueError, KeyError, TypeError, AttributeError):
        aside = file.with_suffix(".old.json")
        file.replace(aside)
        print(f"The figures in {file} are of another revision, which had other ones; they are now {aside}")


def write(figures: dict[str, Any], output: Path) -> None:
    """JSON and page, whole."""
    write_whole(output / JSON_FILE, (json.dumps(figures, indent=1) + "\n").encode())
    write_whole(output / PAGE_FILE, render_page(figures).encode())


def publish(figures: dict[str, Any]) -> None:
    """JSON and page into the repository, figures into its README."""
    write(figures, PUBLISHED.parent)
    write_whole(README, with_figures(README.read_text(encoding="utf-8"), figures).encode())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="passages of the indexes")
    parser.add_argument("--uri", default="", help="address of a Milvus server [default: one of its own]")
    parser.add_argument("--only", nargs="*", help="parts to run: shipped, cold, faiss-1000, 'milvus-*', ...")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "build" / "bench")
    parser.add_argument("--publish", action="store_true", help="put the figures into the repository, in the end")
    parser.add_argument("--quick", action="store_true", help="a few questions and rounds: shows that all runs")
    given = parser.parse_args()
    output = given.output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    set_aside(output / JSON_FILE)
    parts = parts_of(given.sizes, given.uri, given.quick)
    if given.only is not None:
        parts = [part for part in parts if any(fnmatch(part.name, pattern) for pattern in given.only)]
    if parts:
        measure(parts, output)
    figures = load(output / JSON_FILE)
    if given.publish:
        publish(figures)
        print(f"Published: {PUBLISHED}, {PUBLISHED.with_name(PAGE_FILE)}, {README}")
    return int(any("failed" in figures[part.name] for part in parts))


if __name__ == "__main__":
    sys.exit(main())
