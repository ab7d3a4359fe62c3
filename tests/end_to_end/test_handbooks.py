"""The packaged models on invented handbooks that nothing was trained, tuned or calibrated on: every fourth question."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from servers import REPOSITORY

from roleqa import Assistant, Settings, build_index
from roleqa.evaluate.judge import answer_f1, best_is_gold
from roleqa.evaluate.metrics import auroc
from roleqa.evaluate.questions import LabelledQuestion, load_questions
from roleqa.types import Answer

HANDBOOKS = REPOSITORY / "tests" / "eval" / "handbooks"
Asked = Sequence[tuple[LabelledQuestion, Answer]]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    index: Path = tmp_path_factory.mktemp("handbooks")
    settings = Settings(corpus=HANDBOOKS / "corpus", index=index)
    build_index(settings)
    assistant = Assistant.load(settings)
    questions = load_questions(HANDBOOKS / "questions.jsonl", assistant.retriever.index.documents)[::4]
    return [(question, assistant.ask(question.question, question.history)) for question in questions]


def share(values: Sequence[bool]) -> float:
    return sum(values) / len(values)


# What was published less two binomial errors of the questions asked here.
@pytest.mark.parametrize(
    ("kinds", "floor"),
    [
        pytest.param(("paraphrase",), 0.36, id="shares no word with its answer"),
        pytest.param(("direct", "terse", "verbose", "misspelt"), 0.90, id="in the document's words"),
        pytest.param(("table", "list"), 0.60, id="cells and items"),
        pytest.param(("yesno", "follow-up", "multi"), 0.72, id="yes or no, follow-ups, two sentences"),
    ],
)
def test_the_best_evidence_is_right_as_often_as_was_published(asked: Asked, kinds: Sequence[str], floor: float) -> None:
    right = [best_is_gold(question, answer) for question, answer in asked if question.kind in kinds]
    assert len(right) >= 15
    assert share(right) >= floor


def test_confidence_tells_what_is_answered_from_near_misses(asked: Asked) -> None:
    found = auroc([question.answerable for question, _ in asked], [answer.confidence for _, answer in asked])
    assert found is not None
    assert found >= 0.86


def test_the_answering_words_are_those_that_were_labelled(asked: Asked) -> None:
    words = [found for question, answer in asked if (found := answer_f1(question, answer)) is not None]
    assert len(words) >= 40
    assert sum(words) / len(words) >= 0.75
