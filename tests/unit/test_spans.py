"""The likeliest answer of each piece of evidence, from a start and an end for each token."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from roleqa.blocks import Span
from roleqa.models.spans import MAX_ANSWER_TOKENS, UNREAD, read_pieces
from roleqa.protocols import PieceReading
from roleqa.types import MatchText

TEXT = "Harbour\nThe pilot boards. The lamp burns at night."
FIRST = Span(TEXT.index("The pilot"), TEXT.index("boards.") + 7)
SECOND = Span(TEXT.index("The lamp"), len(TEXT))
PASSAGE = MatchText(TEXT, (FIRST, SECOND))


def words(text: str) -> list[tuple[int, int]]:
    """Each word a token."""
    spans, start = [], 0
    for word in text.split():
        start = text.index(word, start)
        spans.append((start, start + len(word)))
        start += len(word)
    return spans


TOKENS = words(TEXT)


def logits(starts: Mapping[str, float], ends: Mapping[str, float]) -> NDArray[np.float32]:
    """Of the named words as first and as last; -5 for the others."""
    named = [TEXT[start:end] for start, end in TOKENS]
    return np.array([(starts.get(word, -5.0), ends.get(word, -5.0)) for word in named], dtype=np.float32)


def test_each_piece_has_its_own_best_answer_and_its_margin_over_none() -> None:
    found = read_pieces(
        PASSAGE, TOKENS, logits({"pilot": 2.0, "at": 4.0}, {"boards.": 1.0, "pilot": 0.5, "night.": 3.0}), null=1.5
    )
    # Of the pieces' starts and of all ends behind them: the first piece's best end stands in the second.
    assert [reading.margin for reading in found] == [2.0 + 3.0 - 1.5, 4.0 + 3.0 - 1.5]
    assert [TEXT[slice(*reading.answer)] for reading in found] == ["pilot boards. The lamp burns at night.", "at night."]


def test_an_answer_never_ends_before_it_begins() -> None:
    (first, second) = read_pieces(PASSAGE, TOKENS, logits({"burns": 2.0}, {"lamp": 7.0, "at": 1.0}), null=0.0)
    assert TEXT[slice(*second.answer)] == "burns at"
    assert second.margin == 3.0
    assert TEXT[slice(*first.answer)].endswith(" lamp")


def test_headings_are_never_the_answer() -> None:
    found = read_pieces(PASSAGE, TOKENS, logits({"Harbour": 50.0, "lamp": 1.0}, {"Harbour": 50.0, "lamp": 1.0}), null=0.0)
    assert TEXT[slice(*found[1].answer)] == "lamp"
    assert found[1].margin == 2.0
    assert all(reading.answer.start >= FIRST.start for reading in found)


def test_labels_between_pieces_are_never_the_answer_s_first_word() -> None:
    text = "Leave; Keeper: Six weeks"
    passage = MatchText(text, (Span(0, 5), Span(text.index("Six"), len(text))))
    scores = np.zeros((4, 2), dtype=np.float32)
    scores[1] = 30.0  # "Keeper:"
    scores[2] = 1.0  # "Six"
    found = read_pieces(passage, words(text), scores, null=0.0)
    assert text[slice(*found[1].answer)] == "Six"
    assert found[1].margin == 2.0


@pytest.mark.parametrize(
    ("distance", "length"), [(MAX_ANSWER_TOKENS - 1, MAX_ANSWER_TOKENS), (MAX_ANSWER_TOKENS, 1)]
)
def test_an_answer_has_at_most_so_many_tokens(distance: int, length: int) -> None:
    text = " ".join("abcde"[i % 5] for i in range(100))
    scores = np.full((100, 2), -5.0, dtype=np.float32)
    scores[10] = (5.0, 1.0)
    scores[10 + distance, 1] = 5.0
    (found,) = read_pieces(MatchText(text, (Span(0, len(text)),)), words(text), scores, null=0.0)
    assert len(text[slice(*found.answer)].split()) == length
    assert found.answer.start == 20


def test_an_answer_at_the_very_end_looks_for_no_token_behind_it() -> None:
    (*_, last) = read_pieces(PASSAGE, TOKENS, logits({"night.": 3.0}, {"night.": 2.0}), null=1.0)
    assert last == PieceReading(4.0, Span(SECOND.end - len("night."), SECOND.end))


def test_a_piece_behind_the_last_token_is_unread() -> None:
    seen = [token for token in TOKENS if token[1] <= FIRST.end]
    scores = np.zeros((len(seen), 2), dtype=np.float32)
    first, second = read_pieces(PASSAGE, seen, scores, null=0.0)
    assert first.margin == 0.0
    assert second == PieceReading(UNREAD, Span(SECOND.start, SECOND.start))


def test_tokens_without_characters_answer_nothing() -> None:
    scores = np.zeros((1, 2), dtype=np.float32)
    found = read_pieces(PASSAGE, [(FIRST.start, FIRST.start)], scores, null=-9.0)
    assert [reading.margin for reading in found] == [UNREAD, UNREAD]


def test_where_nothing_was_read_all_pieces_are_unread() -> None:
    found = read_pieces(PASSAGE, [], np.zeros((0, 2), dtype=np.float32), null=0.0)
    assert found == (
        PieceReading(UNREAD, Span(FIRST.start, FIRST.start)),
        PieceReading(UNREAD, Span(SECOND.start, SECOND.start)),
    )
