"""What is shown in a terminal and a log: names and messages on one line, nothing that steers."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from fakes import WordEncoder
from roleqa import assistant
from roleqa.cli import main
from roleqa.terminal import one_line, printable, to_json
from roleqa.ui.logs import JsonLines, TextLines, fields

# A newline, the beginning of an escape sequence in its two forms, a line separator, an override, a zero-width space.
HOSTILE = "a\nroleqa: all is well\r\x1b[2J\x9b2J\u2028b\u202ec\u200bd"
SHOWN = "a\ufffdroleqa: all is well\ufffd\ufffd[2J\ufffd2J\ufffdb\ufffdc\ufffdd"


def test_a_name_is_one_line() -> None:
    assert one_line(HOSTILE) == SHOWN
    assert one_line(Path("a\udce9\tb")) == "a\ufffd\ufffdb"
    assert one_line("Überblick 概要 😀") == "Überblick 概要 😀"


def test_text_keeps_its_lines_and_tabs_alone() -> None:
    assert printable("a\x1b[2Jb\u202ec\td\n") == "a\ufffd[2Jb\ufffdc\td\n"


@pytest.mark.parametrize("indent", [None, 2])
def test_json_says_the_same_and_steers_nothing(indent: int | None) -> None:
    data = {HOSTILE: [HOSTILE, "\udce9", "\U000e0041", "Ü"]}
    written = to_json(data, indent)
    assert json.loads(written) == data
    assert "Ü" in written
    assert one_line(written.replace("\n", "")) == written.replace("\n", "")


@pytest.mark.parametrize("form", [TextLines(), JsonLines()])
def test_a_log_line_is_one_line(form: logging.Formatter) -> None:
    record = logging.LogRecord("roleqa", logging.INFO, "", 0, "left out %s", (HOSTILE,), None)
    record.__dict__.update(fields(reason=HOSTILE, stages={HOSTILE: 1}))
    line = form.format(record)
    assert one_line(line) == line


@pytest.fixture
def hostile_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of hostile name with two documents of hostile names, one of them unreadable; models that count words."""
    monkeypatch.setattr(assistant, "load_encoder", lambda _: WordEncoder())
    folder = tmp_path / "cor\npus\x1b[2J"
    folder.mkdir()
    try:
        (folder / "lamp\nroleqa: all is well.md").write_text("# Lamp\n\nThe keeper lights the lamp.\n", encoding="utf-8")
        (folder / "bad\n\x9b2J.txt").write_bytes(b"\xff\xfe\x00")
    except OSError:
        pytest.skip("this file system takes no such names")
    return folder


def test_no_name_of_a_file_starts_a_line(hostile_corpus: Path, capfd: pytest.CaptureFixture[str]) -> None:
    index = str(hostile_corpus.parent / "in\ndex")
    commands = (
        ("build", "--corpus", str(hostile_corpus), "--index", index),
        ("status", "--index", index),
        ("status", "--index", index, "--json"),
        ("doctor", "--corpus", str(hostile_corpus), "--index", index),
        ("search", "lamp", "--index", index, "--mode", "bm25"),
        ("status", "--index", str(hostile_corpus / "no\nindex")),
        ("build", "--corpus", str(hostile_corpus / "no\ncorpus"), "--index", index),
        ("feedback", "export", "--index", index),
        ("eval", "--questions", str(hostile_corpus / "no\nquestions"), "--index", index),
    )
    for command in commands:
        main(command)
        out, err = capfd.readouterr()
        said = out + err
        assert said, command
        for line in said.splitlines():
            assert not line.startswith(("pus", "dex", "corpus", "roleqa: all", "questions", "index")), (command, line)
        assert "\x1b" not in said, command
        assert "\x9b" not in said, command


@pytest.mark.parametrize(
    "command",
    [
        ("ask", "Who?"), ("search", "lamp"), ("serve", "--port", "0"), ("status",), ("verify",), ("rollback",), ("doctor",),
        ("feedback", "export"), ("eval", "--questions", "questions.jsonl"), ("build",), ("build", "--corpus", "."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_there", [False, True])
def test_a_command_in_an_empty_folder_leaves_it_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], is_there: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(assistant, "load_encoder", lambda _: WordEncoder())
    monkeypatch.setenv("TMPDIR", str(tmp_path.parent))
    if is_there:
        (tmp_path / "index").mkdir()
    assert main(command) == 1
    assert [path.name for path in tmp_path.rglob("*")] == ["index"] * is_there


def test_a_lock_that_guards_something_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(assistant, "load_encoder", lambda _: WordEncoder())
    Path("corpus").mkdir()
    Path("corpus/lamp.md").write_text("# Lamp\n\nThe keeper lights the lamp.\n", encoding="utf-8")
    assert main(["build"]) == 0
    Path("corpus/lamp.md").unlink()
    assert main(["build"]) == 1
    assert Path("index/.lock").exists()
