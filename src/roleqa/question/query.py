"""A question becomes the query that is searched for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from roleqa.errors import QuestionError
from roleqa.index.terms import word_spans
from roleqa.question.roles import find_mentions
from roleqa.types import Role

_ASKS_WHAT_IT_STANDS_FOR = re.compile(r"\bstands? for\b|\bshort for\b|\babbreviat|\bacronym|\bmeans?\b", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Query:
    """`text` is what is searched and matched; `roles` are the ids of the roles asked about (none: any)."""

    text: str
    roles: tuple[str, ...]


def make_query(
    question: str, roles: tuple[Role, ...], abbreviations: Mapping[str, str], role: str | None = None
) -> Query:
    """The query for a question, asked of one role where `role` is given.

    Abbreviated role names, and abbreviations that the documents explain, are spelled out: models know the
    words better. A question about the abbreviation itself keeps it.

    Raises:
        QuestionError: `role` is not one of the corpus' roles.
    """
    if role is not None and role not in {known.id for known in roles}:
        known = ", ".join(item.id for item in roles) or "none"
        raise QuestionError(f"there is no role {role!r} in this corpus; its roles are: {known}")
    names = {item.id: item.name for item in roles}
    mentions = find_mentions(question, roles)
    asked = (role,) if role else tuple(dict.fromkeys(mention.role for mention in mentions))
    if _ASKS_WHAT_IT_STANDS_FOR.search(question):
        return Query(text=question, roles=asked)
    text = question
    for mention in reversed(mentions):
        if question[mention.start : mention.end].rstrip("s").isupper():
            text = text[: mention.start] + names[mention.role] + text[mention.end :]
    return Query(text=_spelled_out(text, abbreviations), roles=asked)


def _spelled_out(text: str, abbreviations: Mapping[str, str]) -> str:
    """The text with each known abbreviation, in capitals and perhaps in the plural, written in full."""
    for start, end in reversed(word_spans(text)):
        short = text[start:end]
        long = abbreviations.get(short) or abbreviations.get(short.removesuffix("s"))
        if long:
            text = text[:start] + long + text[end:]
    return text


def check_question(question: str, longest: int) -> str:
    """The question without surrounding white space, as `writable` leaves it.

    Raises:
        QuestionError: nothing is asked, or it is longer than `longest` characters.
    """
    stripped = writable(question).strip()
    if not any(letter.isalnum() for letter in stripped):
        raise QuestionError("the question is empty; ask about something that the documents may say")
    if len(stripped) > longest:
        raise QuestionError(f"the question has {len(stripped)} characters; ask it in at most {longest}")
    return stripped


def writable(text: str) -> str:
    """The text with U+FFFD for each half of a character (a lone surrogate): nothing can write such as UTF-8."""
    return _SURROGATE.sub("\ufffd", text)
