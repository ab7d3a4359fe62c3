"""Ways to find passages and the quote that answers: the ones in use, and those they were chosen over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from roleqa.index.load import Index
from roleqa.ingest.match_text import evidence_body, evidence_text, headings_text, index_text
from roleqa.retrieve.evidence import Candidate
from roleqa.retrieve.search import Retriever
from roleqa.types import Evidence, Ranking

TOP_K = 10
# What Cormack, Clarke and Buettcher 2009 add to a rank before they take its reciprocal.
RECIPROCAL_RANK_OFFSET = 60


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of the index, best first, and the best quote with its row; none where nothing is quoted."""

    rows: tuple[int, ...]
    quote: tuple[int, Evidence] | None = None


Find = Callable[[str], Found]


class NoReranker:
    """Every text is as good as any other, so that the order they come in stays."""

    fingerprint = "none"

    def rerank(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:  # noqa: ARG002 - as the Protocol has it
        return np.zeros(len(texts), dtype=np.float32)


def with_settings(retriever: Retriever, **changes: object) -> Retriever:
    return replace(retriever, settings=retriever.settings.model_copy(update=changes))


def passages_only(rank: Callable[[str, int], Ranking]) -> Find:
    """The passages as one of the retriever's searches ranks them."""
    return lambda query: Found(tuple(row for row, _ in rank(query, TOP_K)))


def reciprocal_ranks(retriever: Retriever) -> Find:
    """FAISS and BM25 fused by the reciprocals of their ranks."""

    def find(query: str) -> Found:
        pool = retriever.settings.num_candidates
        fused: dict[int, float] = {}
        for ranking in (retriever.dense(query, pool), retriever.bm25(query, pool)):
            for rank, (row, _) in enumerate(ranking, start=1):
                fused[row] = fused.get(row, 0.0) + 1 / (RECIPROCAL_RANK_OFFSET + rank)
        return Found(tuple(sorted(fused, key=lambda row: (-fused[row], row)))[:TOP_K])

    return find


def by_sentences(retriever: Retriever) -> Find:
    """What is in use: one pass over the likeliest evidence finds the quote and ranks the passages."""

    def find(query: str) -> Found:
        reading = retriever.read(query, k=TOP_K)
        best = reading.evidence[0]
        rows = _by_best(((item.row, item.score) for item in reading.evidence), reading.ranking)
        return Found(rows, (best.row, best.candidate.evidence))

    return find


def by_passages(retriever: Retriever) -> Find:
    """The cross-encoder reads whole passages, then the sentences of the best one."""

    def find(query: str) -> Found:
        index = retriever.index
        ranking = retriever.hybrid(query, retriever.settings.num_passages)
        scores = retriever.reader.rerank(query, [_passage_text(index, row) for row, _ in ranking])
        rows = _by_best(zip((row for row, _ in ranking), map(float, scores), strict=True), ranking)
        passage, pieces = index.passages[rows[0]], index.evidence[rows[0]]
        document = index.documents[passage.document_id]
        texts = [evidence_text(piece, passage, document) for piece in pieces]
        best = int(np.argmax(retriever.reader.rerank(query, texts)))
        return Found(rows, (rows[0], pieces[best]))

    return find


def alone(retriever: Retriever) -> Find:
    """As `by_sentences`, each piece of evidence read alone, whatever it refers to."""
    return _by_score(retriever, lambda query, read: retriever.reader.rerank(query, [item.text for item in read]))


def in_windows(retriever: Retriever, before: int, after: int) -> Find:
    """As `by_sentences`, each piece of evidence read between its neighbours."""
    windows = _windows(retriever.index, before, after)
    return _by_score(
        retriever,
        lambda query, read: retriever.reader.rerank(query, [windows[item.row, item.evidence] for item in read]),
    )


def alone_and_in_windows(retriever: Retriever, before: int, after: int) -> Find:
    """As `by_sentences`, each piece of evidence read alone and between its neighbours; the mean counts."""
    windows = _windows(retriever.index, before, after)

    def score(query: str, read: Sequence[Candidate]) -> NDArray[np.float32]:
        pairs = [(item.text, windows[item.row, item.evidence]) for item in read]
        texts = tuple(dict.fromkeys(text for pair in pairs for text in pair))  # what has no neighbour is read once
        scores = dict(zip(texts, retriever.reader.rerank(query, texts), strict=True))
        return np.array([(scores[own] + scores[window]) / 2 for own, window in pairs], dtype=np.float32)

    return _by_score(retriever, score)


def _by_score(retriever: Retriever, score: Callable[[str, Sequence[Candidate]], NDArray[np.float32]]) -> Find:
    """The likeliest evidence, ranked by any score."""
    guess = replace(retriever, reader=NoReranker())

    def find(query: str) -> Found:
        reading = guess.read(query, k=TOP_K)
        read = [item.candidate for item in reading.evidence]
        scores = score(query, read)
        rows = _by_best(zip((item.row for item in read), map(float, scores), strict=True), reading.ranking)
        best = read[int(np.argmax(scores))]
        return Found(rows, (best.row, best.evidence))

    return find


def _by_best(scored: Iterable[tuple[int, float]], ranking: Ranking) -> tuple[int, ...]:
    """Rows by the best score of each; behind them the others as ranked."""
    best: dict[int, float] = {}
    for row, score in scored:
        best[row] = max(score, best.get(row, score))
    behind = (row for row, _ in ranking if row not in best)
    return (*sorted(best, key=lambda row: -best[row]), *behind)[:TOP_K]


def _passage_text(index: Index, row: int) -> str:
    passage = index.passages[row]
    return index_text(passage, index.documents[passage.document_id], index.evidence[row])


def _windows(index: Index, before: int, after: int) -> Mapping[tuple[int, Evidence], str]:
    """Each piece of evidence between so many neighbours of its passage, below the headings."""
    texts = {}
    for row, (passage, pieces) in enumerate(zip(index.passages, index.evidence, strict=True)):
        bodies = [evidence_body(piece, index.documents[passage.document_id]) for piece in pieces]
        for i, piece in enumerate(pieces):
            near = " ".join(bodies[max(0, i - before) : i + after + 1])
            texts[row, piece] = f"{headings_text(passage.headings)}\n{near}"
    return texts
