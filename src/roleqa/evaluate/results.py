"""What an evaluation finds: a Result a question, their Figures, and the Report that holds it all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from roleqa.answer.confidence import Calibration
from roleqa.evaluate.metrics import (
    Bin,
    Latency,
    PassageFigures,
    Refusals,
    RiskPoint,
    area_under,
    auroc,
    calibration_error,
    passage_figures,
    refusals,
    reliability,
    risk_coverage,
    share,
)
from roleqa.types import MODES, Mode

# The group whose figures are the evaluation's: nothing was tuned on it.
HEADLINE = "reporting"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one labelled question.

    `best_right` is of the best evidence, cited or, in a refusal, only the closest; `first_quote` is its quote.
    `quotes` and `exact_quotes` count what was shown. `relevant` are the ids of the passages that answer, and
    `hits` those found in each mode, best first (of answerable questions only). `answer_f1` is how well the answering
    words agree with the label.
    """

    query_id: str
    kind: str
    tuning: bool
    question: str
    history: tuple[str, ...]
    resolved_question: str
    answerable: bool
    answered: bool
    confidence: float
    best_right: bool
    complete: bool
    first_quote: str | None
    gold_quotes: tuple[str, ...]
    quotes: int
    exact_quotes: int
    relevant: tuple[str, ...]
    hits: Mapping[Mode, tuple[str, ...]]
    seconds: Mapping[str, float]
    answer_f1: float | None = None

    @property
    def group(self) -> str:
        """The half it belongs to."""
        return "tuning" if self.tuning else HEADLINE

    @property
    def right(self) -> bool:
        """Whether it was answered by the right quote first."""
        return self.answered and self.best_right

    def rank(self, mode: Mode) -> int | None:
        """The rank of the first passage that answers, from 1; None where none was found."""
        ranks = (rank for rank, name in enumerate(self.hits.get(mode, ()), start=1) if name in self.relevant)
        return next(ranks, None)

    def to_dict(self) -> dict[str, Any]:
        """All but the time it took, which differs from run to run."""
        return {
            "query_id": self.query_id,
            "kind": self.kind,
            "group": self.group,
            "question": self.question,
            "history": list(self.history),
            "resolved_question": self.resolved_question,
            "answerable": self.answerable,
            "answered": self.answered,
            "confidence": self.confidence,
            "right": self.right,
            "best_right": self.best_right,
            "complete": self.complete,
            "first_quote": self.first_quote,
            "gold_quotes": list(self.gold_quotes),
            "answer_f1": self.answer_f1,
            "passage_rank": {mode: self.rank(mode) for mode in MODES} if self.answerable else None,
        }


@dataclass(frozen=True, slots=True)
class KindFigures:
    """The questions of one kind: `right` and `complete` are shares of those that the documents answer."""

    kind: str
    answerable: bool
    questions: int
    answered: float | None
    right: float | None
    complete: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a group of questions; None where the group has too few for one.

    `right`, `complete` and `coverage` (the share answered) are of answerable questions; `risk` is the share of
    wrong first quotes in all that was answered; `auroc` tells the answerable from the others by confidence;
    `answer_f1` is of right first quotes whose answering words are shown and labelled.
    """

    questions: int
    answerable: int
    right: float | None
    complete: float | None
    coverage: float | None
    risk: float | None
    exact_quotes: float | None
    refusals: Refusals
    auroc: float | None
    answer_f1: float | None
    area_under_risk_coverage: float | None
    calibration_error: float | None
    kinds: tuple[KindFigures, ...]
    modes: Mapping[Mode, PassageFigures | None]
    risk_coverage: tuple[RiskPoint, ...]
    reliability: tuple[Bin, ...]


def figures(results: Sequence[Result]) -> Figures:
    """The figures of a group of questions."""
    answerable = [result for result in results if result.answerable]
    confidences = [result.confidence for result in results]
    right = [result.best_right for result in results]
    shown = sum(result.quotes for result in results)
    curve = risk_coverage(confidences, right)
    bins = reliability(confidences, right)
    return Figures(
        questions=len(results),
        answerable=len(answerable),
        right=share(result.right for result in answerable),
        complete=share(result.complete for result in answerable),
        coverage=share(result.answered for result in answerable),
        risk=share(not result.right for result in results if result.answered),
        exact_quotes=sum(result.exact_quotes for result in results) / shown if shown else None,
        refusals=refusals([result.answerable for result in results], [result.answered for result in results]),
        auroc=auroc([result.answerable for result in results], confidences),
        answer_f1=_mean([result.answer_f1 for result in results]),
        area_under_risk_coverage=area_under(curve),
        calibration_error=calibration_error(bins),
        kinds=_kinds(results),
        modes={mode: _passages(answerable, mode) for mode in MODES},
        risk_coverage=curve,
        reliability=bins,
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _kinds(results: Sequence[Result]) -> tuple[KindFigures, ...]:
    """In the order of the questions."""
    groups: dict[tuple[str, bool], list[Result]] = {}
    for result in results:
        groups.setdefault((result.kind, result.answerable), []).append(result)
    return tuple(
        KindFigures(
            kind=kind,
            answerable=answerable,
            questions=len(own),
            answered=share(result.answered for result in own),
            right=share(result.right for result in own) if answerable else None,
            complete=share(result.complete for result in own) if answerable else None,
        )
        for (kind, answerable), own in groups.items()
    )


def _passages(answerable: Sequence[Result], mode: Mode) -> PassageFigures | None:
    return passage_figures([result.relevant for result in answerable], [result.hits[mode] for result in answerable])


@dataclass(frozen=True, slots=True)
class Provenance:
    """What was measured: enough to measure it again. `git` is None outside a repository."""

    roleqa: str
    git: str | None
    python: str
    platform: str
    generation: str
    encoder: str
    reader: str
    calibration: Calibration
    labels: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Timing:
    """All that differs from run to run: `at` is ISO 8601, UTC; latencies by group and stage, in seconds."""

    at: str
    seconds: float
    groups: Mapping[str, Mapping[str, Latency]]


@dataclass(frozen=True, slots=True)
class Report:
    """An evaluation. `groups` are "reporting" (the half to report), "tuning" and "all"."""

    provenance: Provenance
    groups: Mapping[str, Figures]
    results: tuple[Result, ...]
    timing: Timing

    @property
    def headline(self) -> tuple[Result, ...]:
        """The questions of the half to report."""
        return tuple(result for result in self.results if result.group == HEADLINE)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON. All that depends on time is under "timing"; the rest is the same in every run."""
        seconds = {result.query_id: dict(result.seconds) for result in self.results}
        return {
            "provenance": asdict(self.provenance),
            "groups": {name: asdict(group) for name, group in self.groups.items()},
            "questions": [result.to_dict() for result in self.results],
            "timing": asdict(self.timing) | {"questions": seconds},
        }
