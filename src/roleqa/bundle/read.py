"""Reads a conversation that comes from outside: a file, or the browser's own storage. Nothing in it is trusted.

What is read is data and stays within bounds; whether its quotes stand, `check` says.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from roleqa.blocks import Span
from roleqa.bundle.exchange import CitedFile, Exchange, new_id
from roleqa.errors import BundleError
from roleqa.types import Answer, AnswerKind, Certainty, Citation, Column, Evidence, EvidenceKind, Generation, Passage

# More than any conversation holds that is kept or exported here.
MAX_CHARACTERS = 4_000_000
MAX_EXCHANGES = 500

_Name = Annotated[str, Field(max_length=4_096)]
_Text = Annotated[str, Field(max_length=1_000_000)]
_Offset = Annotated[int, Field(ge=0, le=10**12)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Hash = Annotated[str, Field(pattern=r"\A[0-9a-f]{64}\z")]
_Time = Annotated[str, Field(pattern=r"\A[0-9T:.+Z-]{1,40}\z")]


class _Record(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Span(_Record):
    start: _Offset
    end: _Offset


class _Citation(_Record):
    number: Annotated[int, Field(ge=1, le=10_000)]
    document: _Name
    headings: Annotated[tuple[_Name, ...], Field(max_length=64)] = ()
    start: _Offset
    end: _Offset
    quote: Annotated[_Text, Field(min_length=1)]
    role: _Name | None = None
    row: _Text | None = None
    column: _Text | None = None
    page: Annotated[int, Field(ge=0, le=10**9)] | None = None
    source: _Text | None = None
    score: float = 0.0
    kind: EvidenceKind = "sentence"
    lead_in: _Text | None = None
    answer: _Span | None = None

    def made(self) -> Citation:
        passage = Passage("", self.document, self.headings, self.start, self.end)
        evidence = Evidence("", self.start, self.end, self.kind, self.row, self.column, self.lead_in)
        # Words that lie outside the quote are none of it.
        inside = self.answer and self.start <= self.answer.start < self.answer.end <= self.end
        answer = Span(self.answer.start, self.answer.end) if self.answer and inside else None
        return Citation(
            number=self.number,
            evidence=evidence,
            quote=self.quote,
            passage=passage,
            passage_text=self.quote,
            role=self.role,
            score=self.score,
            page=self.page,
            source=self.source,
            answer=answer,
        )


class _Column(_Record):
    role: _Name
    text: _Text | None = None
    citations: Annotated[tuple[int, ...], Field(max_length=100)] = ()


class _Generation(_Record):
    generation: _Name
    built_at: _Time
    stale: bool


class _Answer(_Record):
    question: _Text
    resolved_question: _Text
    kind: AnswerKind
    text: _Text
    confidence: _Share
    certainty: Certainty | None = None
    roles: Annotated[tuple[_Name, ...], Field(max_length=100)] = ()
    citations: Annotated[tuple[_Citation, ...], Field(max_length=100)] = ()
    columns: Annotated[tuple[_Column, ...], Field(max_length=100)] = ()
    closest: Annotated[tuple[_Citation, ...], Field(max_length=100)] = ()
    index: _Generation
    seconds: Annotated[float, Field(ge=0)]

    def made(self) -> Answer:
        """Raises ValueError for a refusal that cites, or an answer that does not."""
        return Answer(
            question=self.question,
            resolved_question=self.resolved_question,
            kind=self.kind,
            text=self.text,
            confidence=self.confidence,
            certainty=self.certainty,
            index=Generation(self.index.generation, self.index.built_at, self.index.stale),
            seconds=self.seconds,
            roles=self.roles,
            citations=tuple(citation.made() for citation in self.citations),
            columns=tuple(Column(column.role, column.text, column.citations) for column in self.columns),
            closest=tuple(citation.made() for citation in self.closest),
        )


class _File(_Record):
    document: _Name
    file_sha256: _Hash
    text_sha256: _Hash


class _Exchange(_Record):
    id: Annotated[str, Field(pattern=r"\A[0-9a-f]{32}\z")] | None = None
    asked_at: _Time
    role: _Name | None = None
    answer: _Answer
    files: Annotated[tuple[_File, ...], Field(max_length=200)] = ()

    def made(self) -> Exchange:
        files = tuple(CitedFile(file.document, file.file_sha256, file.text_sha256) for file in self.files)
        return Exchange(self.id or new_id(), self.asked_at, self.role, self.answer.made(), files)


class _Bundle(_Record):
    """As `write` makes it; a later version, with another meaning, is not guessed at."""

    format: Literal["roleqa conversation"]
    version: Literal[1]
    turns: Annotated[tuple[_Exchange, ...], Field(min_length=1, max_length=MAX_EXCHANGES)]


def read_file(file: Path) -> tuple[Exchange, ...]:
    """The conversation that was exported as JSON into a file. Raises BundleError, with the file's name."""
    try:
        if file.stat().st_size > 4 * MAX_CHARACTERS:  # UTF-8 takes at most so many bytes
            raise BundleError(f"it is longer than {MAX_CHARACTERS:,} characters")
        return read_bundle(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, BundleError) as error:
        raise BundleError(f"{file} cannot be used: {error}. Export a conversation as JSON in the chat.") from error


def read_bundle(data: str) -> tuple[Exchange, ...]:
    """The conversation that some JSON holds.

    Raises:
        BundleError: it holds none, or one that was never written here.
    """
    if len(data) > MAX_CHARACTERS:
        raise BundleError(f"it is longer than {MAX_CHARACTERS:,} characters")
    try:
        return tuple(turn.made() for turn in _Bundle.model_validate_json(data).turns)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = "".join(f"{part}: " for part in problem["loc"])
        raise BundleError(f"it is no exported conversation ({place}{problem['msg']})") from error
    except ValueError as error:
        raise BundleError(f"it is no exported conversation ({error})") from error
