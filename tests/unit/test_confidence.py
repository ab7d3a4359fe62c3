"""The signals behind a confidence, and the confidence they give."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from fakes import CALIBRATION
from roleqa.answer.confidence import (
    CALIBRATION_FILE,
    Calibration,
    Signals,
    confidence,
    load_calibration,
    packaged_calibration,
    signals,
)
from roleqa.assistant import Assistant
from roleqa.errors import CalibrationError
from roleqa.models.reader_weights import FINGERPRINT
from roleqa.retrieve.search import Reading


def read(assistant: Assistant, question: str) -> Reading:
    return assistant.retriever.read(question)


def test_signals_are_the_margin_of_the_best_evidence_and_the_largest(assistant: Assistant) -> None:
    reading = read(assistant, "Who lights the lamp?")
    best, *others = reading.evidence
    assert signals(reading) == Signals(best.margin, best.margin)
    larger = (best, replace(others[0], margin=best.margin + 1), *others[1:])
    assert signals(replace(reading, evidence=larger)) == Signals(best.margin, best.margin + 1)


def calibration(**changes: object) -> Calibration:
    weights = {"margin": 0.5, "largest_margin": 0.125}
    return replace(Calibration(0.25, weights, 0.6, "overlap", "nothing"), **changes)


def test_the_confidence_is_the_fitted_model_s(assistant: Assistant) -> None:
    reading = read(assistant, "Who lights the lamp of Antwerp?")
    found = signals(reading)
    logit = 0.25 + 0.5 * found.margin + 0.125 * found.largest_margin
    assert confidence(reading, calibration()) == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-6)


def test_no_evidence_no_confidence(assistant: Assistant) -> None:
    assert confidence(Reading("q", (), ()), calibration()) == 0.0


def test_a_confidence_never_overflows() -> None:
    found = [calibration().confidence(Signals(margin, 0.0)) for margin in (-1e9, 1e9)]
    assert found == [0.0, 1.0]


def test_an_index_s_own_calibration_wins_where_it_was_fitted_to_the_reader(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = calibration()
    (tmp_path / CALIBRATION_FILE).write_text(own.to_json())
    assert load_calibration(tmp_path, "overlap") == own
    assert load_calibration(tmp_path / "none", "overlap") == CALIBRATION
    assert caplog.messages == []


# As version 0.1.0 fitted it.
OLD = {"intercept": 0.1, "weights": {"logit": 0.3}, "threshold": 0.2, "reranker": "a cross-encoder", "fitted_on": "x"}


@pytest.mark.parametrize(
    ("text", "reader"),
    [
        pytest.param(calibration().to_json(), "overlap", id="of another reader"),
        pytest.param(json.dumps(OLD), "a cross-encoder", id="of version 0.1.0"),
    ],
)
def test_a_calibration_of_another_reader_is_passed_over_with_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, reader: str
) -> None:
    file = tmp_path / CALIBRATION_FILE
    file.write_text(text)
    assert load_calibration(tmp_path, "another reader") == CALIBRATION
    assert caplog.messages == [
        f"{file} was fitted to another reader ({reader}) and is passed over; run: roleqa eval --questions FILE --calibrate"
    ]
    assert file.read_text() == text


def test_the_packaged_calibration_was_fitted_to_the_packaged_reader() -> None:
    found = packaged_calibration()
    assert found.reader == FINGERPRINT
    assert 0 < found.threshold < 1
    assert found.weights["margin"] + found.weights["largest_margin"] > 0


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"intercept": 0, "weights": {"logit": 1}, "threshold": 0, "reader": "overlap", "fitted_on": ""}']
)
def test_a_calibration_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / CALIBRATION_FILE
    file.write_text(text)
    with pytest.raises(CalibrationError, match=r"confidence\.json is no calibration.*remove it"):
        load_calibration(tmp_path, "overlap")


@pytest.mark.parametrize(
    ("confidence", "certainty"),
    [(1.0, "stated"), (0.9, "stated"), (0.899, "likely"), (0.5, "likely"), (0.499, "related"), (0.0, "related")],
)
def test_what_a_confidence_means_in_a_word(confidence: float, certainty: str) -> None:
    assert calibration(stated=0.9, likely=0.5).certainty(confidence) == certainty


def test_a_calibration_is_read_as_it_was_written(tmp_path: Path) -> None:
    own = calibration(stated=0.9, likely=0.5)
    assert Calibration.from_json(own.to_json()) == own


def test_an_answer_says_how_certain_it_is_and_a_refusal_does_not(assistant: Assistant) -> None:
    answer = assistant.ask("Who lights the lamp at dusk?")
    assert answer.to_dict()["certainty"] == answer.certainty == assistant.calibration.certainty(answer.confidence)
    compared = assistant.ask("Compare the leave of keepers and pilots")
    assert compared.certainty == assistant.calibration.certainty(compared.confidence)
    refused = assistant.ask("Which zeppelin bombed Antwerp?")
    assert (refused.answered, refused.certainty) == (False, None)
