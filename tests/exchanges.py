"""Questions with their answers, as a test wants them."""

from __future__ import annotations

from roleqa.bundle.exchange import CitedFile, Exchange
from roleqa.types import Answer, AnswerKind, Citation, Column, Evidence, Generation, Passage

ID = "0" * 32
INDEX = Generation("20260101T000000000000Z", "2026-01-01T00:00:00+00:00", stale=False)
ASKED_AT = "2026-01-02T03:04:05+00:00"
FILE = CitedFile("visits.md", "a" * 64, "b" * 64)


def cite(quote: str, start: int = 0, number: int = 1, document: str = "visits.md", **evidence: str) -> Citation:
    kind = evidence.pop("kind", "cell" if "row" in evidence else "sentence")
    passage = Passage("", document, ("Guide", "Visits"), start, start + len(quote))
    found = Evidence("", start, start + len(quote), kind, **evidence)  # type: ignore[arg-type]
    return Citation(number, found, quote, passage, quote, None, 1.5)


def exchange(
    *citations: Citation,
    question: str = "When?",
    kind: AnswerKind = "answer",
    resolved: str | None = None,
    id: str = ID,
    role: str | None = None,
    files: tuple[CitedFile, ...] = (FILE,),
    columns: tuple[Column, ...] = (),
    text: str = "The documents don't answer this.",
) -> Exchange:
    """The citations of a refusal are what came nearest."""
    answer = Answer(
        question=question,
        resolved_question=resolved or question,
        kind=kind,
        text=text,
        confidence=0.75,
        index=INDEX,
        seconds=0.25,
        citations=() if kind == "refusal" else citations,
        closest=citations if kind == "refusal" else (),
        columns=columns,
    )
    return Exchange(id, ASKED_AT, role, answer, files)
