"""The figures against sums done by hand and against brute force."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roleqa.evaluate.metrics import (
    Bin,
    Latency,
    PassageFigures,
    Refusals,
    RiskPoint,
    area_under,
    auroc,
    calibration_error,
    latencies,
    latency,
    passage_figures,
    refusals,
    reliability,
    risk_coverage,
    share,
)

JUDGED = st.lists(st.tuples(st.integers(0, 20).map(lambda number: number / 20), st.booleans()), max_size=30)
PASSAGES = st.sampled_from([f"p{number}" for number in range(14)])
RANKED = st.lists(
    st.tuples(
        st.lists(PASSAGES, min_size=1, max_size=4, unique=True),
        st.lists(PASSAGES, max_size=10, unique=True),
    ),
    min_size=1,
    max_size=6,
)


def test_passages_by_hand() -> None:
    relevant = [("a", "b"), ("c",), ("d",)]
    ranked = [("x", "a", "b"), ("c", "x"), ("x", "y", "z", "u", "v", "d")]
    found = passage_figures(relevant, ranked)
    assert found
    gain = (1 / math.log2(3) + 1 / math.log2(4)) / (1 + 1 / math.log2(3))
    assert found.hit_at_1 == pytest.approx(1 / 3)
    assert found.hit_at_5 == pytest.approx(2 / 3)
    assert found.mrr_at_10 == pytest.approx((1 / 2 + 1 + 1 / 6) / 3)
    assert found.ndcg_at_10 == pytest.approx((gain + 1 + 1 / math.log2(7)) / 3)


def test_a_question_without_hits_or_without_a_relevant_passage_counts_as_not_found() -> None:
    assert passage_figures([("a",), ("b",)], [("a",), ()]) == PassageFigures(0.5, 0.5, 0.5, 0.5)
    assert passage_figures([("a",), ()], [("a",), ("b",)]) == PassageFigures(0.5, 0.5, 0.5, 0.5)
    assert passage_figures([("a",)], [()]) == PassageFigures(0.0, 0.0, 0.0, 0.0)
    assert passage_figures([], []) is None


def by_brute_force(relevant: Sequence[str], ranked: Sequence[str]) -> tuple[float, float, float, float]:
    ranks = [rank for rank, name in enumerate(ranked, start=1) if name in relevant]
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(len(relevant), 10) + 1))
    return (
        float(1 in ranks),
        float(any(rank <= 5 for rank in ranks)),
        1 / ranks[0] if ranks else 0.0,
        sum(1 / math.log2(rank + 1) for rank in ranks) / ideal,
    )


@given(RANKED)
def test_passages_equal_brute_force(questions: list[tuple[list[str], list[str]]]) -> None:
    found = passage_figures([relevant for relevant, _ in questions], [ranked for _, ranked in questions])
    assert found
    each = [by_brute_force(*question) for question in questions]
    means = [sum(values) / len(values) for values in zip(*each, strict=True)]
    figures = (found.hit_at_1, found.hit_at_5, found.mrr_at_10, found.ndcg_at_10)
    assert figures == pytest.approx(means)
    assert all(0 <= figure <= 1 for figure in figures)
    assert found.hit_at_1 <= found.hit_at_5


def test_refusals_by_hand() -> None:
    answerable = [True, True, True, False, False, False, False]
    answered = [True, True, False, True, False, False, False]
    assert refusals(answerable, answered) == Refusals(refused=4, precision=3 / 4, recall=3 / 4)
    assert refusals([True], [True]) == Refusals(refused=0, precision=None, recall=None)
    assert refusals([True], [False]) == Refusals(refused=1, precision=0.0, recall=None)


def test_auroc_by_hand() -> None:
    # Of the 2 x 2 pairs, the positive wins three and ties none.
    assert auroc([True, True, False, False], [0.9, 0.4, 0.6, 0.1]) == 0.75
    assert auroc([True, False], [0.5, 0.5]) == 0.5
    assert auroc([True, True], [0.5, 0.6]) is None
    assert auroc([], []) is None


@given(JUDGED)
def test_auroc_is_the_share_of_pairs_in_order(judged: list[tuple[float, bool]]) -> None:
    high = [confidence for confidence, positive in judged if positive]
    low = [confidence for confidence, positive in judged if not positive]
    wins = [(one > other) + 0.5 * (one == other) for one in high for other in low]
    found = auroc([positive for _, positive in judged], [confidence for confidence, _ in judged])
    assert found == (pytest.approx(sum(wins) / len(wins)) if wins else None)


def test_risk_and_coverage_by_hand() -> None:
    points = risk_coverage([0.9, 0.8, 0.8, 0.1], [True, True, False, False])
    assert points == (RiskPoint(0.9, 0.25, 0.0), RiskPoint(0.8, 0.75, 1 / 3), RiskPoint(0.1, 1.0, 0.5))
    assert area_under(points) == pytest.approx(0.25 * 0 + 0.5 * 1 / 3 + 0.25 * 0.5)
    assert risk_coverage([], []) == ()
    assert area_under(()) is None


@given(JUDGED)
def test_risk_and_coverage_equal_brute_force(judged: list[tuple[float, bool]]) -> None:
    points = risk_coverage([confidence for confidence, _ in judged], [right for _, right in judged])
    assert [point.threshold for point in points] == sorted({confidence for confidence, _ in judged}, reverse=True)
    for point in points:
        answered = [right for confidence, right in judged if confidence >= point.threshold]
        assert point.coverage == len(answered) / len(judged)
        assert point.risk == answered.count(False) / len(answered)
    assert all(one.coverage < other.coverage for one, other in pairwise(points))
    area = area_under(points)
    assert area is None if not judged else area is not None and 0 <= area <= 1


@given(JUDGED)
def test_the_area_does_not_grow_when_a_wrong_one_becomes_right(judged: list[tuple[float, bool]]) -> None:
    confidences = [confidence for confidence, _ in judged]
    before = area_under(risk_coverage(confidences, [right for _, right in judged]))
    after = area_under(risk_coverage(confidences, [True, *(right for _, right in judged[1:])][: len(judged)]))
    assert before is None or (after is not None and after <= before + 1e-12)


def test_reliability_by_hand() -> None:
    bins = reliability([0.0, 0.04, 0.1, 0.75, 0.71, 1.0], [False, True, True, True, False, True])
    assert len(bins) == 10
    assert bins[0] == Bin(0.0, 0.1, 2, 0.02, 0.5)
    assert bins[1] == Bin(0.1, 0.2, 1, 0.1, 1.0)
    assert bins[7] == Bin(0.7, 0.8, 2, 0.73, 0.5)
    assert bins[9] == Bin(0.9, 1.0, 1, 1.0, 1.0)
    assert [own.questions for own in bins] == [2, 1, 0, 0, 0, 0, 0, 2, 0, 1]
    assert bins[2].mean_confidence is bins[2].share_right is None
    assert calibration_error(bins) == pytest.approx((2 * 0.48 + 0.9 + 2 * 0.23 + 0.0) / 6)
    assert calibration_error(reliability([], [])) is None


@given(JUDGED)
def test_every_question_is_in_the_bin_of_its_confidence(judged: list[tuple[float, bool]]) -> None:
    bins = reliability([confidence for confidence, _ in judged], [right for _, right in judged])
    assert sum(own.questions for own in bins) == len(judged)
    for own in bins:
        inside = [
            right for confidence, right in judged if own.low <= confidence < own.high or confidence == own.high == 1
        ]
        assert (own.questions, own.share_right) == (len(inside), share(inside))


def test_latency_by_hand() -> None:
    assert latency([0.1 * number for number in range(1, 22)]) == Latency(p50=1.1, p95=2.0)
    assert latency([0.2, 0.4]) == Latency(p50=0.3, p95=None)
    assert latency([]) == Latency(None, None)
    assert latencies([{"encode": 1.0, "rest": 2.0}, {"encode": 3.0, "rest": 4.0}], ("encode", "rest")) == {
        "all": Latency(5.0, None),
        "encode": Latency(2.0, None),
        "rest": Latency(3.0, None),
    }
    assert latencies([], ("rest",)) == {"all": Latency(None, None), "rest": Latency(None, None)}


def test_a_share_of_nothing_is_none() -> None:
    assert share([]) is None
    assert share([True, False, False, True]) == 0.5
