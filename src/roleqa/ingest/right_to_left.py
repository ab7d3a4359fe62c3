"""Hebrew, Arabic and the like, as pages print them: the glyphs of a line stand from left to right."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import groupby

_RIGHT_TO_LEFT = ("R", "AL")
_MIRRORED = str.maketrans("()[]{}<>\u00ab\u00bb", ")(][}{><\u00bb\u00ab")


def is_right_to_left(text: str) -> bool:
    """Whether most letters are of a writing that runs to the left."""
    if text.isascii():
        return False
    kinds = [unicodedata.bidirectional(sign) for sign in text]
    return sum(kind in _RIGHT_TO_LEFT for kind in kinds) > kinds.count("L")


def logical(words: Sequence[str]) -> str:
    """The words of such a line in the order that they are read in; numbers and words of other writings stay whole."""
    read: list[str] = []
    for is_turned, run in groupby(reversed(words), key=lambda word: not _runs_right(word)):
        found = list(run)
        read += [word[::-1].translate(_MIRRORED) for word in found] if is_turned else reversed(found)
    return " ".join(read)


def _runs_right(word: str) -> bool:
    kinds = {unicodedata.bidirectional(sign) for sign in word}
    return bool(kinds & {"L", "EN", "AN"}) and not kinds & set(_RIGHT_TO_LEFT)
