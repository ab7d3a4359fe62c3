"""What form of answer a question asks for: a thing or a person, one or several."""

from __future__ import annotations

import re

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
