"""Conversations that the browser keeps: handed to it as data, and taken back as nothing but data.

What comes back may be old, or not what was handed out. It is read like a file from a stranger, each quote is held
against the documents of today, and it is shown by the same code as any other answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from roleqa.bundle.check import still_stands
from roleqa.bundle.exchange import CitedFile, Exchange, cited_files, new_id
from roleqa.bundle.read import read_bundle
from roleqa.bundle.write import to_keep
from roleqa.errors import RoleqaError
from roleqa.types import Document
from roleqa.ui.conversation import Turn

if TYPE_CHECKING:
    from roleqa.assistant import Assistant

# So much of a conversation is kept, in questions and in characters of JSON.
MOST_KEPT = 100
LONGEST_KEPT = 1_000_000

EARLIER = "Answered from an earlier index."


def recorded(turn: Turn, assistant: Assistant) -> Turn:
    """A turn that was just answered, with what keeping and exporting it takes."""
    index = assistant.retriever.index
    files: tuple[CitedFile, ...] = ()
    # An index that was switched since knows nothing of the files that were quoted.
    if turn.answer and turn.answer.index.id == index.manifest.generation:
        files = cited_files(turn.answer, index.documents, index.manifest.sources)
    return replace(turn, id=new_id(), asked_at=datetime.now(UTC).isoformat(timespec="seconds"), files=files)


def exchanges(turns: Sequence[Turn]) -> tuple[Exchange, ...]:
    """The questions that were answered; errors are not worth keeping."""
    return tuple(Exchange(turn.id, turn.asked_at, turn.role, turn.answer, turn.files) for turn in turns if turn.answer)


def kept(turns: Sequence[Turn]) -> str:
    """The conversation as the browser keeps it, "" for none: where it is too long, its first and its newest questions.

    The first question's id names the conversation.
    """
    first, others = exchanges(turns)[:1], exchanges(turns)[1:][-MOST_KEPT + 1 :]
    data = to_keep((*first, *others)) if first else ""
    while len(data) > LONGEST_KEPT and others:
        others = others[len(others) // 2 + 1 :]
        data = to_keep((*first, *others))
    return data if len(data) <= LONGEST_KEPT else ""


def restored(data: str, assistant: Assistant, topics: tuple[str, ...]) -> tuple[Turn, ...]:
    """The turns of a conversation that was kept, each with a note where it is not of today; `topics` for refusals.

    Raises:
        BundleError: it is no such conversation.
    """
    index = assistant.retriever.index
    return tuple(
        Turn(
            question=exchange.answer.question,
            answer=exchange.answer,
            roles=index.manifest.roles,
            role=exchange.role,
            topics=() if exchange.answer.answered else topics,
            id=exchange.id,
            asked_at=exchange.asked_at,
            files=exchange.files,
            note=age_note(exchange, index.manifest.generation, index.documents),
        )
        for exchange in read_bundle(data)
    )


def not_opened(error: RoleqaError) -> str:
    """Why there is no conversation, for the browser to show in place of one."""
    return json.dumps({"error": f"This conversation cannot be opened: {error}"}).replace("<", "\\u003c")


def age_note(exchange: Exchange, generation: str, documents: Mapping[str, Document]) -> str | None:
    """What must be known of an answer that was kept; None where it is as good as new."""
    answer = exchange.answer
    lost = [citation for citation in exchange.quotes if not still_stands(exchange, citation, documents)]
    numbers = ", ".join(f"[{citation.number}]" for citation in lost)
    if answer.index.id == generation:
        return f"This is not what was answered: {numbers or 'it'} does not stand in the documents." if lost else None
    if lost and answer.answered:
        return f"{EARLIER} No longer in the documents as quoted: {numbers}. Ask again for what they say now."
    if lost or not answer.answered:
        return f"{EARLIER} The documents have changed and may answer it now. Ask again."
    return f"{EARLIER} Every quote still stands in the documents as they are now."
