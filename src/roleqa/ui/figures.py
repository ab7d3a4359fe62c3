"""A saved evaluation becomes HTML: how well this index answers, in figures, plots and failures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple

from roleqa.evaluate.display import as_figure, as_milliseconds, as_minute, as_share
from roleqa.evaluate.metrics import Latency
from roleqa.evaluate.page import CAPTIONS, outcomes, picture_url
from roleqa.evaluate.results import HEADLINE, Figures
from roleqa.evaluate.saved import SavedQuestion, SavedReport
from roleqa.evaluate.timing import STAGES
from roleqa.types import MODES
from roleqa.ui.markup import EMPTY, Html, element, foreign, join, text

# Of each way to fail so many questions are listed, the most confident first.
MOST_FAILURES = 25
# So many kinds are listed, and so many characters of a question or quote.
MOST_KINDS = 60
LONGEST = 600

# How a plot looks for light and for dark, as PNG, by the plot's name.
Plots = Mapping[str, tuple[bytes, bytes]]

_STAGES = {
    "all": "All together",
    "encode": "Encoding the question",
    "dense": "Search by meaning (FAISS)",
    "bm25": "Search by keywords (BM25)",
    "read": "Reading the passages",
    "rest": "The rest",
}
_MODES = {
    "dense": "dense (by meaning)",
    "bm25": "bm25 (by keywords)",
    "hybrid": "hybrid (both)",
    "rerank": "rerank (by the best quote)",
}


def render_evaluation(report: SavedReport, plots: Plots, live: str) -> Html:
    """The report; `live` is the generation that answers now."""
    figures = report.groups[HEADLINE]
    return join(
        _origin(report, figures, live),
        _cards(figures, report.timing.groups[HEADLINE]["all"]),
        _plots(plots),
        _kinds(figures),
        _modes(figures),
        _times(report.timing.groups[HEADLINE]),
        _failures(report.headline),
        _made(report),
    )


def _origin(report: SavedReport, figures: Figures, live: str) -> Html:
    made = report.provenance
    when = element("time", text(as_minute(report.timing.at)), datetime=report.timing.at)
    said = element(
        "p",
        foreign("span", made.labels),
        text(", asked "),
        when,
        text(f". Shown are the {figures.questions} of the reporting half, on which nothing was tuned."),
        class_="origin",
    )
    if made.generation == live:
        return said
    older = text(
        f"These figures are of another index ({made.generation}) than the one that answers now. "
        "Run the evaluation again to measure this one."
    )
    return join(element("p", older, class_="notice"), said)


def _cards(figures: Figures, taken: Latency) -> Html:
    unanswerable = figures.questions - figures.answerable
    refusals = figures.refusals
    cards = (
        (as_share(figures.right), "Right first", f"of {figures.answerable} answerable questions, by their first quote"),
        (as_share(figures.complete), "Complete", "of them: the quotes hold all that was to be quoted"),
        (as_share(figures.coverage), "Answered", "of them, rightly or not; the others are refused"),
        (as_share(refusals.recall), "Refused", f"of {unanswerable} questions that the documents do not answer"),
        (as_share(refusals.precision), "Rightly refused", f"of {refusals.refused} refusals: there was no answer"),
        (as_share(figures.risk), "Wrong", "of all that was answered begins with a wrong quote"),
        (as_figure(figures.auroc), "AUROC", "how well confidence tells answerable from not; 1 is best, 0.5 is chance"),
        (as_share(figures.exact_quotes), "Exact", "of all quotes are the source, character for character"),
        (as_milliseconds(taken.p50), "Median time", f"an answer takes; 19 of 20 at most {as_milliseconds(taken.p95)}"),
    )
    return element("dl", *(_card(*card) for card in cards), class_="cards")


def _card(value: str, name: str, meaning: str) -> Html:
    return element(
        "div",
        element("dt", text(name)),
        element("dd", element("strong", text(value)), text(" "), element("span", text(meaning))),
    )


def _plots(plots: Plots) -> Html:
    shown = [
        element(
            "figure",
            element("img", src=picture_url(light), alt=CAPTIONS[name], class_="for-light"),
            element("img", src=picture_url(dark), alt=CAPTIONS[name], class_="for-dark"),
            element("figcaption", text(CAPTIONS[name])),
        )
        for name, (light, dark) in plots.items()
    ]
    return element("div", *shown, class_="plots") if shown else EMPTY


def _kinds(figures: Figures) -> Html:
    rows = [
        (kind.kind, str(kind.questions), *(as_share(share, 0) for share in (kind.answered, kind.right, kind.complete)))
        for kind in figures.kinds[:MOST_KINDS]
    ]
    more = len(figures.kinds) - len(rows)
    return join(
        _table("By kind of question", ("Kind", "Questions", "Answered", "Right first", "Complete"), rows),
        element("p", text(f"and {more} kinds more"), class_="aside") if more else EMPTY,
    )


def _modes(figures: Figures) -> Html:
    rows = []
    for mode in MODES:
        found = figures.modes.get(mode)
        rows.append((_MODES[mode], *map(as_figure, astuple(found) if found else (None,) * 4)))
    return _table("Passages found, by search mode", ("Mode", "hit@1", "hit@5", "MRR@10", "nDCG@10"), rows)


def _times(taken: Mapping[str, Latency]) -> Html:
    rows = [
        (_STAGES[stage], as_milliseconds(taken[stage].p50), as_milliseconds(taken[stage].p95))
        for stage in ("all", *STAGES)
        if stage in taken
    ]
    return _table("Time an answer takes", ("Stage", "Median", "95th percentile"), rows)


def _table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    head = element("tr", *(element("th", text(name), scope="col") for name in heads))
    body = (
        element("tr", foreign("th", row[0], scope="row"), *(element("td", text(cell)) for cell in row[1:]))
        for row in rows
    )
    table = element("table", element("caption", text(caption)), element("thead", head), element("tbody", *body))
    # Wider than a phone: it scrolls, for the keyboard as well.
    return element("div", table, class_="sheet", tabindex="0", role="region", aria_label=caption)


def _failures(questions: Sequence[SavedQuestion]) -> Html:
    found = {name: own for name, own in outcomes(questions).items() if own and name != "Right"}
    if not found:
        return element("p", text("Every question was answered or refused as it should be."))
    return join(
        element("h3", text("What went wrong")),
        *(
            element(
                "details",
                element("summary", text(f"{name}: {len(own)}")),
                *map(_failure, own[:MOST_FAILURES]),
                _rest(len(own) - MOST_FAILURES),
                class_="failures",
            )
            for name, own in found.items()
        ),
    )


def _rest(more: int) -> Html:
    said = f"and {more} more; report.html in the folder evaluation of the index lists them all"
    return element("p", text(said), class_="aside") if more > 0 else EMPTY


def _failure(asked: SavedQuestion) -> Html:
    tag = f"{asked.query_id}, {asked.kind}, confidence {asked.confidence:.2f}"
    return element(
        "article",
        foreign("h4", _shortened(asked.question)),
        foreign("p", _shortened(tag), class_="aside"),
        element("dl", *_facts(asked)),
    )


def _facts(asked: SavedQuestion) -> Iterator[Html]:
    if asked.history:
        yield _fact("Asked before", "; ".join(asked.history))
    if asked.resolved_question != asked.question:
        yield _fact("Understood as", asked.resolved_question)
    if asked.first_quote is not None:
        yield _fact("Quoted first" if asked.answered else "Closest", asked.first_quote)
    for number, quote in enumerate(asked.gold_quotes):
        yield _fact("or, and" if number else "Right would be", quote)


def _made(report: SavedReport) -> Html:
    """What was measured, so that it can be measured again."""
    made = report.provenance
    facts = (
        ("Index", made.generation),
        ("roleqa", made.roleqa),
        ("Revision", made.git or "no repository"),
        ("Encoder", made.encoder),
        ("Reader", made.reader),
        ("Confidence", made.calibration.fitted_on),
        ("Refused below", f"{made.calibration.threshold:.2f}"),
        ("Machine", f"Python {made.python}, {made.platform}"),
        ("Took", f"{report.timing.seconds:.0f} s"),
    )
    summary = element("summary", text("What was measured"))
    return element("details", summary, element("dl", *(_fact(name, value) for name, value in facts)), class_="made")


def _fact(name: str, value: str) -> Html:
    return element("div", element("dt", text(name)), foreign("dd", _shortened(value)))


def _shortened(value: str) -> str:
    return value if len(value) <= LONGEST else f"{value[:LONGEST]} \u2026"
