"""What was asked and what came of it, and how the chat shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from roleqa.bundle.exchange import CitedFile
from roleqa.types import Answer, Role
from roleqa.ui.feedback import render_feedback
from roleqa.ui.markup import EMPTY, Html, element, join, text
from roleqa.ui.render import render_answer, render_error, render_question


@dataclass(frozen=True, slots=True)
class Turn:
    """A question with its answer, or with the error that came instead; while it is open, with neither.

    `role` is the id of the only role it was asked about, or None. `roles` are the corpus' roles at the time, whose
    names the answer shows, and `topics` some of what the documents cover, for a refusal. `id`, `asked_at` (ISO 8601,
    UTC) and `files` are for keeping it, `note` says what must be known of an answer that was kept.
    """

    question: str
    answer: Answer | None = None
    roles: tuple[Role, ...] = ()
    error: str | None = None
    role: str | None = None
    topics: tuple[str, ...] = ()
    id: str = ""
    asked_at: str = ""
    files: tuple[CitedFile, ...] = ()
    note: str | None = None

    @property
    def role_name(self) -> str | None:
        return next((role.name for role in self.roles if role.id == self.role), self.role)


def history(turns: Sequence[Turn]) -> tuple[str, ...]:
    """The questions so far, as typed: what a follow-up is resolved against."""
    return tuple(turn.question for turn in turns if turn.answer)


def messages(turns: Sequence[Turn]) -> Iterator[tuple[Literal["user", "assistant"], Html]]:
    """Who says what, in order."""
    for turn in turns:
        pending = not (turn.answer or turn.error)
        yield "user", render_question(turn.question, None if pending else turn.role_name, pending)
        if turn.answer:
            note = element("p", text(turn.note), class_="notice age") if turn.note else EMPTY
            feedback = render_feedback(turn.id, turn.answer.answered) if turn.id else EMPTY
            yield "assistant", join(note, render_answer(turn.answer, turn.roles, turn.topics), feedback)
        elif turn.error:
            yield "assistant", render_error(turn.error)
