"""The documents of the live generation alone: enough to look a quote up, and quick to load."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from roleqa.errors import IndexDamagedError
from roleqa.index.integrity import check_files
from roleqa.index.layout import IndexFolder
from roleqa.index.manifest import Manifest
from roleqa.index.records import load_documents
from roleqa.types import Document


@dataclass(frozen=True, slots=True)
class Library:
    """What was indexed, by document id, and what it was made from."""

    manifest: Manifest
    documents: dict[str, Document]


def load_library(path: Path) -> Library:
    """The documents of the index at `path`. Needs no model.

    Raises:
        IndexMissingError, IndexMismatchError, IndexDamagedError: it cannot be read.
    """
    folder = IndexFolder(path).live()
    manifest = Manifest.load(folder.manifest)
    documents = load_documents(folder.documents)
    if len(documents) != manifest.documents:
        raise IndexDamagedError(f"{folder.path} holds {len(documents)} documents, not {manifest.documents}")
    check_files(folder, manifest, (folder.documents.name,))
    return Library(manifest, documents)
