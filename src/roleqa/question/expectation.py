"""What a question asks for besides its words: names that must occur, a number that must be given."""

from __future__ import annotations

import re

from roleqa.index.terms import terms, word_spans
from roleqa.question.roles import find_mentions
from roleqa.types import Role

# "How many", "when" and the like, in English.
_ASKS_FOR_NUMBER = re.compile(
    r"\b(how (many|much|old|far|tall|large|big|high|deep|heavy|fast)|when"
    r"|wh(at|ich) (percentage|percent|proportion|number|year|age|fraction|date))\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy"
    r"|eighty|ninety|hundred|thousand|million|billion|half|quarter|third|dozen|several|single|double|once|twice)\b",
    re.IGNORECASE,
)

_ASKS_WHAT = re.compile(r"\b(?:what|which|who|whom)\b", re.IGNORECASE)
# "Which skills does ...", "What are the ...", "List ...": up to three words before the verb, the last a plural.
_ASKS_FOR_LIST = re.compile(r"^\W*(please )?(list|name|enumerate)\b|\bwh(at|ich) (else|are|were)\b", re.IGNORECASE)
_ASKS_FOR_PLURAL = re.compile(
    r"\bwh(?:at|ich) (?:(?!(?:is|was|has|does)\b)[\w-]+ ){0,2}(?!(?:is|was|has|does)\b)[\w-]+(?<![sui])s\b",
    re.IGNORECASE,
)


def asks_what(question: str) -> bool:
    """Whether a question asks what or who something is, rather than how, when, where or whether."""
    return _ASKS_WHAT.search(question) is not None


def asks_for_several(question: str) -> bool:
    """Whether a question asks for several things rather than one."""
    return bool(_ASKS_FOR_LIST.search(question) or _ASKS_FOR_PLURAL.search(question))


def named_terms(question: str, roles: tuple[Role, ...]) -> frozenset[str]:
    """The terms of names and numbers in a question: words with a digit or, inside it, a capital; roles left out."""
    mentions = find_mentions(question, roles)
    named: set[str] = set()
    for place, (start, end) in enumerate(word_spans(question)):
        word = question[start:end]
        is_name = any(letter.isdigit() for letter in word) or (place > 0 and word[0].isupper() and word != "I")
        if is_name and not any(mention.start <= start < mention.end for mention in mentions):
            named.update(terms(word))
    return frozenset(named)


def asks_for_number(question: str) -> bool:
    """Whether only a number, or words for one, can answer."""
    return _ASKS_FOR_NUMBER.search(question) is not None


def gives_number(text: str) -> bool:
    """Whether a text holds a number, in figures or words."""
    return _NUMBER.search(text) is not None
