"""Documents get their embeddings: only what no document before had is encoded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from roleqa.index.content import Embeddings, Part
from roleqa.protocols import Encoder
from roleqa.types import Progress

# So many texts are encoded at once: their embeddings are in memory before what is evidence is made half as precise.
AT_ONCE = 50_000

Row = NDArray[np.float32] | NDArray[np.float16]


def embed(
    parts: Sequence[Part], donors: Iterable[Part], encoder: Encoder, progress: Progress
) -> tuple[tuple[Part, ...], int]:
    """The parts with their embeddings, and how many passages had to be encoded.

    What a part or a donor has embeddings for is not encoded again. The result is the same, bit for bit, as that of
    encoding everything, if the encoder gives a text the same embedding whatever it encodes beside it.
    """
    passages, evidence = _known(donors)
    fresh = [part for part in parts if part.embeddings is None]
    wanted = [text for part in fresh for text in part.passage_texts if text not in passages]
    texts = dict.fromkeys(wanted)
    precise = len(texts)
    texts |= dict.fromkeys(
        text for part in fresh for text in part.evidence_texts if text not in passages and text not in evidence
    )
    made = _encode(tuple(texts), precise, encoder, progress)
    passages |= made[0]
    evidence |= made[1]
    # A passage's embedding is the more precise one, and rounds to what its evidence of the same text would get.
    evidence |= passages
    dimensions = _dimensions(parts, passages)
    done = tuple(part if part.embeddings else _with_rows(part, passages, evidence, dimensions) for part in parts)
    return done, len(wanted)


def _known(donors: Iterable[Part]) -> tuple[dict[str, Row], dict[str, Row]]:
    """Rows by the text that they were made from: of passages, and of evidence."""
    passages: dict[str, Row] = {}
    evidence: dict[str, Row] = {}
    for part in donors:
        if part.embeddings:
            passages |= zip(part.passage_texts, part.embeddings.passages, strict=True)
            evidence |= zip(part.evidence_texts, part.embeddings.evidence, strict=True)
    return passages, evidence


def _encode(
    texts: Sequence[str], precise: int, encoder: Encoder, progress: Progress
) -> tuple[dict[str, Row], dict[str, Row]]:
    """Rows by text: the first, so many of them, as they are, the others half as precise."""
    passages: dict[str, Row] = {}
    evidence: dict[str, Row] = {}
    if texts:
        progress("encoding", 0, len(texts))
    for first in range(0, len(texts), AT_ONCE):
        own = texts[first : first + AT_ONCE]
        rows = encoder.encode_passages(own, _from(first, len(texts), progress))
        border = min(max(precise - first, 0), len(own))
        passages |= zip(own[:border], rows[:border].copy(), strict=True)
        evidence |= zip(own[border:], rows[border:].astype(np.float16), strict=True)
    return passages, evidence


def _from(first: int, total: int, progress: Progress) -> Callable[[int], None]:
    return lambda done: progress("encoding", first + done, total)


def _dimensions(parts: Sequence[Part], rows: dict[str, Row]) -> int:
    known = next((part.embeddings.passages.shape[1] for part in parts if part.embeddings), 0)
    return known or len(next(iter(rows.values()), ()))


def _with_rows(part: Part, passages: dict[str, Row], evidence: dict[str, Row], dimensions: int) -> Part:
    own = np.empty((len(part.passage_texts), dimensions), dtype=np.float32)
    for row, text in enumerate(part.passage_texts):
        own[row] = passages[text]
    pieces = np.empty((len(part.evidence_texts), dimensions), dtype=np.float16)
    for row, text in enumerate(part.evidence_texts):
        pieces[row] = evidence[text]
    return replace(part, embeddings=Embeddings(own, pieces))
