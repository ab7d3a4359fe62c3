"""Which evidence is read, and what becomes of what the reader finds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from fakes import OverlapReader, WordEncoder
from roleqa.assistant import Assistant, build_index
from roleqa.blocks import Span
from roleqa.protocols import PieceReading
from roleqa.retrieve.evidence import PRIOR_WEIGHT, Candidate, ScoredEvidence
from roleqa.retrieve.search import Retriever
from roleqa.settings import Settings
from roleqa.types import Evidence, MatchText

DOCUMENT = """# Harbour

The pilot boards every ship. He carries the mail. The lamp burns at night.

- They sing.

## Rope

Ropes are tarred.
"""


class SpanReader:
    """Finds the given words wherever they stand, and nothing else."""

    fingerprint = "span"

    def __init__(self, words: str) -> None:
        self.words = words
        self.passages: list[str] = []

    def read(self, _: str, passages: Sequence[MatchText]) -> list[tuple[PieceReading, ...]]:
        self.passages += [passage.text for passage in passages]
        return [tuple(self._piece(passage, span) for span in passage.spans) for passage in passages]

    def _piece(self, passage: MatchText, span: Span) -> PieceReading:
        start = passage.text.find(self.words, span.start)
        inside = span.start <= start < span.end
        answer = Span(start, start + len(self.words)) if inside else Span(span.start, span.start)
        return PieceReading(4.0 if inside else -4.0, answer)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "harbour.md").write_text(DOCUMENT, encoding="utf-8")
    settings = Settings(corpus=tmp_path / "corpus", index=tmp_path / "index")
    build_index(settings, encoder=WordEncoder())
    return settings


def retriever(settings: Settings, reader: OverlapReader | SpanReader) -> Retriever:
    return Assistant.load(settings, encoder=WordEncoder(), reader=reader).retriever


def test_each_piece_has_the_margin_that_the_reader_finds_in_its_passage(settings: Settings) -> None:
    found = retriever(settings, OverlapReader()).read("pilot carries mail").evidence
    margins = {item.candidate.body: round(item.margin, 3) for item in found}
    assert margins["He carries the mail."] == pytest.approx(20 * 2 / 3 - 6, abs=1e-3)
    assert margins["The pilot boards every ship."] == pytest.approx(20 / 3 - 6, abs=1e-3)


def test_the_answering_words_are_kept_with_the_piece_that_they_begin_in(settings: Settings) -> None:
    best, *others = retriever(settings, SpanReader("at night")).read("When does the lamp burn?").evidence
    text = "Harbour\nThe pilot boards every ship. He carries the mail. The lamp burns at night. They sing."
    assert best.candidate.body == "The lamp burns at night."
    assert best.answer is not None
    assert text[best.answer.start : best.answer.end] == "at night"
    assert [item.answer for item in others] == [None] * len(others)


def test_an_answer_over_two_sentences_takes_both_in(settings: Settings) -> None:
    best = retriever(settings, SpanReader("mail. The lamp")).read("mail lamp").evidence[0]
    assert best.candidate.body == "He carries the mail. The lamp burns at night."
    start = DOCUMENT.index("He carries")
    assert (best.candidate.evidence.start, best.candidate.evidence.end) == (start, DOCUMENT.index("night.") + 6)


def test_an_answer_does_not_run_on_from_a_sentence_into_a_list(settings: Settings) -> None:
    best = retriever(settings, SpanReader("night. They sing")).read("night").evidence[0]
    assert best.candidate.body == "The lamp burns at night."
    assert best.answer is not None
    text = "Harbour\nThe pilot boards every ship. He carries the mail. The lamp burns at night."
    assert text[best.answer.start :] == "night."
    assert best.answer.end == len(text)


def test_only_the_likeliest_passages_are_read(settings: Settings) -> None:
    reader = SpanReader("tarred")
    retriever(settings.model_copy(update={"num_passages": 1}), reader).read("How are ropes tarred?")
    assert reader.passages == ["Harbour > Rope\nRopes are tarred."]


def test_the_best_comes_first_by_margin_and_guess(settings: Settings) -> None:
    found = [item.score for item in retriever(settings, OverlapReader()).read("lamp burns").evidence]
    assert found == sorted(found, reverse=True)


def test_the_guess_decides_between_equal_margins() -> None:
    evidence = Evidence("harbour.md#0-9", 0, 9, "sentence")
    far, near = (ScoredEvidence(Candidate(0, evidence, (), "", "", prior), 1.0) for prior in (0.5, 2.0))
    assert far.score == 1.0 + 0.5 * PRIOR_WEIGHT
    assert near.score == 1.0 + 2.0 * PRIOR_WEIGHT


CHAPTERS = "".join(f"# Chapter {number}\n\nThe keeper of lamp {number} sings number{number}.\n\n" for number in range(16))


@pytest.fixture
def chapters(tmp_path: Path) -> Settings:
    """Sixteen passages that differ in their number."""
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "chapters.md").write_text(CHAPTERS, encoding="utf-8")
    settings = Settings(corpus=tmp_path / "corpus", index=tmp_path / "index")
    build_index(settings, encoder=WordEncoder())
    return settings


@pytest.mark.parametrize(
    ("num_passages", "characters", "shares", "read"),
    [
        pytest.param(5, 8000, 1, 5, id="as many as are set"),
        pytest.param(20, 8000, 1, 16, id="no more than there are"),
        pytest.param(20, 250, 1, 5, id="as many as have room together"),
        pytest.param(20, 250, 2, 2, id="a share of the room"),
        pytest.param(20, 1, 1, 1, id="one at least"),
        pytest.param(5, 1, 20, 1, id="one at least of any share"),
    ],
)
def test_how_many_passages_are_read(
    chapters: Settings, num_passages: int, characters: int, shares: int, read: int
) -> None:
    reader = SpanReader("number3")
    changed = chapters.model_copy(update={"num_passages": num_passages, "read_characters": characters})
    found = retriever(changed, reader).read("Which keeper sings?", shares=shares)
    assert len(reader.passages) == len(set(reader.passages)) == read == len(found.evidence)
    # Each takes 46 to 50 characters.
    assert read == 1 or sum(map(len, reader.passages)) <= characters / shares


def test_passages_are_ranked_by_what_the_reader_found_and_then_by_fusion(chapters: Settings) -> None:
    searching = retriever(chapters.model_copy(update={"num_passages": 4}), SpanReader("number7"))
    fused = [row for row, _ in searching.hybrid("keeper of lamp 7", 16)]
    (first, *others) = searching.search("keeper of lamp 7", 16, "rerank")
    assert first.text == "The keeper of lamp 7 sings number7."
    rows = [searching.index.passages.index(hit.passage) for hit in others]
    assert len(rows) == len(fused) - 1 == 15
    # Behind those that were read, the others as fusion has them.
    assert rows[3:] == [row for row in fused if row in rows[3:]]


def test_one_sentence_near_in_meaning_is_enough_for_a_long_passage(tmp_path: Path) -> None:
    """Of passages on many things, the one of which a sentence is the question's is read before better ranked ones."""
    (tmp_path / "corpus").mkdir()
    filler = " ".join(f"Word{number} is other{number}." for number in range(9))
    text = f"# Long\n\n{filler} Tar keeps rope dry. {filler.replace('Word', 'Name')}\n\n"
    short = "".join(f"# Short {number}\n\nTar. It keeps. A rope. A dry day.\n\n" for number in range(3))
    (tmp_path / "corpus" / "a.md").write_text(short + text, encoding="utf-8")
    settings = Settings(corpus=tmp_path / "corpus", index=tmp_path / "index", num_passages=1)
    build_index(settings, encoder=WordEncoder())
    reader = SpanReader("Tar keeps rope dry")
    searching = retriever(settings, reader)
    ((likeliest, _),) = searching.hybrid("tar keeps rope dry", 1)
    assert searching.index.passages[likeliest].headings[0].startswith("Short")
    best = searching.read("tar keeps rope dry").evidence[0]
    assert best.candidate.body == "Tar keeps rope dry."


def test_the_cell_that_names_a_row_is_no_likelier_than_the_cells_it_names(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    table = "# Pay\n\n| Topic | Keeper | Pilot |\n| --- | --- | --- |\n| Length of the tour | Six months | Two years |\n"
    (tmp_path / "corpus" / "pay.md").write_text(table, encoding="utf-8")
    settings = Settings(corpus=tmp_path / "corpus", index=tmp_path / "index")
    build_index(settings, encoder=WordEncoder())
    found = retriever(settings, SpanReader("nothing")).read("Length of the tour").evidence
    priors = {item.candidate.body: item.candidate.prior for item in found}
    key = priors.pop("Topic: Length of the tour")
    assert key == min(priors.values())
    assert list(priors) == ["Length of the tour | Keeper: Six months", "Length of the tour | Pilot: Two years"]
