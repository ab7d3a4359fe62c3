"""`roleqa eval` with the real models, as people run it: on the shipped questions, and on a corpus of one's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from servers import ENVIRONMENT, REPOSITORY, run_roleqa

from roleqa.models.reader_weights import FINGERPRINT

QUESTIONS = REPOSITORY / "tests" / "eval" / "questions.jsonl"


@pytest.fixture(scope="module")
def index(evaluated_index: Path) -> Path:
    return evaluated_index


@pytest.fixture(scope="module")
def report(index: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((index / "evaluation" / "report.json").read_text(encoding="utf-8"))
    return found


def test_every_figure_is_there_and_every_quote_exact(report: dict[str, Any], labels: Path) -> None:
    asked = labels.read_text(encoding="utf-8").splitlines()
    figures = report["groups"]["all"]
    assert figures["questions"] == len(report["questions"]) == len(asked) >= 40
    assert len({line["kind"] for line in report["questions"]}) >= 10
    assert figures["exact_quotes"] == 1.0
    assert figures["right"] >= 0.7
    assert figures["refusals"]["recall"] >= 0.6
    assert figures["auroc"] >= 0.8
    assert figures["modes"]["rerank"]["hit_at_5"] >= 0.85
    assert figures["modes"]["rerank"]["mrr_at_10"] > figures["modes"]["dense"]["mrr_at_10"]
    assert report["provenance"]["encoder"].startswith("sentence-transformers/all-MiniLM-L6-v2")
    assert report["provenance"]["reader"] == FINGERPRINT


def test_the_time_of_each_stage_adds_up(report: dict[str, Any]) -> None:
    latency = report["timing"]["groups"]["all"]
    assert min(latency[stage]["p50"] for stage in ("read", "encode", "dense")) > 0
    for taken in report["timing"]["questions"].values():
        assert taken["read"] < sum(taken.values())


def test_two_runs_differ_in_time_alone(report: dict[str, Any], index: Path, labels: Path, tmp_path: Path) -> None:
    run_roleqa("eval", "--questions", labels, "--index", index, "--output", tmp_path)
    again = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert (again["questions"], again["groups"]) == (report["questions"], report["groups"])
    # The fixture runs in the repository, a test in a folder of its own.
    assert {**again["provenance"], "git": ""} == {**report["provenance"], "git": ""}
    assert report["provenance"]["git"] != again["provenance"]["git"] is None


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (390, "dark")])
def test_the_page_opens_without_a_network(
    report: dict[str, Any], index: Path, browser: Browser, width: int, scheme: Any
) -> None:
    page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True).new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    address = (index / "evaluation" / "report.html").as_uri()
    page.goto(address)
    assert {url for url in asked if not url.startswith("data:")} == {address}
    assert said == []
    pictures = page.evaluate("[...document.images].map(image => [image.complete, image.naturalWidth, image.currentSrc.length])")
    assert len(pictures) == 4
    assert all(complete and natural == 896 for complete, natural, _ in pictures)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_by_role("heading", level=1).inner_text() == "How well questions are answered"
    page.context.close()


def test_a_corpus_and_labels_of_ones_own(corpus: Path, tmp_path: Path) -> None:
    index, labels = tmp_path / "index", tmp_path / "labels.jsonl"
    run_roleqa("build", "--corpus", corpus, "--index", index)
    gold = [{"document": "harbour.md", "quote": "Six weeks in winter"}]
    lines = [
        {"query_id": f"leave-{number}", "question": question, "answerable": True, "gold": gold}
        for number, question in enumerate(("How long is a keeper's leave?", "How much leave does a lighthouse keeper get?"))
    ]
    lines.append({"query_id": "far", "question": "Who won the chess olympiad in 1972?", "answerable": False, "gold": []})
    labels.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    run_roleqa("eval", "--questions", labels, "--index", index)
    found = json.loads((index / "evaluation" / "report.json").read_text(encoding="utf-8"))
    assert [(line["answered"], line["right"]) for line in found["questions"]] == [(True, True), (True, True), (False, False)]
    assert found["groups"]["all"]["refusals"] == {"refused": 1, "precision": 1.0, "recall": 1.0}


def test_a_label_that_does_not_fit_is_explained(index: Path, tmp_path: Path) -> None:
    line = json.loads(QUESTIONS.read_text(encoding="utf-8").splitlines()[0])
    line["gold"][0]["quote"] = line["gold"][0]["quote"].replace("direct communication", "direkt comunication")
    labels = tmp_path / "labels.jsonl"
    labels.write_text(json.dumps(line), encoding="utf-8")
    command = [sys.executable, "-m", "roleqa", "eval", "--questions", str(labels), "--index", str(index)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"labels.jsonl, line 1, {line['query_id']}: the quote" in done.stderr
    assert "direct communication" in done.stderr.split("nearest is")[1]
    assert "Traceback" not in done.stderr
