"""What made a generation and from what: enough to know whether it can be used and whether it is stale."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from roleqa.errors import IndexDamagedError, IndexMismatchError
from roleqa.types import Problem, Role

# Raised whenever what a generation's files mean changes; an older one is rebuilt, never guessed at.
SCHEMA = 1
REBUILD = "roleqa build --full"


@dataclass(frozen=True, slots=True)
class Manifest:
    """`sources` maps a corpus file to the SHA-256 of its bytes, `files` a generation's file to its own, and
    `abbreviations` the short forms that the documents explain to what they stand for.
    """

    schema: int
    roleqa: str
    generation: str
    built_at: str
    corpus: str
    encoder: str
    dimensions: int
    window: int
    documents: int
    passages: int
    evidence: int
    sources: dict[str, str]
    files: dict[str, str]
    abbreviations: dict[str, str]
    roles: tuple[Role, ...] = ()
    problems: tuple[Problem, ...] = ()

    def save(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> Manifest:
        """Raises:
        IndexMismatchError: another schema wrote it.
        IndexDamagedError: it is not a manifest.
        """
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            schema = data["schema"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexDamagedError(f"{file} cannot be read ({error}); run: {REBUILD}") from error
        if schema != SCHEMA:
            raise IndexMismatchError(f"{file.parent} has schema {schema}, this roleqa reads {SCHEMA}; run: {REBUILD}")
        try:
            data["roles"] = tuple(Role(role["id"], role["name"], tuple(role["aliases"])) for role in data["roles"])
            data["problems"] = tuple(Problem(**problem) for problem in data["problems"])
            return cls(**data)
        except (KeyError, TypeError) as error:
            raise IndexDamagedError(f"{file} is incomplete ({error}); run: {REBUILD}") from error


def sha256(file: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
