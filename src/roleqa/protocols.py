"""What a model must do to encode texts or to read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from roleqa.blocks import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from roleqa.types import MatchText


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


@dataclass(frozen=True, slots=True)
class PieceReading:
    """What the reader finds in one piece of evidence: the likeliest answer that begins in it.

    `margin` is by how much, in logits, the reader prefers that answer to "not in this passage". `answer` is a span of
    the passage's match text, which may end in a later piece.
    """

    margin: float
    answer: Span


class Reader(Protocol):
    """Reads a question and a passage together: where the passage answers, and whether it does at all.

    Extractive question answering with "no answer" (SQuAD 2.0: Rajpurkar, Jia and Liang 2018, arXiv 1806.03822).
    """

    @property
    def fingerprint(self) -> str:
        """Names the weights; a calibrated confidence holds for one fingerprint."""

    def read(self, question: str, passages: Sequence[MatchText]) -> Sequence[tuple[PieceReading, ...]]:
        """For each passage, a reading of each of its pieces of evidence, in their order.

        What is read of a passage does not depend on the passages beside it.
        """
