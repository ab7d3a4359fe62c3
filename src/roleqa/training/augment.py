"""Questions as people type them, and near misses made by rule."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from roleqa.training.examples import Example

# Shares of the examples that each change is made to.
TITLE_DROPPED = 0.15
QUESTION_MARK_DROPPED = 0.4
LOWERED = 0.2
SLIP = 0.08
SWAPPED = 0.06

_NUMBER = re.compile(r"\b\d[\d.,]*\b")
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+(?: [A-Z][a-z]+)*")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SHORTEST_WITH_SLIP = 5


def augmented(example: Example, random: Random) -> Example:
    """The example with its question as somebody may have typed it, or swapped for one that it does not answer."""
    if example.answer and random.random() < SWAPPED:
        example = swapped(example, random)
    question = example.question
    if random.random() < QUESTION_MARK_DROPPED:
        question = question.rstrip("? ")
    if random.random() < LOWERED:
        question = question.lower()
    if random.random() < SLIP:
        question = with_slip(question, random)
    title = "" if random.random() < TITLE_DROPPED else example.title
    return replace(example, question=question, title=title)


def with_slip(question: str, random: Random) -> str:
    """The question with one letter of a longer word lost, doubled, replaced, or swapped with the next."""
    words = question.split(" ")
    long = [i for i, word in enumerate(words) if len(word) >= _SHORTEST_WITH_SLIP and word.isalpha()]
    if not long:
        return question
    chosen = random.choice(long)
    word = words[chosen]
    at = random.randrange(1, len(word) - 1)
    words[chosen] = random.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + random.choice(_LETTERS) + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )
    return " ".join(words)


def swapped(example: Example, random: Random) -> Example:
    """The example with a number or name of its question replaced by another of its passage, and so unanswerable.

    The example as it is where the question has none that the passage has too, or the passage no other.
    """
    for pattern in (_NUMBER, _NAME):
        ours = [match for match in pattern.finditer(example.question) if match[0] in example.passage]
        others = sorted({match[0] for match in pattern.finditer(example.passage)})
        if ours:
            old = random.choice(ours)
            others = [other for other in others if other not in example.question and old[0] not in other]
            if others:
                question = example.question[: old.start()] + random.choice(others) + example.question[old.end() :]
                return replace(example, question=question, answer=None, source=f"{example.source}-swapped")
    return example
