"""What befalls a running program from outside: full disks, clocks set back, folders that vanish, others that write."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fakes import OverlapReader, WordEncoder
from harbour import make_assistant
from roleqa import files
from roleqa.assistant import Assistant, build_index
from roleqa.bundle.exchange import Exchange
from roleqa.errors import CorpusError, FeedbackError, RolesError, SettingsError
from roleqa.evaluate import save
from roleqa.evaluate.background import BackgroundEvaluation
from roleqa.feedback import store
from roleqa.feedback.labels import make_labels
from roleqa.feedback.store import load_feedback, save_feedback
from roleqa.index import build
from roleqa.index.layout import IndexFolder
from roleqa.index.rollback import roll_back
from roleqa.ingest.corpus_files import remove_document
from roleqa.report import print_status
from roleqa.settings import Settings
from roleqa.ui.links import Link, check_of
from roleqa.ui.panel import render_overview, render_status
from roleqa.ui.source import NOT_HERE, open_source

QUESTION = "How many weeks of leave has a harbour pilot in summer?"
LABEL = {"query_id": "q", "question": QUESTION, "answerable": False}


def exchange_of(assistant: Assistant, question: str = QUESTION, id: str = "a" * 32) -> Exchange:
    return Exchange(id, "2026-01-01T00:00:00+00:00", None, assistant.ask(question), ())


# A full disk.


def test_feedback_on_a_full_disk_is_one_clear_error_and_loses_nothing(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    index = assistant.settings.index
    save_feedback(index, exchange_of(assistant), (), "up", "kept")
    connect = sqlite3.connect

    class Full(sqlite3.Connection):
        def execute(self, statement: str, *arguments: Any) -> sqlite3.Cursor:
            if "max_page_count" not in statement and statement.startswith("BEGIN"):
                pages = connect(index / store.FILE).execute("PRAGMA page_count").fetchone()[0]
                super().execute(f"PRAGMA max_page_count = {pages}")
            return super().execute(statement, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", lambda *given, **named: connect(*given, factory=Full, **named))
        said = ""
        for number in range(1000):
            try:
                save_feedback(index, exchange_of(assistant, id=f"{number:032x}"), ("x" * 2000,) * 8, "down", "x" * 2000)
            except FeedbackError as error:
                said = str(error)
                break
    assert "cannot be opened or written to (database or disk is full); see to the folder's permissions and free space" in said
    assert [item.comment for item in load_feedback(index)][:1] == ["kept"]
    save_feedback(index, exchange_of(assistant, id="c" * 32), (), "down")
    assert load_feedback(index)[-1].verdict == "down"


def test_an_evaluation_on_a_full_disk_keeps_the_last_report(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text(json.dumps(LABEL), encoding="utf-8")
    evaluation = BackgroundEvaluation(assistant)
    _run(evaluation, labels)
    assert evaluation.run.outcome == "done"
    before = {file.name: file.read_bytes() for file in evaluation.folder.iterdir()}

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        _run(evaluation, labels)
    assert evaluation.run.outcome == "failed"
    assert "No space left on device" in evaluation.run.problem
    assert {file.name: file.read_bytes() for file in evaluation.folder.iterdir()} == before
    assert assistant.ask(QUESTION).answered


def _run(evaluation: BackgroundEvaluation, labels: Path) -> None:
    assert evaluation.start(labels)
    assert evaluation._thread
    evaluation._thread.join(120)


def test_a_page_that_cannot_be_written_leaves_no_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write_whole(tmp_path / "report.json", b"x")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(save.tempfile, "TemporaryFile", lambda **_: full(0))
    with pytest.raises(SettingsError, match=r"No space left on device.* make room"):
        save.check_output(tmp_path)


def test_labels_on_a_full_disk_leave_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file = tmp_path / "labels.jsonl"
    labels = make_labels((), {})
    file.write_text("kept", encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        with pytest.raises(FeedbackError, match="No space left on device"):
            labels.save(file)
    assert [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()] == [("labels.jsonl", "kept")]
    labels.save(file)
    assert file.read_text(encoding="utf-8") == ""


# A clock that is set back.


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the clock that builds look at."""

    def set_to(moment: datetime) -> None:
        class Clock(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return moment.astimezone(tz)

        monkeypatch.setattr(build, "datetime", Clock)

    return set_to


def test_a_clock_that_is_set_back_changes_neither_what_answers_nor_the_way_back(
    settings: Settings, clock: Callable[[datetime], None]
) -> None:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    document = settings.corpus / "new.md"

    def edition(word: str, time: datetime) -> str:
        clock(time)
        document.write_text(f"# Buoys\n\nA buoy is {word} in winter.\n", encoding="utf-8")
        return build_index(settings, encoder=WordEncoder()).generation

    first = edition("red", moment)
    assistant = Assistant.load(settings, encoder=WordEncoder(), reader=OverlapReader())
    second = edition("green", moment - timedelta(days=400))
    assert assistant.refresh()
    assert "green" in assistant.ask("What is a buoy in winter?").text
    assert "just now" in str(render_overview(assistant.status(), moment - timedelta(days=500)))
    third = edition("blue", moment - timedelta(days=400))  # the same moment once more
    assert len({first, second, third}) == 3
    assert assistant.refresh()
    assert "blue" in assistant.ask("What is a buoy in winter?").text
    assert roll_back(settings.index).generation == second
    assert assistant.refresh()
    assert "green" in assistant.ask("What is a buoy in winter?").text
    assert roll_back(settings.index).generation == third


# A corpus that vanishes.


@contextmanager
def disconnected(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In the block, everything below a folder is as on a disk in the network that is away."""

    def broken(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any = ".", *arguments: Any, **named: Any) -> Any:
            if not isinstance(path, int) and Path(os.fsdecode(path)).is_relative_to(folder):
                raise OSError(errno.ENOTCONN, "Transport endpoint is not connected", str(path))
            return function(path, *arguments, **named)

        return call

    with monkeypatch.context() as patch:
        for name in ("stat", "lstat", "scandir", "listdir", "open"):
            patch.setattr(os, name, broken(getattr(os, name)))
        yield


@pytest.mark.parametrize("how", ["gone", "away"])
def test_a_corpus_that_vanishes_is_said_to_and_the_answers_go_on(
    assistant: Assistant, how: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, before = assistant.settings, assistant.ask(QUESTION)
    assert assistant.status().corpus_problem == ""

    @contextmanager
    def gone() -> Iterator[None]:
        settings.corpus.rename(settings.corpus.with_name("elsewhere"))
        yield
        settings.corpus.with_name("elsewhere").rename(settings.corpus)

    with gone() if how == "gone" else disconnected(settings.corpus, monkeypatch):
        status = assistant.status()
        assert not status.changes
        reason = "there is no folder" if how == "gone" else "cannot be opened (Transport endpoint is not connected)"
        assert reason in status.corpus_problem
        assert status.to_dict()["corpus_problem"] == status.corpus_problem
        print_status(status)
        assert f"{status.corpus_problem}; the index goes on answering" in capsys.readouterr().out
        assert "out of reach" in str(render_status(status, datetime.now(UTC)))
        assert "Up to date" not in str(render_overview(status, datetime.now(UTC)))
        assert [entry.id for entry in assistant.catalog()] == ["harbour.md"]
        with pytest.raises((CorpusError, RolesError), match=r"there is no folder|cannot be opened"):
            assistant.rebuild()
        assert not assistant.refresh()
        assert assistant.ask(QUESTION).to_dict() | {"seconds": 0} == before.to_dict() | {"seconds": 0}
    assert assistant.status().corpus_problem == ""
    assert not assistant.rebuild().built


# Others that write.


def test_an_index_is_opened_while_another_process_rolls_back_and_builds(settings: Settings) -> None:
    texts = {}
    for word in ("red", "green"):
        (settings.corpus / "new.md").write_text(f"# Buoys\n\nA buoy is {word} in winter.\n", encoding="utf-8")
        texts[build_index(settings, encoder=WordEncoder()).generation] = word
    over, rolled = threading.Event(), 0

    def roll_on() -> None:
        nonlocal rolled
        while not over.is_set():
            if rolled % 5 == 4:
                generation = build_index(settings, full=True, encoder=WordEncoder()).generation
                texts[generation] = "green"
            roll_back(settings.index)
            rolled += 1

    other = threading.Thread(target=roll_on, daemon=True)
    other.start()
    try:
        seen = set()
        for _ in range(40):
            assistant = Assistant.load(settings, encoder=WordEncoder(), reader=OverlapReader())
            answer = assistant.ask("What is a buoy in winter?")
            quote = answer.citations[0]
            assert assistant.document(quote.passage.document_id).text[quote.evidence.start : quote.evidence.end] == quote.quote  # type: ignore[union-attr]
            seen.add((answer.index.id, answer.text.split("buoy is ")[1].split()[0]))
    finally:
        over.set()
        other.join(60)
    assert rolled
    assert {word for _, word in seen} <= {"red", "green"}
    assert all(texts.get(generation, word) == word for generation, word in seen)
    assert IndexFolder(settings.index).live().manifest.is_file()


def test_a_document_that_is_removed_while_it_is_quoted(settings: Settings) -> None:
    (settings.corpus / "buoys.md").write_text("# Buoys\n\nA buoy is painted red in winter.\n", encoding="utf-8")
    assistant = make_assistant(settings)
    quote = assistant.ask("What is a buoy painted in winter?").citations[0]
    link = Link("buoys.md", quote.evidence.start, quote.evidence.end, check_of(quote.quote)).href
    remove_document(settings.corpus, "buoys.md")
    assert "<mark" in str(open_source(assistant.document, link))
    assert assistant.status().changes.removed == ("buoys.md",)
    assistant.rebuild()
    missing = str(open_source(assistant.document, link))
    assert NOT_HERE in missing
    assert "buoys.md" in missing
    assert not any(item.passage.document_id == "buoys.md" for item in assistant.ask("What is a buoy painted in winter?").citations)
