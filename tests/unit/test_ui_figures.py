"""A saved report on the page: its figures, and nothing of it taken for markup."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evaluation import FAR, RIGHT, Labels
from harbour import make_assistant, write_corpus
from html_tree import HOSTILE, parse
from roleqa.evaluate.background import Run
from roleqa.evaluate.page import CAPTIONS
from roleqa.evaluate.run import evaluate
from roleqa.evaluate.save import save_report
from roleqa.evaluate.saved import SavedReport, load_report
from roleqa.settings import Settings
from roleqa.ui.figures import LONGEST, MOST_FAILURES, MOST_KINDS, render_evaluation
from roleqa.ui.quality import LABEL, render_hint, render_no_report, render_progress

PLOTS = dict.fromkeys(CAPTIONS, (b"light", b"dark"))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> SavedReport:
    """Made once: its plots take a second to draw."""
    folder = tmp_path_factory.mktemp("saved")
    assistant = make_assistant(Settings(corpus=write_corpus(folder / "corpus"), index=folder / "index"))
    label = Labels(assistant)
    questions = [label(RIGHT, "lights the lamp"), label(RIGHT, "Blue jacket", kind="table"), label(FAR, kind="far")]
    save_report(evaluate(assistant, questions), folder)
    found = load_report(folder)
    assert found
    return found


def live(saved: SavedReport) -> str:
    return saved.provenance.generation


def test_the_figures_of_the_half_to_report(saved: SavedReport) -> None:
    page = parse(render_evaluation(saved, PLOTS, live(saved)))
    cards = [card.text for card in page.one("dl", "cards").all("div")]
    assert cards[0] == "Right first50.0 % of 2 answerable questions, by their first quote"
    assert cards[3] == "Refused100.0 % of 1 questions that the documents do not answer"
    assert cards[5] == "Wrong50.0 % of all that was answered begins with a wrong quote"
    assert cards[7] == "Exact100.0 % of all quotes are the source, character for character"
    kinds, modes, times = ([[cell.text for cell in row.children] for row in table.all("tr")] for table in page.all("table"))  # type: ignore[union-attr]
    assert kinds[1:] == [["direct", "1", "100 %", "100 %", "100 %"], ["table", "1", "100 %", "0 %", "0 %"], ["far", "1", "0 %", "\u2013", "\u2013"]]
    assert [row[0].split(" ")[0] for row in modes[1:]] == ["dense", "bm25", "hybrid", "rerank"]
    assert times[0] == ["Stage", "Median", "95th percentile"]
    assert [row[2] for row in times[1:]] == ["\u2013"] * 6  # of three questions there is no such percentile
    assert page.all("p", "notice") == []
    assert "3 questions (" in page.one("p", "origin").text


def test_failures_say_what_was_quoted_and_what_should_have_been(saved: SavedReport) -> None:
    failures = parse(render_evaluation(saved, PLOTS, live(saved))).one("details", "failures")
    assert failures.one("summary").text == "Answered by a wrong quote first: 1"
    assert failures.one("h4").text == RIGHT
    facts = {fact.one("dt").text: fact.one("dd").text for fact in failures.one("dl").all("div")}
    assert facts == {
        "Quoted first": "A lighthouse keeper lights the lamp at dusk.",
        "Right would be": "Blue jacket",
    }


def test_a_report_without_failures_says_so(saved: SavedReport) -> None:
    fine = replace(saved, questions=tuple(item for item in saved.questions if item.kind != "table"))
    page = parse(render_evaluation(fine, PLOTS, live(saved)))
    assert page.all("details", "failures") == []
    assert "Every question was answered or refused as it should be." in page.text


def test_a_report_of_another_generation_says_so(saved: SavedReport) -> None:
    notice = parse(render_evaluation(saved, PLOTS, "another")).one("p", "notice").text
    assert notice.startswith(f"These figures are of another index ({live(saved)}) than the one that answers now.")


def test_plots_are_held_in_the_page_and_described(saved: SavedReport) -> None:
    pictures = parse(render_evaluation(saved, PLOTS, live(saved))).all("img")
    assert len(pictures) == 2 * len(CAPTIONS)
    assert {picture.attributes["src"] for picture in pictures} == {
        "data:image/png;base64,bGlnaHQ=", "data:image/png;base64,ZGFyaw==",
    }  # fmt: skip
    assert {picture.attributes["alt"] for picture in pictures} == set(CAPTIONS.values())
    assert parse(render_evaluation(saved, {}, live(saved))).all("img") == []


def test_what_is_long_is_cut_and_counted(saved: SavedReport) -> None:
    wrong = next(item for item in saved.questions if item.kind == "table")
    many = tuple(replace(wrong, query_id=f"q{i}", question="a" * 5000) for i in range(MOST_FAILURES + 3))
    figures = saved.groups["reporting"]
    kinds = tuple(replace(figures.kinds[0], kind=f"kind {i}") for i in range(MOST_KINDS + 2))
    full = replace(saved, questions=many, groups={"reporting": replace(figures, kinds=kinds)})
    page = parse(render_evaluation(full, {}, live(saved)))
    failures = page.one("details", "failures")
    assert failures.one("summary").text == f"Answered by a wrong quote first: {MOST_FAILURES + 3}"
    assert len(failures.all("h4")) == MOST_FAILURES
    assert failures.children[-1].text.startswith("and 3 more; report.html")  # type: ignore[union-attr]
    assert {len(title.text) for title in failures.all("h4")} == {LONGEST + 2}
    assert len(page.all("table")[0].all("tr")) == MOST_KINDS + 1
    assert "and 2 kinds more" in page.text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_of_a_report_is_markup(saved: SavedReport, hostile: str) -> None:
    plain = parse(render_evaluation(saved, PLOTS, "other"))
    wrong = next(item for item in saved.questions if item.kind == "table")
    bad = replace(
        wrong, query_id=hostile, kind=hostile, question=hostile, first_quote=hostile, gold_quotes=(hostile,), resolved_question=hostile
    )  # fmt: skip
    figures = saved.groups["reporting"]
    kinds = tuple(replace(kind, kind=hostile) for kind in figures.kinds)
    made = replace(saved.provenance, generation=hostile, labels=hostile, encoder=hostile, git=hostile, platform=hostile)
    evil = replace(
        saved,
        provenance=made,
        questions=tuple(bad if item is wrong else item for item in saved.questions),
        groups={"reporting": replace(figures, kinds=kinds)},
        timing=replace(saved.timing, at=hostile),
    )
    page = parse(render_evaluation(evil, PLOTS, "other"))
    assert [found.tag for found in page.all()] == [found.tag for found in plain.all()]
    assert hostile in page.text


def test_without_a_report_the_page_says_how_to_come_by_one() -> None:
    page = parse(render_no_report(Path("my index")))
    assert page.one("pre").text == "roleqa eval --questions questions.jsonl --index 'my index'"


def test_what_will_be_asked() -> None:
    assert parse(render_hint(Path("/a/b/<i>.jsonl"))).one("code").text == "<i>.jsonl"
    assert parse(render_hint(None)).one("pre").text == LABEL


def test_how_it_gets_on() -> None:
    assert parse(render_progress(Run("running"))).text == "Reading the labelled questions \u2026"
    page = parse(render_progress(Run("running", done=10, total=40, seconds=20.0)))
    assert page.text == "10 of 40 questions, about 60 s left"
    assert page.one("progress").attributes == {"value": "10", "max": "40", "aria-label": "Questions asked"}
    assert "about 5 minutes left" in render_progress(Run("running", done=10, total=160, seconds=20.0))
