"""Misspelt words of a question are mended against the words of the corpus.

A word is left alone when the corpus or a role's name has it, when it is an ordinary word of the language, or
when it looks like a name or a number: a wrong mend does more harm than none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from roleqa.index.terms import fold, terms, word_spans
from roleqa.types import Role

SHORTEST = 4  # a shorter word has too many neighbours
# Questions have words that documents may lack; these too are mended to.
_QUESTION_WORDS = {word: word for word in ("what", "when", "where", "which", "whose", "does", "many", "much", "long")}


def mend(
    question: str,
    vocabulary: Mapping[str, str],
    roles: tuple[Role, ...],
    is_known: Callable[[str], bool],
    is_word: Callable[[str], bool],
) -> str:
    """The question with misspelt words replaced by the corpus' nearest.

    `vocabulary` gives for a folded word how the corpus writes it, the most frequent words first; `is_known` says
    whether the corpus has a term, `is_word` whether a word is known to the language at large.
    """
    names = _QUESTION_WORDS | _role_words(roles)
    names_terms = _terms(tuple(names))
    mended = question
    for place, (start, end) in reversed(list(enumerate(word_spans(question)))):
        word = question[start:end]
        is_name = place > 0 and word[0].isupper() and not word.isupper()
        if len(word) < SHORTEST or not word.isalpha() or is_name or word.isupper():
            continue
        if all(term in names_terms or is_known(term) for term in terms(word)) or is_word(word.lower()):
            continue
        nearest = _nearest(fold(word), {**names, **vocabulary})
        if nearest:
            mended = mended[:start] + nearest + mended[end:]
    return mended


def _nearest(word: str, vocabulary: Mapping[str, str]) -> str | None:
    """How the nearest word is written, if it is near enough: one slip, in six letters and more two."""
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import extract

    slips = 1 if len(word) < 6 else 2
    candidates = tuple(vocabulary)
    found = extract(word, candidates, scorer=OSA.distance, score_cutoff=slips, limit=8)
    # First letters are rarely wrong; then the fewer slips, then the more frequent word.
    found = [match for match in found if match[0][0] == word[0] or match[1] <= 1]
    return vocabulary[min(found, key=lambda match: match[1])[0]] if found else None


@lru_cache(maxsize=4)
def _terms(words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(term for word in words for term in terms(word))


@lru_cache(maxsize=16)
def _role_words(roles: tuple[Role, ...]) -> dict[str, str]:
    written = (
        name[start:end] for role in roles for name in (role.name, *role.aliases) for start, end in word_spans(name)
    )
    return {fold(word): word for word in written if len(word) >= SHORTEST}
