"""`roleqa verify --bundle` and `roleqa feedback export`: exit codes, what goes to which stream, and that both are read."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from roleqa.assistant import Assistant, build_index
from roleqa.bundle.exchange import Exchange, cited_files, new_id
from roleqa.bundle.write import to_json
from roleqa.cli import main
from roleqa.evaluate.questions import load_questions
from roleqa.feedback.store import FILE, save_feedback
from roleqa.settings import Settings

LAMP = "When does the lighthouse keeper light the lamp?"
WAGES = "When are wages settled?"
Capture = pytest.CaptureFixture[str]


def ask(assistant: Assistant, question: str) -> Exchange:
    index = assistant.retriever.index
    answer = assistant.ask(question)
    files = cited_files(answer, index.documents, index.manifest.sources)
    return Exchange(new_id(), "2026-01-02T03:04:05+00:00", None, answer, files)


@pytest.fixture
def bundle(assistant: Assistant, tmp_path: Path) -> Path:
    file = tmp_path / "conversation.json"
    exchanges = (ask(assistant, LAMP), ask(assistant, WAGES))
    file.write_text(to_json(exchanges, datetime.now(UTC)), encoding="utf-8")
    return file


def verify(bundle: Path, settings: Settings, *more: str) -> int:
    return main(["verify", "--bundle", str(bundle), "--index", str(settings.index), *more])


def test_a_fresh_export_stands(bundle: Path, settings: Settings, capsys: Capture) -> None:
    assert verify(bundle, settings) == 0
    said = capsys.readouterr()
    assert said.err == ""
    lines = said.out.splitlines()
    assert lines[0].startswith("question 1 [1]  stands  harbour.md:")
    assert lines[-1].startswith(f"{len(lines) - 1} of {len(lines) - 1} quotes stand at their place in generation ")
    assert verify(bundle, settings, "--json") == 0
    assert json.loads(capsys.readouterr().out)["stands"] is True


def test_what_no_longer_stands_is_told_quote_by_quote_and_exits_1(
    bundle: Path, settings: Settings, corpus: Path, assistant: Assistant, capsys: Capture
) -> None:
    file = corpus / "harbour.md"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("at dusk", "at sunset and\x1b[2J sings"), encoding="utf-8")
    build_index(settings, encoder=assistant.retriever.encoder)
    assert verify(bundle, settings) == 1
    said = capsys.readouterr()
    assert said.err.startswith("roleqa: ")
    assert said.err.count("\n") == 1
    assert "1 moved" in said.err
    assert "question 1 [1]  changed (nearest at " in said.out
    assert "    A lighthouse keeper lights the lamp at dusk." in said.out
    assert "question 2 [1]  moved to " in said.out
    assert "Not the file it was: harbour.md" in said.out
    assert "\x1b" not in said.out
    assert verify(bundle, settings, "--json") == 1
    said = capsys.readouterr()
    checked = json.loads(said.out)
    assert checked["stands"] is False
    assert checked["quotes"][0]["outcome"] == "changed"
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["verify"], "roleqa: there is no index in index; run: roleqa build --index index"),
        (["verify", "--bundle", "nowhere.json"], "roleqa: nowhere.json cannot be used: "),
        (["feedback", "export", "--index", "nowhere"], "roleqa: there is no feedback in nowhere yet"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments: list[str], message: str, capsys: Capture) -> None:
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert said.err.startswith(message)
    assert said.err.count("\n") == 1


def test_no_index_is_one_line(bundle: Path, capsys: Capture) -> None:
    assert main(["verify", "--bundle", str(bundle), "--index", "nowhere"]) == 1
    assert capsys.readouterr().err.startswith("roleqa: there is no index in nowhere")


def test_feedback_is_exported_to_a_file_or_printed(
    assistant: Assistant, settings: Settings, tmp_path: Path, capsys: Capture
) -> None:
    save_feedback(settings.index, ask(assistant, LAMP), (), "up", "soft\u00adhyphen")
    save_feedback(settings.index, ask(assistant, WAGES), (), "down")
    file = tmp_path / "labels.jsonl"
    export = ["feedback", "export", "--index", str(settings.index)]
    assert main([*export, "--output", str(file)]) == 0
    said = capsys.readouterr()
    assert said.out == f"1 labelled question in {file}\nleft out: 1 (thumbs down)\n"
    (labelled,) = load_questions(file, assistant.retriever.index.documents)
    assert labelled.question == LAMP

    assert main(export) == 0
    said = capsys.readouterr()
    assert said.out == file.read_text(encoding="utf-8")
    assert said.err == "1 labelled question\nleft out: 1 (thumbs down)\n"

    assert main([*export, "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [label["question"] for label in listed["labels"]] == [LAMP]
    assert [(item["question"], item["reason"]) for item in listed["left_out"]] == [(WAGES, "thumbs down")]


def test_damaged_feedback_is_one_line(assistant: Assistant, settings: Settings, capsys: Capture) -> None:
    (settings.index / FILE).write_bytes(b"x" * 4096)
    assert main(["feedback", "export", "--index", str(settings.index)]) == 1
    said = capsys.readouterr()
    assert "is damaged" in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("command", [["verify"], ["feedback"], ["feedback", "export"]])
def test_help(command: list[str], capsys: Capture) -> None:
    assert main([*command, "--help"]) == 0
    assert f"Usage: roleqa {' '.join(command)}" in capsys.readouterr().out
