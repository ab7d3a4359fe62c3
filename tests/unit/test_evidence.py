"""Which evidence is read, and what the cross-encoder is given of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes import OverlapReranker, WordEncoder
from roleqa.assistant import Assistant, build_index
from roleqa.retrieve.evidence import Candidate, rerank_evidence
from roleqa.retrieve.search import Reading
from roleqa.settings import Settings
from roleqa.types import Evidence

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


def logits(reading: Reading) -> dict[str, float]:
    return {item.candidate.body: round(item.logit, 3) for item in reading.evidence}


def test_a_sentence_that_opens_with_a_pronoun_is_read_alone_and_in_context(read) -> None:
    # "pilot", "carries" and "mail" are asked: alone it holds two of three, behind the sentence before it all.
    found = logits(read("pilot carries mail"))
    alone, in_context = 20 * 2 / 3 - 6, 14.0
    assert found["He carries the mail."] == pytest.approx((alone + in_context) / 2, abs=1e-3)
    assert found["The pilot boards every ship."] == pytest.approx(20 / 3 - 6, abs=1e-3)


def test_other_sentences_and_list_items_are_read_as_they_are(read) -> None:
    found = {item.candidate.body: item.candidate.in_context for item in read("pilot mail lamp sing").evidence}
    assert [body for body, context in found.items() if context] == ["He carries the mail."]


def test_the_best_by_logit_and_guess_comes_first(read) -> None:
    found = [item.score for item in read("lamp burns").evidence]
    assert found == sorted(found, reverse=True)


def test_the_guess_decides_between_equal_logits() -> None:
    evidence = Evidence("harbour.md#0-9", 0, 9, "sentence")
    far, near = (Candidate(0, evidence, (), body, body, prior) for body, prior in (("far", 0.5), ("near", 2.0)))
    found = rerank_evidence("lamp", (far, near), OverlapReranker())
    assert [(item.candidate.body, item.score - item.logit) for item in found] == [("near", 2.0), ("far", 0.5)]
