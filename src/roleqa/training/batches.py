"""Examples become batches of tokens of like length, so that little is spent on padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roleqa.training.examples import Example

# The longest input, and what the question may take of it, in tokens.
MAX_TOKENS = 320
MAX_QUESTION_TOKENS = 64
# Tokens of a batch, padding included, and the neighbours among which examples of like length are sought.
BATCH_TOKENS = 2560
NEIGHBOURS = 1500
# Lengths are rounded up to a multiple of this: torch prepares its products anew for each shape, and keeps them.
LENGTH_STEP = 16

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrays of shape (examples, length); `starts` and `ends` are the answer's first and last token, 0 without one."""

    ids: Ids
    types: Ids
    mask: Ids
    starts: Ids
    ends: Ids

    @property
    def tokens(self) -> int:
        return int(self.mask.sum())


@dataclass(frozen=True, slots=True)
class _Encoded:
    ids: list[int]
    types: list[int]
    start: int
    end: int


def batches(examples: Sequence[Example], tokenizer: Any, random: Random) -> Iterator[Batch]:
    """All examples once, in the order given but for the sorting by length among neighbours.

    An answer that lies behind the last token that fits drops its example.
    """
    for first in range(0, len(examples), NEIGHBOURS):
        encoded = [_encode(example, tokenizer) for example in examples[first : first + NEIGHBOURS]]
        ordered = sorted((item for item in encoded if item), key=lambda item: len(item.ids))
        groups = list(_groups(ordered))
        random.shuffle(groups)
        yield from map(_padded, groups)


def passage_text(example: Example) -> str:
    """What is read beside the question: the title, a line break, and the passage."""
    return f"{example.title}\n{example.passage}" if example.title else example.passage


def _encode(example: Example, tokenizer: Any) -> _Encoded | None:
    question = tokenizer.encode(example.question, add_special_tokens=False).ids[:MAX_QUESTION_TOKENS]
    passage = tokenizer.encode(passage_text(example), add_special_tokens=False)
    room = MAX_TOKENS - len(question) - 3
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    ids = [cls, *question, sep, *passage.ids[:room], sep]
    before = len(question) + 2
    types = [0] * before + [1] * (len(ids) - before)
    if example.answer is None:
        return _Encoded(ids, types, 0, 0)
    shift = len(example.title) + 1 if example.title else 0
    start, end = example.answer.start + shift, example.answer.end + shift
    inside = [i for i, (first, last) in enumerate(passage.offsets[:room]) if first < end and start < last]
    if not inside or passage.offsets[inside[-1]][1] < end:
        return None
    return _Encoded(ids, types, before + inside[0], before + inside[-1])


def _groups(ordered: Sequence[_Encoded]) -> Iterator[list[_Encoded]]:
    group: list[_Encoded] = []
    for item in ordered:
        if group and (len(group) + 1) * len(item.ids) > BATCH_TOKENS:
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def _padded(group: Sequence[_Encoded]) -> Batch:
    longest = max(len(item.ids) for item in group)
    shape = len(group), -(-longest // LENGTH_STEP) * LENGTH_STEP
    ids, types, mask = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    for row, item in enumerate(group):
        ids[row, : len(item.ids)] = item.ids
        types[row, : len(item.ids)] = item.types
        mask[row, : len(item.ids)] = 1
    return Batch(
        ids, types, mask, np.array([item.start for item in group]), np.array([item.end for item in group])
    )
