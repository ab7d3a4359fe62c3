"""A question that sets roles side by side becomes the same question for each of them."""

from __future__ import annotations

import re
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


def find_comparison(question: str, roles: tuple[Role, ...]) -> Comparison | None:
    """The comparison that a question asks for; None where it asks for none.

    Two roles named are compared; where none is named, all are, if the question has a word of comparing and
    speaks of the roles at large.
    """
    named = mentioned_roles(question, roles)
    if len(named) == 1 or len(roles) < 2:
        return None
    if not named and not (_CUE.search(question) and _ROLES_AT_LARGE.search(question)):
        return None
    compared = tuple(role for role in roles if not named or role.id in named)
    words = topic_words(question, roles, _FILLERS)
    topic = " ".join(words)
    return Comparison(
        roles=tuple(role.id for role in compared),
        topic=" ".join(word for word in words if fold(word) not in _ASKS),
        queries=tuple(f"{topic} of the {role.name}" if topic else f"What is a {role.name}?" for role in compared),
    )
