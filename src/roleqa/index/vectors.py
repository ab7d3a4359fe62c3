"""Which store holds a generation's embeddings: chosen when it is written, and found again when it is opened."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from roleqa.index.faiss_store import FaissStore
from roleqa.index.layout import GenerationFolder
from roleqa.index.manifest import Manifest
from roleqa.stores import VectorSearch, VectorStore


def save_vectors(folder: GenerationFolder, embeddings: NDArray[np.float32]) -> VectorSearch:
    """Writes the passages' embeddings, and says how they will be searched."""
    store = FaissStore.build(embeddings)
    store.save(folder.vectors)
    return store.how


def load_vectors(folder: GenerationFolder, manifest: Manifest) -> VectorStore:  # noqa: ARG001 - says which store it is
    """Opens what `save_vectors` wrote. Raises IndexDamagedError."""
    return FaissStore.load(folder.vectors)
