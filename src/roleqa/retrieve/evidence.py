"""From ranked passages to ranked evidence: the sentences, items and cells that an answer may quote.

One look of the reader at the likeliest passages both finds the quote and ranks the passages. The reader is what costs
time, so a cheap guess (the passage's rank, words shared with the query, and how near in meaning) picks what it reads.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from roleqa.blocks import Span
from roleqa.index.load import Index
from roleqa.index.terms import terms
from roleqa.ingest.match_text import below_headings, evidence_body, evidence_text, match_text
from roleqa.protocols import PieceReading, Reader
from roleqa.question.roles import evidence_roles
from roleqa.types import Evidence, MatchText, Ranking


@dataclass(frozen=True, slots=True)
class Candidate:
    """Evidence that may answer: its passage's row and the roles it speaks of.

    `text` is what is matched, headings and all; `body` is the same without the headings.
    """

    row: int
    evidence: Evidence
    roles: tuple[str, ...]
    text: str
    body: str
    prior: float


@dataclass(frozen=True, slots=True)
class ScoredEvidence:
    """A candidate that the reader has read: by what margin it prefers it to "no answer", in logits.

    `answer` are the answering words, as a span of the match text of the candidate's passage; None where the evidence
    answers as a whole.
    """

    candidate: Candidate
    margin: float
    answer: Span | None = None

    @property
    def row(self) -> int:
        return self.candidate.row

    @property
    def score(self) -> float:
        """What it ranks by. The guess counts too: it knows the passage's rank, which the reader does not."""
        return self.margin + PRIOR_WEIGHT * self.candidate.prior


# What a unit of the guess weighs against one of the reader's margin.
PRIOR_WEIGHT = 3.0
# What a cosine weighs in the guess, against a passage's fused score and the covered words (each up to 1).
COSINE_WEIGHT = 3.0


def likeliest(index: Index, ranking: Ranking, embedding: NDArray[np.float32], num_passages: int) -> Ranking:
    """The passages of a ranking that are likeliest to answer: a high rank counts, and one piece near in meaning.

    A passage about many things is near to none of them as a whole, however well one of its sentences answers.
    """
    best = {row: float(np.max(index.evidence_vectors.cosines(row, embedding), initial=-1.0)) for row, _ in ranking}
    ordered = sorted(ranking, key=lambda item: (-(item[1] + COSINE_WEIGHT * best[item[0]]), item[0]))
    return tuple(ordered[:num_passages])


def gather_evidence(
    index: Index,
    ranking: Ranking,
    query: str,
    embedding: NDArray[np.float32],
    roles: tuple[str, ...],
) -> tuple[Candidate, ...]:
    """The pieces of evidence of the ranked passages, likeliest first.

    Where `roles` are given, evidence that speaks of other roles only is left out.
    """
    weights = term_weights(index, query)
    found: list[Candidate] = []
    for row, score in ranking:
        passage = index.passages[row]
        document = index.documents[passage.document_id]
        pieces = index.evidence[row]
        about = evidence_roles(document, passage, pieces, index.manifest.roles)
        bodies = [evidence_body(piece, document) for piece in pieces]
        texts = [below_headings(passage.headings, body) for body in bodies]
        cosines = index.evidence_vectors.cosines(row, embedding)
        priors = [
            score + coverage(weights, text) + COSINE_WEIGHT * float(cosine)
            for text, cosine in zip(texts, cosines, strict=True)
        ]
        if names_its_row(pieces):
            priors[0] = min(priors)  # "Length of the tour" is like the question, and no answer to it
        for piece, own, text, body, prior in zip(pieces, about, texts, bodies, priors, strict=True):
            if not roles or not own or set(roles) & set(own):
                found.append(Candidate(row, piece, own, text, body, prior))
    found.sort(key=lambda candidate: (-candidate.prior, candidate.row, candidate.evidence.start))
    return tuple(found)


def names_its_row(pieces: Sequence[Evidence]) -> bool:
    """Whether the first piece of a passage is the cell that names the row for the others."""
    return len(pieces) > 1 and pieces[0].kind == "cell" and pieces[0].row is None and pieces[1].row is not None


def read_evidence(
    index: Index, query: str, candidates: Sequence[Candidate], reader: Reader, room: int
) -> tuple[ScoredEvidence, ...]:
    """The candidates of the likeliest passages as the reader finds them, best first; ties keep their order.

    As many passages are read as have `room` characters together, and one at least.
    """
    texts = _that_fit(index, candidates, room)
    readings = dict(zip(texts, reader.read(query, tuple(texts.values())), strict=True))
    scored = [
        _scored(index, candidate, texts[candidate.row], readings[candidate.row])
        for candidate in candidates
        if candidate.row in texts
    ]
    return tuple(sorted(scored, key=lambda item: -item.score))


def _that_fit(index: Index, candidates: Sequence[Candidate], room: int) -> dict[int, MatchText]:
    """The texts of the candidates' passages, by row, likeliest first, until one has no room left."""
    texts: dict[int, MatchText] = {}
    for row in dict.fromkeys(candidate.row for candidate in candidates):
        text = _match_text(index, row)
        room -= len(text.text)
        if room < 0 and texts:
            break
        texts[row] = text
    return texts


def _match_text(index: Index, row: int) -> MatchText:
    passage = index.passages[row]
    return match_text(passage, index.documents[passage.document_id], index.evidence[row])


def _scored(
    index: Index, candidate: Candidate, text: MatchText, readings: Sequence[PieceReading]
) -> ScoredEvidence:
    """The candidate with what was read of it; with the sentences after it where its answer goes on in them."""
    pieces = index.evidence[candidate.row]
    place = pieces.index(candidate.evidence)
    reading = readings[place]
    last = place
    while (
        last + 1 < len(pieces)
        and pieces[last + 1].kind == candidate.evidence.kind == "sentence"
        and text.spans[last + 1].start < reading.answer.end
    ):
        last += 1
    answer = Span(reading.answer.start, min(reading.answer.end, text.spans[last].end))
    if last > place:
        whole = replace(candidate.evidence, end=pieces[last].end)
        passage = index.passages[candidate.row]
        document = index.documents[passage.document_id]
        match, body = evidence_text(whole, passage, document), evidence_body(whole, document)
        candidate = replace(candidate, evidence=whole, text=match, body=body)
    return ScoredEvidence(candidate, reading.margin, answer if answer.start < answer.end else None)


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
