"""The figures of an evaluation, as functions of plain sequences. Of nothing there is no figure: None."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import ir_measures
import numpy as np
from ir_measures import RR, Success, nDCG

NUM_BINS = 10
# Below this many times the 95th percentile is no more than the slowest of them.
FEWEST_FOR_P95 = 20
# How deep passages are judged.
DEPTH = 10


@dataclass(frozen=True, slots=True)
class PassageFigures:
    """How well passages are ranked: the share of questions with a relevant one first, among the first five,
    the mean reciprocal rank of the first, and the discounted gain of all.
    """

    hit_at_1: float
    hit_at_5: float
    mrr_at_10: float
    ndcg_at_10: float


def passage_figures(relevant: Sequence[Sequence[str]], ranked: Sequence[Sequence[str]]) -> PassageFigures | None:
    """Over questions: `relevant[i]` are the ids of the passages that answer, `ranked[i]` those found, best first."""
    if not relevant:
        return None
    qrels = {str(i): dict.fromkeys(ids, 1) for i, ids in enumerate(relevant)}
    run = {str(i): {name: -float(rank) for rank, name in enumerate(ids)} for i, ids in enumerate(ranked)}
    measures = [Success @ 1, Success @ 5, RR @ DEPTH, nDCG @ DEPTH]
    found = ir_measures.calc_aggregate(measures, qrels, run)
    return PassageFigures(*(float(found[measure]) for measure in measures))


@dataclass(frozen=True, slots=True)
class Refusals:
    """How right it is to refuse: of the refused, the share that the documents do not answer (precision); of
    what they do not answer, the share refused (recall).
    """

    refused: int
    precision: float | None
    recall: float | None


def refusals(answerable: Sequence[bool], answered: Sequence[bool]) -> Refusals:
    pairs = list(zip(answerable, answered, strict=True))
    return Refusals(
        refused=sum(not said for _, said in pairs),
        precision=share(not can for can, said in pairs if not said),
        recall=share(not said for can, said in pairs if not can),
    )


def auroc(positive: Sequence[bool], confidences: Sequence[float]) -> float | None:
    """How likely a positive has a higher confidence than another one; None where either kind is missing."""
    if len(set(positive)) < 2:
        return None
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(positive, confidences))


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """If all questions with this confidence or more are answered: the share answered, and of those the share wrong."""

    threshold: float
    coverage: float
    risk: float


def risk_coverage(confidences: Sequence[float], right: Sequence[bool]) -> tuple[RiskPoint, ...]:
    """The curve from the most confident question to all of them: one point a distinct confidence.

    After El-Yaniv and Wiener 2010, "On the foundations of noise-free selective classification".
    """
    ranked = sorted(zip(confidences, right, strict=True), key=lambda pair: -pair[0])
    points = []
    wrong = 0
    for count, (confidence, is_right) in enumerate(ranked, start=1):
        wrong += not is_right
        if count == len(ranked) or ranked[count][0] != confidence:
            points.append(RiskPoint(confidence, count / len(ranked), wrong / count))
    return tuple(points)


def area_under(points: Sequence[RiskPoint]) -> float | None:
    """The mean risk over all coverages, 0 to 1; the lower the better."""
    if not points:
        return None
    before = (0.0, *(point.coverage for point in points[:-1]))
    return sum(point.risk * (point.coverage - low) for point, low in zip(points, before, strict=True))


@dataclass(frozen=True, slots=True)
class Bin:
    """The questions with a confidence from `low` up to `high`: what was promised, and what was right."""

    low: float
    high: float
    questions: int
    mean_confidence: float | None
    share_right: float | None


def reliability(confidences: Sequence[float], right: Sequence[bool]) -> tuple[Bin, ...]:
    """Ten bins of confidence. In a reliable model each has as large a share right as its mean confidence."""
    binned: list[list[tuple[float, bool]]] = [[] for _ in range(NUM_BINS)]
    for confidence, is_right in zip(confidences, right, strict=True):
        binned[min(int(confidence * NUM_BINS), NUM_BINS - 1)].append((confidence, is_right))
    return tuple(
        Bin(
            low=number / NUM_BINS,
            high=(number + 1) / NUM_BINS,
            questions=len(own),
            mean_confidence=sum(confidence for confidence, _ in own) / len(own) if own else None,
            share_right=share(is_right for _, is_right in own),
        )
        for number, own in enumerate(binned)
    )


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """The mean distance between promised and right, over questions (expected calibration error)."""
    total = sum(own.questions for own in bins)
    if not total:
        return None
    gaps = (own.questions * abs((own.mean_confidence or 0.0) - (own.share_right or 0.0)) for own in bins)
    return sum(gaps) / total


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds: half of the questions take at most `p50`, 19 of 20 at most `p95`."""

    p50: float | None
    p95: float | None


def latency(seconds: Sequence[float]) -> Latency:
    if not seconds:
        return Latency(None, None)
    p50, p95 = (round(float(value), 4) for value in np.percentile(seconds, (50, 95)))
    return Latency(p50, p95 if len(seconds) >= FEWEST_FOR_P95 else None)


def latencies(seconds: Sequence[Mapping[str, float]], stages: Sequence[str]) -> dict[str, Latency]:
    """By stage, behind all of them together."""
    total = latency([sum(own.values()) for own in seconds])
    return {"all": total, **{stage: latency([own[stage] for own in seconds]) for stage in stages}}


def share(values: Iterable[bool]) -> float | None:
    """The share that is true; None of nothing."""
    found = list(values)
    return sum(found) / len(found) if found else None
