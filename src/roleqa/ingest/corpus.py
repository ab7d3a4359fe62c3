"""The folder of documents: which files are read, and what is said of those that cannot be."""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from roleqa.errors import CorpusError, UnreadableFileError
from roleqa.ingest.blocks import Block, Reading
from roleqa.ingest.markdown import read_markdown
from roleqa.ingest.plain_text import read_plain_text
from roleqa.types import Document, Problem

# A reader for each format: text in, text and blocks out.
_READERS: dict[str, Callable[[str], Reading]] = {
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".txt": read_plain_text,
}
READABLE_SUFFIXES = frozenset(_READERS)
# People expect these to be read; to leave them out in silence would hide that part of their corpus is missing.
_NOT_YET_READ = frozenset({".csv", ".doc", ".docx", ".epub", ".htm", ".html", ".odt", ".pdf", ".rtf", ".rst", ".xlsx"})
# The longest document, in bytes, and the most lines and table cells in one: each of them takes memory of its own.
MAX_BYTES = 20_000_000
MAX_PARTS = 500_000
# What most bytes of UTF-16 text in a language of Europe are, every other one.
_UTF_16_ZEROS = 0.3


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A document as it was read: `sha256` is that of the file's bytes, `blocks` are in reading order."""

    document: Document
    sha256: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class CorpusReading:
    """The files of a corpus that became documents, by id, and the problems with those that did not."""

    files: tuple[SourceFile, ...]
    problems: tuple[Problem, ...] = ()

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
    for path in _paths(folder):
        try:
            files.append(read_file(folder, path))
        except UnreadableFileError as error:
            problems.append(Problem(document_id(folder, path), str(error)))
    if problems and strict:
        raise CorpusError(f"{len(problems)} of the files in {folder} cannot be read:{_listed(problems)}")
    if not files:
        hint = "add .md or .txt files, or name another folder with --corpus"
        raise CorpusError(f"there is no document in {folder}: {hint}{_listed(problems)}")
    return CorpusReading(tuple(files), tuple(problems))


def corpus_hashes(folder: Path) -> dict[str, str]:
    """The sha256 of each file that can become a document, by document id: what a change shows in.

    Raises:
        CorpusError: if there is no such folder.
    """
    hashes: dict[str, str] = {}
    for path in _paths(folder):
        try:
            data = _checked_bytes(folder, path)
            decoded(data)
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
        UnreadableFileError: saying why, and what to do about it.
    """
    data = _checked_bytes(folder, path)
    reading = _READERS[path.suffix.lower()](decoded(data))
    headings = (block.title for block in reading.blocks if block.kind == "heading" and block.level == 1)
    title = reading.title or next(headings, "") or readable_stem(path)
    document = Document(document_id(folder, path), title, reading.text, "; ".join(reading.sources))
    return SourceFile(document, hashlib.sha256(data).hexdigest(), reading.blocks)


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


def _paths(folder: Path) -> list[Path]:
    """What might be a document, in the order of the ids."""
    if not folder.exists():
        raise CorpusError(f"there is no folder {folder}: create it, or name another with --corpus")
    if not folder.is_dir():
        raise CorpusError(f"{folder} is not a folder: name the folder that holds the documents with --corpus")
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
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                pending.append(path)
            elif _is_folder(path) or path.suffix.lower() in _READERS.keys() | _NOT_YET_READ:
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
    if path.suffix.lower() in _NOT_YET_READ:
        raise UnreadableFileError(f"{path.suffix.lower()} files are not read: save it as .md or .txt")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _open_without_waiting(path: str, flags: int) -> int:
    # A pipe would otherwise hold the build until someone writes to it. No link is left in the path by now.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))


def decoded(data: bytes) -> str:
    """The text of a file, its newlines as "\\n". Nothing changes it after this.

    Raises:
        UnreadableFileError: it is no text in UTF-8, or has too many parts to be read.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _is_bare_utf_16(data):
        raise UnreadableFileError("it is UTF-16, not UTF-8: save it as UTF-8")
    if b"\0" in data:
        raise UnreadableFileError("it holds binary data, not text: remove it or save it as text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"it is not UTF-8 (byte {error.start + 1}): save it as UTF-8") from error
    if not text.strip():
        raise UnreadableFileError("it is empty: write something in it or remove it")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    parts = text.count("\n") + text.count("|")
    if parts > MAX_PARTS:
        raise UnreadableFileError(
            f"it has {parts:,} lines and table cells, over the limit of {MAX_PARTS:,}: split it into several files"
        )
    return text


def _is_bare_utf_16(data: bytes) -> bool:
    """Whether the bytes are UTF-16 without the mark that says so: every other one is mostly zero, the others never."""
    zeros = data[0:4096:2].count(0), data[1:4096:2].count(0)
    return len(data) > 3 and min(zeros) == 0 and max(zeros) > _UTF_16_ZEROS * len(data[:4096])


def _listed(problems: list[Problem]) -> str:
    return "".join(f"\n  {problem.file!r}: {problem.reason}" for problem in problems)
