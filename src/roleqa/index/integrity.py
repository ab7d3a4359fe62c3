"""Whether the files of a generation are, byte for byte, what its build wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from roleqa.errors import IndexDamagedError, RoleqaError
from roleqa.index.layout import GenerationFolder, IndexFolder
from roleqa.index.manifest import Manifest, sha256
from roleqa.types import Problem


def check_files(folder: GenerationFolder, manifest: Manifest, names: Iterable[str] | None = None) -> None:
    """Raises IndexDamagedError for the first of the files, or of those named, that is not what was written."""
    for problem in damaged_files(folder, manifest, names):
        raise IndexDamagedError(f"{folder.path / problem.file} {problem.reason}")


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
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


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
