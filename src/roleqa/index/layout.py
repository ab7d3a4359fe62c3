"""Where an index keeps what, and how one generation takes the place of another.

index/CURRENT                    the name of the live generation
index/feedback.sqlite            what people think of answers, once somebody has said so; see roleqa.feedback
index/generations/<id>/          one complete index; never changed once it is live
    manifest.json                what made it, from what, and the checksum of every file
    documents.jsonl              Documents, text and all
    passages.jsonl               Passages with their Evidence
    vectors.faiss  bm25/         row i belongs to passage i
    evidence.npy                 embeddings of the evidence, in the passages' order
    vocabulary.json              the words of the corpus, as it writes them
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from roleqa.errors import IndexMissingError


@dataclass(frozen=True, slots=True)
class GenerationFolder:
    """The files of one generation."""

    path: Path

    @property
    def manifest(self) -> Path:
        return self.path / "manifest.json"

    @property
    def documents(self) -> Path:
        return self.path / "documents.jsonl"

    @property
    def passages(self) -> Path:
        return self.path / "passages.jsonl"

    @property
    def vectors(self) -> Path:
        return self.path / "vectors.faiss"

    @property
    def evidence(self) -> Path:
        return self.path / "evidence.npy"

    @property
    def vocabulary(self) -> Path:
        return self.path / "vocabulary.json"

    @property
    def bm25(self) -> Path:
        return self.path / "bm25"

    def files(self) -> tuple[Path, ...]:
        """Every file but the manifest, sorted."""
        return tuple(sorted(file for file in self.path.rglob("*") if file.is_file() and file != self.manifest))


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

    def generation(self, name: str) -> GenerationFolder:
        return GenerationFolder(self.path / "generations" / name)

    def live(self) -> GenerationFolder:
        """The generation that answers.

        Raises:
            IndexMissingError: nothing was built here yet, or what CURRENT names is gone.
        """
        try:
            name = self.current.read_text(encoding="utf-8").strip()
        except OSError:
            raise IndexMissingError(
                f"there is no index in {self.path}; run: roleqa build --index {self.path}"
            ) from None
        folder = self.generation(name)
        if not name or name != Path(name).name or not folder.manifest.is_file():
            raise IndexMissingError(
                f"{self.current} names {name!r}, which is not there; run: roleqa build --index {self.path}"
            )
        return folder

    def discard(self, folder: GenerationFolder) -> None:
        """Takes away what a build has written that went no further."""
        if not self.current.exists() or self.current.read_text(encoding="utf-8").strip() != folder.path.name:
            shutil.rmtree(folder.path, ignore_errors=True)

    def publish(self, folder: GenerationFolder) -> None:
        """Makes a complete generation live, durably and in one rename, then prunes all but it and the last."""
        previous = self.current.read_text(encoding="utf-8").strip() if self.current.exists() else None
        for file in (*folder.files(), folder.manifest):
            _sync(file)
        for directory in (folder.bm25, folder.path, folder.path.parent):
            _sync(directory)
        pending = self.current.with_suffix(".new")
        pending.write_text(folder.path.name + "\n", encoding="utf-8")
        _sync(pending)
        pending.replace(self.current)
        _sync(self.path)
        self._prune(keep={folder.path.name, previous})

    def _prune(self, keep: set[str | None]) -> None:
        for old in (self.path / "generations").iterdir():
            if old.name not in keep:
                shutil.rmtree(old, ignore_errors=True)


def _sync(path: Path) -> None:
    """Has the operating system write a file or a folder's entries to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
