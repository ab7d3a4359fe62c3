"""The signals behind a confidence, and the confidence they give."""

from __future__ import annotations

import math

import pytest

from roleqa.answer.confidence import Signals, confidence, signals
from roleqa.assistant import Assistant
from roleqa.question.expectation import asks_for_number, gives_number, named_terms
from roleqa.retrieve.search import Reading
from roleqa.types import Role

ROLES = (Role("pilot", "Harbour Pilot", ("HP",)),)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Which ships does the Harbour Pilot of Antwerp board?", {"antwerp"}),
        ("Where did an HP work in 1912?", {"1912"}),
        ("Who lights the lamp, and may I?", set()),
        ("Antwerp is where?", set()),
    ],
)
def test_names_and_numbers_of_a_question(question: str, named: set[str]) -> None:
    assert named_terms(question, ROLES) == named


@pytest.mark.parametrize("question", ["How many ships?", "When does it sail?", "In what year?", "how much is paid"])
def test_a_number_is_asked_for(question: str) -> None:
    assert asks_for_number(question)


@pytest.mark.parametrize("question", ["How are ships boarded?", "Which plate?", "What whenever?"])
def test_no_number_is_asked_for(question: str) -> None:
    assert not asks_for_number(question)


def test_a_number_is_given() -> None:
    assert [gives_number(text) for text in ("6 weeks", "Four weeks", "at dusk", "someone")] == [True, True, False, False]


def read(assistant: Assistant, question: str) -> Reading:
    return assistant._retriever.read(question)


def test_signals_say_what_the_evidence_lacks(assistant: Assistant) -> None:
    index = assistant._retriever.index
    reading = read(assistant, "Who lights the lamp?")
    assert signals(index, reading) == Signals(reading.evidence[0].score, 0.0, 0.0)
    assert signals(index, read(assistant, "Who lights the lamp of Antwerp?")).name_missing == 1.0
    assert signals(index, read(assistant, "How many lights the lamp at dusk?")).number_missing == 1.0
    assert signals(index, read(assistant, "How many weeks of Leave in winter?")).number_missing == 0.0


def test_the_confidence_is_the_fitted_model_s(assistant: Assistant) -> None:
    index = assistant._retriever.index
    reading = read(assistant, "Who lights the lamp of Antwerp?")
    logit = 0.6223 + 0.1824 * reading.evidence[0].score - 1.3271
    assert confidence(index, reading) == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-6)


def test_no_evidence_no_confidence(assistant: Assistant) -> None:
    assert confidence(assistant._retriever.index, Reading("q", (), ())) == 0.0
