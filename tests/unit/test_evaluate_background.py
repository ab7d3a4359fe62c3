"""An evaluation beside the answering: one at a time, watched, cancelled, and never in the way."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from evaluation import FAR, RIGHT
from fakes import OverlapReader, WordEncoder
from roleqa.assistant import Assistant, build_index
from roleqa.errors import BusyError
from roleqa.evaluate import background
from roleqa.evaluate.background import UNEXPECTED, BackgroundEvaluation, Run
from roleqa.evaluate.saved import load_report
from roleqa.protocols import PieceReading
from roleqa.settings import Settings
from roleqa.types import MatchText


class GatedReader(OverlapReader):
    """Reads only while the gate is open, and says when it waits."""

    def __init__(self) -> None:
        self.gate, self.waits = threading.Event(), threading.Event()
        self.gate.set()

    def read(self, question: str, passages: Sequence[MatchText]) -> list[tuple[PieceReading, ...]]:
        if not self.gate.is_set():
            self.waits.set()
            assert self.gate.wait(60)
        return super().read(question, passages)


@pytest.fixture
def reader() -> GatedReader:
    return GatedReader()


@pytest.fixture
def gated(settings: Settings, reader: GatedReader) -> Assistant:
    encoder = WordEncoder()
    build_index(settings, encoder=encoder)
    return Assistant.load(settings, encoder=encoder, reader=reader)


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    gold = [{"document": "harbour.md", "quote": "lights the lamp at dusk"}]
    lines = [
        *({"query_id": f"lamp-{i}", "question": RIGHT, "answerable": True, "gold": gold} for i in range(6)),
        {"query_id": "far", "question": FAR, "answerable": False},
    ]
    file = tmp_path / "labels.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return file


def ended(evaluation: BackgroundEvaluation) -> Run:
    deadline = time.monotonic() + 120
    while evaluation.run.outcome == "running":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return evaluation.run


def test_its_report_is_kept_in_the_index(gated: Assistant, labels: Path, settings: Settings) -> None:
    evaluation = BackgroundEvaluation(gated)
    assert evaluation.run == Run()
    assert evaluation.start(labels)
    run = ended(evaluation)
    assert (run.outcome, run.done, run.total, run.problem) == ("done", 7, 7, "")
    saved = load_report(settings.index / "evaluation")
    assert saved
    assert [question.query_id for question in saved.questions] == [*(f"lamp-{i}" for i in range(6)), "far"]


def test_one_at_a_time_and_the_chat_answers_meanwhile(
    gated: Assistant, reader: GatedReader, labels: Path
) -> None:
    evaluation = BackgroundEvaluation(gated)
    reader.gate.clear()
    assert evaluation.start(labels)
    assert reader.waits.wait(60)
    assert not evaluation.start(labels)
    # Everything but the evaluation's own reading goes on: a search by keywords needs no reader.
    assert "lights the lamp" in gated.search("lamp dusk", mode="bm25")[0].text
    reader.gate.set()
    assert gated.ask(RIGHT).answered
    assert ended(evaluation).outcome == "done"
    assert evaluation.start(labels)
    assert ended(evaluation).outcome == "done"


def test_cancelled_it_leaves_the_last_report(
    gated: Assistant, reader: GatedReader, labels: Path, settings: Settings
) -> None:
    evaluation = BackgroundEvaluation(gated)
    evaluation.start(labels)
    ended(evaluation)
    kept = (settings.index / "evaluation" / "report.json").read_bytes()
    reader.gate.clear()
    reader.waits.clear()
    evaluation.start(labels)
    assert reader.waits.wait(60)
    evaluation.cancel()
    reader.gate.set()
    run = ended(evaluation)
    assert run.outcome == "cancelled"
    assert run.done < run.total == 7
    assert (settings.index / "evaluation" / "report.json").read_bytes() == kept


def test_what_fails_says_why_without_the_folder(gated: Assistant, labels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation = BackgroundEvaluation(gated)
    called: list[str] = []
    labels.write_text('{"query_id": "q", "question": "?", "answerable": true}\n', encoding="utf-8")
    assert evaluation.start(labels, on_end=lambda: called.append("end"))
    run = ended(evaluation)
    assert (run.outcome, run.problem) == ("failed", "labels.jsonl, line 1, q: it is answerable, yet has no gold quote")
    monkeypatch.setattr(background, "LARGEST_LABELS", 10)
    evaluation.start(labels)
    assert ended(evaluation).problem.startswith("labels.jsonl is larger than 0 MB")
    evaluation.start(labels.with_name("gone.jsonl"))
    assert "gone.jsonl cannot be read" in ended(evaluation).problem
    deadline = time.monotonic() + 60
    while not called and time.monotonic() < deadline:
        time.sleep(0.01)
    assert called == ["end"]


def test_what_no_one_foresaw_ends_the_run_and_not_the_program(
    gated: Assistant, labels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "load_questions", lambda *_: 1 / 0)
    evaluation = BackgroundEvaluation(gated)
    evaluation.start(labels)
    run = ended(evaluation)
    assert (run.outcome, run.problem) == ("failed", UNEXPECTED)
    monkeypatch.undo()
    assert evaluation.start(labels)
    assert ended(evaluation).outcome == "done"


def test_stopping_waits_for_the_end(gated: Assistant, reader: GatedReader, labels: Path) -> None:
    evaluation = BackgroundEvaluation(gated)
    reader.gate.clear()
    evaluation.start(labels)
    assert reader.waits.wait(60)
    threading.Timer(0.1, reader.gate.set).start()
    evaluation.stop()
    assert evaluation.run.outcome == "cancelled"


def test_the_time_left_follows_from_the_time_taken() -> None:
    assert Run("running", done=0, total=8).seconds_left is None
    assert Run("running", done=2, total=8, seconds=5.0).seconds_left == 15.0


def test_each_question_waits_for_its_turn_and_a_stop_cancels_the_run(gated: Assistant, labels: Path) -> None:
    turns: list[str] = []

    @contextmanager
    def turn() -> Iterator[None]:
        if len(turns) == 6:
            raise BusyError("the server stops")
        turns.append("begun")
        yield
        turns.append("ended")

    evaluation = BackgroundEvaluation(gated, turn)
    assert evaluation.start(labels)
    run = ended(evaluation)
    assert (run.outcome, run.done, run.problem) == ("cancelled", 3, "")
    assert turns == ["begun", "ended"] * 3
