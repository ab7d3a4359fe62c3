"""What was measured: program, machine, models, index, settings and labels."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from roleqa.assistant import Assistant
from roleqa.evaluate.questions import LabelledQuestion
from roleqa.evaluate.results import Provenance

_GIT = ("git", "-c", "core.fsmonitor=false", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=40")
# Seconds. A repository that takes longer to look at is reported as none.
_PATIENCE = 10


def provenance(assistant: Assistant, questions: Sequence[LabelledQuestion]) -> Provenance:
    retriever = assistant.retriever
    return Provenance(
        roleqa=version("roleqa"),
        git=git_revision(Path.cwd()),
        python=platform.python_version(),
        platform=platform.platform(),
        generation=retriever.index.manifest.generation,
        encoder=retriever.encoder.fingerprint,
        reader=retriever.reader.fingerprint,
        calibration=assistant.calibration,
        labels=f"{len(questions)} questions ({_checksum(questions)})",
        settings=assistant.settings.model_dump(mode="json"),
    )


def git_revision(folder: Path) -> str | None:
    """The commit that a folder is at, "-dirty" behind it where files differ; None where there is no repository."""
    try:
        found = subprocess.run(
            _GIT,
            cwd=folder,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},  # looking must not write
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None


def _checksum(questions: Sequence[LabelledQuestion]) -> str:
    return hashlib.sha256(repr(tuple(questions)).encode()).hexdigest()[:12]
