"""The vocabulary: what flows from a file on disk to a cited answer.

Everything here is frozen. Offsets are character offsets into `Document.text`, half open: `document.text[start:end]`
is always what a span means. Arrays (embeddings, scores) live beside these objects: row i belongs to item i.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from roleqa.blocks import Block, Span
from roleqa.stores import EXACT, VectorSearch

EvidenceKind = Literal["sentence", "item", "list", "cell", "code"]
Mode = Literal["dense", "bm25", "hybrid", "rerank"]
MODES: tuple[Mode, ...] = ("dense", "bm25", "hybrid", "rerank")
AnswerKind = Literal["answer", "comparison", "refusal"]
# How sure an answer is: the documents state it, likely state it, or speak of something related.
Certainty = Literal["stated", "likely", "related"]

# Called as progress(stage, done, total) in long work, total 0 while unknown. May raise BuildCancelledError, to stop it.
Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


# Rows of the index with their scores, best first.
Ranking = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole file. `id` is its path below the corpus folder, with forward slashes; `pages` are where pages begin."""

    id: str
    title: str
    text: str
    source: str
    blocks: Sequence[Block] = field(default=(), repr=False, hash=False)
    pages: tuple[int, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Section:
    """The span below one heading, up to the next. `headings` run from root to leaf; `source` is what it rests on."""

    document_id: str
    headings: tuple[str, ...]
    start: int
    end: int
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """What is retrieved: a section's prose (or a part that fits the encoder's window), or a table row."""

    id: str
    document_id: str
    headings: tuple[str, ...]
    start: int
    end: int
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is quoted: one sentence, list item, whole list, table cell or block of code inside a passage.
    `row` and `column` are a cell's headers. `lead_in` is the sentence that introduces a list item.
    """

    passage_id: str
    start: int
    end: int
    kind: EvidenceKind
    row: str | None = None
    column: str | None = None
    lead_in: str | None = None


@dataclass(frozen=True, slots=True)
class MatchText:
    """A passage as models see it. `spans[i]` is where its evidence[i] stands in `text`, less the labels before it."""

    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Role:
    """One of the roles that the documents are about, as `roles.toml` describes it."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a query. `score` rises with relevance; its scale depends on `mode`."""

    passage: Passage
    text: str
    score: float
    mode: Mode

    def to_dict(self) -> dict[str, Any]:
        return {
            "passage": self.passage.id,
            "document": self.passage.document_id,
            "headings": list(self.passage.headings),
            "start": self.passage.start,
            "end": self.passage.end,
            "text": self.text,
            "score": self.score,
            "mode": self.mode,
        }


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered quote: `quote` is the document's text from `evidence.start` to `evidence.end`.
    `passage` and `passage_text` are its surroundings; `source` is what it rests on, as its section or document says.
    `answer` is where the answering words stand in the document, inside the quote; None where that is not sure.
    """

    number: int
    evidence: Evidence
    quote: str
    passage: Passage
    passage_text: str
    role: str | None
    score: float
    page: int | None = None
    source: str | None = None
    answer: Span | None = None

    @property
    def parts(self) -> tuple[str, str, str]:
        """The quote as what stands before the answering words, these, and what stands behind them."""
        if self.answer is None:
            return self.quote, "", ""
        start, end = self.answer.start - self.evidence.start, self.answer.end - self.evidence.start
        return self.quote[:start], self.quote[start:end], self.quote[end:]

    def to_dict(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "document": self.passage.document_id,
            "headings": list(self.passage.headings),
            "start": self.evidence.start,
            "end": self.evidence.end,
            "quote": self.quote,
            "role": self.role,
            "row": self.evidence.row,
            "column": self.evidence.column,
            "page": self.page,
            "source": self.source,
            "score": self.score,
            "answer": self.answer and {**self.answer._asdict(), "text": self.parts[1]},
        }


@dataclass(frozen=True, slots=True)
class Column:
    """One role's side of a comparison. `text` is None where the documents do not say."""

    role: str
    text: str | None
    citations: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {"role": self.role, "text": self.text, "citations": list(self.citations)}


@dataclass(frozen=True, slots=True)
class Generation:
    """Which index answered: its name, when it was built (ISO 8601, UTC), whether the corpus changed since."""

    id: str
    built_at: str
    stale: bool

    def to_dict(self) -> dict[str, Any]:
        return {"generation": self.id, "built_at": self.built_at, "stale": self.stale}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the documents say to a question. Refused exactly when it has no citations."""

    question: str
    resolved_question: str
    kind: AnswerKind
    text: str
    confidence: float
    index: Generation
    seconds: float
    roles: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    columns: tuple[Column, ...] = ()
    closest: tuple[Citation, ...] = ()
    certainty: Certainty | None = None

    def __post_init__(self) -> None:
        if (self.kind == "refusal") != (not self.citations):
            raise ValueError(f"a {self.kind} with {len(self.citations)} citations")

    @property
    def answered(self) -> bool:
        return bool(self.citations)

    def to_dict(self) -> dict[str, Any]:
        """The answer as the JSON that other programs read."""
        return {
            "question": self.question,
            "resolved_question": self.resolved_question,
            "kind": self.kind,
            "answered": self.answered,
            "text": self.text,
            "confidence": self.confidence,
            "certainty": self.certainty,
            "roles": list(self.roles),
            "citations": [citation.to_dict() for citation in self.citations],
            "columns": [column.to_dict() for column in self.columns],
            "closest": [citation.to_dict() for citation in self.closest],
            "index": self.index.to_dict(),
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True)
class Problem:
    """A file of the corpus that could not be read, and why."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class CorpusChanges:
    """How a corpus differs from what a generation was built from (document ids)."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build made, or found live where nothing was `built`. `encoded` counts the passages encoded anew, `kept`
    the documents carried over; `changes` is what differs from before, `reason` why nothing could be carried over.
    """

    generation: str
    documents: int
    passages: int
    evidence: int
    encoded: int
    seconds: float
    problems: tuple[Problem, ...] = ()
    changes: CorpusChanges = field(default_factory=CorpusChanges)
    kept: int = 0
    reason: str = ""
    built: bool = True
    vectors: VectorSearch = EXACT

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Status:
    """The live generation and its corpus, which speaks of `topics`: headings that have text, tables' row headers.
    `store` is the server that answers, and nothing where the vectors are files of the index. `corpus_problem` says why
    the folder of the corpus cannot be looked at, so that no changes are known; nothing where it can.
    """

    generation: Generation
    corpus: str
    documents: int
    passages: int
    evidence: int
    encoder: str
    reader: str
    roles: tuple[Role, ...] = ()
    topics: tuple[str, ...] = ()
    changes: CorpusChanges = field(default_factory=CorpusChanges)
    problems: tuple[Problem, ...] = ()
    vectors: VectorSearch = EXACT
    store: str = ""
    corpus_problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {
            "index": self.generation.to_dict(),
            "corpus": self.corpus,
            "corpus_problem": self.corpus_problem,
            "documents": self.documents,
            "passages": self.passages,
            "evidence": self.evidence,
            "encoder": self.encoder,
            "reader": self.reader,
            "reranker": self.reader,  # its name in 0.1.0
            "roles": [{"id": role.id, "name": role.name} for role in self.roles],
            "topics": list(self.topics),
            "changes": asdict(self.changes),
            "problems": [asdict(problem) for problem in self.problems],
            "vectors": asdict(self.vectors),
            "store": self.store,
        }
