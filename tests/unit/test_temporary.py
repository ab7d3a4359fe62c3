"""The private folder of a server: its own, and cleaned at the next start."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from roleqa.errors import SettingsError
from roleqa.temporary import private_folder


@pytest.fixture(autouse=True)
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the system has for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)
    return tmp_path


def test_all_that_is_temporary_goes_there_and_is_gone_in_the_end(system: Path) -> None:
    with private_folder() as folder:
        assert tempfile.gettempdir() == os.environ["TMPDIR"] == os.environ["GRADIO_TEMP_DIR"] == str(folder)
        assert folder.parent.parent == system
        assert [path.stat().st_mode & 0o777 for path in (folder, folder.parent)] == [0o700, 0o700]
        (folder / "upload.md").write_text("x", encoding="utf-8")
    assert not folder.exists()
    assert (tempfile.gettempdir(), os.environ["TMPDIR"]) == (str(system), str(system))
    assert "GRADIO_TEMP_DIR" not in os.environ


def test_what_a_killed_server_left_is_removed_and_what_a_running_one_has_is_not(monkeypatch: pytest.MonkeyPatch, system: Path) -> None:
    with private_folder() as running:
        left = running.with_name("server-killed")
        left.mkdir()
        (left / "upload.md").write_text("x", encoding="utf-8")
        monkeypatch.setattr(tempfile, "tempdir", str(system))
        with private_folder() as other:
            assert sorted(path.name for path in running.parent.iterdir() if path.is_dir()) == sorted((running.name, other.name))
        assert running.is_dir()


def test_a_folder_that_the_user_gave_gradio_stays(monkeypatch: pytest.MonkeyPatch, system: Path) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(system / "uploads"))
    with private_folder():
        assert os.environ["GRADIO_TEMP_DIR"] == str(system / "uploads")
    assert os.environ["GRADIO_TEMP_DIR"] == str(system / "uploads")


@pytest.mark.parametrize("kind", ["open to others", "a link"])
def test_a_folder_of_someone_else_is_not_used(system: Path, kind: str) -> None:
    with private_folder() as folder:
        home = folder.parent
    if kind == "a link":
        home.rename(system / "elsewhere")
        home.symlink_to(system / "elsewhere")
    else:
        home.chmod(0o777)
    with pytest.raises(SettingsError, match="TMPDIR"), private_folder():
        pass


def test_no_place_is_one_clear_error(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (system / "file").write_text("x", encoding="utf-8")
    monkeypatch.setattr(tempfile, "tempdir", str(system / "file"))
    with pytest.raises(SettingsError, match="no temporary folder can be made in .*; set TMPDIR"), private_folder():
        pass


def test_no_folder_for_temporary_files_at_all_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_usable() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none_usable)
    with pytest.raises(SettingsError, match=r"No usable temporary directory found in .*; set TMPDIR"), private_folder():
        pass
