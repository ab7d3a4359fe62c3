"""Where plain text stands in the source that its markup was taken from."""

from __future__ import annotations

import pytest

from roleqa.ingest.markup import plain
from roleqa.text.alignment import align, source_span


@pytest.mark.parametrize(
    ("source", "words", "slice_"),
    [
        pytest.param("The lamp burns.", "lamp burns", "lamp burns", id="no markup"),
        pytest.param("The **big lamp** burns.", "big lamp", "big lamp", id="inside emphasis"),
        pytest.param("The **big** *lamp* burns.", "big lamp", "big** *lamp", id="over two emphases"),
        pytest.param("See [the log](log/of/the/lamp.md) first.", "the log", "the log", id="the text of a link"),
        pytest.param("See [the log](log.md) first.", "log first", "log](log.md) first", id="over a link's target"),
        pytest.param("It takes `six hours` or so.", "six hours", "six hours", id="code"),
        pytest.param("> Nobody\n> lands here.", "Nobody lands", "Nobody\n> lands", id="over a quote's line break"),
        pytest.param("Six\n   weeks of leave", "Six weeks", "Six\n   weeks", id="white space of any length"),
        pytest.param("Ropes \\& tar", "Ropes & tar", "Ropes \\& tar", id="an escaped character"),
    ],
)
def test_words_are_found_again_where_they_stand(source: str, words: str, slice_: str) -> None:
    own = plain(source)
    first = own.index(words)
    start, end = source_span(own, source, first, first + len(words))
    assert source[start:end] == slice_


def test_text_without_markup_stands_where_it_stands() -> None:
    assert align("lamp", "lamp") == (0, 1, 2, 3)
    assert align("", "**") == ()


def test_characters_that_the_source_lacks_stand_beside_the_one_before() -> None:
    own, source = plain("ship &mdash; boat"), "ship &mdash; boat"
    assert own == "ship \N{EM DASH} boat"
    offsets = align(own, source)
    assert offsets[own.index("\N{EM DASH}")] == source.index("&mdash;")
    assert [source[offset] for offset in offsets[-4:]] == list("boat")


def test_a_character_far_away_is_not_the_one_that_is_looked_for() -> None:
    source = "a" + "-" * 500 + "z"
    assert align("az", source) == (0, 1)
