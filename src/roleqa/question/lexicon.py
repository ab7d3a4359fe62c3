"""The words of English at large. The only place that loads spellchecker."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spellchecker import SpellChecker


def is_english(word: str) -> bool:
    """Whether a dictionary of English (160,000 words and their inflections, American spelling) has a word."""
    return bool(_dictionary().known([word]))


@cache
def _dictionary() -> SpellChecker:
    from spellchecker import SpellChecker

    return SpellChecker(language="en")
