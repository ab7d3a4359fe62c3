"""The command: exit codes, what goes to which stream, and that nothing is decided there."""

from __future__ import annotations

import json
import os
import re
import time
import warnings
from pathlib import Path

import pytest

from fakes import OverlapReader, WordEncoder
from roleqa import assistant as assistant_module
from roleqa.cli import main
from roleqa.report import printable, show_progress


@pytest.fixture(autouse=True)
def _fake_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assistant_module, "load_encoder", lambda _: WordEncoder())
    monkeypatch.setattr(assistant_module, "load_reader", lambda *_: OverlapReader())


@pytest.fixture
def built(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["build", "--corpus", str(corpus), "--index", str(tmp_path / "index")]) == 0
    capsys.readouterr()
    return tmp_path / "index"


def test_build_reports_what_it_made_and_left_out(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (corpus / "bad.md").write_bytes(b"\x00\x01")
    assert main(["build", "--corpus", str(corpus), "--index", str(tmp_path / "i")]) == 0
    said = capsys.readouterr()
    assert "Built 1 documents, 4 passages, 10 quotable pieces" in said.out
    assert "Left out bad.md: it holds binary data" in said.err


def test_build_json(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", "--corpus", str(corpus), "--index", str(tmp_path / "i"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["documents"], report["passages"], report["problems"]) == (1, 4, [])


def test_build_strict(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (corpus / "bad.md").write_bytes(b"\x00\x01")
    assert main(["build", "--corpus", str(corpus), "--index", str(tmp_path / "i"), "--strict"]) == 1
    assert "bad.md" in capsys.readouterr().err


def test_ask_prints_the_quote_and_its_place(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--index", str(built), "How many weeks of leave has a harbour pilot in summer?"]) == 0
    out = capsys.readouterr().out
    assert "Leave, Harbour Pilot: Four weeks in summer [1]" in out
    assert "[1] harbour.md > Keepers and pilots > Terms (Leave, Harbour Pilot)" in out
    assert "    \u201cFour weeks in summer\u201d" in out


def test_ask_prints_what_a_quote_rests_on(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (corpus / "harbour.md").open("a", encoding="utf-8") as file:
        file.write("\nSource: the \x1b[2Jpay book\n")
    index = str(tmp_path / "index")
    assert main(["build", "--corpus", str(corpus), "--index", index]) == 0
    assert main(["ask", "--index", index, "When are wages settled?"]) == 0
    out = capsys.readouterr().out
    assert "    \u201cWages are settled in March.\u201d\n    Source: the \ufffd[2Jpay book\n" in out


def test_ask_json_and_role(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--index", str(built), "--json", "--role", "keeper", "How many weeks of leave in winter?"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["citations"][0]["quote"] == "Six weeks in winter"
    assert answer["roles"] == ["keeper"]


def test_a_refusal_exits_0_and_shows_the_closest_as_no_answer(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--index", str(built), "Which zeppelin dropped what on whom in the harbour?"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("The documents don't answer this.")
    assert "Closest passages (not an answer):" in out


def test_search(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "--index", str(built), "--mode", "bm25", "--top-k", "1", "lamp"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("1. harbour.md > Keepers and pilots > Duties  (bm25 ")
    assert main(["search", "--index", str(built), "--json", "lamp"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["document"] == "harbour.md"
    assert main(["search", "--index", str(built), "--mode", "bm25", "zeppelin"]) == 0
    assert capsys.readouterr().out == "No passage fits.\n"


def test_status(built: Path, corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (corpus / "new.txt").write_text("New.")
    assert main(["status", "--index", str(built)]) == 0
    out = capsys.readouterr().out
    assert "1 documents, 4 passages, 10 quotable pieces" in out
    assert "added: new.txt" in out
    assert main(["status", "--index", str(built), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changes"]["added"] == ["new.txt"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ask", "--index", "nowhere", "why?"], "roleqa: there is no index in nowhere; run: roleqa build"),
        (["build", "--corpus", "nowhere"], "roleqa: there is no folder nowhere"),
        (["status", "--index", "nowhere"], "roleqa: there is no index in nowhere"),
    ],
)
def test_an_error_is_one_line_on_standard_error(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert said.err.startswith(message)
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_a_bad_question_exits_1(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--index", str(built), "  "]) == 1
    assert "the question is empty" in capsys.readouterr().err
    assert main(["ask", "--index", str(built), "--role", "cook", "why?"]) == 1
    assert "its roles are: keeper, pilot" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["ask"], ["fly"], ["search", "x", "--mode", "psychic"], ["build", "--port", "1"]]
)
def test_wrong_usage_exits_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "Usage" in capsys.readouterr().err


def test_a_build_says_what_was_kept_and_when_there_is_nothing_to_do(
    corpus: Path, built: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["build", "--corpus", str(corpus), "--index", str(built)]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert out.startswith("Nothing to do: 1 documents, 4 passages, 10 quotable pieces are up to date (")
    (corpus / "new.txt").write_text("New.")
    assert main(arguments) == 0
    assert "(1 passages encoded, 1 documents unchanged)" in capsys.readouterr().out
    assert main([*arguments, "--full"]) == 0
    assert "Nothing was carried over: --full was asked for." in capsys.readouterr().out
    assert main([*arguments, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["built"], report["encoded"], report["kept"], report["reason"]) == (False, 0, 2, "")


@pytest.mark.parametrize("command", ["build", "ask", "search", "serve", "status", "verify", "rollback", "doctor"])
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"Usage: roleqa {command}" in capsys.readouterr().out


def test_settings_come_from_the_environment(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ROLEQA_INDEX", str(built))
    monkeypatch.setenv("ROLEQA_TOP_K", "3")
    assert main(["search", "--json", "lamp"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 3
    assert "ROLEQA_INDEX" in os.environ


def test_a_document_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[2Jb\u202ec\td\n") == "a\N{REPLACEMENT CHARACTER}[2Jb\N{REPLACEMENT CHARACTER}c\td\n"


def test_progress_is_a_bar_with_rate_and_time_left_on_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for terminal in ("1", "0"):
        monkeypatch.setenv("TTY_COMPATIBLE", terminal)
        with show_progress() as progress:
            for done in (0, 20, 50):
                progress("encoding", done, 100)
                time.sleep(0.15)
        said = re.sub("\x1b\\[[0-9;]*m", "", capsys.readouterr().err)
        assert bool(re.search(r"encoding .* 50/100 \d+/s \d:\d\d:\d\d", said)) is (terminal == "1"), said
    assert said == ""


def test_a_setting_that_is_no_longer_used_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("ROLEQA_NUM_EVIDENCE", "16")
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert main(["status", "--index", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err.splitlines()[0] == (
        "roleqa: the setting 'num_evidence' is no longer used; set 'read_characters'"
    )
