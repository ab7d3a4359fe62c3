"""Misspelt words of a question: which are mended, and which are left alone."""

from __future__ import annotations

import pytest

from roleqa.index.terms import terms
from roleqa.index.vocabulary import build_vocabulary
from roleqa.index.word_rows import WordRows
from roleqa.question.lexicon import is_english
from roleqa.question.spelling import mend
from roleqa.types import Role

VOCABULARY = build_vocabulary(
    WordRows.of(["The security clearance of a commander in Vienna, and the harbour", "Command, COMMAND: clearance! theatre"])
)
ROLES = (Role("pilot", "Harbour Pilot", ("HP", "pil\u00f4t\u00e9")),)
KNOWN = {term for word in VOCABULARY for term in terms(word)}
ENGLISH = {"salary", "which", "clear", "harder", "defense"}


@pytest.mark.parametrize(
    ("question", "mended"),
    [
        pytest.param("which securety clerance?", "which security clearance?", id="two words"),
        pytest.param("the comander in viena", "the commander in Vienna", id="as the corpus writes it"),
        pytest.param("a harbuor piolt", "a harbour Pilot", id="letters swapped, role's name"),
        pytest.param("the pilotey", "the pil\u00f4t\u00e9", id="alias, accents and all"),
        pytest.param("wich clearances", "which clearances", id="question word; a plural is known"),
        pytest.param("salary of the harder clear", "salary of the harder clear", id="ordinary words"),
        pytest.param("harbor theaters commanding", "harbor theaters commanding", id="american, inflected"),
        pytest.param("Is Securitas in Viennas?", "Is Securitas in Viennas?", id="names"),
        pytest.param("SECURETY of an HPX, t3st, abd", "SECURETY of an HPX, t3st, abd", id="capitals, digits, short"),
        pytest.param("xylophonist zzzzzzzz", "xylophonist zzzzzzzz", id="nothing near"),
        pytest.param("", "", id="empty"),
    ],
)
def test_mending(question: str, mended: str) -> None:
    assert mend(question, VOCABULARY, ROLES, KNOWN.__contains__, ENGLISH.__contains__) == mended


def test_a_vocabulary_writes_words_as_the_corpus_does() -> None:
    vocabulary = build_vocabulary(WordRows.of(["Vienna and AND And", "and vienna's R2D2 Vienna"]))
    assert list(vocabulary.items()) == [("and", "and"), ("vienna", "Vienna")]


@pytest.mark.parametrize(
    ("word", "known"),
    [("whim", True), ("offside", True), ("tuition", True), ("liason", False), ("clerance", False), ("securety", False)],
)
def test_the_dictionary_knows_words_and_no_slips(word: str, known: bool) -> None:
    assert is_english(word) is known
