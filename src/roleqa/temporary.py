"""One private folder for all that a server puts aside: gone when it ends, or at the next start where it was killed."""

from __future__ import annotations

import getpass
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from roleqa.errors import SettingsError

# Where libraries look for a folder. What the user has set for Gradio's uploads and matplotlib's fonts stays.
_VARIABLES = ("TMPDIR", "GRADIO_TEMP_DIR", "MPLCONFIGDIR")


@contextmanager
def private_folder() -> Iterator[Path]:
    """In the block, has everything temporary of this process and its children go to a new folder of its own.

    Raises:
        SettingsError: there is no place for one that nobody else can look into.
    """
    try:
        system = Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        raise SettingsError(f"there is no folder for temporary files: {error.strerror}; set TMPDIR") from error
    folder, lock = _make(system)
    before = {name: os.environ.get(name) for name in _VARIABLES}
    directory = tempfile.tempdir
    os.environ.update({name: before[name] or str(folder) for name in _VARIABLES} | {"TMPDIR": str(folder)})
    tempfile.tempdir = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = directory
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def _make(system: Path) -> tuple[Path, FileLock]:
    """A new folder and the lock that says that it is in use, after those that nobody uses any more are taken away."""
    # In a container a user may have no name.
    home = system / f"roleqa-{os.getuid() if hasattr(os, 'getuid') else getpass.getuser()}"
    try:
        home.mkdir(mode=0o700, exist_ok=True)
        _check_private(home)
        with FileLock(home / ".lock"):
            for old in home.iterdir():
                _remove_unused(old)
            folder = Path(tempfile.mkdtemp(prefix="server-", dir=home))
            lock = FileLock(folder / ".lock")
            lock.acquire(timeout=0)
    except OSError as error:
        raise SettingsError(f"no temporary folder can be made in {system}: {error.strerror}; set TMPDIR") from error
    return folder, lock


def _check_private(folder: Path) -> None:
    """Others may have made a folder of that name first."""
    found = folder.lstat()
    is_ours = not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o077)
    if not stat.S_ISDIR(found.st_mode) or not is_ours:
        raise SettingsError(f"{folder} is not a folder of yours alone: remove it, or set TMPDIR to another folder")


def _remove_unused(folder: Path) -> None:
    if not folder.is_dir():
        return
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return  # of a server that runs
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
