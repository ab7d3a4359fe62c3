"""Roles side by side: the same question read for each, aligned, every cell quoted or "not stated"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from roleqa.answer.citations import cite
from roleqa.answer.compose import REFUSAL, Asked, quoted
from roleqa.answer.confidence import Calibration, confidence
from roleqa.answer.lists import with_whole_lists
from roleqa.answer.selection import select_evidence
from roleqa.index.load import Index
from roleqa.index.terms import terms
from roleqa.question.comparison import Comparison
from roleqa.question.roles import subjects
from roleqa.retrieve.evidence import Candidate, ScoredEvidence
from roleqa.retrieve.search import Reading
from roleqa.settings import Settings
from roleqa.types import Answer, Citation, Column, Generation

# What it is worth, in logits, that all roles' quotes come from one table row, or else one passage.
SAME_ROW = 2.0
SAME_PASSAGE = 1.0
Key = tuple[object, ...]
# The role's name in the query lifts what is said of the role on any topic, by a logit or so above zero.
# Evidence without a word of the topic must be better than that to count as stating it.
OFF_TOPIC_LOGIT = 2.0
NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class _Side:
    """One role's evidence, best first, the quotes that align with the other roles' at the front."""

    role: str
    chosen: tuple[ScoredEvidence, ...]
    confidence: float


def compose_comparison(
    index: Index,
    asked: Asked,
    comparison: Comparison,
    readings: Sequence[Reading],
    on_all: Sequence[ScoredEvidence],
    settings: Settings,
    calibration: Calibration,
    generation: Generation,
) -> Answer:
    """The comparison, from one reading a role (in the order of `comparison.roles`).

    `on_all` is the evidence that names all of them, scored against the question itself, best first.
    """
    best = max((item.score for reading in readings for item in reading.evidence[:1]), default=0.0)
    # A sentence on all the roles sums them up, where it fits the question better than what is said of each.
    summary = tuple(item for item in on_all[:1] if item.logit > 0 and item.score > best and _on_topic(comparison.topic, item))
    aligned = _aligned(_own_evidence(index, comparison, readings, summary))
    stated = [
        _side(index, role, comparison.topic, replace(reading, evidence=evidence), settings, calibration)
        for role, reading, evidence in zip(comparison.roles, readings, aligned, strict=True)
    ]
    sides = _with_counterparts(stated, aligned)
    if not any(side.chosen for side in sides):
        summary = ()  # it sums up what is stated of each; alone it would be an answer to something else
    # The first citation is the best evidence, so the side that says most to the point is numbered first.
    ranked = sorted(sides, key=lambda side: -max((item.score for item in side.chosen[:1]), default=float("-inf")))
    citations = cite(index, (*summary, *(item for side in ranked for item in side.chosen)))
    columns = _columns(sides, ranked, citations[len(summary) :])
    sure = max((side.confidence for side in sides), default=0.0)
    answer = Answer(
        question=asked.question,
        resolved_question=asked.resolved_question,
        kind="comparison" if citations else "refusal",
        text=_text(index, citations[: len(summary)], columns) if citations else REFUSAL,
        confidence=sure,
        index=generation,
        seconds=0.0,
        roles=comparison.roles,
        citations=citations,
        columns=columns if citations else (),
    )
    return answer if citations else replace(answer, closest=_closest(index, readings, settings))


def _own_evidence(
    index: Index, comparison: Comparison, readings: Sequence[Reading], summary: Sequence[ScoredEvidence]
) -> list[tuple[ScoredEvidence, ...]]:
    """What was read for each role and says something of it, but for what sums up all of them."""
    spoken = {item.candidate.evidence for item in summary}
    return [
        tuple(
            item
            for item in reading.evidence
            if item.candidate.evidence not in spoken and _is_about(index, role, item.candidate)
        )
        for role, reading in zip(comparison.roles, readings, strict=True)
    ]


def _is_about(index: Index, role: str, candidate: Candidate) -> bool:
    """Whether it is the role that the evidence says something of, where it names several."""
    evidence = candidate.evidence
    if len(candidate.roles) < 2 or evidence.kind == "cell":
        return True
    own = index.text(evidence, index.passages[candidate.row].document_id)
    said_of = (subjects(text, index.manifest.roles) for text in (own, evidence.lead_in or ""))
    return role in next(filter(None, said_of), (role,))


def _aligned(sides: Sequence[tuple[ScoredEvidence, ...]]) -> list[tuple[ScoredEvidence, ...]]:
    """Each side with the evidence in front that makes the best row of a comparison together."""
    if not all(sides):
        return list(sides)
    keys: dict[Key, float] = {(): 0.0}
    for item in sides[0]:
        keys[_row(item)] = SAME_ROW if item.candidate.evidence.row else 0.0
        keys[_passage(item)] = SAME_PASSAGE
    best = max(keys, key=lambda key: _total(key, keys[key], sides))
    return [_in_front(best, side) for side in sides]


def _row(item: ScoredEvidence) -> Key:
    return ("row", item.row, item.candidate.evidence.row)


def _passage(item: ScoredEvidence) -> Key:
    return ("passage", item.row)


def _matching(key: Key, side: Sequence[ScoredEvidence]) -> ScoredEvidence | None:
    return next((item for item in side if not key or key in (_row(item), _passage(item))), None)


def _total(key: Key, bonus: float, sides: Sequence[Sequence[ScoredEvidence]]) -> float:
    found = [_matching(key, side) for side in sides]
    if any(item is None for item in found):
        return float("-inf")
    return sum(item.score + bonus for item in found if item)


def _in_front(key: Key, side: tuple[ScoredEvidence, ...]) -> tuple[ScoredEvidence, ...]:
    first = _matching(key, side)
    return side if first is None else (first, *(item for item in side if item is not first))


def _side(index: Index, role: str, topic: str, reading: Reading, settings: Settings, calibration: Calibration) -> _Side:
    on_topic = bool(reading.evidence) and _on_topic(topic, reading.evidence[0])
    sure = confidence(index, reading, calibration) if on_topic else 0.0
    states = sure >= calibration.threshold
    evidence = with_whole_lists(index, reading.query, reading.evidence)
    return _Side(role, select_evidence(evidence, settings.max_quotes) if states else (), sure)


def _with_counterparts(sides: Sequence[_Side], evidence: Sequence[Sequence[ScoredEvidence]]) -> list[_Side]:
    """The sides, one without a sure quote taking its cell of the table row that another side is sure of."""
    sure = {_row(side.chosen[0]) for side in sides if side.chosen and side.chosen[0].candidate.evidence.row}
    return [
        replace(side, chosen=(own[0],)) if not side.chosen and own and _row(own[0]) in sure else side
        for side, own in zip(sides, evidence, strict=True)
    ]


def _on_topic(topic: str, best: ScoredEvidence) -> bool:
    asked = set(terms(topic))
    return not asked or best.logit >= OFF_TOPIC_LOGIT or bool(asked & set(terms(best.candidate.text)))


def _columns(sides: Sequence[_Side], ranked: Sequence[_Side], citations: Sequence[Citation]) -> tuple[Column, ...]:
    """A column a side, in the roles' order; the citations stand in the order of `ranked`."""
    left = iter(citations)
    own = {side.role: tuple(next(left) for _ in side.chosen) for side in ranked}
    return tuple(
        Column(
            side.role,
            " ".join(map(quoted, own[side.role])) or None,
            tuple(citation.number for citation in own[side.role]),
        )
        for side in sides
    )


def _text(index: Index, summary: Sequence[Citation], columns: Sequence[Column]) -> str:
    names = {role.id: role.name for role in index.manifest.roles}
    cells = (f"{names[column.role]}: {column.text or NOT_STATED}" for column in columns)
    return "\n".join((*map(quoted, summary), *cells))


def _closest(index: Index, readings: Sequence[Reading], settings: Settings) -> tuple[Citation, ...]:
    found = sorted((item for reading in readings for item in reading.evidence), key=lambda item: -item.score)
    return cite(index, select_evidence(found, settings.max_quotes))
