"""Embeddings in FAISS: exact search by inner product. The only place that loads faiss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roleqa.errors import IndexDamagedError
from roleqa.types import Ranking


class FaissStore:
    """Row i is the embedding of passage i; rows have unit length, so scores are cosines."""

    def __init__(self, index: Any) -> None:
        self._index = index

    @classmethod
    def build(cls, embeddings: NDArray[np.float32]) -> FaissStore:
        """From a matrix of shape (passages, dimensions)."""
        import faiss

        index = faiss.IndexFlatIP(embeddings.shape[1])
        index.add(np.ascontiguousarray(embeddings, dtype=np.float32))
        return cls(index)

    @classmethod
    def load(cls, file: Path) -> FaissStore:
        """From a file that `save` wrote.

        Raises:
            IndexDamagedError: the file is missing or is not a FAISS index.
        """
        import faiss

        try:
            return cls(faiss.read_index(str(file)))
        except RuntimeError as error:
            raise IndexDamagedError(f"{file} cannot be read") from error

    def save(self, file: Path) -> None:
        import faiss

        # Not by its name: FAISS's own writer does not say where the last of it had no room on the disk.
        with file.open("wb") as stream:
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(stream.write))  # type: ignore[attr-defined]

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimensions(self) -> int:
        return int(self._index.d)

    def search(self, embedding: NDArray[np.float32], k: int) -> Ranking:
        """The `k` rows nearest to one embedding of shape (dimensions,), best first, with their cosines."""
        scores, rows = self._index.search(embedding.reshape(1, -1), min(k, len(self)))
        return tuple((int(row), float(score)) for row, score in zip(rows[0], scores[0], strict=True))

    def embedding(self, row: int) -> NDArray[np.float32]:
        """One row, of shape (dimensions,)."""
        embedding: NDArray[np.float32] = self._index.reconstruct(row)
        return embedding

    def embeddings(self) -> NDArray[np.float32]:
        """All rows, of shape (passages, dimensions); for carrying them over to the next generation."""
        matrix: NDArray[np.float32] = self._index.reconstruct_n(0, len(self))
        return matrix
