"""The documents of the live generation alone: enough to look a quote up, and quick to load."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from roleqa.errors import IndexDamagedError
from roleqa.index.documents import Documents
from roleqa.index.integrity import check_at_load
from roleqa.index.layout import IndexFolder
from roleqa.index.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Library:
    """What was indexed, by document id, and what it was made from."""

    manifest: Manifest
    documents: Documents


def load_library(path: Path) -> Library:
    """The documents of the index at `path`. Needs no model.

    Raises:
        IndexMissingError, IndexMismatchError, IndexDamagedError: it cannot be read.
    """
    folder = IndexFolder(path).live()
    manifest = Manifest.load(folder.manifest)
    check_at_load(folder, manifest, (file.name for file in folder.of_documents()))
    documents = Documents(folder)
    if len(documents) != manifest.documents:
        raise IndexDamagedError(f"{folder.path} holds {len(documents)} documents, not {manifest.documents}")
    return Library(manifest, documents)
