"""Whether the corpus is still what a generation was built from."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from roleqa.errors import CorpusError
from roleqa.index.manifest import Manifest, sha256
from roleqa.ingest.corpus import check_folder, corpus_hashes
from roleqa.ingest.roles import ROLES_FILE
from roleqa.types import CorpusChanges

# Where a corpus has more files, looking at them all takes long for a question: they are looked at again after so many
# times as long as it took.
FEW, PAUSE = 1000, 30

Signature = tuple[tuple[str, int, int], ...]


def source_hashes(corpus: Path) -> dict[str, str]:
    """The SHA-256 of every file that shapes an index: the documents by id, and roles.toml.

    Raises:
        CorpusError: there is no such folder.
    """
    hashes = corpus_hashes(corpus)
    roles = corpus / ROLES_FILE
    if roles.is_file():
        hashes[ROLES_FILE] = sha256(roles)
    return hashes


def corpus_changes(manifest: Manifest) -> CorpusChanges:
    """What was added, changed and removed since the build; nothing where the corpus folder is not on this machine."""
    try:
        now = source_hashes(Path(manifest.corpus))
    except (CorpusError, OSError):  # a folder may go while it is read
        return CorpusChanges()
    now = {name: found for name, found in now.items() if manifest.refused.get(name) != found}
    return changes_between(manifest.sources, now)


def corpus_problem(manifest: Manifest) -> str:
    """Why the folder that a generation was built from cannot be looked at; nothing where it can."""
    try:
        check_folder(Path(manifest.corpus))
    except CorpusError as error:
        return str(error)
    return ""


def changes_between(then: Mapping[str, str], now: Mapping[str, str]) -> CorpusChanges:
    """How two corpora differ, given the hash of each file."""
    return CorpusChanges(
        added=tuple(sorted(now.keys() - then.keys())),
        changed=tuple(sorted(name for name in now.keys() & then.keys() if now[name] != then[name])),
        removed=tuple(sorted(then.keys() - now.keys())),
    )


class ChangeWatch:
    """Remembers the last comparison until a file's size or time of change differs, so that asking is cheap.

    Where there are so many files that even looking at these takes long, it is done again after a pause.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: tuple[str, str, Signature] | None = None
        self._changes = CorpusChanges()
        self._paused_until = 0.0

    def changes(self, manifest: Manifest) -> CorpusChanges:
        """The same as `corpus_changes`, reading files only where one may have changed."""
        with self._lock:
            started = time.monotonic()
            known = self._seen and self._seen[:2] == (manifest.generation, manifest.corpus)
            if known and started < self._paused_until:
                return self._changes
            seen = (manifest.generation, manifest.corpus, corpus_signature(Path(manifest.corpus)))
            now = time.monotonic()
            self._paused_until = now + PAUSE * (now - started) if len(seen[2]) > FEW else 0.0
            if seen != self._seen:
                self._changes = corpus_changes(manifest)
                self._seen = seen
            return self._changes


def corpus_signature(corpus: Path) -> Signature:
    """Path, size and time of change of every file below the folder: another one where a file may have changed."""
    entries: list[tuple[str, int, int]] = []
    pending = [str(corpus)]
    while pending:
        try:
            with os.scandir(pending.pop()) as found:
                for entry in found:
                    _note(entry, entries, pending)
        except OSError:
            continue
    return tuple(sorted(entries))


def _note(entry: os.DirEntry[str], entries: list[tuple[str, int, int]], pending: list[str]) -> None:
    try:
        status = entry.stat(follow_symlinks=False)
        if entry.is_dir(follow_symlinks=False):
            pending.append(entry.path)
    except OSError:  # it went this very moment
        return
    entries.append((entry.path, status.st_size, status.st_mtime_ns))
