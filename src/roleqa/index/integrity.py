"""Whether the files of a generation are, byte for byte, what its build wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from roleqa.errors import IndexDamagedError, RoleqaError
from roleqa.index.evidence_store import starts_file
from roleqa.index.layout import GenerationFolder, IndexFolder
from roleqa.index.manifest import Manifest, sha256
from roleqa.types import Problem

# Up to so many bytes in all, every one is checked whenever an index is opened; it takes about 50 ms.
WHOLE = 64_000_000
# Of an index with more, only files of so many bytes and less are.
SMALL = 4_000_000


def check_files(folder: GenerationFolder, manifest: Manifest, names: Iterable[str] | None = None) -> None:
    """Raises IndexDamagedError for the first of the files, or of those named, that is not what was written."""
    for problem in damaged_files(folder, manifest, names):
        raise IndexDamagedError(f"{folder.path / problem.file} {problem.reason}")


def check_at_load(folder: GenerationFolder, manifest: Manifest, names: Iterable[str] | None = None) -> None:
    """Checks the files, or those named, as far as there is time for when an index is opened.

    Of a small index every byte. Of a larger one the size of every file, and every byte of those that are small, that
    FAISS reads by itself, or that say where evidence begins. Texts and passages are checked one by one, as they are
    read; what is left changes no more than the ranking. `roleqa verify` checks all of it.

    Raises:
        IndexDamagedError: a file is not what was written.
    """
    names = tuple(names or manifest.files)
    for problem in _resized(folder, manifest, names):
        raise IndexDamagedError(f"{folder.path / problem.file} {problem.reason}")
    if sum(manifest.sizes.get(name, 0) for name in names) > WHOLE:
        alone = {folder.vectors.name, starts_file(folder.evidence).name}
        names = tuple(name for name in names if manifest.sizes[name] <= SMALL or name in alone)
    check_files(folder, manifest, names)


def _resized(folder: GenerationFolder, manifest: Manifest, names: Iterable[str]) -> Iterator[Problem]:
    """The files that have another size than was written, or are missing."""
    for name in names:
        try:
            size = (folder.path / name).stat().st_size
        except OSError as error:
            yield Problem(name, _missing(error))
        else:
            if size != manifest.sizes.get(name):
                yield Problem(name, f"is not what was written (it has {size} bytes, not {manifest.sizes.get(name)})")


def damaged_files(
    folder: GenerationFolder, manifest: Manifest, names: Iterable[str] | None = None
) -> Iterator[Problem]:
    """The files, or of those named, that are missing, cannot be read or have other bytes than were written."""
    for name in names or manifest.files:
        reason = _damage(folder.path / name, manifest.files.get(name, ""))
        if reason:
            yield Problem(name, reason)


def _damage(file: Path, checksum: str) -> str:
    try:
        return "" if sha256(file) == checksum else "is not what was written (its checksum differs)"
    except OSError as error:
        return _missing(error)


def _missing(error: OSError) -> str:
    return "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"


def is_whole(folder: GenerationFolder) -> bool:
    """Whether a generation can be answered from, as far as its files go."""
    try:
        check_files(folder, Manifest.load(folder.manifest))
    except RoleqaError:
        return False
    return True


def remedy(index: IndexFolder) -> str:
    """What to run when the live generation is damaged."""
    build = f"roleqa build --full --index {index.path}"
    before = index.before()
    if before is None or not is_whole(before):
        return build
    return f"roleqa rollback --index {index.path} (generation {before.path.name} is whole), or {build}"
