"""The page of figures: every value that was measured is on it, what failed or is missing is said to be."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from benchmarks.figures.as_shipped import program, runs
from benchmarks.figures.by_size import indexes
from benchmarks.figures.data import as_ms, as_rate, as_revision, as_seconds
from benchmarks.figures.page import machines, missing, render_page
from benchmarks.figures.plots import draw_plots, spread
from benchmarks.figures.readme import with_figures
from benchmarks.figures.stamp import Others, stamp
from roleqa.evaluate.display import NONE

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "tests" / "benchmarks" / "figures" / "figures.json"
STAMP = {
    "at": "2026-01-02T03:04:05+00:00",
    "git": "0123456789abcdef0123-dirty",
    "others": 0.25,
    "load_before": 0.5,
    "machine": {
        "processor": "A <fast> one", "cores": 2, "gigabytes": 24, "system": "Linux", "python": "3.11.9",
        "packages": {"torch": "2.13.0"},
    },
}  # fmt: skip
MODES = ("bm25", "dense", "hybrid", "rerank")


def measured(what: str, found: dict[str, Any]) -> dict[str, Any]:
    return {"what": what, "stamp": STAMP, "seconds": 12.3, "found": found}


def index(size: int, title: str) -> dict[str, Any]:
    """Of so many passages, the slower the larger."""
    large = size / 1000
    store = "faiss" if title == "FAISS" else "milvus"
    held = {"VmRSS": 300 + large, "RssAnon": 200 + large, "RssFile": 100, "VmHWM": 900}
    search = 0.2 * large if store == "faiss" else 5 + large
    milliseconds = {"encode": 4.8, "dense": search, "bm25": 0.3 * large, "hybrid": 6 + large, "ask": 98 + large}
    server = {"server": {"VmRSS": 1200 + large, "VmHWM": 2000, "megabytes": 40.0}} if store == "milvus" else {}
    return server | {
        "passages": size,
        "made_passages": size - 282,
        "documents": 31,
        "evidence": 2 * size,
        "vectors": {"store": store, "method": "exact" if size < 50_000 else "IVF", "reason": "so", "recall": 0.997, "queries": 200},
        "megabytes": 4.6 * large,
        "seconds": 0.21 * large,
        "seconds_by_stage": {"documents": 0.008 * large, "vectors": 0.002 * large**1.1 if store == "faiss" else 2.5 * large, "BM25": 0.04 * large, "reading back": 0.06 * large},
        "peak_megabytes": 686 + large,
        "memory_of_models": held,
        "startup_seconds": 0.037,
        "memory_after_questions": held,
        "questions": 100,
        "milliseconds": {name: {"p50": value, "p95": 2 * value, "processor_p50": value} for name, value in milliseconds.items()},
        "milliseconds_by_stage": {"encoding the question": 4.8, "dense search": search, "BM25": 0.3 * large, "fusion": 0.06, "reranking": 91.5, "composing": 0.5, "rest": 0.0},
        "recall_at_10": 0.998,
        "quality": {"answerable": 74, **{mode: {"hit_at_1": 0.5 + number / 10, "hit_at_5": 0.925} for number, mode in enumerate(MODES)}},
        "cold_seconds_by_stage": {"starting Python": 0.01, "imports": 0.35, "opening the index": 0.05, "loading the encoder": 0.3, "loading the reranker": 0.16, "answering": 0.15},
    }  # fmt: skip


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """Four sizes; of the largest FAISS alone, of another Milvus has failed."""
    shipped = {
        "build": {"documents": 16, "passages": 282, "evidence": 634, "loading_the_model": 3.25, "seconds": 8.5, "seconds_by_stage": {"reading files": 0.1, "encoding": 8.0}},
        "asked": 612,
        "ask": {"all": {"p50": 0.1037, "p95": 0.1555}, "reranking": {"p50": 0.09, "p95": 0.1}},
        "quality": {
            "questions": 304, "answerable": 238, "exact_quotes": 1.0, "auroc": 0.8765,
            "kinds": [
                {"kind": "follow-up", "answerable": True, "questions": 28, "answered": 0.893, "right": 0.821, "complete": 0.857},
                {"kind": "unanswerable-far", "answerable": False, "questions": 21, "answered": 0.0, "right": None, "complete": None},
            ],
            "modes": {mode: {"hit_at_1": 0.6 + number / 10, "hit_at_5": 0.912, "mrr_at_10": 0.734, "ndcg_at_10": 0.756} for number, mode in enumerate(MODES)},
        },
    }  # fmt: skip
    cold = {"rounds": 5, "this": {"seconds": 1.04, "processor_seconds": 1.1, "megabytes": 297.2, "seconds_by_stage": index(1000, "FAISS")["cold_seconds_by_stage"]}}
    parts = {"shipped": measured("the shipped corpus", shipped), "cold": measured("a cold start", cold)}
    for size in (1000, 10_000, 100_000, 1_000_000):
        parts[f"faiss-{size}"] = measured(f"{size:,} in FAISS", {str(size): index(size, "FAISS")})
    for size in (1000, 10_000):
        parts[f"milvus-{size}"] = measured(f"{size:,} in Milvus", {str(size): index(size, "Milvus")})
    parts["milvus-100000"] = {"what": "100,000 in Milvus", "stamp": STAMP, "seconds": 900.0, "failed": "took <long>"}
    return parts


@pytest.fixture(scope="module")
def page(figures: dict[str, Any]) -> Reader:
    return Reader(render_page(figures))


@pytest.fixture
def no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take a second."""
    monkeypatch.setattr("benchmarks.figures.page.draw_plots", lambda _: {})


class Reader(HTMLParser):
    """Collects what a reader sees of a page, the rows of its tables, and what it would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen = ""
        self.rows: list[list[str]] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.loaded: list[str] = []
        self._cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.loaded += [value or "" for name, value in attrs if name.endswith(("src", "href")) and not (value or "").startswith("#")]
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        self.seen += data
        if self._cell:
            self.rows[-1][-1] += data


def test_the_page_has_every_table_with_the_values(page: Reader) -> None:
    for row in (
        ["passages", "1,000", "10,000", "100,000", "1,000,000"],
        ["of them made", "718", "9,718", "99,718", "999,718"],
        ["Milvus: memory of the server, then / at most", "1.20 / 2.00 GB", "1.21 / 2.00 GB", NONE, NONE],
        ["roleqa ask from a cold start, median of 5", "1.0 s and 0.30 GB"],
        ["vectors, Milvus", "400", "400", NONE, NONE],
        ["BM25", "25,000", "25,000", "25,000", "25,000"],
        ["encoding", "8.000", "35"],
        ["reranking", "90", "100"],
        ["dense search", "0.2", "2", "20", "200"],
        ["an answer, FAISS", "99", "108", "198", "1,098"],
        ["until the answer, Milvus", "1.02", "1.02", NONE, NONE],
        ["its own after the questions, FAISS", "0.20", "0.21", "0.30", "1.20"],
        ["BM25", "0.600", "0.912", "0.734", "0.756"],
        ["reranked", "0.900", "0.912", "0.734", "0.756"],
        ["reranked, Milvus", "0.80 / 0.93", "0.80 / 0.93", NONE, NONE],
        ["BM25", *["0.50 / 0.93"] * 4],
        ["not in the corpus, far from it", "21", "0.00", "", ""],
    ):
        assert row in page.rows
    assert "282 passages in each index are the shipped documents' own. The others are made" in page.seen


def test_the_page_says_where_it_was_measured(page: Reader, figures: dict[str, Any]) -> None:
    seen = " ".join(page.seen.split())
    assert "A <fast> one, 2 cores, 24 GB of memory; Linux, Python 3.11.9 (torch 2.13.0)" in seen
    assert "roleqa at revision 0123456789ab, with changes." in seen
    assert ("a cold start", "2026-01-02 03:04 UTC", "0123456789ab, with changes", "25 %", "12 s", "measured") in runs(figures).rows


def test_a_part_that_failed_is_told_and_not_silently_missing(page: Reader, figures: dict[str, Any]) -> None:
    assert missing(figures) == ["100,000 in Milvus: took <long>"]
    assert "100,000 in Milvus: took <long>" in page.seen
    assert ["100,000 in Milvus", "2026-01-02 03:04 UTC", "0123456789ab, with changes", "25 %", "900 s", "failed: took <long>"] in page.rows


def test_a_size_that_was_not_run_is_told(figures: dict[str, Any], no_plots: None) -> None:
    own = {name: part for name, part in figures.items() if name not in ("faiss-1000000", "milvus-100000")}
    assert missing(own) == ["1,000,000 passages: not run"]
    page = Reader(render_page(own))
    assert "1,000,000 passages: not run" in page.seen
    assert ["passages", "1,000", "10,000", "100,000"] in page.rows


def test_a_page_of_nothing_says_so(no_plots: None) -> None:
    page = Reader(render_page({}))
    assert page.seen.count("Not measured.") == 13
    assert "svg" not in page.tags
    assert "1,000 passages: not run" in page.seen


def test_the_page_loads_nothing_and_runs_nothing(page: Reader) -> None:
    assert not page.loaded
    assert "script" not in page.tags
    assert "svg" in page.tags
    assert len(page.ids) == len(set(page.ids))


def test_plots_are_the_same_each_time_name_their_lines_and_take_the_pages_colours(figures: dict[str, Any]) -> None:
    plots = draw_plots(figures)
    assert plots == draw_plots(figures)
    assert list(plots) == ["build", "warm", "cold", "quality", "found", "memory"]
    for name, texts in {
        "build": ("vectors, FAISS", "vectors, Milvus", "encoding, shipped corpus", "Passages a second", "1,000,000"),
        "warm": ("whole answer", "reranking", "BM25", "dense search, Milvus", "Milliseconds, medians"),
        "cold": ("loading the encoder", "10,000, Milvus", "shipped corpus, FAISS", "1.02"),
        "quality": ("reranked", "hit@1", "0.90"),
        "found": ("reranked", "Share of questions", "100,000"),
        "memory": ("its own, FAISS", "with files, Milvus", "Gigabytes"),
    }.items():
        written = re.findall(r">([^<>]+)</text>", plots[name])
        assert set(texts) <= set(written)
        assert "var(--plot-1)" in plots[name]
        assert not re.search(r"#0000[0-9a-f]{2}", plots[name])


def test_without_measurements_there_is_no_plot(figures: dict[str, Any]) -> None:
    assert draw_plots({}) == {}
    assert list(draw_plots({"shipped": figures["shipped"]})) == ["quality"]


def test_labels_keep_apart_and_in_order() -> None:
    assert spread([0.1, 0.9, 0.5], 0.1) == [0.1, 0.9, 0.5]
    low, high, middle = spread([0.5, 0.52, 0.5], 0.1)
    assert [low, middle, high] == pytest.approx([0.407, 0.507, 0.607], abs=0.01)


def test_the_readme_is_made_anew_between_its_comments_alone(figures: dict[str, Any]) -> None:
    readme = "Before\n<!-- figures: sizes -->\nold\n<!-- end of figures -->\nbetween\n<!-- figures: quality -->\n<!-- end of figures -->\nafter\n"
    made = with_figures(readme, figures)
    assert with_figures(made, figures) == made
    before, sizes, between, quality, after = re.split(r"<!-- .*? -->\n", made)
    assert (before, between, after) == ("Before\n", "between\n", "after\n")
    assert sizes.startswith("\n| passages | 1,000 | 10,000 | 100,000 | 1,000,000 |\n| --- | --- | --- | --- | --- |\n| of them made | 718 |")
    assert quality.endswith("| reranked | 0.900 | 0.912 | 0.734 | 0.756 |\n\n100.0% of all quotes were exact; the AUROC of confidence, answerable against not, is 0.88.\n\n")
    with pytest.raises(KeyError):
        with_figures(readme.replace("quality", "beauty"), figures)


def test_the_readme_says_where_and_beside_what(figures: dict[str, Any]) -> None:
    block = "<!-- figures: program -->\n<!-- end of figures -->"
    where = "On A <fast> one, 2 cores (revision 0123456789ab, with changes; 2026-01-02"
    assert f"\n{where}; others had up to 25 % of the machine meanwhile):\n\n" in with_figures(block, figures)
    alone = {"cold": {**figures["cold"], "stamp": {**STAMP, "others": None}}}
    assert f"\n{where}):\n\n|  |  |\n" in with_figures(block, alone)


def test_the_readmes_figures_are_those_that_were_published() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    assert readme.count("<!-- figures: ") == readme.count("<!-- end of figures -->") == 3
    assert with_figures(readme, published) == readme
    rows = [row for table in (program(published), indexes(published)) for row in table.rows]
    assert rows
    for row in rows:
        assert f"| {' | '.join(row)} |" in readme


def test_the_published_page_has_the_published_figures(no_plots: None) -> None:
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    page = Reader(PUBLISHED.with_suffix(".html").read_text(encoding="utf-8"))
    assert page.rows == Reader(render_page(published)).rows


def test_figures_are_written_in_as_many_digits_as_they_deserve() -> None:
    assert [as_ms(value) for value in (None, 0.0123, 4.86, 12.6, 1234.5)] == [NONE, "0.012", "4.9", "13", "1,234"]
    assert [as_seconds(value) for value in (0.0371, 8.46, 13.4, 1440.0)] == ["0.037 s", "8.5 s", "13 s", "24 min"]
    assert [as_rate(1000, seconds) for seconds in (None, 0.0, 0.0073, 36.0)] == [NONE, NONE, "140,000", "28"]
    assert [as_revision(git) for git in (None, "0123456789abcdef", "0123456789abcdef-dirty")] == [
        "unknown", "0123456789ab", "0123456789ab, with changes",
    ]  # fmt: skip


def test_a_stamp_says_machine_moment_and_revision(tmp_path: Path) -> None:
    made = stamp(tmp_path)
    assert made["git"] is None
    assert made["machine"].keys() == STAMP["machine"].keys()
    assert made["machine"]["cores"] >= 1
    assert made["machine"]["processor"]
    assert made["machine"]["packages"]["torch"]


def test_others_are_neither_this_process_nor_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    spent = iter([(1000.0, 400.0, 10.0), (1100.0, 480.0, 60.0)])
    monkeypatch.setattr("benchmarks.figures.stamp._spent", lambda: next(spent))
    assert Others().share() == 0.3


def test_revisions_on_one_machine_are_named_together(figures: dict[str, Any]) -> None:
    other = {**figures["cold"], "stamp": {**STAMP, "git": "fedcba9876543210"}}
    (machine,) = machines({**figures, "cold": other})
    assert machine["revisions"] == ["0123456789ab, with changes", "fedcba987654"]
