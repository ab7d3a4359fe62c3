"""A question that leans on the ones before it becomes one that stands alone.

By rule, and only where the question itself shows that it leans: it names no topic of its own, opens like a
continuation, or has a pronoun where a role should be. Any other question is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from roleqa.index.terms import fold, word_spans
from roleqa.question.roles import Mention, find_mentions
from roleqa.question.topic import EMPTY
from roleqa.types import Role

_OPENERS = re.compile(r"(?<!\s)\s*+(?:and|but|or|so|then|also|what about|how about)\b[\s,]*", re.IGNORECASE)
_OTHER = re.compile(r"\bthe others?(?: one| role| post)?\b", re.IGNORECASE)
# Pronouns that stand for a person or post. The possessive ones keep their form.
_SUBJECT = re.compile(r"\b(?:they|them|he|him|she|the (?:role|job|post|position|latter|officer))\b", re.IGNORECASE)
_POSSESSIVE = re.compile(r"\b(?:their|his|her)\b", re.IGNORECASE)
_PLURAL = re.compile(r"\b(?:they|them|their)\b", re.IGNORECASE)
# Asks for the place of the answer just given, not for something new.
_WHERE_STATED = re.compile(r"\b(?:written|said|says?|stated|sources?|quoted?|from)\b", re.IGNORECASE)
# What makes a sentence of a few words, and what shows that they are none but go on with the question before.
_VERB = re.compile(
    r"\b(?:is|are|was|were|do|does|did|can|could|may|might|must|shall|should|will|would|has|have|had)\b", re.IGNORECASE
)
_ASKS_WORD = re.compile(r"\b(?:what|which|who|whom|whose|how|when|where|why)\b", re.IGNORECASE)
_ADDS_TO = re.compile(
    r"\s*(?:at|in|on|by|for|with|without|from|to|during|since|until|after|before|under|even|always|ever|only|never)\b",
    re.IGNORECASE,
)
_THING = re.compile(r"\b(?:it|its|this|that|these|those|one)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Question:
    text: str
    mentions: tuple[Mention, ...]

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(mention.role for mention in self.mentions))


def resolve(question: str, history: Sequence[str], roles: tuple[Role, ...], role: str | None = None) -> str:
    """The question as it would stand without the questions before it (oldest first).

    Where it is asked of one `role`, a role that it takes over from an earlier question gives way to that one.
    """
    resolved = ""
    for asked in (*history, question):
        resolved = _resolve(asked, resolved, roles) if resolved else asked
    if role is None or resolved == question or find_mentions(question, roles):
        return resolved
    return _with_role(_Question(resolved, find_mentions(resolved, roles)), (role,), roles)


def _resolve(question: str, before: str, roles: tuple[Role, ...]) -> str:
    """The question in the light of the resolved one before it."""
    this = _Question(question, find_mentions(question, roles))
    last = _Question(before, find_mentions(before, roles))
    if not _has_topic(this):
        return _same_topic(this, last, roles)
    if this.roles:
        return f"{question} ({_with_role(last, this.roles, roles)})" if _leans_on_thing(this) else question
    return _same_role(this, last, roles)


def _has_topic(question: _Question) -> bool:
    """Whether a question says a word of its own beside roles and filler."""
    return any(
        fold(question.text[start:end]) not in EMPTY
        and not any(mention.start <= start < mention.end for mention in question.mentions)
        for start, end in word_spans(question.text)
    )


def _same_topic(this: _Question, last: _Question, roles: tuple[Role, ...]) -> str:
    """The question before, asked of the role that this one names, or of "the other", or once more."""
    asked = this.roles
    if not asked and _OTHER.search(this.text):
        asked = _other_than(last.roles, roles)
    if not asked:
        new = _leans_on_thing(this) and not _WHERE_STATED.search(this.text)
        return f"{this.text} ({last.text})" if new else last.text
    return _with_role(last, asked, roles)


def _same_role(this: _Question, last: _Question, roles: tuple[Role, ...]) -> str:
    """A question with its own topic, asked of the role that the one before was about."""
    asked = last.roles
    if _OTHER.search(this.text) and (other := _other_than(asked, roles)):
        return _with(_OTHER, f"the {_name(other[0], roles)}", this.text)
    if len(asked) != 1:
        return f"{this.text} ({last.text})" if not asked and _leans(this) else this.text
    name = f"the {_name(asked[0], roles)}" + ("s" if _PLURAL.search(this.text) else "")
    if _SUBJECT.search(this.text) or _POSSESSIVE.search(this.text):
        text = _with(_SUBJECT, name, this.text)
        return text if text != this.text else _with(_POSSESSIVE, _possessive(name), this.text)
    if _leans_on_thing(this) or _is_fragment(this):
        return f"{this.text} ({last.text})"
    short = _OPENERS.match(this.text) or _few_words(this)
    return f"{this.text} ({_name(asked[0], roles)})" if short else this.text


def _with(pattern: re.Pattern[str], name: str, text: str) -> str:
    """The text with the name in place of the first match; a backslash in a name is one."""
    return pattern.sub(lambda _: name, text, count=1)


def _other_than(asked: Sequence[str], roles: tuple[Role, ...]) -> tuple[str, ...]:
    """The role that "the other" means after a question about one: of the first two known, which are the main ones."""
    main = [role.id for role in roles[:2]]
    return tuple(role for role in main if role not in asked) if len(asked) == 1 and asked[0] in main else ()


def _with_role(question: _Question, asked: Sequence[str], roles: tuple[Role, ...]) -> str:
    """A question with the roles it names replaced by others; with these put behind, where it names none."""
    name = " and ".join(role.name for role in roles if role.id in asked)
    if not question.mentions:
        return f"{question.text} ({name})"
    text = question.text
    for mention in reversed(question.mentions[1:]):
        text = text[: mention.start] + "it" + text[mention.end :]
    first = question.mentions[0]
    replaced = text[first.start : first.end]
    if replaced.endswith(("'s", "\u2019s")):
        name = _possessive(name)
    elif replaced.endswith("s"):
        name += "s"
    return text[: first.start] + name + text[first.end :]


def _possessive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def _leans(question: _Question) -> bool:
    return bool(
        _OPENERS.match(question.text)
        or _SUBJECT.search(question.text)
        or _POSSESSIVE.search(question.text)
        or _leans_on_thing(question)
    )


def _leans_on_thing(question: _Question) -> bool:
    """Whether "it", "that" or the like stands for something that only an earlier question names."""
    return _THING.search(question.text) is not None


def _is_fragment(question: _Question) -> bool:
    """Whether a question adds to the one before, such as "At what level?", and has neither verb nor noun of its own."""
    text = _OPENERS.sub("", question.text, count=1)
    adds = _ASKS_WORD.search(text) or _ADDS_TO.match(text)
    return _few_words(question) and bool(adds) and not _VERB.search(text)


def _few_words(question: _Question) -> bool:
    return len(word_spans(question.text)) <= 4


def _name(role_id: str, roles: tuple[Role, ...]) -> str:
    return next(role.name for role in roles if role.id == role_id)
