"""What a corpus is split into, and the texts by which its parts are matched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from roleqa.index.load import Index
from roleqa.ingest.corpus import SourceFile
from roleqa.ingest.match_text import evidence_body, index_text
from roleqa.ingest.split import split
from roleqa.protocols import Encoder
from roleqa.types import Document, Evidence, Passage

# Bytes on disk for a byte of text (itself, its postings, its words), a passage and a piece of evidence, by and large.
_TEXT, _PASSAGE, _EVIDENCE = 3, 230, 60


@dataclass(frozen=True, slots=True)
class Embeddings:
    """A row for each passage and, half as precise, one for each piece of evidence."""

    passages: NDArray[np.float32]
    evidence: NDArray[np.float16]


@dataclass(frozen=True)
class Part:
    """A document, its passages in order, and each passage's evidence; `embeddings` once they are known."""

    document: Document
    passages: Sequence[Passage]
    evidence: Sequence[tuple[Evidence, ...]]
    embeddings: Embeddings | None = None

    @cached_property
    def passage_texts(self) -> tuple[str, ...]:
        """What the encoder and BM25 see of each passage."""
        return tuple(
            index_text(passage, self.document, own) for passage, own in zip(self.passages, self.evidence, strict=True)
        )

    @cached_property
    def evidence_texts(self) -> tuple[str, ...]:
        """What the encoder sees of each piece of evidence, passage by passage."""
        return tuple(evidence_body(item, self.document) for own in self.evidence for item in own)


def split_part(source: SourceFile, encoder: Encoder) -> Part:
    """A document split into passages that fit the encoder's window."""
    parts = split(source, encoder.count_tokens, encoder.window)
    return Part(source.document, parts.passages, parts.evidence)


def parts_of(index: Index) -> dict[str, Part]:
    """The documents of a generation, by id."""
    parts = {}
    vectors = index.vectors.embeddings()  # all at once: a server is not asked for each document
    for id, document in index.documents.items():
        own = index.documents.rows(id)
        first, end = own.start, own.stop
        embeddings = Embeddings(vectors[first:end], index.evidence_vectors.embeddings(first, end))
        rows = index.passages.between(first, end)
        passages, evidence = tuple(passage for passage, _ in rows), tuple(pieces for _, pieces in rows)
        parts[id] = Part(document, passages, evidence, embeddings)
    return parts


@dataclass(frozen=True)
class Content:
    """Everything that goes into a generation; row i of the embeddings belongs to passages[i], as evidence[i] does."""

    documents: Mapping[str, Document]
    passages: Sequence[Passage]
    evidence: Sequence[tuple[Evidence, ...]]
    passage_texts: Sequence[str]
    embeddings: Embeddings

    @classmethod
    def of(cls, parts: Iterable[Part]) -> Content:
        """The parts, which have their embeddings, one after the other."""
        parts = tuple(parts)
        rows = [part.embeddings for part in parts if part.embeddings]
        return cls(
            documents={part.document.id: part.document for part in parts},
            passages=tuple(passage for part in parts for passage in part.passages),
            evidence=tuple(own for part in parts for own in part.evidence),
            passage_texts=tuple(text for part in parts for text in part.passage_texts),
            embeddings=Embeddings(
                np.concatenate([own.passages for own in rows]), np.concatenate([own.evidence for own in rows])
            ),
        )

    @property
    def size(self) -> int:
        """About how many bytes it takes up as a generation."""
        texts = sum(len(document.text.encode()) for document in self.documents.values())
        records = _PASSAGE * len(self.passages) + _EVIDENCE * len(self.embeddings.evidence)
        return _TEXT * texts + records + self.embeddings.passages.nbytes + self.embeddings.evidence.nbytes
