"""Labelled questions: one JSON object a line, gold given as quotes so that no splitter invalidates them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from roleqa.errors import LabelError
from roleqa.evaluate.nearest import nearest_name, nearest_text, shortened
from roleqa.types import Document

# Kinds of which an answer must cite every gold quote; of the others any one is enough.
ALL_GOLD_KINDS = frozenset({"comparison", "list"})
# An error tells of this many bad labels, and counts the others.
MOST_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Gold:
    """A quote that answers, by its document and its offsets there."""

    document: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question with what a right answer quotes; none for a question that the documents do not answer.

    `answer` is the shortest part of a gold quote that answers, where that is labelled.
    """

    query_id: str
    question: str
    history: tuple[str, ...]
    answerable: bool
    kind: str
    gold: tuple[Gold, ...]
    answer: str | None = None

    @property
    def tuning(self) -> bool:
        """Whether it belongs to the half to tune on; the other half is for reporting only."""
        return hashlib.sha256(self.query_id.encode()).digest()[0] % 2 == 0


class _GoldLabel(BaseModel, strict=True):
    """`start` tells which one is meant of a quote that occurs more than once; without it, the first is."""

    document: str
    quote: Annotated[str, Field(min_length=1)]
    start: Annotated[int, Field(ge=0)] | None = None


class _Label(BaseModel, strict=True):
    query_id: Annotated[str, Field(min_length=1)]
    question: str
    history: tuple[str, ...] = ()
    answerable: bool
    kind: str = "direct"
    gold: tuple[_GoldLabel, ...] = ()
    answer: str | None = None


def load_questions(file: Path, documents: Mapping[str, Document]) -> tuple[LabelledQuestion, ...]:
    """The labelled questions of a file, their gold quotes found in the documents as indexed.

    Raises:
        LabelError: the file cannot be read or holds none, or naming each bad label and what is wrong with it.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(f"{file} cannot be read: {error}. Give a file of labelled questions, in UTF-8.") from error
    questions: dict[str, LabelledQuestion] = {}
    problems: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            question = _question(line, documents, explain=len(problems) < MOST_PROBLEMS)
            if question.query_id in questions:
                raise LabelError(f"{question.query_id}: this query_id occurs before; give each question its own")
            questions[question.query_id] = question
        except LabelError as problem:
            problems.append(f"line {number}, {problem}")
    if problems:
        raise _error(file, problems)
    if not questions:
        raise LabelError(f"{file} holds no labelled question; it needs one JSON object a line")
    return tuple(questions.values())


def _error(file: Path, problems: list[str]) -> LabelError:
    if len(problems) == 1:
        return LabelError(f"{file}, {problems[0]}")
    shown = problems[:MOST_PROBLEMS]
    if len(problems) > MOST_PROBLEMS:
        shown.append(f"and {len(problems) - MOST_PROBLEMS} more")
    return LabelError(f"{file}: {len(problems)} labels cannot be used:", shown)


def _question(line: str, documents: Mapping[str, Document], *, explain: bool) -> LabelledQuestion:
    """The question on a line. Raises LabelError, in full where `explain` is true."""
    try:
        label = _Label.model_validate_json(line)
    except ValidationError as error:
        raise LabelError(_explain(error, line)) from error
    if label.answerable != bool(label.gold):
        need = "it is answerable, yet has no gold quote" if label.answerable else "it has gold, yet is not answerable"
        raise LabelError(f"{label.query_id}: {need}")
    try:
        gold = tuple(_find(item, documents, explain=explain) for item in label.gold)
    except LabelError as problem:
        raise LabelError(f"{label.query_id}: {problem}") from None
    return LabelledQuestion(
        label.query_id, label.question, label.history, label.answerable, label.kind, gold, label.answer
    )


def _find(item: _GoldLabel, documents: Mapping[str, Document], *, explain: bool) -> Gold:
    document = documents.get(item.document)
    if document is None:
        hint = nearest_name(item.document, documents) if explain else ""
        raise LabelError(f"the index has no document {item.document!r}{hint}")
    start = document.text.find(item.quote) if item.start is None else item.start
    if start < 0 or not document.text.startswith(item.quote, start):
        hint = nearest_text(item.quote, document.text) if explain else ""
        place = "" if item.start is None else f" at {item.start}"
        raise LabelError(f"the quote {shortened(item.quote)!r} does not stand in {document.id}{place}{hint}")
    return Gold(document.id, start, start + len(item.quote))


def _explain(error: ValidationError, line: str) -> str:
    """The first thing that is wrong with a line, by the question's id and the field's name."""
    problem = error.errors(include_url=False)[0]
    field = ".".join(map(str, problem["loc"]))
    if not field:
        return f"it is no JSON object: {problem['msg']}"
    wrong = f"it has no {field!r}" if problem["type"] == "missing" else f"{field!r}: {problem['msg']}"
    return f"{json.loads(line).get('query_id', 'no query_id')}: {wrong}"
