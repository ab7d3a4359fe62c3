"""Whether the quotes of a conversation still stand in the documents as they are indexed now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from unicodedata import category

from rapidfuzz import fuzz

from roleqa.bundle.exchange import Exchange, text_sha256
from roleqa.index.library import Library
from roleqa.types import Citation, Document

# Where the quote is now: at its place; elsewhere in its document; nowhere, but something much like it; nowhere, nor
# anything like it; and in a document that is not indexed any more.
Outcome = Literal["stands", "moved", "changed", "gone", "document missing"]
OUTCOMES: tuple[Outcome, ...] = ("stands", "moved", "changed", "gone", "document missing")

# In per cent of the letters, as compared of so much of a quote.
_ALIKE = 60
_COMPARED = 300


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote and where it stood when it was made."""

    document: str
    start: int
    end: int
    text: str

    @classmethod
    def of(cls, citation: Citation) -> Quoted:
        evidence = citation.evidence
        return cls(citation.passage.document_id, evidence.start, evidence.end, citation.quote)

    def stands(self, documents: Mapping[str, Document]) -> bool:
        """Whether the document has, character for character, what was quoted of this place."""
        document = documents.get(self.document)
        return document is not None and document.text[self.start : self.end] == self.text


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a quote; `start` and `end` are where it, or what is most like it, stands now."""

    outcome: Outcome
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class CheckedQuote:
    """A quote of the question of that number, counted from 1; `closest` says that it was no answer to it."""

    question: int
    citation: Citation
    closest: bool
    found: Found

    def to_dict(self) -> dict[str, Any]:
        citation, found = self.citation, self.found
        return {
            "question": self.question,
            "number": citation.number,
            "closest": self.closest,
            "document": citation.passage.document_id,
            "start": citation.evidence.start,
            "end": citation.evidence.end,
            "quote": citation.quote,
            "outcome": found.outcome,
            "now": None if found.start is None else {"start": found.start, "end": found.end},
        }


@dataclass(frozen=True, slots=True)
class Verification:
    """Every quote of a conversation, in order, and the cited files whose bytes or text are not what they were."""

    generation: str
    quotes: tuple[CheckedQuote, ...]
    changed_files: tuple[str, ...]

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many quotes there are of each outcome, the best first."""
        counted = Counter(quote.found.outcome for quote in self.quotes)
        return {outcome: counted[outcome] for outcome in OUTCOMES}

    @property
    def stands(self) -> bool:
        """Whether every quote stands at its place."""
        return self.counts["stands"] == len(self.quotes)

    @property
    def summary(self) -> str:
        """How many quotes stand, and what became of the others."""
        others = ", ".join(
            f"{count} {outcome}" for outcome, count in self.counts.items() if count and outcome != "stands"
        )
        return f"{self.counts['stands']} of {len(self.quotes)} quotes stand at their place" + (others and f"; {others}")

    def to_dict(self) -> dict[str, Any]:
        return {
            "stands": self.stands,
            "generation": self.generation,
            "counts": self.counts,
            "changed_files": list(self.changed_files),
            "quotes": [quote.to_dict() for quote in self.quotes],
        }


def verify(exchanges: Sequence[Exchange], library: Library) -> Verification:
    """Every quote of a conversation held against the documents as indexed."""
    quotes = (
        CheckedQuote(number, citation, closest, _find(exchange, citation, library))
        for number, exchange in enumerate(exchanges, start=1)
        for closest, citations in ((False, exchange.answer.citations), (True, exchange.answer.closest))
        for citation in citations
    )
    return Verification(library.manifest.generation, tuple(quotes), tuple(sorted(_changed(exchanges, library))))


def find_quote(quote: Quoted, documents: Mapping[str, Document], *, by_place: bool = False) -> Found:
    """Where a quote stands now; of several places the nearest to where it stood.

    It stands as words of its own: "10" is not what a document says that has come to say "100". Only `by_place`, for
    a text that did not change, its characters are enough: a quote may be cut out of a very long word.
    """
    document = documents.get(quote.document)
    if document is None:
        return Found("document missing")
    if quote.stands(documents) and (by_place or _apart(document.text, quote.start, quote.end)):
        return Found("stands", quote.start, quote.end)
    places = _places(quote.text, document.text)
    nearest = min(places, key=lambda place: abs(place - quote.start), default=None)
    if nearest is not None:
        return Found("moved", nearest, nearest + len(quote.text))
    alike = fuzz.partial_ratio_alignment(quote.text[:_COMPARED], document.text, score_cutoff=_ALIKE)
    if alike is None or alike.dest_start == alike.dest_end:
        return Found("gone")
    return Found("changed", alike.dest_start, alike.dest_end)


def still_stands(exchange: Exchange, citation: Citation, documents: Mapping[str, Document]) -> bool:
    """Whether a quote of an answer stands at its place."""
    quote = Quoted.of(citation)
    return quote.stands(documents) and (
        _same_text(exchange, documents[quote.document])
        or _apart(documents[quote.document].text, quote.start, quote.end)
    )


def _find(exchange: Exchange, citation: Citation, library: Library) -> Found:
    document = library.documents.get(citation.passage.document_id)
    by_place = document is not None and _same_text(exchange, document)
    return find_quote(Quoted.of(citation), library.documents, by_place=by_place)


def _same_text(exchange: Exchange, document: Document) -> bool:
    """Whether a document has the text that it had when the answer quoted it."""
    return (document.id, text_sha256(document)) in {(file.document, file.text_sha256) for file in exchange.files}


def _places(quote: str, text: str) -> Iterator[int]:
    place = text.find(quote)
    while place >= 0:
        if _apart(text, place, place + len(quote)):
            yield place
        place = text.find(quote, place + 1)


def _apart(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] begins and ends where words do."""
    return not any(0 < edge < len(text) and _joined(text[edge - 1], text[edge]) for edge in (start, end))


def _joined(before: str, after: str) -> bool:
    """Whether two letters next to each other belong to one word; scripts without spaces do not tell."""
    return (before + after).isalnum() and "Lo" not in (category(before), category(after))


def _changed(exchanges: Sequence[Exchange], library: Library) -> set[str]:
    """The cited files that are not, byte for byte, what was indexed when they were quoted."""
    sources = library.manifest.sources
    files = {file for exchange in exchanges for file in exchange.files}
    return {
        file.document
        for file in files
        if file.document not in library.documents
        or sources.get(file.document) != file.file_sha256
        or text_sha256(library.documents[file.document]) != file.text_sha256
    }
