"""A long PDF: seconds of reading and of building an index of it, and the most memory that either takes.

    python tests/benchmarks/formats.py [--pages 200] [--models packaged|words]

The document is what comes with the program, again and again, printed with headings, lists, ruled tables, headers and page numbers.
Each figure is that of a process of its own; `processor` is what the machine's other work does not change much.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "end_to_end")]

from reportlab.lib.pagesizes import A4  # noqa: E402
from servers import ENVIRONMENT  # noqa: E402

from article import CORPUS, article, flow, printed  # noqa: E402 (found by the line above)
from fakes import WordEncoder  # noqa: E402
from roleqa import Settings, build_index  # noqa: E402
from roleqa.ingest.bounded import read_bounded, stop  # noqa: E402


def long_pdf(pages: int) -> bytes:
    """So many pages or a few more: the shipped documents, all of them again and again."""
    readings = [article(file) for file in sorted(CORPUS.glob("*.md"))]
    once = count_of(printed([thing for reading in readings for thing in flow(reading)], A4))
    return printed([thing for _ in range(-(-pages // once)) for reading in readings for thing in flow(reading)], A4)


def count_of(data: bytes) -> int:
    """The pages of what was printed."""
    return data.count(b"/Type /Page") - data.count(b"/Type /Pages")


def measured(what: str, folder: Path, models: str) -> dict[str, float]:
    """What reading or building takes, with the process that takes the PDF apart: seconds, and megabytes of each."""
    file = folder / "corpus" / "long.pdf"
    started, before = time.perf_counter(), used()
    if what == "read":
        pages = len(read_bounded(".pdf", file.read_bytes()).pages)
    else:
        encoder = WordEncoder() if models == "words" else None
        build_index(Settings(corpus=file.parent, index=folder / "index"), encoder=encoder)
        pages = 0
    stop()  # what a process has used is counted once it has ended
    own, other = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        **({"pages": pages} if pages else {}),
        "seconds": round(time.perf_counter() - started, 1),
        "processor": round(used() - before, 1),
        "megabytes": round(own / 1024),
        "megabytes_of_pdf_process": round(other / 1024),
    }


def used() -> float:
    """Processor seconds of this process and of those that it has waited for."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--models", choices=("packaged", "words"), default="packaged")
    parser.add_argument("--measure", nargs=2, metavar=("WHAT", "FOLDER"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        what, folder = chosen.measure
        print(json.dumps(measured(what, Path(folder), chosen.models)))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "corpus").mkdir()
        data = long_pdf(chosen.pages)
        (folder / "corpus" / "long.pdf").write_bytes(data)
        found = {}
        for what in ("read", "build"):
            command = [sys.executable, __file__, "--measure", what, str(folder), "--models", chosen.models]
            done = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True, check=True)
            found[what] = json.loads(done.stdout)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
