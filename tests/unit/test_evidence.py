"""Which evidence is read, and what the cross-encoder is given of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes import OverlapReranker, WordEncoder
from roleqa.assistant import Assistant, build_index
from roleqa.retrieve.search import Reading
from roleqa.settings import Settings

DOCUMENT = """# Harbour

The pilot boards every ship. He carries the mail. The lamp burns at night.

- They sing.
"""


@pytest.fixture
def read(tmp_path: Path) -> object:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "harbour.md").write_text(DOCUMENT, encoding="utf-8")
    settings = Settings(corpus=tmp_path / "corpus", index=tmp_path / "index")
    build_index(settings, encoder=(encoder := WordEncoder()))
    return Assistant.load(settings, encoder=encoder, reranker=OverlapReranker()).retriever.read


def scores(reading: Reading) -> dict[str, float]:
    return {item.candidate.body: round(item.score, 3) for item in reading.evidence}


def test_a_sentence_that_opens_with_a_pronoun_is_read_alone_and_in_context(read) -> None:
    # "pilot", "carries" and "mail" are asked: alone it holds two of three, behind the sentence before it all.
    found = scores(read("pilot carries mail"))
    alone, in_context = 20 * 2 / 3 - 6, 14.0
    assert found["He carries the mail."] == pytest.approx((alone + in_context) / 2, abs=1e-3)
    assert found["The pilot boards every ship."] == pytest.approx(20 / 3 - 6, abs=1e-3)


def test_other_sentences_and_list_items_are_read_as_they_are(read) -> None:
    found = {item.candidate.body: item.candidate.in_context for item in read("pilot mail lamp sing").evidence}
    assert [body for body, context in found.items() if context] == ["He carries the mail."]


def test_the_best_comes_first(read) -> None:
    assert [item.score for item in read("lamp burns").evidence] == sorted(scores(read("lamp burns")).values(), reverse=True)
