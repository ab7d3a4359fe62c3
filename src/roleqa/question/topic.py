"""The words of a question that say what it is about: neither filler nor the naming of a role."""

from __future__ import annotations

from roleqa.index.terms import fold, word_spans
from roleqa.question.roles import find_mentions
from roleqa.types import Role

# Words that say nothing of a topic: a question of these alone takes its topic from the one before.
EMPTY = frozenset(
    map(
        fold,
        """
        a about again also an and another any apply applies are as asked at be because both but by can case could
        did do does document exactly for former from got had has have he her here his how i in is it its just latter
        like me mean my now of ok on one ones only or other others please question quote role roles said same say says
        she should show so source still stated tell than that the their them then there these they thing this those
        though to too true was we well were what whats when where which who whom whose why will with would written
        you your
        """.split(),  # noqa: SIM905 - a list of a hundred quoted words is no easier to read
    )
)


def topic_words(question: str, roles: tuple[Role, ...], fillers: frozenset[str] = EMPTY) -> tuple[str, ...]:
    """The words of a question, in order, that are no `fillers` (folded) and no part of a role's name."""
    mentions = find_mentions(question, roles)
    return tuple(
        question[start:end]
        for start, end in word_spans(question)
        if fold(question[start:end]) not in fillers
        and not any(mention.start <= start < mention.end for mention in mentions)
    )
