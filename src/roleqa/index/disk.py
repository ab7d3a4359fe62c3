"""What is said when an index cannot be written, and above all when the disk is full."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from roleqa.errors import DiskFullError, IndexDamagedError, IndexWriteError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def writing(folder: Path, needed: int = 0) -> Iterator[None]:
    """Work that writes below a folder, about `needed` bytes.

    Raises:
        DiskFullError: there is no room for it.
        IndexWriteError: the system does not let it write there for another reason.
    """
    free = free_bytes(folder)
    try:
        yield
    except (OSError, IndexDamagedError) as error:
        number = getattr(error, "errno", None)
        # numpy gives no number where it could not write all of an array; nor has what is too short when read back.
        if number in _FULL or (number is None and free_bytes(folder) < needed):
            raise _full(folder, needed, free) from error
        if isinstance(error, OSError):
            reason = error.strerror or error
            raise IndexWriteError(f"{folder} cannot be written to ({reason}); name another with --index") from error
        raise


def require_room(folder: Path, needed: int) -> None:
    """Raises DiskFullError where it is plain beforehand that so many bytes have no room."""
    free = free_bytes(folder)
    if free < needed:
        raise _full(folder, needed, free)


def free_bytes(folder: Path) -> int:
    """How many bytes can be written below a folder, or below the nearest above it that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def megabytes(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def _full(folder: Path, needed: int, free: int) -> DiskFullError:
    need = f"a new generation needs about {megabytes(needed)}, and " if needed else ""
    return DiskFullError(
        f"the disk that holds {folder} is full: {need}{megabytes(free)} are free. "
        "What was live still is. Make room, and run: roleqa build"
    )
