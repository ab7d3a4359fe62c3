"""Texts as the numbers of their words: what counts words counts numbers, and looks at each word but once."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from roleqa.index.terms import words


@dataclass(frozen=True, slots=True)
class WordRows:
    """`words[i]` is the i-th that the texts have, as it is written; `rows` are the texts, a number for each word."""

    words: Sequence[str]
    rows: Sequence[array[int]]

    @classmethod
    def of(cls, texts: Iterable[str]) -> WordRows:
        numbers: defaultdict[str, int] = defaultdict(count().__next__)
        rows = [array("i", map(numbers.__getitem__, words(text))) for text in texts]
        return cls(tuple(numbers), rows)

    @property
    def counts(self) -> NDArray[np.int64]:
        """How often each word is there."""
        every = np.frombuffer(b"".join(self.rows), dtype=np.intc)
        return np.bincount(every, minlength=len(self.words))
