"""What a corpus is split into, and the texts by which its parts are matched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from roleqa.ingest.corpus import CorpusReading
from roleqa.ingest.match_text import evidence_body, index_text
from roleqa.ingest.split import split
from roleqa.types import Document, Encoder, Evidence, Passage, Progress


@dataclass(frozen=True, slots=True)
class Content:
    """Documents by id, their passages in order, and each passage's evidence (evidence[i] of passages[i])."""

    documents: Mapping[str, Document]
    passages: Sequence[Passage]
    evidence: Sequence[tuple[Evidence, ...]]

    def passage_texts(self) -> tuple[str, ...]:
        """What the encoder and BM25 see of each passage."""
        return tuple(
            index_text(passage, self.documents[passage.document_id], own)
            for passage, own in zip(self.passages, self.evidence, strict=True)
        )

    def evidence_texts(self) -> tuple[str, ...]:
        """What the encoder sees of each piece of evidence, passage by passage."""
        return tuple(
            evidence_body(item, self.documents[passage.document_id])
            for passage, own in zip(self.passages, self.evidence, strict=True)
            for item in own
        )


def split_corpus(corpus: CorpusReading, encoder: Encoder, progress: Progress) -> Content:
    """Every document split into passages that fit the encoder's window."""
    passages: list[Passage] = []
    evidence: list[tuple[Evidence, ...]] = []
    for done, source in enumerate(corpus.files, start=1):
        parts = split(source, encoder.count_tokens, encoder.window)
        passages += parts.passages
        evidence += parts.evidence
        progress("splitting", done, len(corpus.files))
    return Content({document.id: document for document in corpus.documents}, passages, evidence)
