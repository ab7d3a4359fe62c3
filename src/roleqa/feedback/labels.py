"""Feedback becomes labelled questions, which `roleqa eval` reads."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from roleqa.bundle.check import find_quote
from roleqa.errors import FeedbackError
from roleqa.feedback.store import Feedback
from roleqa.files import write_whole
from roleqa.types import Document

Reason = Literal["thumbs down", "asked about one role only", "quote no longer in the documents"]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Feedback that makes no labelled question, and why."""

    feedback: Feedback
    reason: Reason


@dataclass(frozen=True, slots=True)
class Labels:
    """Labelled questions made of feedback, as JSON objects that `roleqa eval` reads, and what was left out."""

    labels: tuple[dict[str, Any], ...]
    left_out: tuple[LeftOut, ...]

    @property
    def counts(self) -> dict[Reason, int]:
        return dict(Counter(item.reason for item in self.left_out))

    def to_jsonl(self) -> str:
        """The labelled questions, one a line."""
        return "".join(json.dumps(label, ensure_ascii=False) + "\n" for label in self.labels)

    def save(self, file: Path) -> None:
        """Raises FeedbackError."""
        try:
            if file.exists() and not file.is_file():  # such as /dev/stdout
                file.write_text(self.to_jsonl(), encoding="utf-8", newline="\n")
            else:
                write_whole(file, self.to_jsonl().encode())
        except OSError as error:
            raise FeedbackError(f"{file} cannot be written to ({error}); give another file with --output") from error

    def to_dict(self) -> dict[str, Any]:
        left_out = [{"reason": item.reason, **asdict(item.feedback)} for item in self.left_out]
        return {"labels": list(self.labels), "counts": self.counts, "left_out": left_out}


def make_labels(feedback: Sequence[Feedback], documents: Mapping[str, Document]) -> Labels:
    """One labelled question for each that was asked and liked, by its newest verdict."""
    newest = {(item.question.strip(), item.history, item.role): item for item in feedback}
    made = [(item, _label(item, documents)) for item in newest.values()]
    return Labels(
        labels=tuple(label for _, label in made if isinstance(label, dict)),
        left_out=tuple(LeftOut(item, label) for item, label in made if isinstance(label, str)),
    )


def _label(feedback: Feedback, documents: Mapping[str, Document]) -> dict[str, Any] | Reason:
    """The labelled question, or why there is none. Labels know no role filter."""
    if feedback.verdict == "down":
        return "thumbs down"
    if feedback.role is not None:
        return "asked about one role only"
    quotes = feedback.citations if feedback.kind == "comparison" else feedback.citations[:1]
    places = [find_quote(quote, documents, by_place=True) for quote in quotes]
    if any(place.outcome not in ("stands", "moved") for place in places):
        return "quote no longer in the documents"
    asked = json.dumps([feedback.question.strip(), *feedback.history])
    kind = "follow-up" if feedback.history else "direct"
    return {
        "query_id": f"feedback-{hashlib.sha256(asked.encode()).hexdigest()[:16]}",
        "question": feedback.question,
        "history": list(feedback.history),
        "answerable": bool(quotes),
        "kind": {"comparison": "comparison", "refusal": "unanswerable", "answer": kind}[feedback.kind],
        "gold": [
            {"document": quote.document, "quote": quote.text, "start": place.start}
            for quote, place in zip(quotes, places, strict=True)
        ],
    }
