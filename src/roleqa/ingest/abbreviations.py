"""Abbreviations that documents explain themselves: "Rules of Engagement (ROE)".

After Schwartz and Hearst 2003, "A simple algorithm for identifying abbreviation definitions in biomedical text":
every letter of the short form is found, from right to left, in the words before the parenthesis, and its first
letter begins one of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

# A text is searched far sooner for a bracket than for a space before one.
_SHORT = re.compile(r"\((?P<short>[^\W_][\w&./-]{0,9})\)")
_BORDER = re.compile(r"[()\n]")
# The longest text in front of a parenthesis that is looked at.
_REACH = 200


def find_abbreviations(texts: Iterable[str]) -> dict[str, str]:
    """Short forms and what they stand for, sorted; of several meanings the most frequent, then the first."""
    found: dict[str, Counter[str]] = {}
    for text in texts:
        for definition in _SHORT.finditer(text):
            end = definition.start() - 1
            if end < 0 or not text[end].isspace():
                continue
            short = definition["short"]
            if short.endswith("s") and short[:-1].isupper():
                short = short[:-1]
            before = _BORDER.split(text[max(0, end - _REACH) : end])[-1]
            long = _long_form(short, before) if len(before) >= 2 and _is_short_form(short) else None
            if long:
                found.setdefault(short, Counter())[long] += 1
    return {short: meanings.most_common(1)[0][0] for short, meanings in sorted(found.items())}


def _is_short_form(short: str) -> bool:
    """Whether a text in parentheses looks like an abbreviation: two characters or more, mostly capitals."""
    capitals = sum(letter.isupper() for letter in short)
    return len(short) >= 2 and 2 * capitals > len(short)


def _long_form(short: str, before: str) -> str | None:
    words = re.findall(r"\S+", before)
    candidate = " ".join(words[-min(len(short) + 5, 2 * len(short)) :])
    position = len(candidate)
    letters = [letter for letter in short.lower() if letter.isalnum()]
    for rank, letter in enumerate(reversed(letters)):
        first = rank == len(letters) - 1
        position -= 1
        while position >= 0 and not (
            candidate[position].lower() == letter and (not first or not candidate[position - 1 : position].isalnum())
        ):
            position -= 1
        if position < 0:
            return None
    long = candidate[position:].strip(" \"'*_")
    return long if len(long) > len(short) and short not in long.split() else None
