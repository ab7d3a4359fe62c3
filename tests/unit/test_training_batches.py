"""Examples become tokens: the answer's stay the answer's, and batches stay small."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from roleqa.blocks import Span
from roleqa.models.reader import MAX_QUESTION_TOKENS as READ_QUESTION_TOKENS
from roleqa.models.reader import MAX_TOKENS as READ_TOKENS
from roleqa.models.weights import CROSS_ENCODER_WEIGHTS
from roleqa.training.batches import (
    BATCH_TOKENS,
    LENGTH_STEP,
    MAX_QUESTION_TOKENS,
    MAX_TOKENS,
    Batch,
    batches,
    passage_text,
)
from roleqa.training.examples import Example

PASSAGE = "Harbour > Duties\nThe lighthouse-keeper lights the lamp at dusk, and Jos\u00e9 rings the bell."


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    found = Tokenizer.from_file(str(CROSS_ENCODER_WEIGHTS.locate() / "tokenizer.json"))
    found.no_truncation()
    found.no_padding()
    return found


def example(words: str | None, question: str = "Who does it?", passage: str = PASSAGE, title: str = "") -> Example:
    """Answered by the words, where they first stand in the passage."""
    start = passage.index(words) if words else 0
    return Example(question, passage, Span(start, start + len(words)) if words else None, "made", title)


def only(examples: list[Example], tokenizer: Any) -> Batch:
    (batch,) = batches(examples, tokenizer, Random(7))
    return batch


@pytest.mark.parametrize("title", ["", "Lighthouses of the North"])
@pytest.mark.parametrize(
    ("words", "decoded"),
    [("dusk", "dusk"), ("the lamp at dusk", "the lamp at dusk"), ("Jos\u00e9", "jose"), ("keeper", "keeper"),
     ("eeper", "keeper"), (PASSAGE, PASSAGE.lower().replace("\u00e9", "e"))],
)  # fmt: skip
def test_the_tokens_of_the_answer_are_its_words(tokenizer: Any, words: str, decoded: str, title: str) -> None:
    batch = only([example(words, title=title)], tokenizer)
    start, end = int(batch.starts[0]), int(batch.ends[0])
    said = tokenizer.decode(batch.ids[0, start : end + 1].tolist())
    assert "".join(said.split()) == "".join(decoded.split())
    # Whatever is not of the question or of the marks around it is of the passage.
    assert batch.types[0, start : end + 1].tolist() == [1] * (end + 1 - start)


def test_question_and_passage_stand_between_the_marks_of_the_network(tokenizer: Any) -> None:
    batch = only([example("dusk", title="Lamps")], tokenizer)
    tokens = [tokenizer.id_to_token(id) for id in batch.ids[0].tolist()]
    assert set(tokens[batch.tokens :]) <= {"[PAD]"}
    tokens = tokens[: batch.tokens]
    separators = [i for i, token in enumerate(tokens) if token == "[SEP]"]
    assert tokens[: separators[0] + 2] == ["[CLS]", "who", "does", "it", "?", "[SEP]", "lamps"]
    assert separators[1:] == [len(tokens) - 1]
    passage = len(tokens) - separators[0] - 1
    assert batch.types[0, : batch.tokens].tolist() == [0] * (separators[0] + 1) + [1] * passage
    assert batch.mask[0].tolist() == [1] * len(tokens) + [0] * (batch.ids.shape[1] - len(tokens))


def test_what_has_no_answer_points_to_the_first_token(tokenizer: Any) -> None:
    batch = only([example(None)], tokenizer)
    assert (batch.starts.tolist(), batch.ends.tolist()) == ([0], [0])


def test_the_title_stands_above_the_passage() -> None:
    assert passage_text(example(None, passage="Text.", title="Lamps")) == "Lamps\nText."
    assert passage_text(example(None, passage="Text.")) == "Text."


@pytest.mark.parametrize(("before", "kept"), [(200, True), (MAX_TOKENS - 8 - 2, True), (MAX_TOKENS - 8, False), (900, False)])
def test_an_answer_behind_the_last_token_that_fits_drops_its_example(tokenizer: Any, before: int, kept: bool) -> None:
    # 5 tokens of the question and 3 marks leave room for the others.
    passage = "lamp " * before + "at dusk"
    found = list(batches([example("at dusk", passage=passage), example(None, passage=passage)], tokenizer, Random(7)))
    rows = [(start, end) for batch in found for start, end in zip(batch.starts.tolist(), batch.ends.tolist(), strict=True)]
    # The other, that does not answer, is cut and stays.
    assert (0, 0) in rows
    assert len(rows) == (2 if kept else 1)
    assert all(batch.ids.shape[1] <= MAX_TOKENS for batch in found)
    if kept:
        (answered,) = set(rows) - {(0, 0)}
        assert answered == (6 + before, 7 + before)


def test_long_questions_are_cut_as_they_are_when_they_are_read(tokenizer: Any) -> None:
    assert (MAX_TOKENS, MAX_QUESTION_TOKENS) == (READ_TOKENS, READ_QUESTION_TOKENS)
    batch = only([example("dusk", question="lamp " * 500)], tokenizer)
    assert int((batch.ids == tokenizer.token_to_id("lamp")).sum()) == MAX_QUESTION_TOKENS + 1
    assert tokenizer.decode(batch.ids[0, batch.starts[0] : batch.ends[0] + 1].tolist()) == "dusk"


def test_batches_are_bounded_and_hold_every_example_once(tokenizer: Any) -> None:
    random = Random(3)
    examples = [
        example("dusk", question=f"Who is number {number}?", passage="lamp " * random.randrange(120) + "dusk")
        for number in range(1600)
    ]
    found = list(batches(examples, tokenizer, Random(7)))
    # But for what lengths are rounded up by.
    assert max(batch.ids.size - len(batch.ids) * LENGTH_STEP for batch in found) < BATCH_TOKENS
    assert {batch.ids.shape[1] % LENGTH_STEP for batch in found} == {0}
    texts = [tokenizer.decode(row.tolist()) for batch in found for row in batch.ids]
    assert sorted(int(number) for text in texts for number in re.findall(r"\d+", text)) == list(range(1600))
    # Sorted by length among neighbours, hardly anything is padding.
    assert sum(batch.tokens for batch in found) > 0.85 * sum(batch.ids.size for batch in found)
    for batch in found:
        assert (batch.ids[batch.mask == 0] == 0).all()
        assert (batch.types[batch.mask == 0] == 0).all()
    assert [len(batch.ids) for batch in found] != sorted((len(batch.ids) for batch in found), reverse=True)


def test_the_same_seed_gives_the_same_batches(tokenizer: Any) -> None:
    examples = [replace(example("dusk"), question="Who? " * count) for count in range(1, 200)]
    one, two, other = (list(batches(examples, tokenizer, Random(seed))) for seed in (1, 1, 2))
    assert all(np.array_equal(a.ids, b.ids) for a, b in zip(one, two, strict=True))
    assert not all(np.array_equal(a.ids, b.ids) for a, b in zip(one, other, strict=True))
