"""How text of documents, questions and file names is shown in a terminal or a log: it must not steer either."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Any

# Control and format characters, lone surrogates (of names that are not UTF-8), line and paragraph separators.
_STEERING = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def printable(text: str) -> str:
    """Text of several lines without characters that steer a terminal; newlines and tabs stay."""
    return "".join(letter if letter in "\n\t" else one_line(letter) for letter in text)


def one_line(text: object) -> str:
    """A name or a message as one line, whatever is in it: a name with a newline must not look like two messages."""
    return "".join("\N{REPLACEMENT CHARACTER}" if _steers(letter) else letter for letter in str(text))


def to_json(data: Any, indent: int | None = None, default: Callable[[Any], Any] | None = None) -> str:
    """JSON for other programs that a terminal may show: what would steer it is escaped, so that nothing is lost."""
    text = json.dumps(data, ensure_ascii=False, indent=indent, default=default)
    if indent is None:
        return "".join(map(_escaped, text))
    return "".join(letter if letter == "\n" else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    return json.dumps(letter)[1:-1] if _steers(letter) else letter


def _steers(letter: str) -> bool:
    return unicodedata.category(letter) in _STEERING
