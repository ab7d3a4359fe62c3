"""What is in the corpus folder and what of it is in the index, document by document."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from roleqa.errors import CorpusError, UnreadableFileError
from roleqa.index.changes import ChangeWatch
from roleqa.index.load import Index
from roleqa.ingest.corpus import corpus_paths, read_file, readable_stem
from roleqa.types import CorpusChanges

State = Literal["indexed", "added", "changed", "removed", "unreadable"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the corpus or a document of the index.

    `state` compares the two: "added", "changed" and "removed" since the build, "unreadable" for the `reason` given.
    `size` is in bytes; `passages` is how many the index has of it. `is_file` where it is in the folder.
    """

    id: str
    title: str
    state: State
    size: int
    passages: int = 0
    reason: str = ""
    is_file: bool = True


class Catalog:
    """Lists one corpus folder, remembering what it has read of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._watch = ChangeWatch()
        self._problems: dict[tuple[Path, int, int], str] = {}

    def entries(self, index: Index) -> tuple[Entry, ...]:
        """Every file that a build would look at, and every document indexed, by id."""
        manifest = replace(index.manifest, corpus=str(self.folder))
        changes = self._watch.changes(manifest)
        try:
            files = corpus_paths(self.folder)
        except CorpusError:
            files = {}
        now = (manifest.sources.keys() | set(changes.added)) - set(changes.removed)
        found = [
            Entry(id, readable_stem(path), "unreadable", _size(path), _passages(index, id), self._problem(path))
            if id not in now
            else _entry(id, path, index, changes)
            for id, path in files.items()
        ]
        gone = index.documents.keys() - files.keys()
        found += [_entry(id, None, index, changes) for id in gone]
        return tuple(sorted(found, key=lambda entry: entry.id))

    def _problem(self, path: Path) -> str:
        """Why a file cannot become a document, found out once until it changes."""
        try:
            status = path.lstat()
            seen = (path, status.st_size, status.st_mtime_ns)
            if seen not in self._problems:
                self._problems = {known: why for known, why in self._problems.items() if known[0] != path}
                self._problems[seen] = _reason(self.folder, path)
            return self._problems[seen]
        except OSError as error:
            return f"it cannot be opened ({error.strerror})"


def _entry(id: str, path: Path | None, index: Index, changes: CorpusChanges) -> Entry:
    is_known = id in index.documents
    title = index.documents.title(id) if is_known else readable_stem(Path(id))
    size = _size(path) if path else len(index.documents[id].text.encode()) if is_known else 0
    kinds: tuple[tuple[State, tuple[str, ...]], ...] = (
        ("added", changes.added),
        ("changed", changes.changed),
        ("removed", changes.removed),
    )
    state: State = next((kind for kind, ids in kinds if id in ids), "indexed")
    return Entry(id, title, state, size, _passages(index, id), is_file=path is not None)


def _passages(index: Index, id: str) -> int:
    return len(index.documents.rows(id)) if id in index.documents else 0


def _reason(folder: Path, path: Path) -> str:
    try:
        read_file(folder, path)
    except UnreadableFileError as error:
        return str(error)
    return ""  # it was mended this very moment


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
