"""What a label that does not fit may have meant: the nearest text of a document, the nearest name."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process

# So much of a quote is looked for, and shown: what is nearest shows by then, and aligning stays quick.
LONGEST = 300
# In per cent. Of less than that a reader sees no likeness.
ALIKE = 60
LONGEST_WORD = 40


def nearest_text(quote: str, text: str) -> str:
    """Where a document says nearly the same as a quote that it does not hold, as a clause for an error."""
    start = text.find(quote)
    if start >= 0:
        return f"; it stands at {start}"
    found = fuzz.partial_ratio_alignment(quote[:LONGEST], text, score_cutoff=ALIKE)
    if found is None or found.dest_start == found.dest_end:
        return "; nothing there is like it"
    start, end = _whole_words(text, found.dest_start, found.dest_end)
    return f"; nearest is {text[start:end]!r} at {start}"


def nearest_name(name: str, names: Iterable[str]) -> str:
    """The known name that is most like an unknown one, as a clause for an error."""
    found = process.extractOne(name[:LONGEST], list(names), scorer=fuzz.ratio)
    return f"; nearest is {found[0]!r}" if found else "; it has none"


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """The span widened to where words begin and end, as far as a word may reasonably be long."""
    first, last = max(0, start - LONGEST_WORD), min(len(text), end + LONGEST_WORD)
    while start > first and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < last and text[end].isalnum() and text[end - 1].isalnum():
        end += 1
    return start, end


def shortened(text: str) -> str:
    """The text, or its beginning where it is long."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."
