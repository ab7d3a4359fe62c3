"""Roles side by side: the same question read for each, aligned, every cell quoted or "not stated"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from roleqa.answer.citations import cite
from roleqa.answer.compose import Asked, compose, quoted
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

# What it is worth, in units of the reader's margin, that all roles' quotes come from one line of a table, be it a row
# or, where each role has a row, a column; or else from one passage.
SAME_LINE = 3.0
SAME_PASSAGE = 1.0
Key = tuple[object, ...]
# Evidence without a word of the topic must be that much better than "no answer" to count as stating it.
OFF_TOPIC_MARGIN = 2.0
# Where the documents are sure to speak of the topic for one role, half the confidence is enough for the others.
LESS_SURE = 0.5
NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class _Side:
    """One role's evidence, best first, the quotes that align with the other roles' at the front."""

    role: str
    chosen: tuple[ScoredEvidence, ...]


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
    """The comparison, from one reading a role (in the order of `comparison.roles`); without columns if none is sure.

    `on_all` is the evidence that names all of them, scored against the question itself, best first.
    """
    best = max((item.score for reading in readings for item in reading.evidence[:1]), default=0.0)
    # A sentence on all the roles sums them up, where it fits the question better than what is said of each.
    fitting = (item for item in on_all[:1] if item.margin > 0 and item.score > best)
    summary = tuple(item for item in fitting if _on_topic(comparison.topic, item))
    aligned = _aligned(_own_evidence(index, comparison, readings, summary))
    own = [replace(reading, evidence=evidence) for reading, evidence in zip(readings, aligned, strict=True)]
    sure = [_confidence(comparison.topic, reading, calibration) for reading in own]
    needed = calibration.threshold * (LESS_SURE if max(sure, default=0.0) >= calibration.threshold else 1.0)
    stated = [
        _Side(role, _quotes(index, reading, settings) if confident >= needed else ())
        for role, reading, confident in zip(comparison.roles, own, sure, strict=True)
    ]
    sides = _with_counterparts(stated, aligned)
    if not any(side.chosen for side in sides):
        # One sentence on all of them may answer all the same; else it is a refusal, with what came nearest to each.
        together = tuple(item for item in on_all[:1] if _on_topic(comparison.topic, item))
        alone = compose(index, asked, Reading(asked.query.text, (), together), settings, calibration, generation)
        closest = () if alone.answered else _closest(index, readings, settings)
        return replace(alone, roles=comparison.roles, closest=closest)
    # The first citation is the best evidence, so the side that says most to the point is numbered first.
    ranked = sorted(sides, key=lambda side: -max((item.score for item in side.chosen[:1]), default=float("-inf")))
    citations = cite(index, (*summary, *(item for side in ranked for item in side.chosen)))
    columns = _columns(sides, ranked, citations[len(summary) :])
    return Answer(
        question=asked.question,
        resolved_question=asked.resolved_question,
        kind="comparison",
        text=_text(index, citations[: len(summary)], columns),
        confidence=max(sure),
        index=generation,
        seconds=0.0,
        roles=comparison.roles,
        citations=citations,
        columns=columns,
        certainty=calibration.certainty(max(sure)),
    )


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
        keys[_passage(item)] = SAME_PASSAGE
        keys |= dict.fromkeys(_lines(item), SAME_LINE)
    best = max(keys, key=lambda key: _total(key, keys[key], sides))
    return [_in_front(best, side) for side in sides]


def _lines(item: ScoredEvidence) -> tuple[Key, ...]:
    """The row and the column that a cell stands in, the latter by its name in the document."""
    evidence = item.candidate.evidence
    if evidence.kind != "cell":
        return ()
    return ("row", item.row, evidence.row), ("column", evidence.passage_id.rpartition("#")[0], evidence.column)


def _passage(item: ScoredEvidence) -> Key:
    return ("passage", item.row)


def _matching(key: Key, side: Sequence[ScoredEvidence]) -> ScoredEvidence | None:
    return next((item for item in side if not key or key in (_passage(item), *_lines(item))), None)


def _total(key: Key, bonus: float, sides: Sequence[Sequence[ScoredEvidence]]) -> float:
    found = [_matching(key, side) for side in sides]
    if any(item is None for item in found):
        return float("-inf")
    return sum(item.score + bonus for item in found if item)


def _in_front(key: Key, side: tuple[ScoredEvidence, ...]) -> tuple[ScoredEvidence, ...]:
    first = _matching(key, side)
    return side if first is None else (first, *(item for item in side if item is not first))


def _confidence(topic: str, reading: Reading, calibration: Calibration) -> float:
    """That the documents state the topic for the role that was read; 0 where the best evidence speaks of another."""
    on_topic = bool(reading.evidence) and _on_topic(topic, reading.evidence[0])
    return confidence(reading, calibration) if on_topic else 0.0


def _quotes(index: Index, reading: Reading, settings: Settings) -> tuple[ScoredEvidence, ...]:
    return select_evidence(with_whole_lists(index, reading.query, reading.evidence), settings.max_quotes)


def _with_counterparts(sides: Sequence[_Side], evidence: Sequence[Sequence[ScoredEvidence]]) -> list[_Side]:
    """The sides, one without a sure quote taking its cell of the table's line that another side is sure of."""
    sure = {line for side in sides if side.chosen for line in _lines(side.chosen[0])}
    return [
        replace(side, chosen=(own[0],)) if not side.chosen and own and sure & set(_lines(own[0])) else side
        for side, own in zip(sides, evidence, strict=True)
    ]


def _on_topic(topic: str, best: ScoredEvidence) -> bool:
    asked = set(terms(topic))
    return not asked or best.margin >= OFF_TOPIC_MARGIN or bool(asked & set(terms(best.candidate.text)))


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
