"""A question that sets roles side by side becomes the same question for each of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from roleqa.index.terms import fold
from roleqa.question.roles import mentioned_roles
from roleqa.question.topic import EMPTY, topic_words
from roleqa.types import Role

# What tells a comparison where the roles are not named, and says nothing of its topic.
_CUE = re.compile(
    r"\b(?:compar\w+|contrast\w*|differ\w*|distinguish\w*|distinct\w*|versus|vs|side by side"
    r"|which (?:of the|role|one|job|post)|whose|who is more|each)\b",
    re.IGNORECASE,
)
_ROLES_AT_LARGE = re.compile(r"\b(?:two|both|each|roles?|jobs?|posts?|positions?|they|them)\b", re.IGNORECASE)
_NO_TOPIC = frozenset(
    map(
        fold,
        """
        between compare compared comparing comparison contrast contrasts differ differs difference differences
        different differently distinguish distinguishes distinct each either in essence kind job jobs key main more
        most neither overview position positions post posts side sum summary than two up us versus vs whole whom
        """.split(),  # noqa: SIM905
    )
)

# Filler elsewhere, but in a topic it is what is asked: where they are based, whom they report to.
_ASKS = frozenset(("where", "when", "who", "whom", "how", "why"))
_FILLERS = (EMPTY - _ASKS) | _NO_TOPIC


@dataclass(frozen=True, slots=True)
class Comparison:
    """The roles set side by side (ids), what is compared, and the query that asks about it for each of them."""

    roles: tuple[str, ...]
    topic: str
    queries: tuple[str, ...]


def find_comparison(question: str, roles: tuple[Role, ...], at_issue: Callable[[], Sequence[str]]) -> Comparison | None:
    """The comparison that a question asks for; None where it asks for none.

    Two roles named are compared; where none is named, those `at_issue` are (ids, asked for only where there are
    more than two to choose from), if the question has a word of comparing and speaks of the roles at large.
    """
    named = mentioned_roles(question, roles)
    if len(named) == 1 or len(roles) < 2:
        return None
    if not named and not (_CUE.search(question) and _ROLES_AT_LARGE.search(question)):
        return None
    if not named:
        named = tuple(role.id for role in roles) if len(roles) == 2 else tuple(at_issue())
    compared = tuple(role for role in roles if role.id in named)
    words = topic_words(question, roles, _FILLERS)
    topic = " ".join(words)
    return Comparison(
        roles=tuple(role.id for role in compared),
        topic=" ".join(word for word in words if fold(word) not in _ASKS),
        queries=tuple(f"{topic} of the {role.name}" if topic else f"What is a {role.name}?" for role in compared),
    )


def roles_at_issue(
    history: Sequence[str], evidence: Callable[[], Iterable[Sequence[str]]], roles: tuple[Role, ...]
) -> tuple[str, ...]:
    """The roles that a comparison is about which names none: those of the latest questions before it.

    Where these name fewer than two, those that the best `evidence` speaks of most (the roles of each piece) come
    next, and then the first ones known.
    """
    spoken: dict[str, None] = {}
    for asked in reversed(history):
        spoken |= dict.fromkeys(mentioned_roles(asked, roles))
        if len(spoken) >= 2:
            return tuple(spoken)
    counted = Counter(role for about in evidence() for role in about)
    known = [role.id for role in roles]
    likely = sorted(known, key=lambda role: -counted[role])
    return tuple(dict.fromkeys((*spoken, *likely)))[:2]
