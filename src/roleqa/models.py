"""What a model must do to encode texts or to rerank them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Encoder(Protocol):
    """Turns texts into embeddings of unit length, so that an inner product is a cosine."""

    @property
    def fingerprint(self) -> str:
        """Names the weights: embeddings with different fingerprints must not meet."""

    @property
    def precision(self) -> str:
        """How passages are encoded: what rounds them otherwise, if by far too little to be refused by a query."""

    @property
    def window(self) -> int:
        """The longest text it reads whole, in tokens, special tokens left out."""

    def count_tokens(self, text: str) -> int:
        """How many tokens a text takes, special tokens left out."""

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Embeddings of shape (len(texts), dimensions); `progress` hears how many are done."""

    def encode_query(self, query: str) -> NDArray[np.float32]:
        """One embedding, of shape (dimensions,)."""


class Reranker(Protocol):
    """A cross-encoder: reads a query and a text together and says how well they fit."""

    @property
    def fingerprint(self) -> str:
        """Names the weights; a calibrated confidence holds for one fingerprint."""

    def rerank(self, query: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """One logit a text, of shape (len(texts),), in the texts' order; higher is more relevant."""
