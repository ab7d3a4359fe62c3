"""The folder of documents: which files are read, and what is said of those that cannot be."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from roleqa.errors import CorpusError, UnreadableFileError
from roleqa.ingest.blocks import Reading
from roleqa.ingest.limits import MAX_BYTES
from roleqa.ingest.readers import KINDS, READERS, SAVE_AS, TEXTS, kind_of
from roleqa.types import Document, Problem

READABLE_SUFFIXES = frozenset(READERS)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A document as it was read: `sha256` is that of the file's bytes."""

    document: Document
    sha256: str


@dataclass(frozen=True, slots=True)
class CorpusReading:
    """The files of a corpus that became documents, by id, and the problems with those that did not.

    `refused` has the sha256 of the latter, by id, where their bytes could be had.
    """

    files: tuple[SourceFile, ...]
    problems: tuple[Problem, ...]
    refused: dict[str, str]

    @property
    def documents(self) -> tuple[Document, ...]:
        return tuple(file.document for file in self.files)


def read_corpus(folder: Path, strict: bool = False) -> CorpusReading:
    """Read every document below the folder, in the order of their ids.

    Hidden files and folders are passed over, and so are files that no one would take for a document.

    Raises:
        CorpusError: if there is no such folder, no document in it can be read, or (`strict`) one cannot.
    """
    files: list[SourceFile] = []
    problems: list[Problem] = []
    refused: dict[str, str] = {}
    for path in _paths(folder):
        try:
            files.append(read_file(folder, path))
        except UnreadableFileError as error:
            note_problem(document_id(folder, path), error, problems, refused)
    if problems and strict:
        raise CorpusError(f"{len(problems)} of the files in {folder} cannot be read:", _listed(problems))
    if not files:
        hint = f"add {KINDS} files, or name another folder with --corpus"
        raise CorpusError(f"there is no document in {folder}: {hint}", _listed(problems))
    return CorpusReading(tuple(files), tuple(problems), refused)


def note_problem(id: str, error: UnreadableFileError, problems: list[Problem], refused: dict[str, str]) -> None:
    """Adds what is wrong with a file, and the sha256 of what was refused, which must be that of the bytes read."""
    problems.append(Problem(id, str(error)))
    if error.sha256:
        refused[id] = error.sha256


def corpus_hashes(folder: Path) -> dict[str, str]:
    """The sha256 of each file that can become a document, by document id: what a change shows in.

    What takes long to find out is not: a file that is no text is taken for one that can be read.

    Raises:
        CorpusError: if there is no such folder.
    """
    hashes: dict[str, str] = {}
    for path in _paths(folder):
        try:
            data = _checked_bytes(folder, path)
            if decode := TEXTS.get(path.suffix.lower()):
                decode(data)
        except UnreadableFileError:
            continue
        hashes[document_id(folder, path)] = hashlib.sha256(data).hexdigest()
    return hashes


def corpus_paths(folder: Path) -> dict[str, Path]:
    """The files that a build looks at, readable or not, by document id.

    Raises:
        CorpusError: if there is no such folder.
    """
    return {document_id(folder, path): path for path in _paths(folder)}


def read_file(folder: Path, path: Path) -> SourceFile:
    """Read one file of the corpus.

    Raises:
        UnreadableFileError: saying why, what to do about it, and of which bytes.
    """
    data = _checked_bytes(folder, path)
    digest = hashlib.sha256(data).hexdigest()
    try:
        reading = _reading(data, path.suffix.lower())
    except UnreadableFileError as error:
        error.sha256 = digest
        raise
    headings = (block.title for block in reading.blocks if block.kind == "heading" and block.level == 1)
    title = reading.title or next(headings, "") or readable_stem(path)
    source = "; ".join(reading.sources)
    document = Document(document_id(folder, path), title, reading.text, source, reading.blocks, reading.pages)
    return SourceFile(document, digest)


def _reading(data: bytes, suffix: str) -> Reading:
    if not data:
        raise UnreadableFileError("it is empty: write something in it or remove it")
    try:
        return READERS[suffix](data)
    except UnreadableFileError as error:
        kind = kind_of(data)
        if kind is None or kind in (suffix, f"{suffix}l"):
            raise
        raise UnreadableFileError(f"it is a {kind} file by another name: end its name in {kind}") from error


def document_id(folder: Path, path: Path) -> str:
    """The path below the corpus folder, with forward slashes, in characters that can be written as UTF-8.

    A name that is not UTF-8 is spelt out, and marked: no document can be called what it is spelt as.
    """
    name = os.fsencode(path.relative_to(folder).as_posix())
    spelt = name.decode("utf-8", "backslashreplace")
    return spelt if spelt.encode() == name else f"{spelt} (not UTF-8)"


def readable_stem(path: Path) -> str:
    """A title for a document that gives none: "role-comparison.txt" becomes "Role comparison"."""
    title = " ".join(path.stem.replace("-", " ").replace("_", " ").split())
    return title[:1].upper() + title[1:]


def check_folder(folder: Path) -> None:
    """Raises CorpusError where there is no such folder, or it cannot be opened."""
    try:
        os.scandir(folder).close()
    except FileNotFoundError:
        raise CorpusError(f"there is no folder {folder}: create it, or name another with --corpus") from None
    except NotADirectoryError:
        raise CorpusError(
            f"{folder} is not a folder: name the folder that holds the documents with --corpus"
        ) from None
    except OSError as error:  # such as that of a disk in the network that is away
        raise CorpusError(f"{folder} cannot be opened ({error.strerror}): see to it, and try again") from error


def _paths(folder: Path) -> list[Path]:
    """What might be a document, in the order of the ids."""
    check_folder(folder)
    return sorted(_below(folder), key=lambda path: document_id(folder, path))


def _below(folder: Path) -> Iterator[Path]:
    pending = [folder]
    while pending:
        here = pending.pop()
        try:
            entries = list(os.scandir(here))
        except OSError:
            yield here
            continue
        for entry in entries:
            path = Path(entry.path)
            if entry.name.startswith((".", "~$")):  # the second is what Word keeps beside an open document
                continue
            if entry.is_dir(follow_symlinks=False):
                pending.append(path)
            elif _is_folder(path) or path.suffix.lower() in READERS.keys() | SAVE_AS.keys():
                yield path


def _checked_bytes(folder: Path, path: Path) -> bytes:
    _check_name(folder, path)
    try:
        # No folder on the way is a link, as those are not followed.
        real = path.resolve(strict=True) if path.is_symlink() else path
        if real is not path and not real.is_relative_to(folder.resolve()):
            raise UnreadableFileError("it is a link that leads out of the corpus: put the file itself there")
        with open(real, "rb", opener=_open_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableFileError("it is not a regular file: put one in its place or remove it")
            # It may grow while it is read, or be longer than it says.
            data = file.read(MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                length = max(status.st_size, len(data)) / 1e6
                limit = MAX_BYTES // 1_000_000
                raise UnreadableFileError(
                    f"it is {length:.0f} MB long, over the limit of {limit} MB: split it into several files"
                )
            return data
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        reason = getattr(error, "strerror", None) or "it is a link that leads nowhere"
        raise UnreadableFileError(f"it cannot be opened ({reason})") from error


def _check_name(folder: Path, path: Path) -> None:
    try:
        str(path).removeprefix(str(folder)).encode()
    except UnicodeEncodeError:
        raise UnreadableFileError("its name is not UTF-8: rename it") from None
    if _is_folder(path):
        link = path.is_symlink()
        raise UnreadableFileError("links to folders are not followed" if link else "the folder cannot be opened")
    if instead := SAVE_AS.get(path.suffix.lower()):
        raise UnreadableFileError(f"{path.suffix.lower()} files are not read: save it as {instead}")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _open_without_waiting(path: str, flags: int) -> int:
    # A pipe would otherwise hold the build until someone writes to it. No link is left in the path by now.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))


def _listed(problems: list[Problem]) -> list[str]:
    return [f"{problem.file!r}: {problem.reason}" for problem in problems]
