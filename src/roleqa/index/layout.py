"""Where an index keeps what, and how one generation takes the place of another.

index/CURRENT                    the name of the live generation
index/feedback.sqlite            what people think of answers, once somebody has said so; see roleqa.feedback
index/.lock  .lock-holder        one build at a time, and who it is; only where there are generations
index/generations/<id>/          one complete index; never changed once it has this name
    manifest.json                what made it, from what, and the checksum of every file
    documents.jsonl              Documents by id, but for their
    texts.txt  blocks.jsonl      texts, back to back, and their blocks
    passages.jsonl               Passages with their Evidence
    *.jsonl.npy  *.txt.npy       where in these files each record begins, and its checksum
    vectors.faiss  bm25/         row i belongs to passage i
    vectors.npy                  the exact embeddings, where vectors.faiss has something like them
    vectors.milvus.json          instead of these, where the embeddings are in Milvus: the collection;
    vectors.keys.npy             the key of each passage's embedding, and in vectors.order.npy the passages by key
    evidence.npy                 embeddings of the evidence, in the passages' order; evidence.starts.npy: where each
                                 passage's begin
    vocabulary.json              the words of the corpus, as it writes them
    topics.json                  what its headings and tables speak of
index/generations/.new-<id>/     one that is being written, or that a killed build has left
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from roleqa.errors import IndexMissingError

_PENDING = ".new-"


def table_of(file: Path) -> Path:
    """Where the records of a file begin and end, and their checksums, stands beside it."""
    return file.with_name(f"{file.name}.npy")


@dataclass(frozen=True, slots=True)
class GenerationFolder:
    """The files of one generation."""

    path: Path

    @property
    def name(self) -> str:
        """That of the generation, whether live or not yet."""
        return self.path.name.removeprefix(_PENDING)

    @property
    def manifest(self) -> Path:
        return self.path / "manifest.json"

    @property
    def documents(self) -> Path:
        return self.path / "documents.jsonl"

    @property
    def texts(self) -> Path:
        return self.path / "texts.txt"

    @property
    def blocks(self) -> Path:
        return self.path / "blocks.jsonl"

    @property
    def passages(self) -> Path:
        return self.path / "passages.jsonl"

    @property
    def vectors(self) -> Path:
        return self.path / "vectors.faiss"

    @property
    def milvus(self) -> Path:
        return self.path / "vectors.milvus.json"

    @property
    def evidence(self) -> Path:
        return self.path / "evidence.npy"

    @property
    def vocabulary(self) -> Path:
        return self.path / "vocabulary.json"

    @property
    def topics(self) -> Path:
        return self.path / "topics.json"

    @property
    def bm25(self) -> Path:
        return self.path / "bm25"

    def of_documents(self) -> tuple[Path, ...]:
        """The files that documents are read from, and the tables beside them."""
        return tuple(path for file in (self.documents, self.texts, self.blocks) for path in (file, table_of(file)))

    def files(self) -> tuple[Path, ...]:
        """Every file but the manifest, sorted."""
        return tuple(sorted(file for file in self.path.rglob("*") if file.is_file() and file != self.manifest))

    def sync(self) -> None:
        """Has the operating system write everything to the disk."""
        for path in (*self.files(), self.manifest, self.bm25, self.path):
            _sync(path)


@dataclass(frozen=True, slots=True)
class IndexFolder:
    """An index on disk: generations, one of them live."""

    path: Path

    @property
    def current(self) -> Path:
        return self.path / "CURRENT"

    @property
    def lock(self) -> Path:
        return self.path / ".lock"

    @property
    def lock_holder(self) -> Path:
        return self.path / ".lock-holder"

    @property
    def generations(self) -> Path:
        return self.path / "generations"

    def generation(self, name: str) -> GenerationFolder:
        return GenerationFolder(self.generations / name)

    def pending(self, name: str) -> GenerationFolder:
        """Where a generation is written that will have that name."""
        return GenerationFolder(self.generations / (_PENDING + name))

    def live(self) -> GenerationFolder:
        """The generation that answers.

        Raises:
            IndexMissingError: nothing was built here yet, or what CURRENT names is gone.
        """
        name = self.live_name()
        if name is None:
            raise IndexMissingError(f"there is no index in {self.path}; run: roleqa build --index {self.path}")
        folder = self.generation(name)
        if not _is_name(name) or not folder.manifest.is_file():
            if name != self.live_name():  # another was made live this very moment, and this one taken away
                return self.live()
            raise IndexMissingError(
                f"{self.current} names {name!r}, which is not there; run: roleqa build --index {self.path}"
            )
        return folder

    def live_name(self) -> str | None:
        """What CURRENT says; None where there is none."""
        try:
            return self.current.read_bytes().decode("utf-8", "backslashreplace").strip()
        except OSError:
            return None

    def all(self) -> tuple[GenerationFolder, ...]:
        """Every complete generation, oldest first."""
        return tuple(self.generation(name) for name in sorted(f.name for f in self._folders() if _is_name(f.name)))

    def before(self) -> GenerationFolder | None:
        """The generation to go back to: the last before the live one or, where that is the oldest, the latest."""
        live = self.live_name() or ""
        names = sorted(folder.name for folder in self._folders() if _is_name(folder.name) and folder.name != live)
        older = [name for name in names if name < live]
        return self.generation((older or names)[-1]) if names else None

    def publish(self, pending: GenerationFolder, name: str, keep: str | None) -> None:
        """Makes a complete generation live, durably and in one rename, then prunes all others but the one to keep."""
        folder = self.generation(name)
        pending.path.rename(folder.path)
        _sync(self.generations)
        try:
            self.make_live(name)
        except BaseException:
            if self.live_name() != name:
                shutil.rmtree(folder.path, ignore_errors=True)
            raise
        self._prune({name, keep})

    def make_live(self, name: str) -> None:
        """Has CURRENT name a generation, in one step that outlives a power cut."""
        pending = self.current.with_suffix(".new")
        with pending.open("w", encoding="utf-8", newline="\n") as file:
            file.write(name + "\n")
            file.flush()
            os.fsync(file.fileno())
        pending.replace(self.current)
        _sync(self.path)

    def clear_leftovers(self) -> None:
        """Takes away what a killed build has left. For whoever holds the lock."""
        self.current.with_suffix(".new").unlink(missing_ok=True)
        for folder in self._folders():
            if folder.name.startswith(_PENDING):
                shutil.rmtree(folder, ignore_errors=True)

    def _prune(self, keep: set[str | None]) -> None:
        for old in self._folders():
            if old.name not in keep:
                shutil.rmtree(old, ignore_errors=True)

    def _folders(self) -> tuple[Path, ...]:
        try:
            return tuple(self.generations.iterdir())
        except OSError:
            return ()


def _is_name(name: str) -> bool:
    """Whether a generation may have that name: one folder, and none that is being written."""
    return bool(name) and name == Path(name).name and not name.startswith(".") and "\0" not in name


def _sync(path: Path) -> None:
    """Has the operating system write a file or a folder's entries to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
