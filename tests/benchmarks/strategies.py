"""Ways to find passages and the quote that answers: the ones in use, and those they were chosen over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from roleqa.protocols import PieceReading
from roleqa.retrieve.search import Retriever
from roleqa.types import Evidence, MatchText, Ranking

TOP_K = 10
# What Cormack, Clarke and Buettcher 2009 add to a rank before they take its reciprocal.
RECIPROCAL_RANK_OFFSET = 60


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of the index, best first, and the best quote with its row; none where nothing is quoted."""

    rows: tuple[int, ...]
    quote: tuple[int, Evidence] | None = None


Find = Callable[[str], Found]


class NoReader:
    """Every piece answers as well as any other, so that the likeliest guess stays first."""

    fingerprint = "none"

    def read(self, question: str, passages: Sequence[MatchText]) -> list[tuple[PieceReading, ...]]:  # noqa: ARG002 - as the Protocol has it
        return [tuple(PieceReading(0.0, span) for span in passage.spans) for passage in passages]


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


def by_reading(retriever: Retriever) -> Find:
    """What is in use: one look at the likeliest passages finds the quote and ranks them."""

    def find(query: str) -> Found:
        reading = retriever.read(query, k=TOP_K)
        best = reading.evidence[0]
        rows = _by_best(((item.row, item.score) for item in reading.evidence), reading.ranking)
        return Found(rows, (best.row, best.candidate.evidence))

    return find


def _by_best(scored: Iterable[tuple[int, float]], ranking: Ranking) -> tuple[int, ...]:
    """Rows by the best score of each; behind them the others as ranked."""
    best: dict[int, float] = {}
    for row, score in scored:
        best[row] = max(score, best.get(row, score))
    behind = (row for row, _ in ranking if row not in best)
    return (*sorted(best, key=lambda row: -best[row]), *behind)[:TOP_K]
