"""Figures of the shipped corpus, and of the runs themselves, as tables of text."""

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
    found,
    mode_name,
)
from roleqa.evaluate.display import NONE, as_minute, as_share
from roleqa.types import MODES


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
        (
            "all of it" if stage == "all" else stage,
            *(NONE if value is None else as_ms(1000 * value) for value in (own["p50"], own["p95"])),
        )
        for stage, own in taken.items()
    )
    return Table(("the shipped corpus", "milliseconds, p50", "p95"), tuple(rows))


def shipped_cold(figures: Figures) -> Table:
    """The stages of the first answer from the shipped corpus."""
    this = found(figures, "cold").get("this")
    stages = {**this["seconds_by_stage"], "`roleqa ask`, from start to end": this["seconds"]} if this else {}
    rows = tuple((stage, f"{seconds:.2f}") for stage, seconds in stages.items())
    return Table(("the shipped corpus", "seconds, medians"), rows)


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
            as_share(part["stamp"]["others"], 0),
            f"{part['seconds']:.0f} s",
            f"failed: {part['failed']}" if "failed" in part else "measured",
        )
        for part in figures.values()
    )
    return Table(("part", "when", "revision", "others at work", "took", "outcome"), tuple(rows))


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
