"""What was measured, part by part, and how its figures are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from roleqa.evaluate.display import NONE

# Passages of the indexes that are made unless others are asked for.
SIZES = (1000, 10_000, 100_000, 1_000_000)

Figures = Mapping[str, Mapping[str, Any]]
Found = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells below a row of heads; the first cell says what a row is."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


# Where vectors are kept, and what people call it.
STORES = {"faiss": "FAISS", "milvus": "Milvus"}


def found(figures: Figures, name: str) -> Found:
    """What a part found; nothing where it was not run, or failed."""
    return figures.get(name, {}).get("found", {})


def of_store(figures: Figures, store: str) -> dict[int, Found]:
    """What was found of the indexes in a store, smallest first."""
    parts = {int(name.partition("-")[2]): name for name in figures if name.startswith(f"{store}-")}
    own = {size: found(figures, parts[size]).get(str(size), {}) for size in sorted(parts)}
    return {size: one for size, one in own.items() if one}


def sizes(figures: Figures) -> list[int]:
    """Of the indexes that anything was measured of."""
    return sorted({*of_store(figures, "faiss"), *of_store(figures, "milvus")})


def stages_of(own: Mapping[int, Found], name: str) -> list[str]:
    """The stages that any of the indexes has, in their order."""
    return list(dict.fromkeys(stage for one in own.values() for stage in one[name]))


def mode_name(mode: str) -> str:
    return {"dense": "dense", "bm25": "BM25", "rerank": "reranked"}.get(mode, mode)


def as_revision(git: str | None) -> str:
    """The first of a commit, and whether files differed from it."""
    if git is None:
        return "unknown"
    commit, dash, _ = git.partition("-dirty")
    return commit[:12] + (", with changes" if dash else "")


def as_rate(passages: int, seconds: float | None) -> str:
    """Passages a second, in two digits: fast stages are hardly measurable."""
    if not seconds:
        return NONE
    return f"{float(f'{passages / seconds:.2g}'):,.0f}"


def as_ms(value: float | None) -> str:
    """Milliseconds, in two digits below ten."""
    return NONE if value is None else f"{value:,.0f}" if value >= 10 else f"{float(f'{value:.2g}'):g}"


def as_gb(megabytes: float) -> str:
    return f"{megabytes / 1000:.2f}"


def as_seconds(value: float) -> str:
    """Seconds, or minutes where there are many."""
    if value < 10:
        return f"{float(f'{value:.2g}'):g} s"
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min"
