"""A reading becomes an Answer: quotes with their numbers, or a refusal with what came nearest."""

from __future__ import annotations

from dataclasses import dataclass

from roleqa.answer.citations import cite
from roleqa.answer.confidence import Calibration, confidence
from roleqa.answer.lists import with_whole_lists
from roleqa.answer.selection import select_evidence
from roleqa.index.load import Index
from roleqa.question.comparison import Comparison
from roleqa.question.query import Query
from roleqa.retrieve.search import Reading
from roleqa.settings import Settings
from roleqa.types import Answer, Citation, Generation

REFUSAL = "The documents don't answer this."


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on its way to an answer: as typed, as understood, what is searched for it, what it compares."""

    question: str
    resolved_question: str
    query: Query
    comparison: Comparison | None = None


def compose(
    index: Index,
    asked: Asked,
    reading: Reading,
    settings: Settings,
    calibration: Calibration,
    generation: Generation,
) -> Answer:
    """The answer to a question from what was read for it; refused below the calibration's threshold."""
    sure = confidence(reading, calibration)
    evidence = with_whole_lists(index, reading.query, reading.evidence)
    citations = cite(index, select_evidence(evidence, settings.max_quotes))
    answered = bool(citations) and sure >= calibration.threshold
    return Answer(
        question=asked.question,
        resolved_question=asked.resolved_question,
        kind="answer" if answered else "refusal",
        text=" ".join(map(quoted, citations)) if answered else REFUSAL,
        confidence=sure,
        index=generation,
        seconds=0.0,
        roles=asked.query.roles,
        citations=citations if answered else (),
        closest=() if answered else citations,
        certainty=calibration.certainty(sure) if answered else None,
    )


def quoted(citation: Citation) -> str:
    """A quote with its number, behind what says what it is about: a cell's headers, a list item's introduction."""
    evidence = citation.evidence
    headers = ", ".join(header for header in (evidence.row, evidence.column) if header)
    label = headers or (evidence.lead_in or "").rstrip(": ")
    return f"{label}: {citation.quote} [{citation.number}]" if label else f"{citation.quote} [{citation.number}]"
