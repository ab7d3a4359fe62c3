"""A query becomes ranked rows of the index: by meaning, by keywords, by both, by what a reader would quote."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roleqa.index.load import Index
from roleqa.protocols import Encoder, Reader
from roleqa.question.roles import mentioned_roles
from roleqa.retrieve.evidence import ScoredEvidence, gather_evidence, likeliest, read_evidence
from roleqa.retrieve.fusion import fuse
from roleqa.settings import Settings
from roleqa.types import Hit, Mode, Ranking

# How much is read, in characters, of passages that name all the roles of a comparison; more says the same again.
CHARACTERS_ON_ALL = 1500


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found for a query: passages by fusion, their evidence by the reader, each best first."""

    query: str
    ranking: Ranking
    evidence: tuple[ScoredEvidence, ...]


@dataclass(frozen=True, slots=True)
class Retriever:
    """An index with the models that search it."""

    index: Index
    encoder: Encoder
    reader: Reader
    settings: Settings

    def dense(self, query: str, k: int) -> Ranking:
        return self.index.vectors.search(self.encoder.encode_query(query), k)

    def bm25(self, query: str, k: int) -> Ranking:
        return self.index.bm25.search(query, k)

    def hybrid(self, query: str, k: int) -> Ranking:
        return self._fused(query, self.encoder.encode_query(query), k)

    def rerank(self, query: str, k: int) -> Ranking:
        """Passages by their best evidence; behind them, those whose evidence was not read, by fusion."""
        roles = mentioned_roles(query, self.index.manifest.roles)
        reading = self.read(query, roles if len(roles) == 1 else (), k)
        best: dict[int, float] = {}
        for scored in reading.evidence:
            best.setdefault(scored.row, scored.score)
        floor = min(best.values(), default=0.0)
        for row, score in reading.ranking:
            best.setdefault(row, floor - 1 + score)
        return tuple(best.items())[:k]

    def read(self, query: str, roles: tuple[str, ...] = (), k: int = 0, shares: int = 1) -> Reading:
        """The evidence that may answer for any of the roles (for all of them, where none is given).

        Where a question is made of several readings, each gets its share of the reader's time.
        """
        embedding = self.encoder.encode_query(query)
        ranking = self._fused(query, embedding, max(k, self.settings.num_candidates))
        likely = likeliest(self.index, ranking, embedding, self.settings.num_passages)
        candidates = gather_evidence(self.index, likely, query, embedding, roles)
        room = self.settings.read_characters // shares
        return Reading(query, ranking, read_evidence(self.index, query, candidates, self.reader, room))

    def read_on_all(self, query: str, roles: tuple[str, ...]) -> tuple[ScoredEvidence, ...]:
        """The evidence that names all of the roles itself, best first."""
        embedding = self.encoder.encode_query(query)
        ranking = self._fused(query, embedding, self.settings.num_candidates)
        likely = likeliest(self.index, ranking, embedding, self.settings.num_passages)
        candidates = gather_evidence(self.index, likely, query, embedding, ())
        known = self.index.manifest.roles
        naming = [item for item in candidates if set(roles) <= set(mentioned_roles(item.body, known))]
        return read_evidence(self.index, query, naming, self.reader, CHARACTERS_ON_ALL)

    def _fused(self, query: str, embedding: NDArray[np.float32], k: int) -> Ranking:
        pool = max(k, self.settings.num_candidates)
        dense = self.index.vectors.search(embedding, pool)
        return fuse(dense, self.bm25(query, pool), self.settings.dense_weight)[:k]

    def search(self, query: str, top_k: int, mode: Mode) -> tuple[Hit, ...]:
        """The passages that fit a query best, best first."""
        rankers = {"dense": self.dense, "bm25": self.bm25, "hybrid": self.hybrid, "rerank": self.rerank}
        return tuple(self._hit(row, score, mode) for row, score in rankers[mode](query, top_k))

    def _hit(self, row: int, score: float, mode: Mode) -> Hit:
        passage = self.index.passages[row]
        text = self.index.text(passage, passage.document_id)
        return Hit(passage=passage, text=text, score=round(score, 6), mode=mode)
