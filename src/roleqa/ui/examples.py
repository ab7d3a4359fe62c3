"""Example questions, made from the corpus' own topics and roles."""

from __future__ import annotations

from collections.abc import Sequence

from roleqa.question.roles import mentioned_roles
from roleqa.types import Role

MAX_EXAMPLES = 4


def example_questions(topics: Sequence[str], roles: Sequence[Role]) -> tuple[str, ...]:
    """At most MAX_EXAMPLES questions about topics spread over the corpus, one of them a comparison.

    `topics` are headings (and row headers of tables) in the order of the documents. Without any, the roles
    alone are asked about; without roles, the topics alone. A topic that names a role itself is left out.
    """
    topics = [topic for topic in topics if not mentioned_roles(topic, tuple(roles))]
    if not topics:
        return tuple(f"What does the {role.name} do?" for role in roles[:MAX_EXAMPLES])
    spread = [_inline(topic) for topic in _spread(topics, MAX_EXAMPLES)]
    return tuple(_question(topic, turn, roles) for turn, topic in enumerate(spread))


def _question(topic: str, turn: int, roles: Sequence[Role]) -> str:
    if not roles:
        return f"What about {topic}?"
    if len(roles) > 1 and turn == min(len(roles), MAX_EXAMPLES - 1):
        return f"Compare {topic} of the {roles[0].name} and the {roles[1].name}"
    return f"What about the {roles[turn % len(roles)].name}: {topic}?"


def _spread(topics: Sequence[str], count: int) -> list[str]:
    """`count` of the topics at even distances, the first among them; all where there are fewer."""
    distinct = list(dict.fromkeys(topics))
    step = max(1, len(distinct) // count)
    return distinct[::step][:count]


def _inline(topic: str) -> str:
    """A sentence-case heading as it reads inside a sentence; capitals further on are left alone."""
    if any(letter.isupper() for letter in topic[1:]):
        return topic
    return topic[:1].lower() + topic[1:]
