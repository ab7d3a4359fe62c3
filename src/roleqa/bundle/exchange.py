"""A question with its answer, and the files that were quoted: what a conversation is kept and exported as."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from roleqa.types import Answer, Citation, Document


@dataclass(frozen=True, slots=True)
class CitedFile:
    """A document that was quoted, by the SHA-256 of its file's bytes and of its text as indexed (in UTF-8)."""

    document: str
    file_sha256: str
    text_sha256: str

    def to_dict(self) -> dict[str, str]:
        return {"document": self.document, "file_sha256": self.file_sha256, "text_sha256": self.text_sha256}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question with its answer; `answer.question` is what was typed.

    `id` is known to nobody but the browser that asked: who names it may change the feedback given on it.
    `asked_at` is ISO 8601 in UTC, `role` the id of the only role asked about.
    """

    id: str
    asked_at: str
    role: str | None
    answer: Answer
    files: tuple[CitedFile, ...]

    @property
    def quotes(self) -> tuple[Citation, ...]:
        """Every quote that was shown: those that answer and, of a refusal, those that came nearest."""
        return (*self.answer.citations, *self.answer.closest)

    def to_dict(self) -> dict[str, Any]:
        """The design's JSON of an answer, with what showing it again takes: each quote's kind and introduction."""
        answer = self.answer.to_dict()
        for name, citations in (("citations", self.answer.citations), ("closest", self.answer.closest)):
            answer[name] = [_with_look(citation) for citation in citations]
        return {
            "asked_at": self.asked_at,
            "role": self.role,
            "answer": answer,
            "files": [file.to_dict() for file in self.files],
        }


def _with_look(citation: Citation) -> dict[str, Any]:
    return {**citation.to_dict(), "kind": citation.evidence.kind, "lead_in": citation.evidence.lead_in}


def cited_files(answer: Answer, documents: Mapping[str, Document], sources: Mapping[str, str]) -> tuple[CitedFile, ...]:
    """The files that an answer quotes, once each; `sources` maps a document to its file's SHA-256."""
    quoted = dict.fromkeys(citation.passage.document_id for citation in (*answer.citations, *answer.closest))
    return tuple(
        CitedFile(name, sources[name], text_sha256(documents[name]))
        for name in quoted
        if name in documents and name in sources
    )


@lru_cache(maxsize=64)
def text_sha256(document: Document) -> str:
    """The SHA-256 of a document's text as indexed, in hexadecimal."""
    return hashlib.sha256(document.text.encode()).hexdigest()


def new_id() -> str:
    """An `Exchange.id` that nobody can guess."""
    return secrets.token_hex(16)
