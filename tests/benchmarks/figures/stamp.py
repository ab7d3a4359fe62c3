"""What a figure was measured on: machine, system, packages, revision, moment, and what else the machine did."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from roleqa.evaluate.provenance import git_revision

PACKAGES = (
    "torch", "sentence-transformers", "onnxruntime", "faiss-cpu", "bm25s", "numpy", "pymilvus", "milvus",
)  # fmt: skip


def stamp(repository: Path) -> dict[str, Any]:
    """Everything that a figure hangs on; `git` ends in -dirty where files differ from the revision."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "git": git_revision(repository),
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


class Others:
    """Watches from now on how much of the machine others use: neither this process nor those that it has waited for."""

    def __init__(self) -> None:
        self._before = _spent()

    def share(self) -> float | None:
        """Of all cores' time, the share in which others worked; None where the system does not tell."""
        after = _spent()
        if self._before is None or after is None:
            return None
        whole, busy, own = (now - then for now, then in zip(after, self._before, strict=True))
        return round(max(0.0, busy - own) / whole, 2) if whole else None


def _spent() -> tuple[float, float, float] | None:
    """Seconds of all cores since the system began: in all, at work, and at work for this process and its children."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return None
    ticks = [int(number) / os.sysconf("SC_CLK_TCK") for number in first.split()[1:9]]
    idle = ticks[3] + ticks[4]  # doing nothing, and waiting for the disk
    return sum(ticks), sum(ticks) - idle, sum(os.times()[:4])


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
