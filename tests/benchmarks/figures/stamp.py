"""What a figure was measured on: machine, system, packages, revision, moment, and how busy the machine was before."""

from __future__ import annotations

import os
import platform
import re
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from roleqa.evaluate.provenance import git_revision

PACKAGES = (
    "torch", "sentence-transformers", "onnxruntime", "faiss-cpu", "bm25s", "numpy", "pymilvus", "milvus-lite",
)  # fmt: skip
# Seconds that the machine is watched for.
WATCHED = 1.0


def stamp(repository: Path) -> dict[str, Any]:
    """Everything that a figure hangs on; `git` ends in -dirty where files differ from the revision."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "git": git_revision(repository),
        "busy_before": busy(),
        "load_before": round(os.getloadavg()[0], 2),
        "machine": {
            "processor": processor(),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "gigabytes": memory(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "packages": {name: found for name in PACKAGES if (found := _version(name))},
        },
    }


def busy() -> float | None:
    """Of all cores' time, the share that something else works now; None where the system does not tell."""
    before = _ticks()
    time.sleep(WATCHED)
    after = _ticks()
    if before is None or after is None:
        return None
    whole = sum(after) - sum(before)
    idle = sum(after[3:5]) - sum(before[3:5])  # idle, and waiting for the disk
    return round(max(0.0, 1 - idle / whole), 2) if whole else None


def _ticks() -> list[int] | None:
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return None
    return [int(number) for number in first.split()[1:9]]


def processor() -> str:
    """Its name, as the system has it."""
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def memory() -> int:
    """Of the machine, in gigabytes."""
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
