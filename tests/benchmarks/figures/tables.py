"""The figures as tables of text, for the page and for the README: what was not measured is a dash."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from benchmarks.figures.data import (
    Figures,
    Found,
    Table,
    as_gb,
    as_ms,
    as_rate,
    as_revision,
    as_seconds,
    by_size,
    engine,
    found,
    mode_name,
    sizes,
    stages_of,
)  # fmt: skip
from roleqa.evaluate.display import NONE, as_minute, as_share
from roleqa.types import MODES

Cell = Callable[[Found], str]


def _size_rows(figures: Figures, store: str, rows: Iterable[tuple[str, Cell]]) -> list[tuple[str, ...]]:
    own = by_size(figures, store)
    if not own:
        return []
    return [(label, *(cell(own[size]) if size in own else NONE for size in sizes(figures))) for label, cell in rows]


def _heads(figures: Figures, first: str) -> tuple[str, ...]:
    return (first, *(f"{size:,}" for size in sizes(figures)))


def indexes(figures: Figures) -> Table:
    """Indexes by size: disk, building, opening, memory, times, and what is found."""
    other = engine(figures)
    rows = _size_rows(figures, "faiss", _OF_AN_INDEX)
    rows += _size_rows(figures, "milvus", [(f"{other}: {label}", cell) for label, cell in _OF_MILVUS])
    return Table(_heads(figures, "passages"), tuple(rows))


def shipped_build(figures: Figures) -> Table:
    """The stages of building the shipped corpus."""
    built = found(figures, "shipped").get("build")
    stages = built["seconds_by_stage"] if built else {}
    rows = ((stage, f"{seconds:.3f}", as_rate(built["passages"], seconds)) for stage, seconds in stages.items())
    return Table(("the shipped corpus", "seconds", "passages a second"), tuple(rows))


def shipped_answer(figures: Figures) -> Table:
    """The stages of answers from the shipped corpus."""
    taken = found(figures, "shipped").get("ask", {})
    rows = (
        ("all of it" if stage == "all" else stage, *(NONE if value is None else as_ms(1000 * value) for value in (own["p50"], own["p95"])))
        for stage, own in taken.items()
    )
    return Table(("the shipped corpus", "milliseconds, p50", "p95"), tuple(rows))


def shipped_cold(figures: Figures) -> Table:
    """The stages of the first answer from the shipped corpus."""
    this = found(figures, "cold").get("this")
    stages = {**this["seconds_by_stage"], "`roleqa ask`, from start to end": this["seconds"]} if this else {}
    rows = tuple((stage, f"{seconds:.2f}") for stage, seconds in stages.items())
    return Table(("the shipped corpus", "seconds, medians"), rows)


def building(figures: Figures) -> Table:
    """Passages a second by stage of a build, and seconds in all."""
    rows = []
    for store, title in (("faiss", "FAISS"), ("milvus", engine(figures))):
        own = by_size(figures, store)
        stages = [stage for stage in stages_of(own, "seconds_by_stage") if store == "faiss" or stage in _STORING]
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
    for store, title in (("faiss", "FAISS"), ("milvus", engine(figures))):
        own = by_size(figures, store)
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
    for store, title in (("faiss", "FAISS"), ("milvus", engine(figures))):
        own = by_size(figures, store)
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
    for store, title in (("faiss", "FAISS"), ("milvus", engine(figures))):
        kinds = [
            (f"its own after the questions, {title}", _gigabytes("memory_after_questions", "RssAnon")),
            (f"of files, which the system may drop, {title}", _gigabytes("memory_after_questions", "RssFile")),
            (f"at most while building, {title}", lambda one: as_gb(one["peak_megabytes"])),
        ]
        rows += _size_rows(figures, store, kinds)
    return Table(_heads(figures, "gigabytes"), tuple(rows))


def _gigabytes(when: str, kind: str) -> Cell:
    return lambda one: as_gb(one[when][kind])


def modes(figures: Figures) -> Table:
    """How well passages are ranked in each mode of search."""
    own = found(figures, "shipped").get("quality", {}).get("modes") or {}
    measures = {"hit@1": "hit_at_1", "hit@5": "hit_at_5", "MRR@10": "mrr_at_10", "nDCG@10": "ndcg_at_10"}
    rows = (
        (mode_name(mode), *(f"{own[mode][measure]:.3f}" for measure in measures.values()))
        for mode in MODES
        if own.get(mode)
    )
    return Table(("search", *measures), tuple(rows))


def kinds(figures: Figures) -> Table:
    """How right answers are, by kind of question."""
    rows = tuple(
        (
            _KINDS.get(kind["kind"], kind["kind"]),
            str(kind["questions"]),
            *("" if kind[name] is None else f"{kind[name]:.2f}" for name in ("answered", "right", "complete")),
        )
        for kind in found(figures, "shipped").get("quality", {}).get("kinds", ())
    )
    return Table(("kind", "questions", "answered", "first right", "complete"), rows)


# What the labels' kinds mean, where their names do not say so.
_KINDS = {
    "table": "table cell",
    "yesno": "yes or no",
    "spelling": "American spelling",
    "paraphrase": "paraphrase that shares no word with the answer",
    "unanswerable-near": "not in the corpus, near it",
    "unanswerable-far": "not in the corpus, far from it",
}


def program(figures: Figures) -> Table:
    """What a person meets, on the shipped corpus."""
    rows = (row for name, cells in _OF_THE_PROGRAM.items() if (own := found(figures, name)) for row in cells(own))
    return Table(("", ""), tuple(rows))


def runs(figures: Figures) -> Table:
    """Every part: when it ran, on which revision, beside how much else, and what came of it."""
    rows = (
        (
            str(part["what"]),
            as_minute(part["stamp"]["at"]),
            as_revision(part["stamp"]["git"]),
            as_share(part["stamp"]["busy_before"], 0),
            f"{part['seconds']:.0f} s",
            f"failed: {part['failed']}" if "failed" in part else "measured",
        )
        for part in figures.values()
    )
    return Table(("part", "when", "revision", "machine busy before", "took", "outcome"), tuple(rows))


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
    ("search", _p50("dense")),
    ("an answer", _p50("ask")),
    ("recall@10", _recalls),
)


def _of_shipped(own: Found) -> Iterable[tuple[str, str]]:
    built, taken = own["build"], own["ask"]["all"]
    p95 = NONE if taken["p95"] is None else f"{taken['p95']:.2f}"
    yield (
        f"a question to a running assistant, p50 / p95 over {own['asked']} questions",
        f"{taken['p50']:.2f} / {p95} s",
    )
    yield (
        f"build of the shipped corpus ({built['passages']} passages, {built['evidence']} quotable pieces)",
        f"{as_seconds(built['seconds'])}, and {as_seconds(built['loading_the_model'])} for PyTorch and the model",
    )


def _of_cold(own: Found) -> Iterable[tuple[str, str]]:
    this = own["this"]
    yield (
        f"`roleqa ask` from a cold start, median of {own['rounds']}",
        f"{this['seconds']:.1f} s and {as_gb(this['megabytes'])} GB",
    )


def _of_encoding(own: Found) -> Iterable[tuple[str, str]]:
    yield (
        f"encoding of {own['tokens']}-token passages",
        f"{own['a_second']['roleqa']:.0f} a second, {own['ratio']:.1f} times as many as `SentenceTransformer.encode` "
        "left to its defaults, in turn with it",
    )


def _of_serving(own: Found) -> Iterable[tuple[str, str]]:
    (first, least), *_, (last, most) = sorted((int(count), value) for count, value in own["megabytes"].items())
    yield (
        f"memory while serving, after {first:,} / {last:,} questions over the API",
        f"{as_gb(least)} / {as_gb(most)} GB",
    )


def _of_chat(own: Found) -> Iterable[tuple[str, str]]:
    one, many = own["browser"], own["users"]
    yield (
        f"from Enter to the full answer in the browser, p50 / p95 over {one['questions']} questions",
        f"{one['p50']:.2f} / " + (NONE if one["p95"] is None else f"{one['p95']:.2f}") + " s",
    )
    wrong = f"{len(many['problems'])} failed" if many["problems"] else "all answered, each as when asked alone"
    p95 = NONE if many["p95"] is None else f"{many['p95']:.1f}"
    each = many["questions"] // many["users"]
    yield (f"{many['users']} users at once, {each} questions each, p50 / p95", f"{many['p50']:.1f} / {p95} s, {wrong}")


def _of_pdf(own: Found) -> Iterable[tuple[str, str]]:
    read, build = own["read"], own["build"]
    yield (
        f"a PDF of {read['pages']} pages, read / built into an index",
        f"{as_seconds(read['seconds'])} / {as_seconds(build['seconds'])}; "
        f"{as_gb(read['megabytes_of_pdf_process'])} GB in the process that reads it, {as_gb(build['megabytes'])} GB "
        "with the models",
    )


_OF_THE_PROGRAM: dict[str, Callable[[Found], Iterable[tuple[str, str]]]] = {
    "cold": _of_cold,
    "shipped": _of_shipped,
    "chat": _of_chat,
    "serving": _of_serving,
    "encoding": _of_encoding,
    "pdf": _of_pdf,
}
