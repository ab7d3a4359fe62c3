"""The command `roleqa eval`: what it prints, what it leaves, how it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation import FAR, RIGHT, Labels
from fakes import OverlapReader, WordEncoder
from roleqa import assistant as assistant_module
from roleqa.assistant import Assistant
from roleqa.cli import main
from roleqa.evaluate.questions import LabelledQuestion
from roleqa.settings import Settings


@pytest.fixture(autouse=True)
def _fake_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assistant_module, "load_encoder", lambda _: WordEncoder())
    monkeypatch.setattr(assistant_module, "load_reader", lambda *_: OverlapReader())


def write(file: Path, assistant: Assistant, questions: list[LabelledQuestion]) -> Path:
    text = assistant.retriever.index.documents["harbour.md"].text
    lines = [
        {
            "query_id": question.query_id,
            "question": question.question,
            "answerable": question.answerable,
            "kind": question.kind,
            "gold": [
                {"document": gold.document, "quote": text[gold.start : gold.end], "start": gold.start}
                for gold in question.gold
            ],
        }
        for question in questions
    ]
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return file


@pytest.fixture
def labels(assistant: Assistant, tmp_path: Path) -> Path:
    label = Labels(assistant)
    questions = [label(RIGHT, "lights the lamp"), label(RIGHT, "Blue jacket", kind="[red]table\x1b[2J"), label(FAR)]
    return write(tmp_path / "labels.jsonl", assistant, questions)


def test_it_prints_the_figures_and_where_the_report_is(
    labels: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "--questions", str(labels), "--index", str(settings.index)]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[0].startswith("The 3 questions of the half to report, of 3 questions (")
    assert "First quote right 50.0 % of 2 answerable questions" in lines
    assert "Refused 100.0 % of 1 unanswerable questions" in lines
    assert "Rightly refused 100.0 % of 1 refusals" in lines
    assert "direct 1 100 % 100 % 100 %" in lines
    assert "[red]table\N{REPLACEMENT CHARACTER}[2J 1 100 % 0 % 0 %" in lines
    assert "direct 1 0 % \N{EN DASH} \N{EN DASH}" in lines  # the unanswerable one
    assert any(line.startswith("rerank ") and line.count(".") == 4 for line in lines)
    assert lines[-1] == f"Every question, and the plots: {settings.index}/evaluation/report.html"
    assert (settings.index / "evaluation" / "report.html").is_file()


def test_json_is_the_report_that_is_kept(
    labels: Path, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["eval", "--questions", str(labels), "--index", str(settings.index), "--output", str(out), "--json"]
    assert main(arguments) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert said["groups"]["reporting"]["right"] == 0.5
    assert not (settings.index / "evaluation").exists()


def test_an_error_is_told_before_any_work_and_leaves_nothing(
    labels: Path, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.jsonl").write_text("{")
    index = ["--index", str(settings.index)]
    for arguments, message in (
        (["--questions", "nowhere.jsonl", *index], "roleqa: nowhere.jsonl cannot be read"),
        (["--questions", str(tmp_path / "bad.jsonl"), *index], f"roleqa: {tmp_path}/bad.jsonl, line 1, it is no JSON"),
        (["--questions", str(labels), *index, "--output", str(labels)], f"roleqa: {labels} cannot be written to"),
        (["--questions", str(labels), *index, "--calibrate"], "roleqa: the half of the questions to tune on has 0 "),
        (["--questions", str(labels), "--index", "nowhere"], "roleqa: there is no index in nowhere"),
    ):
        assert main(["eval", *arguments]) == 1
        said = capsys.readouterr()
        assert said.err.startswith(message)
        assert said.err.count("\n") == 1
        assert said.out == ""
    assert not (settings.index / "evaluation" / "report.json").exists()


def test_calibrating_keeps_the_numbers_in_the_index(
    assistant: Assistant, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    label = Labels(assistant)
    halves = [
        question
        for tuning in (True, False)
        for _ in range(20)
        for question in (label(RIGHT, "lights the lamp", tuning=tuning), label(FAR, tuning=tuning))
    ]
    labels = write(tmp_path / "labels.jsonl", assistant, halves)
    arguments = ["eval", "--questions", str(labels), "--index", str(settings.index), "--calibrate", "--json"]
    assert main([*arguments, "--refusal-recall", "0.95"]) == 0
    said = json.loads(capsys.readouterr().out)
    kept = json.loads((settings.index / "confidence.json").read_text(encoding="utf-8"))
    assert said["provenance"]["calibration"] == kept
    assert kept["fitted_on"].startswith("40 questions, the tuning half of labels.jsonl")
    assert said["groups"]["reporting"]["refusals"] == {"refused": 20, "precision": 1.0, "recall": 1.0}


@pytest.mark.parametrize(
    "arguments", [["eval"], ["eval", "--questions", "q", "--calibrate", "--refusal-recall", "2"]]
)
def test_wrong_usage_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "Usage" in capsys.readouterr().err


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "--help"]) == 0
    said = capsys.readouterr().out
    assert "Usage: roleqa eval" in said
    for flag in ("--questions", "--index", "--output", "--json", "--calibrate", "--refusal-recall"):
        assert flag in said
