"""Labelled questions on the small corpus, in either half, for the tests of the evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from roleqa.assistant import Assistant
from roleqa.evaluate.questions import Gold, LabelledQuestion

RIGHT = "Who lights the lamp at dusk?"
FAR = "Which zeppelin bombed Antwerp?"


class Labels:
    """Makes labelled questions of the small corpus, with ids that fall in the half that is asked for."""

    def __init__(self, assistant: Assistant) -> None:
        self._text = assistant.retriever.index.documents["harbour.md"].text
        self._ids = {tuning: _ids(tuning) for tuning in (False, True)}

    def __call__(
        self, question: str, *quotes: str, kind: str = "direct", tuning: bool = False, history: tuple[str, ...] = ()
    ) -> LabelledQuestion:
        """Answerable by the quotes; by none, unanswerable."""
        starts = [self._text.index(quote) for quote in quotes]
        return LabelledQuestion(
            query_id=next(self._ids[tuning]),
            question=question,
            history=history,
            answerable=bool(quotes),
            kind=kind,
            gold=tuple(
                Gold("harbour.md", start, start + len(quote)) for start, quote in zip(starts, quotes, strict=True)
            ),
        )


def _ids(tuning: bool) -> Iterator[str]:
    for number in count():
        if LabelledQuestion(f"q{number}", "", (), False, "", ()).tuning == tuning:
            yield f"q{number}"
