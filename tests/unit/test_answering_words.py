"""The words of a quote that answer: where they stand in the document, and when there are none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fakes import WordEncoder
from roleqa.answer.citations import check
from roleqa.assistant import Assistant, build_index
from roleqa.blocks import Span
from roleqa.errors import IndexDamagedError
from roleqa.protocols import PieceReading
from roleqa.settings import Settings
from roleqa.types import Citation, MatchText

DOCUMENT = """# Harbour

The keeper lights the **big lamp** at [every dusk](rules/lamp.md). He *also* rings
the bell.

These are his:

- a rope
- a ladder

```
ring the bell twice
```

| Topic | Keeper | Pilot |
| --- | --- | --- |
| Leave of `all` | Six **full** weeks | Four weeks |
"""


class WordsReader:
    """Finds the given words of a passage's text by a margin, wherever they begin."""

    fingerprint = "overlap"

    def __init__(self, words: str, margin: float) -> None:
        self.words, self.margin = words, margin

    def read(self, _: str, passages: Sequence[MatchText]) -> list[tuple[PieceReading, ...]]:
        return [tuple(self._piece(passage.text.find(self.words), span) for span in passage.spans) for passage in passages]

    def _piece(self, start: int, span: Span) -> PieceReading:
        if span.start <= start < span.end:
            return PieceReading(self.margin, Span(start, start + len(self.words)))
        return PieceReading(-20.0, Span(span.start, span.start))


Cite = Callable[..., Citation]


@pytest.fixture
def cite(tmp_path: Path) -> Cite:
    """The best quote, by what the reader finds in the document."""
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "harbour.md").write_text(DOCUMENT, encoding="utf-8")
    settings = Settings(corpus=tmp_path / "corpus", index=tmp_path / "index", min_confidence=0)
    build_index(settings, encoder=WordEncoder())

    def cite(words: str, margin: float = 9.0, question: str = "Who is it?") -> Citation:
        reader = WordsReader(words, margin)
        return Assistant.load(settings, encoder=WordEncoder(), reader=reader).ask(question).citations[0]

    return cite


@pytest.mark.parametrize(
    ("words", "marked"),
    [
        pytest.param("keeper", "keeper", id="a word"),
        pytest.param("big lamp", "big lamp", id="all that is emphasised"),
        pytest.param("the big lamp at", "the **big lamp** at", id="over emphasis"),
        pytest.param("every dusk", "every dusk", id="the text of a link"),
        pytest.param("lamp at every dusk", None, id="from within emphasis into a link"),
        pytest.param("the big lamp at every", None, id="into a link"),
        pytest.param("at every dusk.", None, id="up to a mark that a link's target has too"),
        pytest.param("also rings the bell", "*also* rings\nthe bell", id="from the first emphasised word on"),
        pytest.param("the big", None, id="into emphasis"),
        pytest.param("rings the bell.", "rings\nthe bell.", id="over a line break"),
        pytest.param("dusk. He", None, id="from within a link to outside of it"),
        pytest.param("also", "also", id="in the middle of a sentence"),
        pytest.param("Six full weeks", "Six **full** weeks", id="a cell"),
        pytest.param("all", "all", id="within a row's first cell"),
    ],
)
def test_they_are_a_slice_of_the_document_without_half_of_a_mark(cite: Cite, words: str, marked: str | None) -> None:
    citation = cite(words)
    assert DOCUMENT[citation.evidence.start : citation.evidence.end] == citation.quote
    if marked is None:
        assert citation.answer is None
        assert citation.to_dict()["answer"] is None
        return
    start = DOCUMENT.index(marked)
    assert citation.answer == (start, start + len(marked))
    assert citation.parts[1] == marked
    assert "".join(citation.parts) == citation.quote
    assert citation.to_dict()["answer"] == {"start": start, "end": start + len(marked), "text": marked}
    assert citation.evidence.start <= start < start + len(marked) <= citation.evidence.end


def test_words_over_two_sentences_are_quoted_with_both(cite: Cite) -> None:
    citation = cite("at every dusk. He also rings")
    assert citation.quote.startswith("The keeper")
    assert citation.quote.endswith("the bell.")
    assert citation.parts[1] == "at [every dusk](rules/lamp.md). He *also* rings"


def test_what_runs_on_into_another_cell_ends_with_its_own(cite: Cite) -> None:
    citation = cite("full weeks; Pilot: Four")
    assert citation.quote == "Six **full** weeks"
    assert citation.parts[1] == "**full** weeks"  # with the marks, rather than half of them
    assert cite("weeks; Pilot: Four").parts[1] == "weeks"


@pytest.mark.parametrize(("margin", "words"), [(0.0, "keeper"), (-0.1, ""), (-9.0, "")])
def test_there_are_none_where_the_reader_prefers_no_answer(cite: Cite, margin: float, words: str) -> None:
    assert cite("keeper", margin).parts[1] == words


def test_code_and_whole_lists_have_none(cite: Cite) -> None:
    assert cite("bell twice").evidence.kind == "code"
    assert cite("bell twice").answer is None
    whole = cite("rope", question="Which things are there?")
    assert (whole.evidence.kind, whole.answer) == ("list", None)
    assert cite("rope", question="Is there a rope?").parts[1] == "rope"


def test_words_outside_their_quote_are_never_shown(cite: Cite, tmp_path: Path) -> None:
    citation = cite("keeper")
    settings = Settings(corpus=tmp_path / "corpus", index=tmp_path / "index")
    index = Assistant.load(settings, encoder=WordEncoder(), reader=WordsReader("", 0.0)).retriever.index
    start, end = citation.evidence.start, citation.evidence.end
    check(index, citation)
    check(index, replace(citation, answer=Span(start, end)))
    for outside in (Span(start - 1, end), Span(start, end + 1), Span(start + 3, start + 3), Span(end, start)):
        with pytest.raises(IndexDamagedError, match="nothing is shown"):
            check(index, replace(citation, answer=outside))
