"""Answers from the small corpus: what is quoted, when it is refused, and that every quote is the source."""

from __future__ import annotations

from dataclasses import replace

import pytest

from roleqa.answer.citations import check
from roleqa.answer.selection import select_evidence
from roleqa.assistant import Assistant
from roleqa.errors import IndexDamagedError, QuestionError
from roleqa.retrieve.evidence import Candidate, ScoredEvidence
from roleqa.types import Answer, Citation, Evidence, Generation


def first(answer: Answer) -> Citation:
    assert answer.answered, answer
    return answer.citations[0]


def test_a_sentence_answers(assistant: Assistant) -> None:
    answer = assistant.ask("Who lights the lamp at dusk?")
    citation = first(answer)
    assert citation.quote == "A lighthouse keeper lights the lamp at dusk."
    assert answer.text.startswith("A lighthouse keeper lights the lamp at dusk. [1]")
    assert citation.passage.headings == ("Keepers and pilots", "Duties")
    assert (citation.role, answer.kind, answer.roles) == ("keeper", "answer", ())


def test_a_cell_answers_with_its_row_and_column(assistant: Assistant) -> None:
    citation = first(assistant.ask("How many weeks of leave has a harbour pilot in summer?"))
    assert (citation.quote, citation.evidence.row, citation.evidence.column, citation.role) == (
        "Four weeks in summer", "Leave", "Harbour Pilot", "pilot",
    )  # fmt: skip


def test_the_other_role_s_evidence_does_not_answer(assistant: Assistant) -> None:
    assert first(assistant.ask("What is the leave of an LK?")).quote == "Six weeks in winter"
    for answer in (
        assistant.ask("Which uniform do harbor pilots wear?"),
        assistant.ask("Which uniform?", role="pilot"),
    ):
        assert answer.roles == ("pilot",)
        assert {citation.role for citation in answer.citations + answer.closest} <= {"pilot", None}


def test_what_the_documents_lack_is_refused_with_the_closest(assistant: Assistant) -> None:
    answer = assistant.ask("Which zeppelin bombed Antwerp?")
    assert (answer.kind, answer.answered, answer.citations) == ("refusal", False, ())
    assert answer.text == "The documents don't answer this."
    assert answer.confidence < 0.5


def test_every_quote_is_the_slice(assistant: Assistant) -> None:
    documents = assistant.retriever.index.documents
    for question in ("lamp", "leave", "uniform jacket", "Wages?", "ship paid", "harbour", "zeppelin ships"):
        answer = assistant.ask(question)
        for item in (*answer.to_dict()["citations"], *answer.to_dict()["closest"]):
            assert documents[item["document"]].text[item["start"] : item["end"]] == item["quote"]


def test_the_same_question_gives_the_same_answer(assistant: Assistant) -> None:
    one, two = (replace(assistant.ask("Who boards ships?"), seconds=0.0) for _ in range(2))
    assert one.to_dict() == two.to_dict()


def test_an_answer_says_which_generation_and_whether_the_corpus_changed(assistant: Assistant) -> None:
    assert assistant.ask("lamp").index == assistant.status().generation
    (assistant.settings.corpus / "new.md").write_text("# New\n\nText.\n")
    answer = assistant.ask("lamp")
    assert answer.index.stale
    assert answer.index.id == assistant.status().generation.id
    assert assistant.status().changes.added == ("new.md",)


def test_rebuilding_switches_the_answers(assistant: Assistant) -> None:
    document = assistant.settings.corpus / "harbour.md"
    document.write_text(document.read_text().replace("at dusk", "at sunset"))
    assert first(assistant.ask("Who lights the lamp?")).quote == "A lighthouse keeper lights the lamp at dusk."
    assistant.rebuild()
    answer = assistant.ask("Who lights the lamp?")
    assert first(answer).quote == "A lighthouse keeper lights the lamp at sunset."
    assert not answer.index.stale


def test_a_failed_rebuild_leaves_the_answers(assistant: Assistant) -> None:
    (assistant.settings.corpus / "roles.toml").write_text("[")
    with pytest.raises(Exception, match=r"roles\.toml"):
        assistant.rebuild()
    assert first(assistant.ask("Who lights the lamp?")).quote == "A lighthouse keeper lights the lamp at dusk."


@pytest.mark.parametrize("question", ["", "   ", "x" * 5000])
def test_a_question_that_cannot_be_asked(assistant: Assistant, question: str) -> None:
    with pytest.raises(QuestionError):
        assistant.ask(question)
    with pytest.raises(QuestionError):
        assistant.search(question)


@pytest.mark.parametrize("mode", ["dense", "bm25", "hybrid", "rerank"])
def test_every_mode_finds_the_passage(assistant: Assistant, mode) -> None:
    hits = assistant.search("lamp dusk", top_k=2, mode=mode)
    assert hits[0].text.startswith("A lighthouse keeper lights the lamp")
    assert all(hit.mode == mode for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert len(hits) <= 2


def test_top_k_gives_as_many_as_there_are(assistant: Assistant) -> None:
    assert len(assistant.search("lamp", top_k=50, mode="dense")) == 4
    assert len(assistant.search("lamp", top_k=50)) == 4
    assert assistant.search("zeppelin", mode="bm25") == ()


def scored(score: float, text: str) -> ScoredEvidence:
    return ScoredEvidence(Candidate(0, Evidence("p", 0, 1, "sentence"), (), text, text, 0.0), score)


def test_selection_takes_what_is_nearly_as_good_and_new() -> None:
    evidence = [
        scored(5.0, "the keeper lights the lamp"),
        scored(4.8, "the lamp: the keeper lights it"),
        scored(4.0, "pilots board ships"),
        scored(3.0, "wages in March"),
        scored(2.9, "ferry at noon"),
        scored(2.0, "far behind"),
    ]
    chosen = select_evidence(evidence, most=3)
    assert [item.score for item in chosen] == [5.0, 4.0, 3.0]
    assert [item.score for item in select_evidence(evidence, most=9)] == [5.0, 4.0, 3.0, 2.9]
    assert select_evidence([], most=3) == ()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda c: replace(c, quote=c.quote + " "), id="a character more"),
        pytest.param(lambda c: replace(c, quote=c.quote.replace("lamp", "1amp")), id="another letter"),
        pytest.param(lambda c: replace(c, evidence=replace(c.evidence, start=c.evidence.start + 1)), id="shifted"),
        pytest.param(
            lambda c: replace(c, passage=replace(c.passage, end=c.passage.start + 3)), id="outside its passage"
        ),
        pytest.param(lambda c: replace(c, passage=replace(c.passage, document_id="gone.md")), id="no such document"),
    ],
)
def test_a_citation_that_is_not_the_source_is_never_shown(assistant: Assistant, spoil) -> None:
    citation = first(assistant.ask("Who lights the lamp at dusk?"))
    index = assistant.retriever.index
    check(index, citation)
    with pytest.raises(IndexDamagedError, match="nothing is shown"):
        check(index, spoil(citation))


def test_an_answer_without_citations_is_a_refusal_and_nothing_else() -> None:
    generation = Generation("g", "2026-01-01T00:00:00+00:00", stale=False)
    with pytest.raises(ValueError, match="a answer with 0 citations"):
        Answer("q", "q", "answer", "text", 0.9, generation, 0.0)


def test_the_json_of_an_answer_has_the_agreed_shape(assistant: Assistant) -> None:
    data = assistant.ask("How many weeks of leave has a harbour pilot in summer?").to_dict()
    assert list(data) == [
        "question", "resolved_question", "kind", "answered", "text", "confidence", "certainty", "roles", "citations", "columns",
        "closest", "index", "seconds",
    ]  # fmt: skip
    assert list(data["citations"][0]) == [
        "number", "document", "headings", "start", "end", "quote", "role", "row", "column", "page", "source",
        "score", "answer",
    ]  # fmt: skip
    assert list(data["index"]) == ["generation", "built_at", "stale"]
