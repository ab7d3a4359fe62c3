"""Labelled questions: one JSON object a line, gold given as quotes so that no splitter invalidates them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roleqa.errors import LabelError
from roleqa.types import Document

# Kinds of which an answer must cite every gold quote; of the others any one is enough.
ALL_GOLD_KINDS = frozenset({"comparison", "list"})


@dataclass(frozen=True, slots=True)
class Gold:
    """A quote that answers, by its document and its offsets there."""

    document: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question with what a right answer quotes; none for a question that the documents do not answer."""

    query_id: str
    question: str
    history: tuple[str, ...]
    answerable: bool
    kind: str
    gold: tuple[Gold, ...]

    @property
    def tuning(self) -> bool:
        """Whether it belongs to the half to tune on; the other half is for reporting only."""
        return hashlib.sha256(self.query_id.encode()).digest()[0] % 2 == 0


def load_questions(file: Path, documents: Mapping[str, Document]) -> tuple[LabelledQuestion, ...]:
    """The labelled questions of a file, their gold quotes found in the documents as indexed.

    Raises:
        LabelError: naming the line and what is wrong with it.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(f"{file} cannot be read: {error}") from error
    questions = []
    seen: set[str] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            question = _question(json.loads(line), documents)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LabelError(f"{file}, line {number}: {_explain(error)}") from error
        if question.query_id in seen:
            raise LabelError(f"{file}, line {number}: the query_id {question.query_id!r} occurs twice")
        seen.add(question.query_id)
        questions.append(question)
    if not questions:
        raise LabelError(f"{file} holds no labelled question")
    return tuple(questions)


def _question(data: dict[str, Any], documents: Mapping[str, Document]) -> LabelledQuestion:
    answerable = bool(data["answerable"])
    gold = tuple(found for item in data.get("gold", ()) for found in _find(item, documents))
    if answerable != bool(gold):
        raise ValueError("an answerable question needs a gold quote" if answerable else "it has gold, yet no answer")
    return LabelledQuestion(
        query_id=str(data["query_id"]),
        question=str(data["question"]),
        history=tuple(map(str, data.get("history", ()))),
        answerable=answerable,
        kind=str(data.get("kind", "direct")),
        gold=gold,
    )


def _find(item: dict[str, str], documents: Mapping[str, Document]) -> tuple[Gold, ...]:
    document = documents.get(item["document"])
    if document is None:
        raise ValueError(f"the index has no document {item['document']!r}; it has: {', '.join(documents)}")
    start = document.text.find(item["quote"])
    if not item["quote"] or start < 0:
        raise ValueError(f"the quote {item['quote']!r} is not in {document.id}")
    return (Gold(document.id, start, start + len(item["quote"])),)


def _explain(error: Exception) -> str:
    return f"it has no {error}" if isinstance(error, KeyError) else str(error)
