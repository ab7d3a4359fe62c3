"""The confidence fitted on a user's own labels, and the threshold that keeps what was asked for."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation import FAR, RIGHT, Labels
from roleqa.answer.confidence import CALIBRATION_FILE, Signals, load_calibration
from roleqa.assistant import Assistant
from roleqa.errors import CalibrationError, SettingsError
from roleqa.evaluate.calibrate import FEWEST_QUESTIONS, Sample, calibrate, choose_threshold, fit
from roleqa.evaluate.questions import LabelledQuestion
from roleqa.evaluate.run import evaluate
from roleqa.settings import Settings

SCORED = st.lists(st.tuples(st.integers(0, 50).map(lambda number: number / 50), st.booleans()), max_size=40)


def signals(margin: float) -> Signals:
    return Signals(**{field.name: 0.0 for field in fields(Signals)} | {"margin": margin})


def many(assistant: Assistant) -> list[LabelledQuestion]:
    """Enough to fit on, twice: a quarter answerable and right, a quarter answerable and wrong, half unanswerable."""
    label = Labels(assistant)
    return [
        question
        for _ in range(FEWEST_QUESTIONS // 2)
        for tuning in (True, False)
        for question in (
            label(RIGHT, "lights the lamp", tuning=tuning),
            label("What does a keeper wear?", "Six weeks", tuning=tuning),
            label(FAR, tuning=tuning),
            label("Why do zeppelins fly over Antwerp at dusk?", tuning=tuning),
        )
    ]


def test_the_threshold_by_hand() -> None:
    confidences = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    answerable = [False, True, False, False, True, True]
    assert choose_threshold(confidences, answerable, 1.0) == pytest.approx(0.45)
    assert choose_threshold(confidences, answerable, 0.6) == pytest.approx(0.35)
    assert choose_threshold(confidences, answerable, 0.3) == pytest.approx(0.15)
    assert choose_threshold(confidences, answerable, 0.0) == 0.0


def test_a_share_that_needs_everything_refused_cannot_be_had() -> None:
    with pytest.raises(CalibrationError, match="to refuse 90% of the unanswerable questions, every question would"):
        choose_threshold([0.3, 0.9], [True, False], 0.9)


@given(SCORED, st.sampled_from([0.0, 0.1, 0.5, 0.7, 0.9, 1.0]))
def test_the_threshold_keeps_the_share_and_no_lower_one_does(scored: list[tuple[float, bool]], wanted: float) -> None:
    confidences, answerable = [score for score, _ in scored], [can for _, can in scored]
    unanswerable = [score for score, can in scored if not can]

    def refused(threshold: float) -> float:
        return sum(score < threshold for score in unanswerable) / max(1, len(unanswerable))

    try:
        threshold = choose_threshold(confidences, answerable, wanted)
    except CalibrationError:
        assert refused(max(confidences)) < wanted
        return
    assert not unanswerable or refused(threshold) >= wanted - 1e-9
    assert not scored or any(score >= threshold for score in confidences)
    for lower in {score for score in confidences if score < threshold}:
        assert refused(lower) < wanted


def test_the_fit_finds_what_tells_right_from_wrong() -> None:
    chance = random.Random(3)
    samples = []
    for _ in range(400):
        margin = chance.uniform(-8, 8)
        right = chance.random() < 1 / (1 + 2.718281828 ** -(0.7 * margin - 1))
        samples.append(Sample(signals(margin), right, answerable=right))
    found = fit(samples, 0.9, "overlap", "labels.jsonl")
    assert found.weights["margin"] == pytest.approx(0.7, abs=0.12)
    assert found.intercept == pytest.approx(-1, abs=0.3)
    assert {weight for name, weight in found.weights.items() if name != "margin"} <= {0.0}
    unanswerable = [sample for sample in samples if not sample.answerable]
    below = [sample for sample in unanswerable if found.confidence(sample.signals or signals(0)) < found.threshold]
    assert 0.9 <= len(below) / len(unanswerable) < 0.92
    assert found.reader == "overlap"
    assert f"refuses {len(below)} of {len(unanswerable)} unanswerable" in found.fitted_on
    assert found == fit(samples, 0.9, "overlap", "labels.jsonl")


def test_where_nothing_was_found_counts_for_the_threshold_alone() -> None:
    good = [Sample(signals(5.0), True, True)] * 30
    bad = [Sample(signals(-5.0), False, False)] * 20
    nothing = [Sample(None, False, False)] * 20
    with_nothing, without = (fit(samples, 0.5, "r", "l") for samples in (good + bad + nothing, good + bad))
    assert with_nothing.weights == without.weights
    assert with_nothing.threshold < without.threshold


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([(1.0, True, True)] * 19 + [(0.0, False, False)] * 20, "has 19 answerable ones"),
        ([(1.0, True, True)] * 20 + [(0.0, False, False)] * 19, "has 19 unanswerable ones"),
        ([(1.0, False, True)] * 20 + [(0.0, False, False)] * 20, "the best evidence is never gold"),
        ([], "has 0 answerable ones"),
    ],
)
def test_too_little_to_fit_on_is_one_clear_error(samples: list[tuple[float, bool, bool]], message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        fit([Sample(signals(margin), right, can) for margin, right, can in samples], 0.9, "r", "l")


def test_a_calibration_is_kept_in_the_index_and_used(assistant: Assistant, settings: Settings) -> None:
    questions = many(assistant)
    heard: list[tuple[str, int, int]] = []
    fitted = calibrate(assistant, questions, 0.9, "labels.jsonl", progress=lambda *said: heard.append(said))
    assert heard[-1] == ("calibrating", len(questions) // 2, len(questions) // 2)
    kept = load_calibration(settings.index, "overlap")
    assert fitted.calibration == kept != assistant.calibration
    assert kept.fitted_on.startswith(f"{len(questions) // 2} questions, the tuning half of labels.jsonl; ")
    assert not list(settings.index.glob(".*.new"))
    report = evaluate(fitted, questions)
    assert report.groups["reporting"].refusals.recall == 1.0
    assert report.provenance.calibration == kept
    before = evaluate(assistant, questions).groups["reporting"].calibration_error
    after = report.groups["reporting"].calibration_error
    assert before is not None
    assert after is not None
    assert after < before


def test_comparisons_are_not_fitted_on(assistant: Assistant) -> None:
    label = Labels(assistant)
    comparisons = [label("Compare the leave of keepers and pilots", "Six weeks", tuning=True) for _ in range(25)]
    unanswerable = [label(FAR, tuning=True) for _ in range(25)]
    with pytest.raises(CalibrationError, match="has 0 answerable ones, comparisons aside"):
        calibrate(assistant, comparisons + unanswerable, 0.9, "labels.jsonl")


def test_a_threshold_that_is_set_would_override_the_fitted_one(assistant: Assistant) -> None:
    retriever = assistant.retriever
    fixed = replace(retriever, settings=retriever.settings.model_copy(update={"min_confidence": 0.4}))
    one = Assistant(fixed.settings, fixed.index, fixed.encoder, fixed.reader)
    with pytest.raises(SettingsError, match="min_confidence is set"):
        calibrate(one, [], 0.9, "labels.jsonl")


def test_an_index_folder_that_cannot_be_written_to(
    assistant: Assistant, settings: Settings, tmp_path: Path
) -> None:
    questions = many(assistant)
    (settings.index / CALIBRATION_FILE).mkdir()
    with pytest.raises(SettingsError, match="make the index folder writable"):
        calibrate(assistant, questions, 0.9, "labels.jsonl")
