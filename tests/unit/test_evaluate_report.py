"""A report on disk: JSON, a page that holds itself, and plots."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

import roleqa
from evaluation import FAR, RIGHT, Labels
from roleqa.assistant import Assistant
from roleqa.errors import SettingsError
from roleqa.evaluate.page import outcomes, render_page
from roleqa.evaluate.plots import DARK, LIGHT, MOST_KINDS, Plotted, draw_plots
from roleqa.evaluate.results import KindFigures, Report, figures
from roleqa.evaluate.run import evaluate
from roleqa.evaluate.save import check_output, save_report

PLOTS = {"risk_coverage", "confidence", "kinds", "reliability"}
PICTURES = dict.fromkeys(PLOTS, b"a picture")
HOSTILE = "</td><script>alert(1)</script><img src=http://example.org/x.png onerror=\"x\">$\\frac{1}{0$ {{ 7 * 7 }} \u202e"


@pytest.fixture
def report(assistant: Assistant) -> Report:
    label = Labels(assistant)
    return evaluate(assistant, [label(RIGHT, "lights the lamp"), label(FAR, kind="far"), label(RIGHT, kind="near")])


def plotted(report: Report) -> Plotted:
    return Plotted(report.groups["reporting"], report.headline, 0.6)


def picture(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


class Reader(HTMLParser):
    """Collects what a page has: tags, attributes, and the text that a reader sees."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.seen = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "srcset", "href", "action")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.seen += data


def test_what_is_written(report: Report, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "out"
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("mine")
    (folder / "report.json").write_text("the last report")
    assert save_report(report, folder) == folder / "report.html"
    names = {file.name for file in folder.iterdir()}
    pictures = {f"{name}{scheme}.png" for name in PLOTS for scheme in ("", "-dark")}
    assert names == {"mine.txt", "report.html", "report.json", *pictures}
    assert (folder / "mine.txt").read_text() == "mine"
    assert json.loads((folder / "report.json").read_text(encoding="utf-8")) == json.loads(json.dumps(report.to_dict()))
    for name in pictures:
        with Image.open(folder / name) as plot:
            assert plot.width == 896


def test_the_page_holds_itself_and_says_the_figures(report: Report) -> None:
    found = Reader(render_page(report, PICTURES, PICTURES))
    assert "script" not in found.tags
    assert "link" not in found.tags
    assert len(found.addresses) == 2 * len(PLOTS)
    assert all(address.startswith("data:image/png;base64,") for address in found.addresses)
    seen = " ".join(found.seen.split())
    assert "100.0 % of 1 answerable questions get the right quote first" in seen
    assert "50.0 % of 2 unanswerable questions are refused" in seen
    assert "Answered, though the documents do not say: 1" in seen
    assert "A lighthouse keeper lights the lamp at dusk." in seen


def test_a_report_of_labels_that_all_fall_in_the_other_half(assistant: Assistant) -> None:
    report = evaluate(assistant, [Labels(assistant)(RIGHT, "lights the lamp", tuning=True)])
    seen = " ".join(Reader(render_page(report, PICTURES, PICTURES)).seen.split())
    assert "\N{EN DASH} of 0 answerable questions get the right quote first" in seen
    assert "first quote right \N{EN DASH} 100.0 % 100.0 %" in seen


def test_hostile_texts_stay_texts(report: Report) -> None:
    one = replace(report.results[0], question=HOSTILE, kind=HOSTILE, first_quote=HOSTILE, resolved_question=HOSTILE)
    hostile = replace(report, results=(one,), groups={**report.groups, "reporting": figures([one])})
    found = Reader(render_page(hostile, PICTURES, PICTURES))
    assert "script" not in found.tags
    assert found.tags.count("img") == len(PLOTS)
    assert found.handlers == []
    assert found.seen.count(HOSTILE) == 4  # the kind in its table and with the question, the question, the quote
    assert draw_plots(plotted(hostile), LIGHT)["kinds"]


def test_questions_stand_under_what_became_of_them(assistant: Assistant) -> None:
    label = Labels(assistant)
    results = evaluate(
        assistant,
        [
            label(RIGHT, "lights the lamp"),
            label(RIGHT, "Blue jacket"),
            label(FAR, "Blue jacket"),
            label(FAR),
            label(RIGHT),
            label(RIGHT, "lights the lamp", "Blue jacket", kind="list"),
        ],
    ).results
    right, wrong, refused, rightly_refused, invented, partial = results
    assert list(outcomes(results).values()) == [[wrong], [invented], [refused], [partial], [right, rightly_refused]]


def test_the_most_confident_failures_stand_first(report: Report) -> None:
    (invented,) = outcomes(report.results)["Answered, though the documents do not say"]
    confidences = (0.7, 0.9, 0.8)
    failures = [replace(invented, confidence=confidence) for confidence in confidences]
    (found,) = (own for own in outcomes(failures).values() if own)
    assert [result.confidence for result in found] == [0.9, 0.8, 0.7]


def test_the_plots_are_drawn_alike_each_time_and_in_two_colour_schemes(report: Report) -> None:
    first, second, dark = (draw_plots(plotted(report), palette) for palette in (LIGHT, LIGHT, DARK))
    assert first == second
    assert set(first) == PLOTS
    for name in PLOTS:
        corners = [picture(found[name]).convert("RGB").getpixel((0, 0)) for found in (first, dark)]
        assert corners == [(255, 255, 255), (15, 23, 42)]


def test_plots_of_nothing_and_of_many_kinds(report: Report) -> None:
    assert set(draw_plots(Plotted(figures([]), (), 0.6), LIGHT)) == PLOTS
    kinds = tuple(KindFigures(f"$\\kind{number}$ \u4e16", True, 1, 1.0, 1.0, 1.0) for number in range(MOST_KINDS + 9))
    many = Plotted(replace(report.groups["reporting"], kinds=kinds), report.headline, 0.6)
    assert picture(draw_plots(many, LIGHT)["kinds"]).height < 2000


def test_plotting_neither_writes_to_the_home_folder_nor_follows_a_matplotlibrc(tmp_path: Path) -> None:
    code = (
        "import hashlib, sys; from roleqa.evaluate.plots import *; from roleqa.evaluate.results import figures;"
        "assert 'matplotlib' not in sys.modules; plots = draw_plots(Plotted(figures([]), (), 0.6), LIGHT);"
        "print(hashlib.sha256(b''.join(plots.values())).hexdigest())"
    )
    (tmp_path / "matplotlibrc").write_text("axes.linewidth: 9\nfont.family: serif\n")
    home = tmp_path / "home"
    (home / "tmp").mkdir(parents=True)
    hidden = {name: value for name, value in os.environ.items() if not name.startswith(("MPL", "XDG"))}
    source = str(Path(roleqa.__file__).parents[1])
    environment = {**hidden, "HOME": str(home), "TMPDIR": str(home / "tmp"), "PYTHONPATH": source}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    assert list(home.rglob("*")) == [home / "tmp"]
    plots = draw_plots(Plotted(figures([]), (), 0.6), LIGHT)
    assert done.stdout.strip() == hashlib.sha256(b"".join(plots.values())).hexdigest()


def test_a_folder_that_cannot_be_written_to(report: Report, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for write in (lambda: check_output(tmp_path / "file"), lambda: save_report(report, tmp_path / "file" / "out")):
        with pytest.raises(SettingsError, match="cannot be written to .* give another folder with --output"):
            write()


def test_a_good_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    check_output(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
