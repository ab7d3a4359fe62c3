"""From ranked passages to ranked evidence: the sentences, items and cells that an answer may quote.

One cross-encoder pass over the evidence of the best passages both finds the quote and ranks the passages.
The pass is what costs time, so a cheap guess (the passage's rank, words shared with the query, and how near
in meaning) picks which evidence it reads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from roleqa.index.load import Index
from roleqa.index.terms import terms
from roleqa.ingest.match_text import evidence_body, evidence_text
from roleqa.models import Reranker
from roleqa.question.roles import evidence_roles, refers_back
from roleqa.types import Evidence, Ranking


@dataclass(frozen=True, slots=True)
class Candidate:
    """Evidence that may answer: its passage's row and the roles it speaks of.

    `text` is what is matched, headings and all; `body` is the same without the headings. `in_context` is the
    text behind the sentence that says what its pronoun refers to, where it opens with one.
    """

    row: int
    evidence: Evidence
    roles: tuple[str, ...]
    text: str
    body: str
    prior: float
    in_context: str | None = None


@dataclass(frozen=True, slots=True)
class ScoredEvidence:
    """A candidate that the cross-encoder has read: its logit says how well it answers, alone."""

    candidate: Candidate
    logit: float

    @property
    def row(self) -> int:
        return self.candidate.row

    @property
    def score(self) -> float:
        """What it ranks by. The guess counts too: it knows the passage's rank, which the logit does not."""
        return self.logit + self.candidate.prior


# What a cosine weighs in the guess, against a passage's fused score and the covered words (each up to 1).
COSINE_WEIGHT = 3.0


def gather_evidence(
    index: Index,
    ranking: Ranking,
    query: str,
    embedding: NDArray[np.float32],
    roles: tuple[str, ...],
    limit: int,
) -> tuple[Candidate, ...]:
    """The likeliest `limit` pieces of evidence of the ranked passages, likeliest first.

    Where `roles` are given, evidence that speaks of other roles only is left out.
    """
    weights = term_weights(index, query)
    found: list[Candidate] = []
    for row, score in ranking:
        passage = index.passages[row]
        document = index.documents[passage.document_id]
        about = evidence_roles(document, passage, index.evidence[row], index.manifest.roles)
        cosines = index.evidence_vectors.cosines(row, embedding)
        for evidence, own, cosine in zip(index.evidence[row], about, cosines, strict=True):
            if roles and own and not set(roles) & set(own):
                continue
            text = evidence_text(evidence, passage, document)
            body = evidence_body(evidence, document)
            prior = score + coverage(weights, text) + COSINE_WEIGHT * float(cosine)
            found.append(Candidate(row, evidence, own, text, body, prior))
    found.sort(key=lambda candidate: (-candidate.prior, candidate.row, candidate.evidence.start))
    return tuple(replace(candidate, in_context=_in_context(index, candidate)) for candidate in found[:limit])


def _in_context(index: Index, candidate: Candidate) -> str | None:
    pieces = index.evidence[candidate.row]
    place = pieces.index(candidate.evidence)
    kinds = {piece.kind for piece in pieces[max(place - 1, 0) : place + 1]}
    if place == 0 or kinds != {"sentence"} or not refers_back(candidate.body):
        return None
    passage = index.passages[candidate.row]
    before = evidence_text(pieces[place - 1], passage, index.documents[passage.document_id])
    return f"{before} {candidate.body}"


def rerank_evidence(query: str, candidates: tuple[Candidate, ...], reranker: Reranker) -> tuple[ScoredEvidence, ...]:
    """The candidates with their scores, best first; ties keep the candidates' order.

    What opens with a pronoun is read twice, alone and in context, and the mean counts: alone it says too little,
    and in context the sentence before it may be what scores.
    """
    led = [place for place, candidate in enumerate(candidates) if candidate.in_context is not None]
    texts = [candidate.text for candidate in candidates]
    logits = reranker.rerank(query, texts + [candidates[place].in_context or "" for place in led])
    scores = logits[: len(candidates)].astype(float)
    scores[led] = (scores[led] + logits[len(candidates) :]) / 2
    scored = [ScoredEvidence(item, float(score)) for item, score in zip(candidates, scores, strict=True)]
    return tuple(sorted(scored, key=lambda item: -item.score))


def term_weights(index: Index, query: str) -> dict[str, float]:
    """The query's terms with their inverse document frequency, summing to 1."""
    total = len(index.passages)
    weights = {}
    for term in set(terms(query)):
        frequency = index.bm25.document_frequency(term)
        weights[term] = math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
    whole = sum(weights.values()) or 1.0
    return {term: weight / whole for term, weight in weights.items()}


def coverage(weights: dict[str, float], text: str) -> float:
    """How much of the query's weight a text's terms hold, from 0 to 1."""
    present = set(terms(text))
    return sum(weight for term, weight in sorted(weights.items()) if term in present)
