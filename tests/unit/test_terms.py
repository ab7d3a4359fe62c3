"""The terms of keyword search: one for both spellings of a word, two for two words."""

from __future__ import annotations

import pytest

from roleqa.index.terms import fold, terms, word_spans, words
from roleqa.index.word_rows import WordRows


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("defence", "defense"),
        ("licences", "licenses"),
        ("organisation's", "organizations"),
        ("specialised", "specialized"),
        ("theatres", "theater"),
        ("centre", "centers"),
        ("manoeuvre", "maneuver"),
        ("behavioural", "behavioral"),
        ("colours", "color"),
        ("travelled", "traveled"),
        ("analysing", "analyzing"),
        ("programmes", "program"),
        ("dialogue", "dialogs"),
        ("paediatric", "pediatric"),
    ],
)
def test_both_spellings_give_one_term(british: str, american: str) -> None:
    assert terms(british) == terms(american)


@pytest.mark.parametrize(
    ("one", "other"), [("four", "for"), ("tour", "tor"), ("wise", "size"), ("rank", "role"), ("fire", "fir")]
)
def test_other_words_stay_apart(one: str, other: str) -> None:
    assert terms(one) != terms(other)


def test_accents_case_and_inflection_fold() -> None:
    assert terms("Attach\u00e9s") == terms("ATTACHE")
    assert terms("posted postings") == ["post", "post"]


def test_an_apostrophe_belongs_to_its_word() -> None:
    assert words("the pilot\u2019s 3.5-hour watch, o'clock") == [
        "the",
        "pilot\u2019s",
        "3",
        "5",
        "hour",
        "watch",
        "o'clock",
    ]
    assert fold("pilot\u2019s") == "pilot"


def test_spans_are_where_the_words_are() -> None:
    text = "  A l\u00e9ft, \U0001f600right "
    assert [text[start:end] for start, end in word_spans(text)] == words(text) == ["A", "l\u00e9ft", "right"]


@pytest.mark.parametrize(
    ("plain", "odd"),
    [
        ("\u00e9cole", "e\u0301cole"),
        ("zebra", "ze\u200bbra"),
        ("cooperate", "co\u00adoperate"),
        ("attach\u00e9's", "attache\u0301\u2019s"),
        ("Attach\u00e9s", "attache\u0301s"),
    ],
)
def test_how_a_letter_is_encoded_makes_no_difference(plain: str, odd: str) -> None:
    assert terms(odd) == terms(plain)
    assert words(f"an {odd} is") == ["an", odd, "is"]


def test_texts_become_the_numbers_of_their_words() -> None:
    made = WordRows.of(["The lamp, the Lamp", "...", "a lamp's lamp"])
    assert made.words == ("The", "lamp", "the", "Lamp", "a", "lamp's")
    assert [list(row) for row in made.rows] == [[0, 1, 2, 3], [], [4, 5, 1]]
    assert made.counts.tolist() == [1, 2, 1, 1, 1, 1]
    assert WordRows.of([]).counts.tolist() == []
