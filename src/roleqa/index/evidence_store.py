"""Embeddings of the evidence, read from disk a passage at a time: they guess which evidence is worth reading.

Half precision and memory-mapped, so that serving costs no memory for the evidence that nobody asks about.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from roleqa.errors import IndexDamagedError
from roleqa.index.record_file import RowFile, load_array, save_array


class EvidenceStore:
    """Rows in the order of the passages and, within a passage, of its evidence."""

    def __init__(
        self, rows: NDArray[np.float16], starts: NDArray[np.int64], file: RowFile | None = None
    ) -> None:
        """`rows` has shape (pieces of evidence, dimensions); those from starts[i] to starts[i + 1] are passage i's.

        Where they are in a file, those of a passage are read from there.
        """
        self._rows = rows
        self._starts = starts
        self._file = file

    @classmethod
    def load(cls, file: Path) -> EvidenceStore:
        """From what `save` wrote.

        Raises:
            IndexDamagedError: a file is missing, is not such an array, or does not fit the other.
        """
        found, starts = RowFile(file, np.float16), load_array(starts_file(file), np.int64)
        if not len(starts) or starts[-1] != len(found.all):
            raise IndexDamagedError(f"{file} has {len(found.all)} rows, not as many as {starts_file(file)} says")
        return cls(found.all, starts, found)

    def save(self, file: Path) -> None:
        save_array(file, self._rows)
        save_array(starts_file(file), self._starts)

    def __len__(self) -> int:
        return len(self._rows)

    def cosines(self, row: int, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
        """The cosine of each piece of evidence of passage `row` with an embedding of shape (dimensions,)."""
        first, end = self._starts[row : row + 2].tolist()
        own = self._file.read(first, end) if self._file else self._rows[first:end]
        cosines: NDArray[np.float32] = own.astype(np.float32) @ embedding
        return cosines

    def embeddings(self, first: int, end: int) -> NDArray[np.float16]:
        """The rows of passages `first` to `end`, for carrying them over to the next generation."""
        return self._rows[self._starts[first] : self._starts[end]]


def starts_file(file: Path) -> Path:
    """Where it stands which rows belong to which passage."""
    return file.with_suffix(".starts.npy")
