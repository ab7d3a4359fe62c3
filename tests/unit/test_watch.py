"""Rebuilding when the corpus changes, and going over to what others have built."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fakes import OverlapReader, WordEncoder
from roleqa import watch as watching
from roleqa.assistant import Assistant, build_index
from roleqa.errors import CorpusError, IndexBusyError, IndexDamagedError, RoleqaError
from roleqa.settings import Settings
from roleqa.watch import Watch, follow

PATIENCE = 60
QUESTION = "Who lights the lamp at dusk?"


class Builds:
    """A rebuild that counts, and fails where it is told to."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.attempts = 0
        self.error: Exception | None = None

    def __call__(self) -> None:
        self.attempts += 1
        if self.error:
            raise self.error
        build_index(self.settings, encoder=WordEncoder())


@pytest.fixture
def builds(settings: Settings) -> Builds:
    found = Builds(settings)
    found()
    return found


@pytest.fixture
def watch(builds: Builds) -> Watch:
    return Watch(builds.settings, builds)


def test_nothing_is_rebuilt_while_nothing_changes(watch: Watch, builds: Builds, corpus: Path) -> None:
    watch.look()
    (corpus / "harbour.md").touch()
    watch.look()
    assert builds.attempts == 1


@pytest.mark.parametrize(
    ("change", "rebuilt"),
    [
        pytest.param(lambda corpus: (corpus / "new.md").write_text("# New\n\nA text.\n"), True, id="added"),
        pytest.param(lambda corpus: (corpus / "harbour.md").write_text("# Less\n\nA text.\n"), True, id="changed"),
        pytest.param(lambda corpus: (corpus / "harbour.md").rename(corpus / "port.md"), True, id="renamed"),
        pytest.param(lambda corpus: (corpus / "roles.toml").unlink(), True, id="roles removed"),
        pytest.param(lambda corpus: (corpus / ".harbour.md.swp").write_text("x"), False, id="vi"),
        pytest.param(lambda corpus: (corpus / "harbour.md~").write_text("x"), False, id="backup"),
        pytest.param(lambda corpus: (corpus / "#harbour.md#").write_text("x"), False, id="emacs"),
        pytest.param(lambda corpus: (corpus / "4913").write_text("x"), False, id="probe"),
        pytest.param(lambda corpus: (corpus / "harbour.md.tmp").write_text("x"), False, id="temporary"),
        pytest.param(lambda corpus: (corpus / "harbour.md.crdownload").write_text("x"), False, id="download"),
        pytest.param(lambda corpus: (corpus / ".git").mkdir(), False, id="hidden folder"),
    ],
)
def test_the_corpus_decides_what_is_a_change(
    watch: Watch, builds: Builds, corpus: Path, change: Callable[[Path], object], rebuilt: bool
) -> None:
    watch.look()
    change(corpus)
    watch.look()
    watch.look()
    assert builds.attempts == 1 + rebuilt


def test_a_failing_rebuild_waits_for_the_next_change(watch: Watch, builds: Builds, corpus: Path) -> None:
    (corpus / "roles.toml").write_text("[[role", encoding="utf-8")
    watch.look()
    watch.look()
    assert builds.attempts == 2
    (corpus / "roles.toml").unlink()
    watch.look()
    watch.look()
    assert builds.attempts == 3


def test_a_rebuild_that_others_hold_up_is_tried_again(watch: Watch, builds: Builds, corpus: Path) -> None:
    (corpus / "new.md").write_text("# New\n\nA text.\n", encoding="utf-8")
    builds.error = IndexBusyError("another build is running")
    watch.look()
    watch.look()
    assert builds.attempts == 3
    builds.error = None
    watch.look()
    watch.look()
    assert builds.attempts == 4


def test_an_index_that_is_not_there_is_built(watch: Watch, builds: Builds) -> None:
    (builds.settings.index / "CURRENT").unlink()
    watch.look()
    assert builds.attempts == 2


def test_an_index_of_another_corpus_is_built_anew(builds: Builds, tmp_path: Path, corpus: Path) -> None:
    corpus.rename(tmp_path / "moved")
    moved = Builds(builds.settings.model_copy(update={"corpus": tmp_path / "moved"}))
    Watch(moved.settings, moved).look()
    assert moved.attempts == 1


def test_a_fault_does_not_end_the_watch(watch: Watch, builds: Builds, corpus: Path, caplog: pytest.LogCaptureFixture) -> None:
    (corpus / "new.md").write_text("# New\n\nA text.\n", encoding="utf-8")
    builds.error = ZeroDivisionError("oops")
    watch.look()
    assert "ZeroDivisionError: oops" in caplog.text


@contextmanager
def running(target: Callable[[threading.Event], object]) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=target, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def wait_for(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def live(settings: Settings) -> str:
    return (settings.index / "CURRENT").read_text(encoding="utf-8")


def test_many_files_at_once_are_one_rebuild(watch: Watch, builds: Builds, corpus: Path) -> None:
    before = live(builds.settings)
    with running(watch.run):
        time.sleep(0.3)
        for number in range(50):
            (corpus / f"many-{number}.md").write_text(f"# Number {number}\n\nA text of {number}.\n", encoding="utf-8")
        wait_for(lambda: live(builds.settings) != before)
    assert builds.attempts == 2


def test_a_folder_that_is_replaced_is_watched_again(
    watch: Watch, builds: Builds, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LOOK_ANYWAY", 100)
    with running(watch.run):
        time.sleep(0.3)
        corpus.rename(corpus.with_name("away"))
        time.sleep(0.3)
        before = live(builds.settings)
        corpus.mkdir()
        (corpus / "other.md").write_text("# Other\n\nA text.\n", encoding="utf-8")
        wait_for(lambda: live(builds.settings) != before)


@pytest.fixture
def quick(assistant: Assistant) -> Iterator[None]:
    with running(lambda stop: follow(assistant, stop, every=0.01)):
        yield


def quote(assistant: Assistant) -> str:
    return assistant.ask(QUESTION).citations[0].quote


def test_what_another_process_builds_is_gone_over_to(
    assistant: Assistant, settings: Settings, corpus: Path, quick: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (corpus / "harbour.md").write_text("# Lamps\n\nA harbour pilot lights the lamp at dusk.\n", encoding="utf-8")
    assert assistant.ask(QUESTION).index.stale
    report = build_index(settings, encoder=WordEncoder())
    wait_for(lambda: assistant.retriever.index.manifest.generation == report.generation)
    assert quote(assistant) == "A harbour pilot lights the lamp at dusk."
    assert not assistant.ask(QUESTION).index.stale
    wait_for(lambda: "switched" in caplog.messages)


def test_what_is_damaged_is_refused_and_the_generation_before_goes_on(
    assistant: Assistant, settings: Settings, corpus: Path
) -> None:
    before = assistant.ask(QUESTION)
    (corpus / "new.md").write_text("# New\n\nA text.\n", encoding="utf-8")
    report = build_index(settings, encoder=WordEncoder())
    (settings.index / "generations" / report.generation / "passages.jsonl").write_bytes(b"{")
    with pytest.raises(RoleqaError):
        assistant.refresh()
    assert not assistant.refresh()  # told once
    assert quote(assistant) == before.citations[0].quote
    status = assistant.status()
    assert status.generation.id == before.index.id
    assert status.problems[-1].file == "index"
    assert status.problems[-1].reason.endswith("(the generation before goes on answering)")
    mended = build_index(settings, full=True, encoder=WordEncoder())
    assert assistant.refresh()
    assert (assistant.status().generation.id, assistant.status().problems) == (mended.generation, ())


def test_a_generation_that_is_gone_before_it_is_read_is_no_damage(
    assistant: Assistant, settings: Settings, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from roleqa import assistant as module

    load = module.load_index
    reports = []

    def overtaken(*arguments: object) -> object:
        if len(reports) < 3:
            (corpus / "new.md").write_text(f"# New\n\nText {len(reports)}.\n", encoding="utf-8")
            reports.append(build_index(settings, encoder=WordEncoder()))
            raise IndexDamagedError("a file is missing")
        return load(*arguments)  # type: ignore[arg-type]

    (corpus / "new.md").write_text("# New\n\nA text.\n", encoding="utf-8")
    build_index(settings, encoder=WordEncoder())
    monkeypatch.setattr(module, "load_index", overtaken)
    assert assistant.refresh()
    assert assistant.status().generation.id == reports[-1].generation


def test_the_calibration_beside_it_is_read_anew(assistant: Assistant, settings: Settings) -> None:
    own = settings.index / "confidence.json"
    assert not assistant.refresh()
    text = assistant.calibration.to_json()
    own.write_text(text.replace(assistant.calibration.reader, OverlapReader.fingerprint).replace(f"{assistant.calibration.threshold}", "0.25"))
    assert assistant.refresh()
    assert assistant.calibration.threshold == 0.25
    own.write_text("{")
    with pytest.raises(RoleqaError, match="no calibration"):
        assistant.refresh()
    assert assistant.calibration.threshold == 0.25


def test_a_refusal_is_logged_and_following_goes_on(
    assistant: Assistant, settings: Settings, quick: None, caplog: pytest.LogCaptureFixture
) -> None:
    (settings.index / "CURRENT").write_text("nonsense\n")
    wait_for(lambda: "switch refused" in caplog.messages)
    assert quote(assistant)
    report = build_index(settings, encoder=WordEncoder())
    wait_for(lambda: assistant.retriever.index.manifest.generation == report.generation)


def test_a_rebuild_goes_over_to_it(assistant: Assistant, corpus: Path) -> None:
    (corpus / "harbour.md").write_text("# Lamps\n\nA harbour pilot lights the lamp at dusk.\n", encoding="utf-8")
    report = assistant.rebuild()
    assert (quote(assistant), assistant.status().generation.id) == ("A harbour pilot lights the lamp at dusk.", report.generation)
    corpus.joinpath("harbour.md").unlink()
    with pytest.raises(CorpusError):
        assistant.rebuild()
    assert quote(assistant) == "A harbour pilot lights the lamp at dusk."


def test_one_generation_answers_however_often_it_is_switched(
    assistant: Assistant, settings: Settings, corpus: Path, quick: None
) -> None:
    first = (corpus / "harbour.md").read_text(encoding="utf-8")
    texts = {"first": first, "second": f"Second edition.\n\n{first}"}
    built = {assistant.status().generation.id: "first"}
    over = threading.Event()

    def alternate() -> None:
        for edition in ("second", "first") * 6:
            (corpus / "harbour.md").write_text(texts[edition], encoding="utf-8")
            built[build_index(settings, encoder=WordEncoder()).generation] = edition
        over.set()

    builder = threading.Thread(target=alternate)
    builder.start()
    answers = []
    while not over.is_set():
        answers.append(assistant.ask(QUESTION))
    builder.join(PATIENCE)
    for answer in answers:
        for cited in answer.citations:
            text = texts[built[answer.index.id]]
            assert text[cited.evidence.start : cited.evidence.end] == cited.quote
    assert len({answer.index.id for answer in answers}) > 2
