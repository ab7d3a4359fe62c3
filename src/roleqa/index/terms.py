"""Text becomes the terms that keyword search counts.

British and American spellings, accents and inflections of one word give one term. The folding is
orthographic and crude on purpose: it need not give words, only the same string for both spellings, and
it is applied to documents and queries alike.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

# What is written on or between the letters of a word: accents of their own, soft hyphens, signs without width.
_ON_LETTERS = "\u0300-\u036f\u00ad\u200b-\u200d\u2060"
# The other signs that nobody sees: they tear no word, and belong to none at its end.
_UNSEEN = (
    "\u061c\u180e\u200e\u200f\u202a-\u202e\u2061-\u2064\u2066-\u206f"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef"
)
_LETTER = rf"(?:[^\W_]|[{_ON_LETTERS}]|[{_UNSEEN}]++(?=[^\W_]))"
_WORD = re.compile(rf"[^\W_]{_LETTER}*+(?:['\u2019]{_LETTER}++)*+")
_POSSESSIVE = re.compile(r"['\u2019]s?$")

# (ending, replacement), longest first where one ends another; only for words of six letters and more,
# so that "four", "wise" and "tour" stay apart from "for", "wize" and "tor".
_SPELLINGS = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"oeu", "eu"),  # manoeuvre, maneuver
        (r"[ao]e(?=[^aeiou])", "e"),  # anaesthetic, anesthetic
        (r"ll", "l"),  # travelled, traveled; fulfil, fulfill
        (r"our(?=$|s$|ed$|ing$|able$|al$)", "or"),  # colour, color; behavioural, behavioral
        (r"(?<=[aeiou][nr])[cs]e(?=$|s$|d$)", "se"),  # defence, defense; licence, license
        (r"(?<=[cbtv])re(?=$|s$|d$)", "er"),  # theatre, theater; centre, center
        (r"is(?=e$|es$|ed$|ing$|er$|ers$|ation$|ations$)", "iz"),  # organise, organize
        (r"ys(?=e$|es$|ed$|ing$)", "yz"),  # analyse, analyze
        (r"ogue(?=$|s$)", "og"),  # dialogue, dialog
        (r"amme(?=$|s$)", "am"),  # programme, program
    )
)


def words(text: str) -> list[str]:
    """The words of a text, in order, as they are written."""
    return _WORD.findall(text)


def word_spans(text: str) -> list[tuple[int, int]]:
    """Where the words of a text start and end, in order."""
    return [match.span() for match in _WORD.finditer(text)]


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """A word without case, accents, possessive and national spelling."""
    decomposed = unicodedata.normalize("NFKD", word)
    plain = "".join(letter for letter in decomposed if unicodedata.category(letter) not in ("Mn", "Cf")).casefold()
    plain = _POSSESSIVE.sub("", plain)
    if len(plain) >= 6:
        for pattern, replacement in _SPELLINGS:
            plain = pattern.sub(replacement, plain)
    return plain


def terms(text: str) -> list[str]:
    """The folded, stemmed words of a text, in order; repeats stay, as keyword search counts them."""
    return [term for term in map(_term, words(text)) if term]


@lru_cache(maxsize=65536)
def _term(word: str) -> str:
    return str(_stemmer().stemWord(fold(word)))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")
