"""Running all benchmarks: what each finds is kept at once, and one that fails or hangs holds up none of the others."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from benchmarks import bench
from benchmarks.bench import Part, load, measure, parts_of

FINDS = "import json, os, sys; print(json.dumps({'here': os.getcwd(), 'given': sys.argv[1:], 'role': os.environ.get('ROLEQA_INDEX')}))"
FAILS = "import sys; print('half', file=sys.stdout); sys.exit('no such\\nluck today')"
HANGS = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[1], "w").write(str(child.pid))
child.wait()
"""


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that benchmarks are in; the output goes to `out` in it."""
    for name, text in {"finds.py": FINDS, "fails.py": FAILS, "hangs.py": HANGS}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(bench, "BENCHMARKS", tmp_path)
    monkeypatch.setattr(bench, "render_page", lambda figures: ", ".join(figures))
    monkeypatch.setattr(bench, "stamp", lambda _: {"at": "now"})
    monkeypatch.setenv("ROLEQA_INDEX", "mine")
    return tmp_path


def run(scripts: Path, *parts: Part) -> dict[str, Any]:
    measure(parts, scripts / "out")
    return load(scripts / "out" / "figures.json")


def test_what_a_part_finds_is_kept_with_its_stamp(scripts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures = run(scripts, Part("one", "the first", ("finds.py", "--all"), 30, gigabytes=0))
    assert figures["one"].keys() == {"what", "stamp", "seconds", "found"}
    stamp = figures["one"]["stamp"]
    assert (figures["one"]["what"], stamp["at"]) == ("the first", "now")
    assert 0 <= stamp["others"] <= 1
    found = figures["one"]["found"]
    assert (found["given"], found["role"]) == (["--all"], None)
    assert Path(found["here"]).parent == scripts / "out"
    assert not Path(found["here"]).exists()
    said = capsys.readouterr().out
    assert said.startswith(f"1 parts, about 30 s on two cores; the page: {scripts / 'out' / 'figures.html'}\n")
    assert "[1/1] the first: about 30 s ... done in " in said


def test_a_part_that_fails_says_why_and_the_others_are_run(scripts: Path) -> None:
    figures = run(scripts, Part("one", "the first", ("fails.py",), 1, gigabytes=0), Part("two", "", ("finds.py",), 1, gigabytes=0))
    assert figures["one"]["failed"] == "luck today"
    assert "found" not in figures["one"]
    assert "found" in figures["two"]
    assert (scripts / "out" / "one.log").read_text(encoding="utf-8") == "no such\nluck today\n"
    assert (scripts / "out" / "figures.html").read_text(encoding="utf-8") == "one, two"


def test_a_part_that_hangs_is_ended_with_all_that_it_started(scripts: Path) -> None:
    noted = scripts / "pid"
    figures = run(scripts, Part("one", "", ("hangs.py", str(noted)), 1, limit=2, gigabytes=0))
    assert figures["one"]["failed"] == "took longer than 2 s"
    deadline = time.monotonic() + 10
    while _runs(int(noted.read_text())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(int(noted.read_text()))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_part_without_room_is_not_begun(scripts: Path) -> None:
    figures = run(scripts, Part("one", "", ("finds.py",), 1, gigabytes=1e6))
    assert figures["one"]["failed"].startswith("needs about 1000000 GB of memory, ")
    assert "; needs about 1000000 GB of disk, " in figures["one"]["failed"]


def test_parts_that_are_not_run_keep_what_they_found(scripts: Path) -> None:
    (scripts / "out" / "figures.json").write_text(json.dumps({"old": {"what": "the old"}}), encoding="utf-8")
    assert list(run(scripts, Part("new", "", ("finds.py",), 1, gigabytes=0))) == ["old", "new"]


def test_figures_that_cannot_be_shown_are_set_aside(scripts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = scripts / "out" / "figures.json"
    bench.set_aside(file)  # there is none
    file.write_text('{"old": {}}', encoding="utf-8")
    bench.set_aside(file)
    assert file.exists()
    monkeypatch.setattr(bench, "render_page", lambda figures: figures["new"])
    bench.set_aside(file)
    assert not file.exists()
    assert file.with_name("figures.old.json").read_text(encoding="utf-8") == '{"old": {}}'


def test_all_sizes_are_measured_in_both_stores_the_largest_last() -> None:
    parts = parts_of((1_000_000, 1000), "", quick=False)
    assert [part.name for part in parts][-4:] == ["faiss-1000", "milvus-1000", "faiss-1000000", "milvus-1000000"]
    assert parts[-2].command == ("scale.py", "--passages", "1000000", "--store", "faiss")
    assert [part.gigabytes for part in parts[-2:]] == pytest.approx([14, 20])
    served = parts_of((1_000_000,), "http://there:19530", quick=True)[-1]
    assert (served.name, served.what) == ("milvus-1000000", "1,000,000 passages in Milvus")
    assert served.command == ("scale.py", "--passages", "1000000", "--store", "milvus", "--uri", "http://there:19530", "--asked", "8")


def test_every_part_names_a_script_that_is_there() -> None:
    parts = parts_of((1000,), "", quick=False)
    assert all((Path(bench.__file__).parent / part.command[0]).is_file() for part in parts)
    assert len({part.name for part in parts}) == len(parts)


def test_publishing_writes_page_json_and_readme(scripts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = scripts / "README.md"
    readme.write_text("a\n<!-- figures: sizes -->\nold\n<!-- end of figures -->\nb\n", encoding="utf-8")
    monkeypatch.setattr(bench, "README", readme)
    monkeypatch.setattr(bench, "PUBLISHED", scripts / "out" / "figures.json")
    bench.publish({})
    assert readme.read_text(encoding="utf-8") == (
        "a\n<!-- figures: sizes -->\n\nNot measured.\n\n<!-- end of figures -->\nb\n"
    )
    assert load(scripts / "out" / "figures.json") == {}
    assert (scripts / "out" / "figures.html").exists()
