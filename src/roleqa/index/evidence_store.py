"""Embeddings of the evidence, read from disk a passage at a time: they guess which evidence is worth reading.

Half precision and memory-mapped, so that serving costs no memory for the evidence that nobody asks about.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from roleqa.errors import IndexDamagedError


class EvidenceStore:
    """Rows in the order of the passages and, within a passage, of its evidence."""

    def __init__(self, rows: NDArray[np.float16], counts: Sequence[int]) -> None:
        """`rows` has shape (pieces of evidence, dimensions); counts[i] of them belong to passage i."""
        self._rows = rows
        self._starts = (0, *accumulate(counts))

    @classmethod
    def load(cls, file: Path, counts: Sequence[int]) -> EvidenceStore:
        """From a file that `save` wrote.

        Raises:
            IndexDamagedError: the file is missing, is not such an array, or has another number of rows.
        """
        try:
            rows = np.load(file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise IndexDamagedError(f"{file} cannot be read") from error
        if rows.ndim != 2 or len(rows) != sum(counts):
            raise IndexDamagedError(f"{file} has {len(rows)} rows, not {sum(counts)}")
        return cls(rows, counts)

    def save(self, file: Path) -> None:
        with file.open("wb") as stream:
            np.save(stream, self._rows, allow_pickle=False)

    def __len__(self) -> int:
        return len(self._rows)

    def cosines(self, row: int, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
        """The cosine of each piece of evidence of passage `row` with an embedding of shape (dimensions,)."""
        own = self._rows[self._starts[row] : self._starts[row + 1]]
        cosines: NDArray[np.float32] = own.astype(np.float32) @ embedding
        return cosines

    def embeddings(self, first: int, end: int) -> NDArray[np.float16]:
        """The rows of passages `first` to `end`, for carrying them over to the next generation."""
        return self._rows[self._starts[first] : self._starts[end]]
