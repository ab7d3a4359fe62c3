"""What a store has found is put in one order, whichever store it was."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from roleqa.types import Ranking

# Sums in double precision that differ by less are equal.
_DIGITS = 12


def nearest_of(rows: NDArray[Any], vectors: NDArray[np.float32], embedding: NDArray[np.float32], k: int) -> Ranking:
    """The best `k` of some rows by their cosine with an embedding; of equal ones, the first.

    In double precision, as sums in single precision come out otherwise in every library, and in FAISS by how many rows
    are compared at once.
    """
    scores = np.round(vectors.astype(np.float64) @ embedding.astype(np.float64), _DIGITS)
    best = np.lexsort((rows, -scores))[:k]
    return tuple(zip(rows[best].tolist(), scores[best].tolist(), strict=True))
