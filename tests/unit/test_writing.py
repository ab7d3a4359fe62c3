"""Where a build cannot go on: another one runs, the disk is full, the folder is read-only, what was written is wrong."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from fakes import WordEncoder
from roleqa.assistant import build_index
from roleqa.cli import main
from roleqa.errors import BuildCancelledError, DiskFullError, IndexBusyError, IndexDamagedError, IndexWriteError
from roleqa.index import disk, write
from roleqa.index.bm25_store import Bm25Store
from roleqa.index.faiss_store import FaissStore
from roleqa.index.layout import IndexFolder
from roleqa.index.load import load_index
from roleqa.index.lock import sole_writer
from roleqa.index.word_rows import WordRows
from roleqa.settings import Settings


def silent(*_: object) -> None:
    pass


def change(settings: Settings) -> None:
    (settings.corpus / "new.txt").write_text("The ferry sails at noon.")


def assert_untouched(settings: Settings, generation: str) -> None:
    """Whether the live generation lives on, and nothing else is left."""
    assert load_index(settings.index, "words").manifest.generation == generation
    assert [folder.name for folder in (settings.index / "generations").iterdir()] == [generation]
    assert not (settings.index / "CURRENT.new").exists()


@pytest.fixture
def generation(settings: Settings) -> str:
    return build_index(settings, encoder=WordEncoder()).generation


def test_the_second_build_says_who_holds_the_lock(settings: Settings) -> None:
    here = rf"process {os.getpid()} on {socket.gethostname()}, since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00"
    with sole_writer(IndexFolder(settings.index), silent), pytest.raises(IndexBusyError, match=rf"running \({here}\); run it again"):
        build_index(settings, encoder=WordEncoder())
    assert not IndexFolder(settings.index).lock_holder.exists()
    assert build_index(settings, encoder=WordEncoder()).built


@pytest.mark.parametrize("stale", ["", "{}", "[1]", "null", json.dumps({"pid": "x", "host": "h", "since": "s"})])
def test_a_note_that_says_nothing_is_passed_over(settings: Settings, stale: str) -> None:
    index = IndexFolder(settings.index)
    index.path.mkdir()
    index.lock_holder.write_text(stale)
    with FileLock(index.lock), pytest.raises(IndexBusyError, match="is running; run it again"):
        build_index(settings, encoder=WordEncoder())


def test_a_dead_process_is_not_said_to_hold_the_lock(settings: Settings) -> None:
    index = IndexFolder(settings.index)
    index.path.mkdir()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    index.lock_holder.write_text(json.dumps({"pid": dead.pid, "host": socket.gethostname(), "since": "then"}))
    with FileLock(index.lock), pytest.raises(IndexBusyError, match="is running; run it again"):
        build_index(settings, encoder=WordEncoder())
    index.lock_holder.write_text(json.dumps({"pid": dead.pid, "host": "elsewhere", "since": "then"}))
    with FileLock(index.lock), pytest.raises(IndexBusyError, match=rf"process {dead.pid} on elsewhere, since then"):
        build_index(settings, encoder=WordEncoder())
    assert build_index(settings, encoder=WordEncoder()).built


def test_the_second_build_waits(settings: Settings) -> None:
    index = IndexFolder(settings.index)
    index.path.mkdir()
    lock = FileLock(index.lock, thread_local=False)
    lock.acquire()
    threading.Timer(0.3, lock.release).start()
    told: list[str] = []
    assert build_index(settings, wait=60, encoder=WordEncoder(), progress=lambda stage, *_: told.append(stage)).built
    assert told[0] == "waiting"
    assert told[-1] == "switching"


def test_waiting_ends(settings: Settings) -> None:
    index = IndexFolder(settings.index)
    index.path.mkdir()
    started = time.monotonic()
    with FileLock(index.lock):
        assert main(["build", "--corpus", str(settings.corpus), "--index", str(settings.index), "--wait", "0.2"]) == 1
    assert time.monotonic() - started >= 0.2


def test_waiting_can_be_cancelled(settings: Settings) -> None:
    def cancel(stage: str, *_: int) -> None:
        raise BuildCancelledError(stage)

    index = IndexFolder(settings.index)
    index.path.mkdir()
    with FileLock(index.lock), pytest.raises(BuildCancelledError, match="waiting"):
        build_index(settings, wait=60, encoder=WordEncoder(), progress=cancel)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("target", [(FaissStore, "save"), (Bm25Store, "save"), (IndexFolder, "make_live"), (write, "save_documents")])
def test_a_full_disk_is_said_to_be_full(
    settings: Settings, generation: str, monkeypatch: pytest.MonkeyPatch, target: tuple[object, str], number: int
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    change(settings)
    monkeypatch.setattr(*target, fail)
    with pytest.raises(DiskFullError, match=r"is full: a new generation needs about 0\.0 MB, and [\d.]+ MB are free.*Make room"):
        build_index(settings, encoder=WordEncoder())
    assert_untouched(settings, generation)


def test_a_write_that_fell_short_without_a_reason_is_a_full_disk_if_that_is_full(
    settings: Settings, generation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        monkeypatch.setattr(disk, "free_bytes", lambda _: 0)
        raise OSError("384000 requested and 76768 written")

    change(settings)
    monkeypatch.setattr(Bm25Store, "save", fail)
    with pytest.raises(DiskFullError):
        build_index(settings, encoder=WordEncoder())
    assert_untouched(settings, generation)


def test_what_plainly_has_no_room_is_not_even_encoded(
    settings: Settings, generation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(settings)
    monkeypatch.setattr(disk, "free_bytes", lambda _: 5000)
    encoder = WordEncoder()
    with pytest.raises(DiskFullError, match="needs about"):
        build_index(settings, encoder=encoder)
    assert encoder.encoded == []
    assert_untouched(settings, generation)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EIO, errno.EFBIG])
def test_another_error_of_the_system_is_one_clear_line(
    settings: Settings, generation: str, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    change(settings)
    monkeypatch.setattr(Path, "mkdir", fail)
    with pytest.raises(IndexWriteError, match=rf"cannot be written to \({os.strerror(number)}\); name another with --index"):
        build_index(settings, encoder=WordEncoder())
    assert_untouched(settings, generation)


def test_an_index_that_is_a_file_is_one_clear_line(settings: Settings) -> None:
    settings.index.write_text("a file")
    with pytest.raises(IndexWriteError, match="cannot be written to"):
        build_index(settings, encoder=WordEncoder())


@pytest.mark.parametrize(
    ("store", "match"),
    [
        (FaissStore, r"vectors\.faiss is not what was written"),
        (Bm25Store, "bm25 does not find passage"),
    ],
)
def test_what_does_not_read_back_is_not_made_live(
    settings: Settings, generation: str, monkeypatch: pytest.MonkeyPatch, store: type, match: str
) -> None:
    original = store.build

    def build(rows):
        return original(np.roll(rows, 1, axis=0) if store is FaissStore else WordRows.of(["nothing"] * len(rows.rows)))

    change(settings)
    monkeypatch.setattr(store, "build", build)
    with pytest.raises(IndexDamagedError, match=match):
        build_index(settings, encoder=WordEncoder())
    assert_untouched(settings, generation)


def test_leftovers_of_a_killed_build_are_cleaned_though_nothing_changed(settings: Settings, generation: str) -> None:
    leftover = IndexFolder(settings.index).pending("20260101T000000000000Z")
    leftover.path.mkdir()
    leftover.vectors.write_bytes(b"half")
    (settings.index / "CURRENT.new").write_text("half")
    assert not build_index(settings, encoder=WordEncoder()).built
    assert_untouched(settings, generation)


def test_leftovers_of_a_running_build_stay(settings: Settings, generation: str) -> None:
    leftover = IndexFolder(settings.index).pending("20260101T000000000000Z")
    leftover.path.mkdir()
    with FileLock(IndexFolder(settings.index).lock), pytest.raises(IndexBusyError):
        build_index(settings, encoder=WordEncoder())
    assert leftover.path.is_dir()


def test_what_is_pruned_goes_on_answering_where_it_is_loaded(settings: Settings, generation: str) -> None:
    """The evidence's embeddings are read from the file when they are asked for."""
    index = load_index(settings.index, "words")
    before = index.evidence_vectors.cosines(0, WordEncoder().encode_query("the lamp"))
    for _ in range(3):
        build_index(settings, full=True, encoder=WordEncoder())
    assert generation not in {folder.name for folder in (settings.index / "generations").iterdir()}
    assert np.array_equal(index.evidence_vectors.cosines(0, WordEncoder().encode_query("the lamp")), before)
    assert before.max() > 0.3


def test_a_generation_that_is_pruned_while_it_is_read_is_read_anew(
    settings: Settings, generation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = FaissStore.load

    def load(file: Path) -> FaissStore:
        if generation in str(file):
            for _ in range(2):
                build_index(settings, full=True, encoder=WordEncoder())
            assert not file.exists()
        return original(file)

    monkeypatch.setattr(FaissStore, "load", load)
    assert load_index(settings.index, "words").manifest.generation != generation


def test_a_build_s_files_are_the_same_in_every_process(settings: Settings, generation: str) -> None:
    code = (
        "import sys; from pathlib import Path; from fakes import WordEncoder; from roleqa import Settings, build_index;"
        "print(build_index(Settings(corpus=sys.argv[1], index=sys.argv[2]), full=True, encoder=WordEncoder()).generation)"
    )
    environment = os.environ | {"PYTHONHASHSEED": "12", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, str(settings.corpus), str(settings.index)]
    other = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()
    folders = [IndexFolder(settings.index).generation(name) for name in (generation, other)]
    first, second = ({file.relative_to(folder.path): file.read_bytes() for file in folder.files()} for folder in folders)
    assert first == second
