"""Going back to the generation before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from filelock import FileLock

from fakes import WordEncoder
from roleqa.assistant import build_index
from roleqa.cli import main
from roleqa.errors import IndexBusyError, IndexDamagedError, IndexMismatchError, IndexMissingError
from roleqa.index.layout import IndexFolder
from roleqa.index.load import load_index
from roleqa.index.rollback import roll_back
from roleqa.settings import Settings


@pytest.fixture
def twice(settings: Settings) -> tuple[str, str]:
    """An index that was built twice: the names of both generations."""
    first = build_index(settings, encoder=WordEncoder())
    (settings.corpus / "new.txt").write_text("The ferry sails at noon.")
    return first.generation, build_index(settings, encoder=WordEncoder()).generation


def live(settings: Settings) -> str:
    return load_index(settings.index, "words").manifest.generation


def test_back_and_back_again(settings: Settings, twice: tuple[str, str]) -> None:
    done = roll_back(settings.index)
    assert (done.generation, done.instead_of, done.documents, done.passages) == (*twice, 1, 4)
    assert live(settings) == twice[0]
    assert roll_back(settings.index).generation == live(settings) == twice[1]


def test_a_build_after_going_back_keeps_what_was_gone_back_to(settings: Settings, twice: tuple[str, str]) -> None:
    roll_back(settings.index)
    report = build_index(settings, encoder=WordEncoder())
    assert report.changes.added == ("new.txt",)
    names = sorted(folder.name for folder in (settings.index / "generations").iterdir())
    assert names == [twice[0], report.generation]


def test_nothing_to_go_back_to(settings: Settings) -> None:
    with pytest.raises(IndexMissingError, match="no index in"):
        roll_back(settings.index)
    before = build_index(settings, encoder=WordEncoder()).generation
    with pytest.raises(IndexMissingError, match="no other generation.*roleqa build"):
        roll_back(settings.index)
    assert live(settings) == before


def test_a_damaged_generation_is_not_gone_back_to(settings: Settings, twice: tuple[str, str]) -> None:
    file = IndexFolder(settings.index).generation(twice[0]).vectors
    file.write_bytes(file.read_bytes()[:-1] + b"\7")
    with pytest.raises(IndexDamagedError, match=r"go back to is damaged: \S+vectors\.faiss is not what.*--full"):
        roll_back(settings.index)
    assert live(settings) == twice[1]


def test_another_schema_is_not_gone_back_to(settings: Settings, twice: tuple[str, str]) -> None:
    file = IndexFolder(settings.index).generation(twice[0]).manifest
    file.write_text(json.dumps(json.loads(file.read_text()) | {"schema": 1}))
    with pytest.raises(IndexMismatchError, match="schema 1"):
        roll_back(settings.index)
    assert live(settings) == twice[1]


@pytest.mark.parametrize("current", [None, b"", b"nowhere\n", b"\xff\xfe", b"a\0b"])
def test_a_lost_current_is_mended(settings: Settings, twice: tuple[str, str], current: bytes | None) -> None:
    file = settings.index / "CURRENT"
    file.unlink() if current is None else file.write_bytes(current)
    with pytest.raises(IndexMissingError):
        live(settings)
    assert roll_back(settings.index).generation == live(settings) == twice[1]


def test_not_while_a_build_runs(settings: Settings, twice: tuple[str, str]) -> None:
    with FileLock(IndexFolder(settings.index).lock), pytest.raises(IndexBusyError):
        roll_back(settings.index)


def test_a_killed_build_s_leftovers_are_not_gone_back_to(settings: Settings, twice: tuple[str, str]) -> None:
    leftover = IndexFolder(settings.index).pending("99990101T000000000000Z").path
    leftover.mkdir()
    assert roll_back(settings.index).generation == twice[0]
    assert roll_back(settings.index).generation == twice[1]


def test_a_damaged_live_generation_offers_to_go_back(settings: Settings, twice: tuple[str, str]) -> None:
    file = IndexFolder(settings.index).live().evidence
    file.write_bytes(file.read_bytes()[:-1] + b"\7")
    with pytest.raises(IndexDamagedError, match=rf"evidence\.npy.*run: roleqa rollback --index \S+ \(generation {twice[0]}"):
        live(settings)
    other = IndexFolder(settings.index).generation(twice[0]).passages
    other.write_bytes(b"")
    with pytest.raises(IndexDamagedError, match=r"evidence\.npy.*run: roleqa build --full") as caught:
        live(settings)
    assert "rollback" not in str(caught.value)


def test_a_build_keeps_the_last_generation_that_is_whole(settings: Settings, twice: tuple[str, str]) -> None:
    IndexFolder(settings.index).live().vectors.write_bytes(b"")
    report = build_index(settings, encoder=WordEncoder())
    names = sorted(folder.name for folder in (settings.index / "generations").iterdir())
    assert names == [twice[0], report.generation]


def test_the_command(settings: Settings, twice: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollback", "--index", str(settings.index)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Live again: generation {twice[0]}, built ")
    assert out.endswith(f"(1 documents, 4 passages), instead of {twice[1]}.\n")
    assert main(["rollback", "--index", str(settings.index), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["instead_of"] == twice[0]


def test_the_command_where_there_is_no_index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rollback", "--index", str(tmp_path / "nowhere")]) == 1
    assert "there is no index in" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()
