"""Links to a place in a document, such as `?document=a.md&start=10&end=42`: made for citations, read from anywhere."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from roleqa.types import Citation

# Longer than any link that is made here: file names are bounded by file systems.
_LONGEST = 16_384
_NUMBER = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Link:
    """A span of a document (character offsets), empty where it names a place but quotes nothing.

    `check` is the quote's as it was when the link was made, or "". `closest` says that the quote was no
    answer, only what came nearest to one.
    """

    document: str
    start: int = 0
    end: int = 0
    check: str = ""
    closest: bool = False

    @classmethod
    def to(cls, citation: Citation, closest: bool = False) -> Link:
        evidence = citation.evidence
        return cls(citation.passage.document_id, evidence.start, evidence.end, check_of(citation.quote), closest)

    @property
    def href(self) -> str:
        """The link, relative to the page."""
        fields: dict[str, str | int] = {"document": self.document, "start": self.start}
        if self.end > self.start:
            fields["end"] = self.end
        if self.check:
            fields["check"] = self.check
        if self.closest:
            fields["closest"] = 1
        return "?" + urlencode(fields)


def parse_link(query: str) -> Link | None:
    """The link in a page's address, from its question mark on; None where it names no place in a document."""
    if len(query) > _LONGEST:
        return None
    fields = {name: values[0] for name, values in parse_qs(query.removeprefix("?")).items()}
    start = fields.get("start", "0")
    end = fields.get("end", start)
    if not fields.get("document") or not _NUMBER.fullmatch(start) or not _NUMBER.fullmatch(end):
        return None
    if int(end) < int(start):
        return None
    closest = fields.get("closest") == "1"
    return Link(fields["document"], int(start), int(end), fields.get("check", ""), closest)


def check_of(quote: str) -> str:
    """A short hash, by which a link is held against the document that it leads into."""
    return hashlib.sha256(quote.encode()).hexdigest()[:16]
