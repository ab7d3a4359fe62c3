"""Adding documents to the corpus folder, only such as can be read, and taking them out again."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from roleqa.errors import CorpusError, DocumentExistsError, UnreadableFileError
from roleqa.ingest.corpus import READABLE_SUFFIXES, corpus_paths, read_file
from roleqa.ingest.file_names import numbered, safe_name, same_name
from roleqa.ingest.limits import MAX_BYTES
from roleqa.ingest.readers import KINDS, SAVE_AS

# Of a file that is being written. Hidden: a build passes it over.
_PENDING = ".adding-"


def add_document(folder: Path, name: str, source: Path, *, replace: bool = False) -> str:
    """Copies the file `source` into the corpus as a document called `name`; returns the id that it got.

    Raises:
        UnreadableFileError: it cannot become a document; nothing was added.
        DocumentExistsError: a document of that name is there, and may not be replaced.
        CorpusError: the folder cannot be written to.
    """
    name = document_name(name)
    taken = _namesake(folder, name)
    if taken is not None:
        if not replace:
            raise DocumentExistsError(taken.name)
        _check_replaceable(taken)
    target = taken or folder / name
    try:
        with _pending(folder, Path(name).suffix) as pending:
            _copy(source, pending)
            read_file(folder, pending)
            _put(pending, target, replace)
            _sync(folder)
    except OSError as error:
        raise CorpusError(f"{name} cannot be written to {folder}: {error.strerror}") from error
    return target.name


def document_name(name: str) -> str:
    """The name that a document called so gets. Raises UnreadableFileError where files of its kind are not read."""
    safe = safe_name(name)
    suffix = Path(safe).suffix
    if suffix not in READABLE_SUFFIXES:
        kind = f"{suffix} files are" if suffix else "a file without a suffix is"
        raise UnreadableFileError(f"{kind} not read: save it as {SAVE_AS.get(suffix, KINDS)}")
    return safe


def free_name(folder: Path, name: str) -> str:
    """The first of name-2, name-3 and so on that no document has."""
    number = 2
    while _namesake(folder, numbered(name, number)):
        number += 1
    return numbered(name, number)


def remove_document(folder: Path, document_id: str) -> None:
    """Deletes a file of the corpus.

    Raises:
        CorpusError: there is no such file among those that a build looks at, or it is a link or none to delete.
    """
    path = corpus_paths(folder).get(document_id)
    if path is None:
        raise CorpusError(f"there is no {document_id} in {folder}: it may be removed already")
    if not stat.S_ISREG(path.lstat().st_mode) or not _is_at_home(folder, path):
        raise CorpusError(f"{document_id} is no file of its own: remove it where it is")
    try:
        path.unlink()
    except OSError as error:
        raise CorpusError(f"{document_id} cannot be removed: {error.strerror}") from error


def _is_at_home(folder: Path, path: Path) -> bool:
    """Whether no link lies on the way to the file."""
    return path.parent.resolve() == folder.resolve() / path.parent.relative_to(folder)


def _namesake(folder: Path, name: str) -> Path | None:
    """What is in the folder under that name, or one that some systems take for it."""
    try:
        entries = [Path(entry.path) for entry in os.scandir(folder)]
    except OSError as error:
        raise CorpusError(f"{folder} cannot be opened: {error.strerror}") from error
    exact = [path for path in entries if path.name == name]
    return next(iter(exact or [path for path in sorted(entries) if same_name(path.name, name)]), None)


def _check_replaceable(path: Path) -> None:
    if not stat.S_ISREG(path.lstat().st_mode):
        raise CorpusError(f"{path.name} is a link or a folder, which is not replaced: give the document another name")


@contextlib.contextmanager
def _pending(folder: Path, suffix: str) -> Iterator[Path]:
    """A new file in the folder, which is gone in the end unless it was put in its place."""
    handle, name = tempfile.mkstemp(suffix, _PENDING, folder)
    os.close(handle)
    pending = folder / Path(name).name  # mkstemp makes a relative folder absolute
    try:
        yield pending
    finally:
        pending.unlink(missing_ok=True)


def _copy(source: Path, pending: Path) -> None:
    """The bytes of a regular file, no more than a document may have."""
    with open(source, "rb", opener=_open_no_link) as uploaded, pending.open("wb") as file:
        if not stat.S_ISREG(os.fstat(uploaded.fileno()).st_mode):
            raise UnreadableFileError("it is not a regular file")
        # One byte over the limit is enough for the reader to see that it is too long.
        file.write(uploaded.read(MAX_BYTES + 1))
        file.flush()
        os.fchmod(file.fileno(), 0o644)  # a temporary file is for its owner alone, a document is not
        os.fsync(file.fileno())


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _put(pending: Path, target: Path, replace: bool) -> None:
    """Names the file `target` in one step; what has come there meanwhile stays, unless it may be replaced."""
    if replace:
        pending.replace(target)
        return
    try:
        target.hardlink_to(pending)
    except OSError:
        if os.path.lexists(target):
            raise DocumentExistsError(target.name) from None
        pending.rename(target)  # not every file system has links


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
