"""A report read back is the report that was kept; one that is damaged says what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation import FAR, RIGHT, Labels
from roleqa.assistant import Assistant
from roleqa.errors import ReportError
from roleqa.evaluate.page import CAPTIONS, outcomes
from roleqa.evaluate.results import Report
from roleqa.evaluate.run import evaluate
from roleqa.evaluate.save import save_report
from roleqa.evaluate.saved import load_plots, load_report


@pytest.fixture
def report(assistant: Assistant) -> Report:
    label = Labels(assistant)
    return evaluate(assistant, [label(RIGHT, "lights the lamp"), label(FAR), label(RIGHT, "Blue", tuning=True)])


def test_what_is_read_is_what_was_kept(report: Report, tmp_path: Path) -> None:
    save_report(report, tmp_path)
    saved = load_report(tmp_path)
    assert saved
    assert saved.groups == report.groups
    assert saved.provenance == report.provenance
    assert saved.timing == report.timing
    for kept, result in zip(saved.questions, report.results, strict=True):
        assert all(getattr(kept, name) == getattr(result, name) for name in kept.__slots__)
    assert [question.query_id for question in saved.headline] == [result.query_id for result in report.headline]
    names = {name: [item.query_id for item in own] for name, own in outcomes(saved.headline).items()}
    assert names == {name: [item.query_id for item in own] for name, own in outcomes(report.headline).items()}


def test_plots_are_kept_for_light_and_for_dark(report: Report, tmp_path: Path) -> None:
    save_report(report, tmp_path)
    for name in CAPTIONS:
        plots = load_plots(tmp_path, name)
        assert plots
        assert plots[0] != plots[1]
        assert all(png.startswith(b"\x89PNG") for png in plots)
    (tmp_path / "kinds-dark.png").unlink()
    assert load_plots(tmp_path, "kinds") is None


def test_where_nothing_was_kept_there_is_nothing(tmp_path: Path) -> None:
    assert load_report(tmp_path / "nowhere") is None


@pytest.mark.parametrize("damage", ["cut short", "not JSON", "another version", "no headline"])
def test_what_cannot_be_read_says_what_to_do(report: Report, tmp_path: Path, damage: str) -> None:
    file = tmp_path / "report.json"
    whole = json.dumps(report.to_dict())
    headless = json.loads(whole)
    del headless["groups"]["reporting"]
    file.write_text(
        {
            "cut short": whole[:-300],
            "not JSON": "<html>",
            "another version": whole.replace('"coverage"', '"covered"'),
            "no headline": json.dumps(headless),
        }[damage],
        encoding="utf-8",
    )
    with pytest.raises(ReportError, match="report.json cannot be read; .* Run the evaluation again"):
        load_report(tmp_path)
