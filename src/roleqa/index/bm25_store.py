"""Keyword search: BM25 postings, made by bm25s (Lu 2024, arXiv 2407.03618) and read memory-mapped.

A posting is the passages that hold a term, with what the term adds to the score of each. Words that nearly every
passage has have the longest postings and the least weight: they are looked up for those passages alone that the rarer
words have left a chance (as WAND does, Broder et al. 2003). The result is the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from roleqa.errors import IndexDamagedError
from roleqa.index.record_file import RecordFile, load_array, save_array, write_records
from roleqa.index.terms import terms
from roleqa.index.word_rows import WordRows
from roleqa.types import Ranking

# Stop words stay in: idf gives them little weight, and on labelled questions it was never worse.
K1 = 1.2
B = 0.75
# A posting of fewer passages is added up faster than it is told that it need not be.
_SHORT = 4096
# Sums of float32 differ by less, relative to their size, whatever their order.
_ROUNDING = 1e-5


@dataclass(frozen=True, slots=True)
class Postings:
    """Column i is the i-th term in the order of the terms: rows[starts[i]:starts[i + 1]] are the passages that hold
    it, ascending, and `scores` beside them what it adds; peaks[i] is the most that it adds to any.
    """

    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    scores: NDArray[np.float32]
    peaks: NDArray[np.float32]

    def of(self, column: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        start, end = self.starts[column : column + 2].tolist()
        return self.rows[start:end], self.scores[start:end]

    def length(self, column: int) -> int:
        return int(self.starts[column + 1] - self.starts[column])


class Bm25Store:
    """Row i holds the terms of passage i."""

    def __init__(self, ordered: Sequence[bytes], postings: Postings, passages: int) -> None:
        self._terms = ordered
        self._postings = postings
        self._passages = passages

    @classmethod
    def build(cls, texts: WordRows) -> Bm25Store:
        import bm25s

        # Numbered as they come: left to itself, bm25s orders the terms in another way in every process.
        numbers: dict[str, int] = {}
        known = np.array([_number(word, numbers) for word in texts.words], dtype=np.intc)
        rows = [own[own >= 0].tolist() for own in (known[row] for row in texts.rows)]
        if not numbers:  # nothing but signs: no query finds a passage by its words
            nothing = np.zeros(1, dtype=np.int32)
            return cls((), _in_order((), nothing, nothing, nothing.astype(np.float32)), len(rows))
        bm25 = bm25s.BM25(k1=K1, b=B, method="lucene")
        bm25.index(bm25s.tokenization.Tokenized(rows, numbers), show_progress=False, create_empty_token=False)
        ordered = sorted((term.encode(), number) for term, number in numbers.items())
        found = bm25.scores
        postings = _in_order([number for _, number in ordered], found["indptr"], found["indices"], found["data"])
        return cls([term for term, _ in ordered], postings, len(rows))

    @classmethod
    def load(cls, folder: Path) -> Bm25Store:
        """From a folder that `save` wrote.

        Raises:
            IndexDamagedError: a file is missing or cannot be read.
        """
        found = RecordFile(folder / "terms.txt")
        starts, passages = load_array(folder / "starts.npy", np.int64), load_array(folder / "passages.npy", np.int64)
        postings = Postings(
            starts,
            load_array(folder / "rows.npy", np.int32),
            load_array(folder / "scores.npy", np.float32),
            load_array(folder / "peaks.npy", np.float32),
        )
        lengths = {len(starts) - 1, len(postings.peaks)}, {int(starts[-1]), len(postings.scores)}, {1}
        if lengths != ({len(found)}, {len(postings.rows)}, {len(passages)}):
            raise IndexDamagedError(f"{folder} holds parts that do not fit together")
        return cls(found, postings, int(passages[0]))

    def save(self, folder: Path) -> None:
        folder.mkdir()
        write_records(folder / "terms.txt", self._terms)
        save_array(folder / "passages.npy", np.array([self._passages]))
        for name in Postings.__slots__:
            save_array(folder / f"{name}.npy", getattr(self._postings, name))

    def __len__(self) -> int:
        return self._passages

    def equals(self, other: Bm25Store) -> bool:
        """Whether both count the same words of the same passages."""
        return (
            len(self) == len(other)
            and list(self._terms) == list(other._terms)
            and all(
                np.array_equal(getattr(self._postings, name), getattr(other._postings, name))
                for name in Postings.__slots__
            )
        )

    def search(self, query: str, k: int) -> Ranking:
        """The best `k` rows that share a term with the query, best first; ties by row.

        Raises:
            IndexDamagedError: a posting is not what was written.
        """
        columns = Counter(column for term in terms(query) if (column := self._column(term)) is not None)
        try:
            rows, scores = self._scores(columns, k)
        except (IndexError, ValueError) as error:
            raise IndexDamagedError("the postings of BM25 are not what was written") from error
        best = _best(scores, k)
        return tuple(zip(rows[best].tolist(), scores[best].tolist(), strict=True))

    def _scores(self, columns: Counter[int], k: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Rows, ascending, among which the best `k` are, with their scores."""
        postings = self._postings
        ordered = sorted(columns, key=lambda column: (postings.length(column), column))
        # The most that a term and those after it add up to.
        rest = np.cumsum([postings.peaks[column] * columns[column] for column in reversed(ordered)])[::-1]
        every = np.zeros(self._passages, dtype=np.float32)
        for place, column in enumerate(ordered):
            if postings.length(column) >= _SHORT and rest[place] < rest[0] - rest[place]:
                rows = np.flatnonzero(every)
                floor = _kth(every[rows], k) * (1 - _ROUNDING)
                if rest[place] < floor:
                    rows = rows[every[rows] + rest[place] >= floor]
                    return rows, self._with_rest(rows, every[rows], ordered[place:], columns)
            holders, added = postings.of(column)
            every[holders] += added * np.float32(columns[column])
        rows = np.flatnonzero(every)
        return rows, every[rows]

    def _with_rest(
        self, rows: NDArray[np.intp], scores: NDArray[np.float32], ordered: Sequence[int], columns: Counter[int]
    ) -> NDArray[np.float32]:
        """The scores of some rows, with what further terms add."""
        for column in ordered:
            holders, added = self._postings.of(column)
            places = np.minimum(np.searchsorted(holders, rows.astype(np.int32)), len(holders) - 1)
            found = holders[places] == rows
            scores[found] += added[places[found]] * np.float32(columns[column])
        return scores

    def holds(self, row: int, text: str) -> bool:
        """Whether a row is found by each term of a text."""
        columns = [self._column(term) for term in set(terms(text))]
        return all(column is not None and row in self._postings.of(column)[0] for column in columns)

    def document_frequency(self, term: str) -> int:
        """How many passages hold a term (as `terms` gives it)."""
        column = self._column(term)
        return 0 if column is None else self._postings.length(column)

    def _column(self, term: str) -> int | None:
        wanted = term.encode("utf-8", "surrogatepass")
        column = bisect_left(self._terms, wanted)
        return column if column < len(self._terms) and self._terms[column] == wanted else None


def _number(word: str, numbers: dict[str, int]) -> int:
    """That of a word's term, which gets the next one where it has none yet; -1 where the word has no term."""
    return next((numbers.setdefault(term, len(numbers)) for term in terms(word)), -1)


def _in_order(
    columns: Sequence[int], starts: NDArray[np.int32], rows: NDArray[np.int32], scores: NDArray[np.float32]
) -> Postings:
    """The postings of columns in another order, each by row."""
    ends = np.cumsum([0, *(starts[column + 1] - starts[column] for column in columns)], dtype=np.int64)
    made = Postings(
        ends,
        np.empty(int(ends[-1]), dtype=np.int32),
        np.empty(int(ends[-1]), dtype=np.float32),
        np.empty(len(columns), dtype=np.float32),
    )
    for place, column in enumerate(columns):
        own = slice(starts[column], starts[column + 1])
        order = np.argsort(rows[own], kind="stable")
        there = slice(ends[place], ends[place + 1])
        made.rows[there], made.scores[there] = rows[own][order], scores[own][order]
        made.peaks[place] = scores[own].max()
    return made


def _kth(scores: NDArray[np.float32], k: int) -> float:
    """The `k`-th best score; 0 where there are fewer."""
    return float(np.partition(scores, len(scores) - k)[len(scores) - k]) if len(scores) >= k else 0.0


def _best(scores: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """Where the best `k` scores are, best first; ties in the order in which they stand."""
    likely = np.flatnonzero(scores >= _kth(scores, k))
    best: NDArray[np.intp] = likely[np.argsort(-scores[likely], kind="stable")[:k]]
    return best
