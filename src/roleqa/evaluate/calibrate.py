"""The confidence fitted anew, on a user's own labelled questions: a logistic regression and a threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

from roleqa.answer.confidence import CALIBRATION_FILE, Calibration, Signals, signals
from roleqa.assistant import Assistant
from roleqa.errors import CalibrationError, SettingsError
from roleqa.evaluate.judge import evidence_is_gold
from roleqa.evaluate.questions import LabelledQuestion
from roleqa.evaluate.save import write_whole
from roleqa.types import Progress

# Of either kind, answerable and not. A threshold from fewer is chance.
FEWEST_QUESTIONS = 20
# Of answers that are "stated" and "likely", the shares that are to be right.
STATED_SHARE, LIKELY_SHARE = 0.9, 0.5
# Weights are written with so many decimals; more would say nothing.
DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Sample:
    """A question of the fitting half: its signals (None where nothing was found), and whether that was gold.

    `weight` is what it counts in the regression.
    """

    signals: Signals | None
    right: bool
    answerable: bool
    weight: float = 1.0


def calibrate(
    assistant: Assistant,
    questions: Sequence[LabelledQuestion],
    refused_share: float,
    labels: str,
    *,
    progress: Progress | None = None,
) -> Assistant:
    """Fits the confidence on the half to tune on, saves it in the index folder, and returns an assistant that uses it.

    `refused_share` is the share of the unanswerable questions that is to be refused; `labels` names the questions.

    Raises:
        CalibrationError: there are too few questions, or no threshold keeps the share and answers anything.
        SettingsError: a threshold is set, or the index folder cannot be written to.
    """
    settings = assistant.settings
    if settings.min_confidence is not None:
        raise SettingsError("min_confidence is set and overrides the threshold to be fitted; unset it, then calibrate")
    retriever = assistant.retriever
    samples = collect_samples(assistant, [question for question in questions if question.tuning], progress)
    fitted = fit(samples, refused_share, retriever.reader.fingerprint, labels)
    _save(fitted, settings.index / CALIBRATION_FILE)
    return Assistant(settings, retriever.index, retriever.encoder, retriever.reader)


def fit(samples: Sequence[Sample], refused_share: float, reader: str, labels: str) -> Calibration:
    """The calibration that the samples give. Raises CalibrationError."""
    _check(samples)
    weights, intercept = regression(samples)
    trial = Calibration(intercept, weights, 0.0, reader, "")
    confidences = [trial.confidence(sample.signals) if sample.signals else 0.0 for sample in samples]
    threshold = choose_threshold(confidences, [sample.answerable for sample in samples], refused_share)
    refused = [confidence < threshold for confidence in confidences]
    unanswerable = [no for no, sample in zip(refused, samples, strict=True) if not sample.answerable]
    answerable = [no for no, sample in zip(refused, samples, strict=True) if sample.answerable]
    fitted = Calibration(
        intercept=intercept,
        weights=weights,
        threshold=threshold,
        reader=reader,
        fitted_on=f"{len(samples)} questions, the tuning half of {labels}; logistic regression, C = 1; the threshold "
        f"refuses {sum(unanswerable)} of {len(unanswerable)} unanswerable and answers "
        f"{len(answerable) - sum(answerable)} of {len(answerable)} answerable ones",
    )
    return with_certainty(fitted, samples)


def choose_threshold(confidences: Sequence[float], answerable: Sequence[bool], refused_share: float) -> float:
    """The lowest confidence below which at least that share of the unanswerable questions lies.

    It lies midway between two confidences that occur, so that rounding decides nothing.

    Raises:
        CalibrationError: it would refuse every question.
    """
    unanswerable = sorted(score for score, can in zip(confidences, answerable, strict=True) if not can)
    needed = math.ceil(refused_share * len(unanswerable) - 1e-9)
    if not needed:
        return 0.0
    highest_refused = unanswerable[needed - 1]
    above = [score for score in confidences if score > highest_refused]
    if not above:
        raise CalibrationError(
            f"to refuse {refused_share:.0%} of the unanswerable questions, every question would have to be refused; "
            "ask for less with --refusal-recall, or look at the labels"
        )
    return (highest_refused + min(above)) / 2


def with_certainty(calibration: Calibration, samples: Sequence[Sample]) -> Calibration:
    """The calibration with what its certainties begin at: the least confidence from which on a share of the answers
    that were given was right, `STATED_SHARE` and then, below that, `LIKELY_SHARE`.
    """
    answered = sorted(
        ((calibration.confidence(sample.signals), sample.right, sample.weight) for sample in samples if sample.signals),
        reverse=True,
    )
    answered = [item for item in answered if item[0] >= calibration.threshold]
    stated = _least(answered, STATED_SHARE)
    likely = _least([item for item in answered if item[0] < stated], LIKELY_SHARE)
    return replace(calibration, stated=stated, likely=min(stated, likely))


def _least(answered: Sequence[tuple[float, bool, float]], wanted: float) -> float:
    """The least confidence from which on that share, by weight, is right; 1 where there is none."""
    right = whole = 0.0
    least = 1.0
    for confidence, is_right, weight in answered:
        whole += weight
        right += weight * is_right
        if whole >= FEWEST_QUESTIONS and right / whole >= wanted:
            least = confidence
    return round(least, 3)


def collect_samples(
    assistant: Assistant, questions: Sequence[LabelledQuestion], progress: Progress | None = None
) -> tuple[Sample, ...]:
    """A sample a question; none of a comparison, which is judged by several readings."""
    index = assistant.retriever.index
    samples = []
    for done, question in enumerate(questions, start=1):
        reading = assistant.read(question.question, question.history)
        if reading is not None:
            best = reading.evidence[0] if reading.evidence else None
            samples.append(
                Sample(
                    signals=signals(reading) if best else None,
                    right=best is not None and evidence_is_gold(index, best, question.gold),
                    answerable=question.answerable,
                )
            )
        if progress:
            progress("calibrating", done, len(questions))
    return tuple(samples)


def _check(samples: Sequence[Sample]) -> None:
    answerable = sum(sample.answerable for sample in samples)
    for what, count in (("answerable", answerable), ("unanswerable", len(samples) - answerable)):
        if count < FEWEST_QUESTIONS:
            raise CalibrationError(
                f"the half of the questions to tune on has {count} {what} ones, comparisons aside; "
                f"it needs {FEWEST_QUESTIONS} to be calibrated on. Label more questions."
            )
    found = {sample.right for sample in samples if sample.signals}
    if found != {True, False}:
        raise CalibrationError(
            f"the best evidence is {'always' if True in found else 'never'} gold, so there is nothing to tell apart; "
            "look at the labels"
        )


def regression(samples: Sequence[Sample]) -> tuple[dict[str, float], float]:
    """Weights by signal, and the intercept."""
    from sklearn.linear_model import LogisticRegression

    judged = [sample for sample in samples if sample.signals]
    model = LogisticRegression(max_iter=1000).fit(
        [astuple(sample.signals) for sample in judged if sample.signals],
        [sample.right for sample in judged],
        sample_weight=[sample.weight for sample in judged],
    )
    names = [field.name for field in fields(Signals)]
    weights = {name: round(float(weight), DECIMALS) for name, weight in zip(names, model.coef_[0], strict=True)}
    return weights, round(float(model.intercept_[0]), DECIMALS)


def _save(calibration: Calibration, file: Path) -> None:
    try:
        write_whole(file, calibration.to_json().encode())
    except OSError as error:
        raise SettingsError(f"{file} cannot be written ({error}); make the index folder writable") from error
