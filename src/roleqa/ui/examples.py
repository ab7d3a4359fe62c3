"""Questions to begin with or to ask next, made from the corpus' own topics and roles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from roleqa.question.roles import mentioned_roles
from roleqa.types import Role

MAX_EXAMPLES = 4


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question that can be asked with one click, and what the click is labelled with."""

    question: str
    label: str


def example_questions(topics: Sequence[str], roles: Sequence[Role]) -> tuple[Suggestion, ...]:
    """At most MAX_EXAMPLES questions about topics spread over the corpus, one of them a comparison.

    `topics` are headings (and row headers of tables) in the order of the documents. Without any, the roles
    alone are asked about; without roles, the topics alone. A topic that names a role itself is left out.
    """
    topics = [topic for topic in topics if not mentioned_roles(topic, tuple(roles))]
    if topics:
        chosen = enumerate(spread(topics, MAX_EXAMPLES))
        questions = [question_about(topic, _asked(turn, roles)) for turn, topic in chosen]
    else:
        questions = [f"What does the {role.name} do?" for role in roles[:MAX_EXAMPLES]]
    return tuple(Suggestion(question, question) for question in questions)


def question_about(topic: str, roles: Sequence[Role]) -> str:
    """A question that stands alone: of the topic, for a role, or for several side by side."""
    topic = _inline(topic)
    if not roles:
        return f"What do the documents say about {topic}?"
    if len(roles) == 1:
        return f"What about the {roles[0].name}: {topic}?"
    return f"Compare {topic} of {_listed(f'the {role.name}' for role in roles)}"


def spread(topics: Sequence[str], count: int) -> list[str]:
    """`count` of the topics at even distances, the first among them; all where there are fewer."""
    distinct = list(dict.fromkeys(topics))
    step = max(1, len(distinct) // count)
    return distinct[::step][:count]


def _asked(turn: int, roles: Sequence[Role]) -> Sequence[Role]:
    """The roles in turn, and once the first two together."""
    if len(roles) > 1 and turn == min(len(roles), MAX_EXAMPLES - 1):
        return roles[:2]
    return roles[turn % len(roles) :][:1] if roles else ()


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}"


def _inline(topic: str) -> str:
    """A sentence-case heading as it reads inside a sentence; capitals further on are left alone."""
    if any(letter.isupper() for letter in topic[1:]):
        return topic
    return topic[:1].lower() + topic[1:]
