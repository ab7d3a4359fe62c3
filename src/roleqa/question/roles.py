"""Which roles a text speaks of. Roles are data: their names and aliases come from roles.toml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from roleqa.index.terms import fold, word_spans
from roleqa.question.look_alikes import as_it_looks
from roleqa.types import Document, Evidence, Passage, Role

# A sentence that opens with one of these speaks of what the sentence before it spoke of.
ANAPHORA = frozenset(
    ("he", "she", "it", "they", "his", "her", "its", "their", "this", "these", "that", "those", "such")
)
# Where a clause with a subject of its own may begin, in English.
_CLAUSE_END = re.compile(r"[;:]|,? (?:but|while|whilst|whereas)\b|, (?:and|or)\b")
_OPENING_PHRASE = re.compile(
    r"^\W*(?:unlike|like|as|for|with|without|in|at|on|by|to|from|of|than|under|among|between|besides|compared)\b[^,]*,",
    re.IGNORECASE,
)
# What stands between two roles that are named in one breath: "a pilot and an old cook".
_JOINED = re.compile(
    r"\s*+(?:[,/&]|(?:,\s*+)?\b(?:and|or|nor|as well as)\b)\s*+(?:(?:an?|the)\s++)?(?:\w++\s++)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Mention:
    """One naming of a role, by its span in the text."""

    role: str
    start: int
    end: int


def find_mentions(text: str, roles: tuple[Role, ...]) -> tuple[Mention, ...]:
    """Every naming of a role by its name or an alias, in order, the longest name winning.

    Case, accents and national spelling are ignored, letters that look Latin are taken for what they look like, and a
    plural is accepted; but where not everything is in
    capitals, one more capital S makes another abbreviation: "MPS" is no plural of "MP", as "MPs" is.
    """
    names = _names(roles)
    spans = word_spans(text)
    known = _words_of_names(roles)
    folded = [_folded(text[start:end], known) for start, end in spans]
    capitals = [text[start:end].isupper() and not text.isupper() for start, end in spans]
    mentions: list[Mention] = []
    position = 0
    while position < len(folded):
        for name, role, is_abbreviation in names.get(_singular(folded[position]), ()):
            last = position + len(name) - 1
            exact = is_abbreviation and capitals[position]
            if _same(tuple(folded[position : last + 1]), name, exact):
                mentions.append(Mention(role, spans[position][0], spans[last][1]))
                position = last
                break
        position += 1
    return tuple(mentions)


def mentioned_roles(text: str, roles: tuple[Role, ...]) -> tuple[str, ...]:
    """The ids of the roles a text names, each once, in the order of first mention."""
    return tuple(dict.fromkeys(mention.role for mention in find_mentions(text, roles)))


def evidence_roles(
    document: Document, passage: Passage, evidence: tuple[Evidence, ...], roles: tuple[Role, ...]
) -> tuple[tuple[str, ...], ...]:
    """For each piece of a passage's evidence, the roles it speaks of; none where it could be any.

    A cell speaks of its column's role, or its row's. Other evidence speaks of the roles it names; where it
    names none, of those that its lead-in, the sentence it refers back to, or the nearest heading names.
    """
    if not roles:
        return ((),) * len(evidence)
    heading = next((found for text in reversed(passage.headings) if (found := mentioned_roles(text, roles))), ())
    about: list[tuple[str, ...]] = []
    for item in evidence:
        text = document.text[item.start : item.end]
        sources = (item.column, item.row) if item.kind == "cell" else (text, item.lead_in)
        own = next((found for source in sources if source and (found := mentioned_roles(source, roles))), ())
        if not own and about and item.kind == "sentence" and refers_back(text):
            own = about[-1]
        about.append(own or heading)
    return tuple(about)


def subjects(text: str, roles: tuple[Role, ...]) -> tuple[str, ...]:
    """The roles that a text says something of, as opposed to those that it only names beside them.

    Of each clause the first that is named, with those joined to it; but not what "Unlike a cook, ..." opens with.
    """
    found: list[str] = []
    for clause in _CLAUSE_END.split(text):
        said = _OPENING_PHRASE.sub("", clause, count=1)
        said = said if find_mentions(said, roles) else clause
        mentions = find_mentions(said, roles)
        for i, mention in enumerate(mentions):
            if i and not _JOINED.fullmatch(said, mentions[i - 1].end, mention.start):
                break
            found.append(mention.role)
    return tuple(dict.fromkeys(found))


def refers_back(sentence: str) -> bool:
    """Whether a sentence opens with a pronoun that only the sentence before it explains."""
    spans = word_spans(sentence)
    return bool(spans) and sentence[spans[0][0] : spans[0][1]].casefold() in ANAPHORA


# A name's words, the role's id, and whether the name is a word in capitals.
Name = tuple[tuple[str, ...], str, bool]
Names = dict[str, tuple[Name, ...]]


@lru_cache(maxsize=16)
def _names(roles: tuple[Role, ...]) -> Names:
    """Folded names by their first word in the singular, longest first."""
    by_first: dict[str, set[Name]] = {}
    for role in roles:
        for name in (role.name, *role.aliases):
            folded = tuple(fold(name[start:end]) for start, end in word_spans(name))
            if folded:
                is_abbreviation = len(folded) == 1 and name.isupper()
                by_first.setdefault(_singular(folded[0]), set()).add((folded, role.id, is_abbreviation))
    return {first: tuple(sorted(names, key=lambda item: (-len(item[0]), item))) for first, names in by_first.items()}


@lru_cache(maxsize=16)
def _words_of_names(roles: tuple[Role, ...]) -> frozenset[str]:
    return frozenset(_singular(word) for names in _names(roles).values() for name, _, _ in names for word in name)


def _folded(word: str, known: frozenset[str]) -> str:
    """A word as names are folded; as it looks where only so it is a word of some name."""
    plain = fold(word)
    if word.isascii() or _singular(plain) in known:
        return plain
    seen = fold(as_it_looks(word))
    return seen if _singular(seen) in known else plain


def _same(found: tuple[str, ...], name: tuple[str, ...], exact: bool) -> bool:
    """Whether words are a name, its last word perhaps in the plural unless it must be `exact`."""
    return found == name or (not exact and found[:-1] == name[:-1] and _singular(found[-1]) == _singular(name[-1]))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 2 and word.endswith("s") and not word.endswith("ss") else word
