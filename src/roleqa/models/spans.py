"""From a start and an end logit for each token to the likeliest answer of each piece of evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from roleqa.blocks import Span
from roleqa.protocols import PieceReading
from roleqa.types import MatchText

# The longest answer, in tokens. What answers at greater length is a sentence, and quoted whole anyway.
MAX_ANSWER_TOKENS = 40
# The margin of a piece of which the reader has read no token.
UNREAD = -30.0


def read_pieces(
    passage: MatchText, offsets: Sequence[tuple[int, int]], logits: NDArray[np.float32], null: float
) -> tuple[PieceReading, ...]:
    """The best answer of each piece.

    `offsets` are the tokens' characters in the passage's text, `logits`, of shape (tokens, 2), say how well an answer
    begins and ends with each, and `null` is the score of "no answer".
    """
    if not len(offsets):
        return tuple(PieceReading(UNREAD, Span(start, start)) for start, _ in passage.spans)
    firsts, lasts = (np.array(column) for column in zip(*offsets, strict=True))
    ends, places = _best_ends(logits[:, 1])
    scores = logits[:, 0] + ends - null
    found = []
    for start, end in passage.spans:
        tokens = np.flatnonzero((firsts >= start) & (firsts < end) & (lasts > firsts))
        if not len(tokens):
            found.append(PieceReading(UNREAD, Span(start, start)))
            continue
        best = tokens[np.argmax(scores[tokens])]
        found.append(PieceReading(float(scores[best]), Span(int(firsts[best]), int(lasts[places[best]]))))
    return tuple(found)


def _best_ends(logits: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """For each token as the answer's first, the best logit of a last one and which token that is."""
    padded = np.concatenate([logits, np.full(MAX_ANSWER_TOKENS - 1, -np.inf, dtype=np.float32)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, MAX_ANSWER_TOKENS)
    places = windows.argmax(axis=1)
    return windows[np.arange(len(logits)), places], places + np.arange(len(logits))
