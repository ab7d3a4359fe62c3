"""Figures by the number of passages, as tables of text: what was not measured is a dash."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from benchmarks.figures.data import (
    STORES,
    Figures,
    Found,
    Table,
    as_gb,
    as_ms,
    as_rate,
    as_seconds,
    mode_name,
    of_store,
    sizes,
    stages_of,
)
from roleqa.evaluate.display import NONE
from roleqa.types import MODES

Cell = Callable[[Found], str]


def _size_rows(figures: Figures, store: str, rows: Iterable[tuple[str, Cell]]) -> list[tuple[str, ...]]:
    own = of_store(figures, store)
    if not own:
        return []
    return [(label, *(cell(own[size]) if size in own else NONE for size in sizes(figures))) for label, cell in rows]


def _heads(figures: Figures, first: str) -> tuple[str, ...]:
    return (first, *(f"{size:,}" for size in sizes(figures)))


def indexes(figures: Figures) -> Table:
    """Indexes by size: disk, building, opening, memory, times, and what is found."""
    rows = _size_rows(figures, "faiss", _OF_AN_INDEX)
    rows += _size_rows(figures, "milvus", [(f"Milvus: {label}", cell) for label, cell in _OF_MILVUS])
    return Table(_heads(figures, "passages"), tuple(rows))


def building(figures: Figures) -> Table:
    """Passages a second by stage of a build, and seconds in all."""
    rows = []
    for store, title in STORES.items():
        own = of_store(figures, store)
        stages = [stage for stage in stages_of(own, "seconds_by_stage") if stage in _STORING or store == "faiss"]
        stages = [stage for stage in stages if stage != "rest"]
        rows += _size_rows(figures, store, [(_titled(stage, title), _rate(stage)) for stage in stages])
        rows += _size_rows(figures, store, [(f"all of it, {title}: seconds", lambda one: f"{one['seconds']:.1f}")])
    return Table(_heads(figures, "passages a second"), tuple(rows))


# Where the store of the vectors makes a difference to a build.
_STORING = ("vectors", "reading back")


def _titled(stage: str, title: str) -> str:
    return f"{stage}, {title}" if stage in _STORING else stage


def _rate(stage: str) -> Cell:
    return lambda one: as_rate(one["passages"], one["seconds_by_stage"].get(stage))


def answering(figures: Figures) -> Table:
    """Milliseconds by stage of an answer to a program that runs."""
    rows = []
    for store, title in STORES.items():
        own = of_store(figures, store)
        if store == "faiss":
            rows += _size_rows(figures, store, [(stage, _stage_ms(stage)) for stage in stages_of(own, _STAGES)])
        else:
            rows += _size_rows(figures, store, [(f"dense search, {title}", _stage_ms("dense search"))])
        rows += _size_rows(figures, store, [(f"an answer, {title}", _answer_ms)])
    return Table(_heads(figures, "milliseconds, medians"), tuple(rows))


_STAGES = "milliseconds_by_stage"


def _stage_ms(stage: str) -> Cell:
    return lambda one: as_ms(one[_STAGES].get(stage))


def cold(figures: Figures) -> Table:
    """Seconds by stage of an answer from a cold start."""
    rows = []
    for store, title in STORES.items():
        own = of_store(figures, store)
        stages = [stage for stage in stages_of(own, _COLD) if store == "faiss" or stage in _OPENING]
        labels = [(f"{stage}, {title}" if stage in _OPENING else stage, stage) for stage in stages]
        rows += _size_rows(figures, store, [(label, _cold_stage(stage)) for label, stage in labels])
        rows += _size_rows(figures, store, [(f"until the answer, {title}", _cold_all)])
    return Table(_heads(figures, "seconds, medians"), tuple(rows))


_COLD = "cold_seconds_by_stage"

_OPENING = ("opening the index", "answering")


def _cold_stage(stage: str) -> Cell:
    return lambda one: f"{one[_COLD].get(stage, 0.0):.2f}"


def memory(figures: Figures) -> Table:
    """Gigabytes of the process that answers."""
    rows = _size_rows(figures, "faiss", [("models alone", _gigabytes("memory_of_models", "VmRSS"))])
    for store, title in STORES.items():
        kinds = [
            (f"its own after the questions, {title}", _gigabytes("memory_after_questions", "RssAnon")),
            (f"of files, which the system may drop, {title}", _gigabytes("memory_after_questions", "RssFile")),
            (f"at most while building, {title}", lambda one: as_gb(one["peak_megabytes"])),
        ]
        rows += _size_rows(figures, store, kinds)
    return Table(_heads(figures, "gigabytes"), tuple(rows))


def _gigabytes(when: str, kind: str) -> Cell:
    return lambda one: as_gb(one[when][kind])


def modes_by_size(figures: Figures) -> Table:
    """The share of questions with an answer in the first passage, and in the first five, by mode of search."""
    rows = []
    for store, title in STORES.items():
        shown = [mode for mode in MODES if mode != "bm25" or store == "faiss"]
        labels = [(mode_name(mode) if mode == "bm25" else f"{mode_name(mode)}, {title}", _hits(mode)) for mode in shown]
        rows += _size_rows(figures, store, labels)
    return Table(_heads(figures, "hit@1 / hit@5"), tuple(rows))


def _hits(mode: str) -> Cell:
    def cell(one: Found) -> str:
        own = one.get("quality", {}).get(mode)
        return f"{own['hit_at_1']:.2f} / {own['hit_at_5']:.2f}" if own else NONE

    return cell


def _answer_ms(one: Found) -> str:
    return as_ms(one["milliseconds"]["ask"]["p50"])


def _cold_all(one: Found) -> str:
    return f"{sum(one[_COLD].values()):.2f}"


def _p50(name: str) -> Cell:
    return lambda one: f"{as_ms(one['milliseconds'][name]['p50'])} ms"


def _recalls(one: Found) -> str:
    built = one["vectors"]
    of_passages = f"{built['recall']:.3f}" if built["method"] not in ("exact", "FLAT") else "exact"
    return f"{of_passages} / {one['recall_at_10']:.3f}"


def _size(one: Found) -> str:
    return f"{one['megabytes']:.0f} MB" if one["megabytes"] < 1000 else f"{one['megabytes'] / 1000:.1f} GB"


def _held(one: Found) -> str:
    own = one["memory_after_questions"]
    return f"{as_gb(own['RssAnon'])} / {as_gb(own['RssFile'])} GB"


def _held_by_server(one: Found) -> str:
    own = one.get("server")
    return f"{as_gb(own['VmRSS'])} / {as_gb(own['VmHWM'])} GB" if own else NONE


_OF_AN_INDEX: tuple[tuple[str, Cell], ...] = (
    ("of them made", lambda one: f"{one['made_passages']:,}"),
    ("index on disk", _size),
    ("written and read back, without encoding", lambda one: as_seconds(one["seconds"])),
    ("opened, after the models", lambda one: as_seconds(one["startup_seconds"])),
    ("memory: own / of files, which the system may drop", _held),
    ("search by FAISS", _p50("dense")),
    ("search by BM25", _p50("bm25")),
    ("both, with the question's encoding", _p50("hybrid")),
    ("an answer", _p50("ask")),
    ("an answer from a cold start", lambda one: f"{_cold_all(one)} s"),
    ("recall@10: of passages, by the build / of the questions", _recalls),
)

_OF_MILVUS: tuple[tuple[str, Cell], ...] = (
    ("written and read back", lambda one: as_seconds(one["seconds"])),
    ("opened", lambda one: as_seconds(one["startup_seconds"])),
    ("memory", _held),
    ("memory of the server, then / at most", _held_by_server),
    ("search", _p50("dense")),
    ("an answer", _p50("ask")),
    ("recall@10", _recalls),
)
