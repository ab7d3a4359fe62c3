"""Stand-ins for the models whose output follows from the words, so that a test can name what must come first."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from roleqa.answer.confidence import Calibration
from roleqa.index.terms import terms
from roleqa.protocols import PieceReading
from roleqa.types import MatchText

# Under which questions that share words with the evidence are answered by OverlapReader's.
CALIBRATION = Calibration(
    intercept=-0.5,
    weights={"margin": 0.4, "largest_margin": 0.0},
    threshold=0.4,
    reader="overlap",
    fitted_on="nothing",
)


class WordEncoder:
    """One dimension a word (by its hash): the cosine of two texts is how many words they share."""

    def __init__(self, fingerprint: str = "words", window: int = 60, dimensions: int = 512) -> None:
        self.fingerprint = fingerprint
        self.precision = "exact"
        self.window = window
        self.dimensions = dimensions
        self.encoded: list[str] = []

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        self.encoded += texts
        if progress:
            progress(len(texts))
        return np.stack([self.encode_query(text) for text in texts])

    def encode_query(self, query: str) -> NDArray[np.float32]:
        row = np.zeros(self.dimensions, dtype=np.float32)
        for term in terms(query):
            row[int.from_bytes(hashlib.sha256(term.encode()).digest()[:4]) % self.dimensions] += 1
        norm = np.linalg.norm(row)
        return row / norm if norm else row


class OverlapReader:
    """The margin is 20 times the share of the question's words that a piece holds with its headings and labels (a cell
    also with its row's first), less 6: from -6 to 14. Its answer is the piece.
    """

    fingerprint = "overlap"

    def read(self, question: str, passages: Sequence[MatchText]) -> list[tuple[PieceReading, ...]]:
        return [self._pieces(question, passage) for passage in passages]

    def _pieces(self, question: str, passage: MatchText) -> tuple[PieceReading, ...]:
        headings, line_break, _ = passage.text.partition("\n")
        before = len(headings) + 1 if line_break else 0
        first = passage.text[before : passage.spans[0].end]
        found = []
        for span in passage.spans:
            own = passage.text[before : span.end]
            whole = f"{first} {own}" if own.startswith(";") else own
            margin = self.margin(question, f"{headings} {whole}" if line_break else whole)
            found.append(PieceReading(margin, span))
            before = span.end
        return tuple(found)

    def margin(self, question: str, text: str) -> float:
        """Of a piece with its headings and labels."""
        asked = set(terms(question))
        return 20 * len(asked & set(terms(text))) / max(len(asked), 1) - 6
