"""What an evaluation makes of answers that are right, wrong, refused and invented."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from evaluation import FAR, RIGHT, Labels
from roleqa.assistant import Assistant
from roleqa.errors import LabelError
from roleqa.evaluate import timing
from roleqa.evaluate.metrics import Latency, PassageFigures, Refusals
from roleqa.evaluate.provenance import git_revision
from roleqa.evaluate.questions import LabelledQuestion
from roleqa.evaluate.results import KindFigures, figures
from roleqa.evaluate.run import evaluate
from roleqa.types import MODES


@pytest.fixture
def questions(assistant: Assistant) -> tuple[LabelledQuestion, ...]:
    """In the half to report: right, wrong, refused, rightly refused, invented. To tune on: one follow-up."""
    label = Labels(assistant)
    return (
        label(RIGHT, "lights the lamp"),
        label(RIGHT, "Blue jacket", kind="table"),
        label(FAR, "Grey oilskin", kind="table"),
        label(FAR, kind="far"),
        label(RIGHT, kind="near"),
        label("And the pilot?", "Four weeks in summer", kind="follow-up", tuning=True,
              history=("How many weeks of leave has a keeper in summer?",)),
    )  # fmt: skip


def test_the_figures_of_the_half_to_report(assistant: Assistant, questions: tuple[LabelledQuestion, ...]) -> None:
    report = evaluate(assistant, questions)
    found = report.groups["reporting"]
    assert (found.questions, found.answerable) == (5, 3)
    assert found.right == found.complete == pytest.approx(1 / 3)
    assert found.coverage == pytest.approx(2 / 3)
    assert found.risk == pytest.approx(2 / 3)
    assert found.exact_quotes == 1.0
    assert found.refusals == Refusals(refused=2, precision=0.5, recall=0.5)
    assert found.kinds == (
        KindFigures("direct", True, 1, answered=1.0, right=1.0, complete=1.0),
        KindFigures("table", True, 2, answered=0.5, right=0.0, complete=0.0),
        KindFigures("far", False, 1, answered=0.0, right=None, complete=None),
        KindFigures("near", False, 1, answered=1.0, right=None, complete=None),
    )
    # The answers to the same question are equally confident, and so are those to the other one.
    assert found.auroc == pytest.approx((2 * 1 + 2 * 0.5 + 0.5 + 0) / 6)
    assert [point.risk for point in found.risk_coverage] == [pytest.approx(2 / 3), pytest.approx(4 / 5)]
    assert found.area_under_risk_coverage == pytest.approx(3 / 5 * 2 / 3 + 2 / 5 * 4 / 5)


def test_the_groups_are_the_halves_and_all(assistant: Assistant, questions: tuple[LabelledQuestion, ...]) -> None:
    report = evaluate(assistant, questions)
    assert {name: group.questions for name, group in report.groups.items()} == {"reporting": 5, "tuning": 1, "all": 6}
    assert report.groups["tuning"].right == 1.0
    assert report.groups["all"].right == pytest.approx(2 / 4)
    assert {name: list(own) for name, own in report.timing.groups.items()} == {
        name: ["all", *timing.STAGES] for name in ("reporting", "tuning", "all")
    }


def test_what_is_said_of_each_question(assistant: Assistant, questions: tuple[LabelledQuestion, ...]) -> None:
    said = evaluate(assistant, questions).to_dict()["questions"]
    assert [(line["answered"], line["right"], line["best_right"]) for line in said] == [
        (True, True, True), (True, False, False), (False, False, False),
        (False, False, False), (True, False, False), (True, True, True),
    ]  # fmt: skip
    assert said[0]["first_quote"] == "A lighthouse keeper lights the lamp at dusk."
    assert said[0]["gold_quotes"] == ["lights the lamp"]
    assert said[0]["passage_rank"] == dict.fromkeys(MODES, 1)
    assert said[3]["passage_rank"] is None
    assert said[5]["group"] == "tuning"
    assert said[5]["history"] == ["How many weeks of leave has a keeper in summer?"]
    assert said[5]["resolved_question"] != said[5]["question"]


def test_a_follow_up_is_searched_as_resolved(assistant: Assistant, questions: tuple[LabelledQuestion, ...]) -> None:
    (follow_up,) = [question for question in questions if question.history]
    report = evaluate(assistant, [follow_up])
    assert report.groups["all"].modes == dict.fromkeys(MODES, PassageFigures(1.0, 1.0, 1.0, 1.0))
    alone = evaluate(assistant, [replace(follow_up, history=())])
    assert alone.groups["all"].modes["bm25"] != report.groups["all"].modes["bm25"]


def test_a_refusal_whose_closest_quote_is_gold_is_not_right_but_could_have_been(assistant: Assistant) -> None:
    report = evaluate(assistant, [Labels(assistant)("Does a zeppelin need a lamp for Antwerp?", "lights the lamp")])
    (result,) = report.results
    assert (result.answered, result.best_right, result.right) == (False, True, False)
    found = report.groups["reporting"]
    assert (found.right, found.coverage, found.risk) == (0.0, 0.0, None)
    assert [point.risk for point in found.risk_coverage] == [0.0]  # had it been answered


def test_passages_count_as_they_rank(assistant: Assistant) -> None:
    label = Labels(assistant)
    report = evaluate(assistant, [label("How many weeks in winter?", "Blue jacket")])
    (result,) = report.results
    (relevant,) = result.relevant
    rank = result.hits["dense"].index(relevant) + 1
    assert rank == result.rank("dense") > 1
    found = report.groups["reporting"].modes["dense"]
    assert found
    assert (found.hit_at_1, found.mrr_at_10) == (0.0, pytest.approx(1 / rank))
    assert result.rank("bm25") is None  # it shares no word with the question
    assert report.groups["reporting"].modes["bm25"] == PassageFigures(0.0, 0.0, 0.0, 0.0)


def test_of_nothing_there_is_no_figure(assistant: Assistant) -> None:
    label = Labels(assistant)
    report = evaluate(assistant, [label(FAR, kind="far")])
    found = report.groups["reporting"]
    assert found.refusals == Refusals(refused=1, precision=1.0, recall=1.0)
    assert found.right is found.complete is found.coverage is found.risk is found.auroc is None
    assert found.modes == dict.fromkeys(MODES)
    assert report.results[0].hits == {}
    empty = figures([])
    assert empty.area_under_risk_coverage is empty.exact_quotes is empty.calibration_error is None
    assert report.groups["tuning"] == empty
    assert set(report.timing.groups["tuning"].values()) == {Latency(None, None)}


def test_a_second_run_finds_the_same(assistant: Assistant, questions: tuple[LabelledQuestion, ...]) -> None:
    first, second = (evaluate(assistant, questions).to_dict() for _ in range(2))
    assert first["timing"]["questions"].keys() == {question.query_id for question in questions}
    del first["timing"], second["timing"]
    assert json.dumps(first) == json.dumps(second)
    assert first["provenance"]["encoder"] == "words"
    assert first["provenance"]["reader"] == "overlap"
    assert first["provenance"]["generation"] == assistant.status().generation.id
    assert first["provenance"]["settings"]["num_candidates"] == 100
    assert first["provenance"]["calibration"]["threshold"] == assistant.calibration.threshold
    assert first["provenance"]["labels"].startswith("6 questions (")


def test_progress_is_told(assistant: Assistant, questions: tuple[LabelledQuestion, ...]) -> None:
    heard: list[tuple[str, int, int]] = []
    evaluate(assistant, questions[:2], progress=lambda *said: heard.append(said))
    assert heard == [("asking", 1, 2), ("asking", 2, 2)]


@pytest.mark.parametrize("question", [" ?! ", "a" * 2001])
def test_what_cannot_be_asked_is_told_before_anything_is(assistant: Assistant, question: str) -> None:
    label = Labels(assistant)
    heard: list[object] = []
    with pytest.raises(LabelError, match=r"the question q\d+ cannot be asked: the question "):
        evaluate(assistant, [label(RIGHT), label(question)], progress=lambda *said: heard.append(said))
    assert heard == []


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A clock by which every timed call takes one second."""
    ticks = count()
    monkeypatch.setattr(timing.time, "perf_counter", lambda: float(next(ticks)))
    return iter(())


def test_only_the_answer_is_timed_and_by_stage(assistant: Assistant, ticking: None) -> None:
    label = Labels(assistant)
    results = evaluate(assistant, [label(RIGHT, "lights the lamp"), label(RIGHT, "lights the lamp")]).results
    # A question is encoded once, searched for twice and read for once; the searches of the modes are not counted.
    for result in results:
        assert [result.seconds[stage] for stage in ("encode", "dense", "bm25", "read")] == [1.0, 1.0, 1.0, 1.0]


def test_a_timed_retriever_finds_the_same(assistant: Assistant) -> None:
    timed = timing.timed_retriever(assistant.retriever, timing.Stopwatch())
    assert timed.search("leave in winter", 5, "rerank") == assistant.search("leave in winter", 5)
    assert len(timed.index.vectors) == len(assistant.retriever.index.vectors)
    assert timed.encoder.fingerprint == "words"


def test_a_stopwatch_counts_what_fails_too(ticking: None) -> None:
    stopwatch = timing.Stopwatch()
    with pytest.raises(ZeroDivisionError):
        stopwatch.timed("read", lambda: 1 // 0)()
    stopwatch.timed("encode", lambda: None)()
    stopwatch.timed("encode", lambda: None)()
    assert stopwatch.take(5.0) == {"encode": 2.0, "dense": 0.0, "bm25": 0.0, "read": 1.0, "rest": 2.0}
    assert stopwatch.take(0.5) == {"encode": 0.0, "dense": 0.0, "bm25": 0.0, "read": 0.0, "rest": 0.5}


def test_the_git_revision(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
        command = ["git", *identity, *arguments]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    assert git_revision(tmp_path) is None
    git("init", "--quiet")
    assert git_revision(tmp_path) is None
    (tmp_path / "file").write_text("a")
    git("add", "file")
    git("commit", "--quiet", "--message", "first")
    commit = git("rev-parse", "HEAD")
    git("tag", "--annotate", "--message", "a tag is no commit", "v1")
    assert git_revision(tmp_path) == commit
    (tmp_path / "file").write_text("b")
    assert git_revision(tmp_path) == f"{commit}-dirty"
    assert git_revision(tmp_path / "nowhere") is None


def test_without_git_there_is_no_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_revision(tmp_path) is None
