"""Where the sentences of a paragraph begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sentencex import get_sentence_boundaries

from roleqa.ingest.blocks import Span, trim

# sentencex slows down with the square of the length where quotation marks do not close.
_STRETCH = 20_000

# Closing emphasis and footnote marks after a full stop belong to the sentence that they close. Possessive: a mark can
# be read in two ways, and the ways of a row of marks would multiply.
_CLOSING = re.compile(r"(?>[*_~`]|\[\^?[^\]\s]{1,40}\])++(?=\s|$)")
_TITLE = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|Rev|Hon|St|Sen|Rep|Gov|Pres|Amb|Gen|Lt|Col|Maj|Capt|Cpt|Cmdr|Cdr|Cmdt|Sgt|Cpl|Pte"
    r"|Adm|RAdm|VAdm|Brig|Flt|Sqn|Ldr|Wg|Gp)\.$"
)
_NUMBERED = re.compile(
    r"\b(?:arts?|paras?|pars?|secs?|sects?|chs?|chap|vols?|nos?|pp?|figs?|tab|ann|app|regs?|res|cl|cf|pt|ed"
    r"|approx|ca|c|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[(\[]?(?:\d|[IVXLC]+\b)")
_ENUMERATOR = re.compile(r"[(\[]?\d{1,3}[.)\]]+")
_NUMBER_END = re.compile(r"\d[.)]$")
_SPACE = re.compile(r"\s")
_WORD = re.compile(r"[^\W\d_]")


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> tuple[Span, ...]:
    """The sentences of text[start:end], trimmed, in order. Only white space lies between them."""
    end = len(text) if end is None else end
    spans: list[Span] = []
    wordless = False  # the last span has no word yet, as the number of a clause has none: it leads what follows
    for span in _pieces(text, start, end):
        if spans and (wordless or _continues(text, spans[-1], span)):
            spans[-1] = Span(spans[-1].start, span.end)
        else:
            spans.append(span)
            wordless = True
        wordless = wordless and not _WORD.search(text, *span)
    return tuple(spans)


def _pieces(text: str, start: int, end: int) -> Iterator[Span]:
    """What the library takes for sentences, trimmed, with closing marks on the right side of each cut."""
    previous: Span | None = None
    for raw in _boundaries(text, start, end):
        span = trim(text, *raw)
        if previous is not None and previous.end == raw.start and (closing := _CLOSING.match(text, *raw)):
            previous = Span(previous.start, closing.end())
            span = trim(text, closing.end(), raw.end)
        if span.start == span.end:
            continue
        if previous is not None:
            yield previous
        previous = span
    if previous is not None:
        yield previous


def _boundaries(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end:
        stop = min(end, start + _STRETCH)
        # A line break inside a paragraph is a space, and so is every other white space: sentencex panics where one
        # that takes several bytes, such as a no-break space, stands by a full stop. The offsets stay.
        boundaries = get_sentence_boundaries("en", _SPACE.sub(" ", text[start:stop]))
        if stop < end and len(boundaries) > 1:
            boundaries = boundaries[:-1]
        for boundary in boundaries:
            yield Span(start + boundary["start_index"], start + boundary["end_index"])
        start += boundaries[-1]["end_index"]


def _continues(text: str, previous: Span, span: Span) -> bool:
    """Whether the cut between the two is none: an abbreviation, or a piece without a word of its own."""
    if not _WORD.search(text, *span):
        return not _ENUMERATOR.fullmatch(text, *span) or bool(_ends(_NUMBERED, text, previous))
    if _ends(_TITLE, text, previous):
        return text[span.start].isupper()
    if _ends(_NUMBERED, text, previous):
        return bool(_NUMBER.match(text, *span))
    return text[span.start].islower() and _ends(_NUMBER_END, text, previous)


def _ends(abbreviation: re.Pattern[str], text: str, span: Span) -> bool:
    return abbreviation.search(text[max(span.start, span.end - 12) : span.end]) is not None
