"""What made a generation and from what: enough to know whether it can be used, carried over, or is stale."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path

from roleqa.errors import IndexDamagedError, IndexMismatchError
from roleqa.protocols import Encoder
from roleqa.stores import EXACT, VectorSearch
from roleqa.types import Problem, Role

# Raised whenever what a generation's files mean changes, the folding of terms and BM25's parameters with them; an
# older one is rebuilt, never guessed at.
SCHEMA = 5
# Raised whenever the same file, once read, would give other passages, evidence or texts to match.
SPLITTER = 3
# These decide what is read of a file, and where passages and sentences end, as well.
_SPLITTING_LIBRARIES = ("lxml", "markdown-it-py", "openpyxl", "pdfminer.six", "pdfplumber", "sentencex")

REBUILD = "roleqa build --full"
# A folder's name need not be UTF-8, and must survive being written down.
_BYTES = {"encoding": "utf-8", "errors": "surrogateescape"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What shapes passages and embeddings beside the documents: only what one recipe made is carried over."""

    encoder: str
    precision: str
    window: int
    splitter: str

    @classmethod
    def of(cls, encoder: Encoder) -> Recipe:
        """The one that a build with this encoder follows."""
        return cls(encoder.fingerprint, encoder.precision, encoder.window, f"{SPLITTER} ({_libraries()})")

    def difference(self, other: Recipe) -> str:
        """What is not the same in the other; nothing where it is the same recipe."""
        then, now = asdict(self), asdict(other)
        return ", ".join(f"the {name} was {then[name]} and is {now[name]}" for name in then if then[name] != now[name])


@cache
def _libraries() -> str:
    return ", ".join(f"{name} {version(name)}" for name in _SPLITTING_LIBRARIES)


@dataclass(frozen=True, slots=True)
class Manifest:
    """`sources` maps a corpus file to the SHA-256 of its bytes, `files` a generation's file to its own, `sizes` to how
    many bytes it has, and `abbreviations` the short forms that the documents explain to what they stand for. `refused`
    are the files that could not be read, with the SHA-256 of the bytes that they had.
    """

    schema: int
    roleqa: str
    generation: str
    built_at: str
    corpus: str
    encoder: str
    precision: str
    dimensions: int
    window: int
    splitter: str
    documents: int
    passages: int
    evidence: int
    sources: dict[str, str]
    files: dict[str, str]
    sizes: dict[str, int]
    abbreviations: dict[str, str]
    roles: tuple[Role, ...] = ()
    problems: tuple[Problem, ...] = ()
    refused: dict[str, str] = field(default_factory=dict)
    vectors: VectorSearch = EXACT

    @property
    def recipe(self) -> Recipe:
        return Recipe(self.encoder, self.precision, self.window, self.splitter)

    def save(self, file: Path) -> None:
        file.write_text(self._text(), newline="\n", **_BYTES)

    @classmethod
    def load(cls, file: Path) -> Manifest:
        """Raises:
        IndexMismatchError: another schema wrote it.
        IndexDamagedError: it is not a manifest, or not as it was written.
        """
        try:
            text = file.read_bytes().decode(**_BYTES)
            data = json.loads(text)
            schema = data["schema"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IndexDamagedError(f"{file} cannot be read ({error})") from error
        if schema != SCHEMA:
            raise IndexMismatchError(f"{file} has schema {schema}, this roleqa reads {SCHEMA}; run: {REBUILD}")
        try:
            data.pop("checksum")
            data["roles"] = tuple(Role(role["id"], role["name"], tuple(role["aliases"])) for role in data["roles"])
            data["problems"] = tuple(Problem(**problem) for problem in data["problems"])
            data["vectors"] = VectorSearch(**data["vectors"])
            manifest = cls(**data)
        except (KeyError, TypeError) as error:
            raise IndexDamagedError(f"{file} is incomplete ({error})") from error
        if manifest._text() != text:
            raise IndexDamagedError(f"{file} is not what was written")
        return manifest

    def _text(self) -> str:
        """What stands in the file: JSON that ends with the checksum of the rest."""
        data = asdict(self)
        checksum = hashlib.sha256(_json(data).encode(**_BYTES)).hexdigest()
        return _json(data | {"checksum": checksum})


def _json(data: dict[str, object]) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def sha256(file: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
