"""What was asked and what came of it, and how the chat shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from roleqa.types import Answer, Role
from roleqa.ui.markup import Html
from roleqa.ui.render import render_answer, render_error, render_question


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with its answer, or with the error that came instead; while it is open, with neither.

    `roles` are the corpus' roles at the time, whose names the answer shows.
    """

    question: str
    answer: Answer | None = None
    roles: tuple[Role, ...] = ()
    error: str | None = None


def history(turns: Sequence[Turn]) -> tuple[str, ...]:
    """The questions so far, as typed: what a follow-up is resolved against."""
    return tuple(turn.question for turn in turns if turn.answer)


def messages(turns: Sequence[Turn]) -> Iterator[tuple[Literal["user", "assistant"], Html]]:
    """Who says what, in order. The same turns give the same HTML, so what a reader has opened stays open."""
    for number, turn in enumerate(turns, start=1):
        yield "user", render_question(turn.question, pending=not (turn.answer or turn.error))
        if turn.answer:
            yield "assistant", render_answer(turn.answer, turn.roles, anchor=f"turn-{number}")
        elif turn.error:
            yield "assistant", render_error(turn.error)
