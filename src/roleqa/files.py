"""Files that are replaced whole."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def write_whole(file: Path, content: bytes) -> None:
    """Replaces a file in one step: a reader finds the old one or the new one. Nothing is left of one that fails."""
    pending = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with pending.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        pending.replace(file)
    except BaseException:
        with suppress(OSError):
            pending.unlink(missing_ok=True)
        raise
