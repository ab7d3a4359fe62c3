"""Labelled questions are asked, their answers judged, and the figures made of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from roleqa.assistant import Assistant
from roleqa.errors import LabelError, QuestionError
from roleqa.evaluate.judge import answer_f1, best_is_gold, gold_complete, holds_gold, is_exact
from roleqa.evaluate.metrics import DEPTH, latencies
from roleqa.evaluate.provenance import provenance
from roleqa.evaluate.questions import LabelledQuestion
from roleqa.evaluate.results import HEADLINE, Report, Result, Timing, figures
from roleqa.evaluate.timing import STAGES, Stopwatch, timed_retriever
from roleqa.index.load import Index
from roleqa.question.query import check_question
from roleqa.types import MODES, Progress


def evaluate(
    assistant: Assistant, questions: Sequence[LabelledQuestion], *, progress: Progress | None = None
) -> Report:
    """Asks every question of the live generation and reports how the answers compare with the labels.

    Raises:
        LabelError: a question cannot be asked.
    """
    _check(assistant, questions)
    at, started = datetime.now(UTC), time.perf_counter()
    stopwatch = Stopwatch()
    timed = assistant.with_retriever(timed_retriever(assistant.retriever, stopwatch))
    timed.warm_up()
    stopwatch.take(0.0)
    results = []
    for done, question in enumerate(questions, start=1):
        results.append(_ask(timed, question, stopwatch))
        if progress:
            progress("asking", done, len(questions))
    groups = {
        HEADLINE: [result for result in results if result.group == HEADLINE],
        "tuning": [result for result in results if result.tuning],
        "all": results,
    }
    return Report(
        provenance=provenance(assistant, questions),
        groups={name: figures(own) for name, own in groups.items()},
        results=tuple(results),
        timing=Timing(
            at=at.isoformat(timespec="seconds"),
            seconds=round(time.perf_counter() - started, 3),
            groups={name: latencies([result.seconds for result in own], STAGES) for name, own in groups.items()},
        ),
    )


def _check(assistant: Assistant, questions: Sequence[LabelledQuestion]) -> None:
    """Finds out before the work what cannot be asked."""
    for question in questions:
        try:
            check_question(question.question, assistant.settings.max_question_length)
        except QuestionError as error:
            raise LabelError(f"the question {question.query_id} cannot be asked: {error}") from error


def _ask(assistant: Assistant, question: LabelledQuestion, stopwatch: Stopwatch) -> Result:
    answer = assistant.ask(question.question, question.history)
    seconds = stopwatch.take(answer.seconds)
    index = assistant.retriever.index
    shown = (*answer.citations, *answer.closest)
    query = answer.resolved_question[: assistant.settings.max_question_length]
    hits = {mode: assistant.search(query, DEPTH, mode) for mode in MODES} if question.answerable else {}
    stopwatch.take(0.0)  # what the searches took belongs to no answer
    return Result(
        query_id=question.query_id,
        kind=question.kind,
        tuning=question.tuning,
        question=question.question,
        history=question.history,
        resolved_question=answer.resolved_question,
        answerable=question.answerable,
        answered=answer.answered,
        confidence=answer.confidence,
        best_right=best_is_gold(question, answer),
        complete=question.answerable and gold_complete(question, answer),
        first_quote=shown[0].quote if shown else None,
        gold_quotes=tuple(index.documents[gold.document].text[gold.start : gold.end] for gold in question.gold),
        quotes=len(shown),
        exact_quotes=sum(is_exact(citation, index.documents) for citation in shown),
        answer_f1=answer_f1(question, answer),
        relevant=_relevant(index, question),
        hits={mode: tuple(hit.passage.id for hit in found) for mode, found in hits.items()},
        seconds=seconds,
    )


def _relevant(index: Index, question: LabelledQuestion) -> tuple[str, ...]:
    """The passages that answer: those that hold a gold quote, or a part of one."""
    rows = sorted({row for gold in question.gold for row in index.documents.rows(gold.document)})
    passages = (index.passages[row] for row in rows)
    return tuple(passage.id for passage in passages if any(holds_gold(passage, gold) for gold in question.gold))
