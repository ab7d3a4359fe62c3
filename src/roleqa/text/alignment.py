"""Where the characters of a plain text stand in the source that its markup was taken from."""

from __future__ import annotations

from collections.abc import Sequence


def align(plain: str, source: str) -> tuple[int, ...]:
    """The offset in `source` of each character of `plain`, which is the source with characters left out.

    A space may stand for any white space. Characters that the source does not have, such as those that an entity
    stands for, get the offset of the character that follows the one before.
    """
    if plain == source:
        return tuple(range(len(plain)))
    offsets = []
    position = 0
    for character in plain:
        found = _next(character, source, position)
        if found < 0:
            offsets.append(min(position, max(len(source) - 1, 0)))
        else:
            offsets.append(found)
            position = found + 1
    return tuple(offsets)


# Markup between two characters of the text is short but for the target of a link.
_LONGEST_GAP = 400


def _next(character: str, source: str, position: int) -> int:
    if character != " ":
        return source.find(character, position, position + _LONGEST_GAP)
    window = source[position : position + _LONGEST_GAP]
    return next((position + i for i, other in enumerate(window) if other.isspace()), -1)


def source_span(plain: str, source: str, start: int, end: int) -> tuple[int, int]:
    """The span of `source` that the characters [start, end) of `plain` stand in. `start` is less than `end`."""
    offsets: Sequence[int] = align(plain[:end], source)
    return offsets[start], offsets[end - 1] + 1
