"""What models see of any document: each piece is found again, and words found in it stand in the document."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from test_ingest_properties import DOCUMENTS, EXAMPLES, READERS, split_reading

from roleqa.answer.citations import answering_words
from roleqa.blocks import Span
from roleqa.ingest.blocks import Reading
from roleqa.ingest.markdown import read_markdown
from roleqa.ingest.markup import plain
from roleqa.ingest.match_text import index_text, match_text, plain_text
from roleqa.ingest.split import SplitDocument
from roleqa.retrieve.evidence import Candidate, ScoredEvidence
from roleqa.types import Document

# Sentences and rows with marks in the midst of them, more often than in any text.
MARKED = st.lists(
    st.sampled_from(
        ["The keeper ", "lights ", "**the lamp** ", "at *dusk*", "[every day](a/b.md) ", "`twice` ", "&amp; ", "<br>", ". ", "\n",
         "\n- an item\n- *another*\n", "\n\n| A | B |\n| --- | --- |\n| **a** b | c |\n\n", "\n\n# Head\n\n", "Six weeks", "\\*"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


def documented(reading: Reading) -> tuple[Document, SplitDocument]:
    return Document("a.md", "A", reading.text, "", reading.blocks), split_reading(reading)


@READERS
@EXAMPLES
@given(text=DOCUMENTS)
def test_each_piece_is_found_again_in_what_is_read(text: str, read: Any) -> None:
    document, found = documented(read(text))
    for passage, pieces in zip(found.passages, found.evidence, strict=True):
        made = match_text(passage, document, pieces)
        assert made.text == index_text(passage, document, pieces)
        assert [made.text[start:end] for start, end in made.spans] == [
            plain_text(document.text, piece) for piece in pieces
        ]
        ends = [0, *(end for _, end in made.spans)]
        assert all(before <= start for before, (start, _) in zip(ends, made.spans, strict=False))


@settings(max_examples=150, deadline=None)
@given(st.data(), MARKED)
def test_answering_words_stand_in_their_quote_or_are_left_out(data: st.DataObject, text: str) -> None:
    document, found = documented(read_markdown(text))
    index: Any = SimpleNamespace(passages=found.passages, evidence=found.evidence, documents={document.id: document})
    for row, (passage, pieces) in enumerate(zip(found.passages, found.evidence, strict=True)):
        made = match_text(passage, document, pieces)
        for piece, (start, end) in zip(pieces, made.spans, strict=True):
            first = data.draw(st.integers(start, end - 1))
            last = data.draw(st.integers(first + 1, end))
            candidate = Candidate(row, piece, (), "", "", 0.0)
            words = answering_words(index, ScoredEvidence(candidate, 9.0, Span(first, last)))
            if words:
                assert piece.start <= words.start < words.end <= piece.end
                assert plain(document.text[words.start : words.end]) == made.text[first:last]
