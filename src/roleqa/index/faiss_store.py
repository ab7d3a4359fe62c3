"""Embeddings in FAISS. The only place that loads faiss.

Few passages are compared with a question one by one, which is exact. More are put into lists by the centroid that they
are nearest to (an inverted file; Jegou, Douze and Schmid 2011), a byte for a number; the likeliest of the lists nearest
to the question are then compared by their exact embeddings, which are read from disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roleqa.errors import IndexDamagedError
from roleqa.index.nearest import nearest_of
from roleqa.index.recall import LEAST_RECALL, QUERIES, nearest_others, recall_of, rows_of
from roleqa.index.record_file import RowFile, in_memory, save_array
from roleqa.stores import VectorSearch
from roleqa.types import Ranking

# Up to so many passages are compared one by one. For 384 dimensions that took 4 ms on a core of a server, and 9 ms for
# twice as many, when lists took 4; a laptop's memory may be half as fast.
EXACT_UP_TO = 50_000
# For each of the best that are asked for, so many of the likeliest are compared exactly, and never fewer than this.
_COMPARED, _LEAST_COMPARED = 4, 128
# FAISS wants at least 39 rows a list to train with; ten rounds instead of six made lists no better, and took longest of
# all that a build does.
_TRAINED, _ROUNDS, _SEED = 40, 6, 1234
_SLICE = 65_536


class FaissStore:
    """Row i is the embedding of passage i; rows have unit length, so scores are cosines."""

    def __init__(
        self,
        index: Any,
        rows: NDArray[np.float32] | None = None,
        recall: float = 1.0,
        file: RowFile | None = None,
    ) -> None:
        """`rows` are the exact embeddings, where the FAISS index has only something like them, in a `file` or not."""
        self._index = index
        self._is_exact = rows is None
        self._rows: NDArray[np.float32] = np.asarray(_Flat(index)) if rows is None else rows
        self._recall = recall
        self._file = file

    @classmethod
    def build(cls, embeddings: NDArray[np.float32]) -> FaissStore:
        """From a matrix of shape (passages, dimensions). The same matrix gives the same store, byte for byte."""
        import faiss

        if len(embeddings) > EXACT_UP_TO:
            with _one_thread():
                return _in_lists(embeddings)
        index = faiss.IndexFlatIP(embeddings.shape[1])
        index.add(np.ascontiguousarray(embeddings, dtype=np.float32))
        return cls(index)

    @classmethod
    def load(cls, file: Path) -> FaissStore:
        """From what `save` wrote, memory-mapped unless it is small.

        Raises:
            IndexDamagedError: a file is missing, is not a FAISS index, or does not fit the other.
        """
        import faiss

        try:
            index = faiss.read_index(str(file), 0 if in_memory(file) else faiss.IO_FLAG_MMAP_IFC)
        except (OSError, RuntimeError) as error:
            raise IndexDamagedError(f"{file} cannot be read") from error
        if isinstance(index, faiss.IndexFlatIP):
            return cls(index)
        exact = RowFile(exact_file(file), np.float32)
        if exact.all.shape != (index.ntotal, index.d):
            raise IndexDamagedError(f"{exact_file(file)} does not hold the embeddings that {file} was made of")
        return cls(index, exact.all, file=exact)

    def save(self, file: Path) -> None:
        """Writes the FAISS index and, where that has not the exact embeddings, those beside it."""
        import faiss

        # Not by its name: FAISS's own writer does not say where the last of it had no room on the disk.
        with file.open("wb") as stream:
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(stream.write))  # type: ignore[attr-defined]
        if not self._is_exact:
            save_array(exact_file(file), self._rows)

    @property
    def how(self) -> VectorSearch:
        """How it searches, and why so; the recall is known to the build alone."""
        if self._is_exact:
            return VectorSearch(reason=f"{len(self):,} passages; up to {EXACT_UP_TO:,} are compared one by one")
        lists, probed = self._index.nlist, self._index.nprobe
        return VectorSearch(
            method=f"IVF{lists},SQ8: {probed} of {lists} lists, the likeliest compared exactly",
            reason=f"{len(self):,} passages; more than {EXACT_UP_TO:,} would take too long one by one",
            recall=self._recall,
            queries=QUERIES,
        )

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimensions(self) -> int:
        return int(self._index.d)

    @property
    def where(self) -> str:
        return ""

    def search(self, embedding: NDArray[np.float32], k: int) -> Ranking:
        """The `k` rows nearest to one embedding of shape (dimensions,), best first, with their cosines.

        Raises:
            IndexDamagedError: the lists name rows that there are not.
        """
        k = min(k, len(self))
        found = self._candidates(embedding.reshape(1, -1), k)
        return nearest_of(found, self._exact(found), embedding, k)

    def _candidates(self, query: NDArray[np.float32], k: int) -> NDArray[np.int64]:
        """At least `k` rows, ascending, with the nearest among them."""
        wanted = k if self._is_exact else min(max(_LEAST_COMPARED, _COMPARED * k), len(self))
        (listed,) = self._index.search(query, wanted)[1]
        found: NDArray[np.int64] = np.sort(listed[listed >= 0])
        if len(found) < k:  # the lists nearest to the question hold too few
            found = np.arange(len(self))
        if found[-1] >= len(self):
            raise IndexDamagedError("the lists of the vectors are not what was written")
        return found

    def _exact(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        file = self._file
        if file is None or len(rows) == len(self):
            return self._rows[rows]
        return np.concatenate([file.read(row, row + 1) for row in rows.tolist()])

    def embeddings(self, first: int = 0, end: int | None = None) -> NDArray[np.float32]:
        """The rows from `first` to `end`, of shape (rows, dimensions); for carrying them over."""
        return self._rows[first:end]


class _Flat:
    """A flat index as an array of its own memory, which keeps the index alive as long as any slice of it."""

    def __init__(self, index: Any) -> None:
        import faiss

        self._index = index
        rows = faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d).reshape(-1, index.d)
        rows.flags.writeable = False
        self.__array_interface__ = rows.__array_interface__


def exact_file(file: Path) -> Path:
    """Where the exact embeddings are that a FAISS index does not hold itself."""
    return file.with_suffix(".npy")


def _in_lists(embeddings: NDArray[np.float32]) -> FaissStore:
    import faiss

    count, dimensions = embeddings.shape
    lists = round(4 * count**0.5)
    kind, metric = faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    index = faiss.IndexIVFScalarQuantizer(faiss.IndexFlatIP(dimensions), dimensions, lists, kind, metric)
    index.cp.niter, index.cp.seed = _ROUNDS, _SEED
    chance = np.random.default_rng(_SEED)
    index.train(rows_of(embeddings, np.sort(chance.choice(count, min(count, _TRAINED * lists), replace=False))))
    for first in range(0, count, _SLICE):
        index.add(np.ascontiguousarray(embeddings[first : first + _SLICE], dtype=np.float32))
    asked = np.sort(chance.choice(count, QUERIES, replace=False))
    recall = _probe_enough(index, embeddings, asked, nearest_others(embeddings, asked))
    return FaissStore(index, embeddings, recall)


def _probe_enough(
    index: Any, embeddings: NDArray[np.float32], asked: NDArray[np.int64], exact: list[set[int]]
) -> float:
    """Sets how many lists a search looks into, and gives the recall that this comes to.

    Questions lie farther away than passages, and get twice the lists that those take.
    """
    index.nprobe = 4
    while _recall(index, embeddings, asked, exact) < LEAST_RECALL and index.nprobe < index.nlist:
        index.nprobe = min(2 * index.nprobe, index.nlist)
    index.nprobe = min(2 * index.nprobe, index.nlist)
    return _recall(index, embeddings, asked, exact)


def _recall(index: Any, embeddings: NDArray[np.float32], asked: NDArray[np.int64], exact: list[set[int]]) -> float:
    return recall_of(FaissStore(index, embeddings).search, embeddings, asked, exact)


@contextmanager
def _one_thread() -> Iterator[None]:
    """FAISS on one thread, on which sums come out the same every time."""
    import faiss

    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(threads)
