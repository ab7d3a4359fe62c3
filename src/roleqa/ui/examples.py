"""Questions to begin with or to ask next, made from the corpus' own topics and roles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from roleqa.types import Role

MAX_EXAMPLES = 4


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question that can be asked with one click, and what the click is labelled with."""

    question: str
    label: str


def example_questions(topics: Sequence[str], roles: Sequence[Role]) -> tuple[Suggestion, ...]:
    """At most MAX_EXAMPLES questions about topics spread over the corpus, the last on how the first two roles differ.

    `topics` are headings (and row headers of tables) in the order of the documents. No role is asked about with them:
    not every role's documents speak of each. Without any topic, the roles alone are asked about.
    """
    compared = [_difference(roles)] if len(roles) > 1 else []
    questions = [question_about(topic, ()) for topic in spread(topics, MAX_EXAMPLES - len(compared))]
    if not questions:
        compared = [f"What does the {role.name} do?" for role in roles[:MAX_EXAMPLES]]
    return tuple(Suggestion(question, question) for question in (*questions, *compared))


def question_about(topic: str, roles: Sequence[Role]) -> str:
    """A question that stands alone: of the topic, for a role, or for several side by side."""
    topic = _inline(topic)
    if not roles:
        return f"Tell me about {topic}"
    if len(roles) == 1:
        return f"What about the {roles[0].name}: {topic}?"
    return f"Compare {topic} of {_listed(f'the {role.name}' for role in roles)}"


def spread(topics: Sequence[str], count: int) -> list[str]:
    """`count` of the topics at even distances, the first among them; all where there are fewer."""
    distinct = list(dict.fromkeys(topics))
    step = max(1, len(distinct) // count)
    return distinct[::step][:count]


def _difference(roles: Sequence[Role]) -> str:
    return f"What is the difference between the {roles[0].name} and the {roles[1].name}?"


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}"


def _inline(topic: str) -> str:
    """A sentence-case heading as it reads inside a sentence; capitals further on are left alone."""
    if any(letter.isupper() for letter in topic[1:]):
        return topic
    return topic[:1].lower() + topic[1:]
