"""What holds the passages' embeddings: the door behind which FAISS stands, and any other store may."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from roleqa.types import Ranking


@dataclass(frozen=True, slots=True)
class VectorSearch:
    """How a store finds the nearest passages, and the `reason` why so.

    `recall` is the share that it finds of the ten that exact search finds, measured by the build with so many
    `queries`, which are rows of the index, each left out of what it finds itself.
    """

    store: str = "faiss"
    method: str = "exact"
    reason: str = ""
    recall: float = 1.0
    queries: int = 0


EXACT = VectorSearch()


@dataclass(frozen=True, slots=True)
class StorePlace:
    """Where vectors are kept: in which store and, where that is a server, at which address, with which token to log in
    and below which name. Reading, an empty address is the one that was built at.
    """

    store: str = "faiss"
    uri: str = ""
    token: str = field(default="", repr=False)
    collection: str = ""


HERE = StorePlace()


class VectorStore(Protocol):
    """Row i is the embedding of passage i; rows have unit length, so that scores are cosines.

    A store does not change once it is open, and is safe to share between threads. What cannot be read raises
    IndexDamagedError; a server that is away, StoreError.
    """

    def __len__(self) -> int:
        """How many rows there are."""

    @property
    def dimensions(self) -> int:
        """How long a row is."""

    @property
    def where(self) -> str:
        """What answers, where that is not a file of the index."""

    def search(self, embedding: NDArray[np.float32], k: int) -> Ranking:
        """The `k` rows nearest to one embedding of shape (dimensions,), or all where there are fewer, best first.

        Scores are the cosines with the rows as they were given, whatever the store searches by.
        """

    def embeddings(self, first: int = 0, end: int | None = None) -> NDArray[np.float32]:
        """The rows from `first` to `end`, bit for bit as they were given: what the next generation carries over."""
