"""Cyrillic and Greek letters that look Latin: a name that is written with them is read as it looks.

Full-width and other styles of letters, accents and signs without width are seen to by `roleqa.index.terms.fold`.
"""

from __future__ import annotations

import unicodedata

# Latin letters, and after the name of script and case the names that Unicode has for letters that look like them. From
# the table of confusable characters of Unicode Technical Standard 39.
_LOOKS_LIKE = {
    "CYRILLIC SMALL LETTER": {
        "a": "A", "c": "ES", "d": "KOMI DE", "e": "IE", "h": "SHHA", "i": "BYELORUSSIAN-UKRAINIAN I", "j": "JE",
        "k": "KA", "l": "PALOCHKA", "o": "O", "p": "ER", "q": "QA", "s": "DZE", "v": "IZHITSA", "w": "WE", "x": "HA",
        "y": "U",
    },
    "CYRILLIC CAPITAL LETTER": {
        "A": "A", "B": "VE", "C": "ES", "D": "KOMI DE", "E": "IE", "H": "EN", "I": "BYELORUSSIAN-UKRAINIAN I",
        "J": "JE", "K": "KA", "M": "EM", "O": "O", "P": "ER", "Q": "QA", "S": "DZE", "T": "TE", "V": "IZHITSA",
        "W": "WE", "X": "HA", "Y": "U",
    },
    "GREEK SMALL LETTER": {
        "a": "ALPHA", "e": "EPSILON", "i": "IOTA", "k": "KAPPA", "n": "ETA", "o": "OMICRON", "p": "RHO", "t": "TAU",
        "u": "UPSILON", "v": "NU", "x": "CHI", "y": "GAMMA",
    },
    "GREEK CAPITAL LETTER": {
        "A": "ALPHA", "B": "BETA", "E": "EPSILON", "H": "ETA", "I": "IOTA", "K": "KAPPA", "M": "MU", "N": "NU",
        "O": "OMICRON", "P": "RHO", "T": "TAU", "X": "CHI", "Y": "UPSILON", "Z": "ZETA",
    },
}  # fmt: skip
_LATIN = {
    ord(unicodedata.lookup(f"{kind} {name}")): latin
    for kind, names in _LOOKS_LIKE.items()
    for latin, name in names.items()
}


def as_it_looks(word: str) -> str:
    """A word in Latin letters if every letter is one or looks like one, else as it is."""
    if word.isascii():
        return word
    latin = unicodedata.normalize("NFKD", word).translate(_LATIN)
    foreign = (letter for letter in latin if letter.isalpha() and not _is_latin(letter))
    return word if next(foreign, None) else latin


def _is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN")

