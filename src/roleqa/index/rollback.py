"""The generation before becomes the live one again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from roleqa.errors import IndexDamagedError, IndexMissingError
from roleqa.index.disk import writing
from roleqa.index.integrity import check_files
from roleqa.index.layout import GenerationFolder, IndexFolder
from roleqa.index.lock import sole_writer
from roleqa.index.manifest import Manifest
from roleqa.index.vectors import check_vectors, servers_of, settle_vectors
from roleqa.stores import HERE, StorePlace
from roleqa.types import silent


@dataclass(frozen=True, slots=True)
class Rollback:
    """What is live now, and what was."""

    generation: str
    built_at: str
    documents: int
    passages: int
    instead_of: str | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def roll_back(path: Path, place: StorePlace = HERE) -> Rollback:
    """Makes the generation before live; a second time, the one that was live goes back in its place.

    Raises:
        IndexMissingError: there is none before.
        IndexMismatchError, IndexDamagedError: it cannot be answered from; what was live still is.
        StoreError: the server that holds its vectors is away, to the same effect.
        IndexBusyError: a build is running.
        IndexWriteError: the folder cannot be written to.
    """
    index = IndexFolder(path)
    if not index.path.is_dir():
        raise IndexMissingError(f"there is no index in {path}; run: roleqa build --index {path}")
    with sole_writer(index, silent):  # it is over before it could be watched
        live, before = index.live_name(), index.before()
        if before is None:
            raise IndexMissingError(
                f"there is no other generation in {path} to go back to; run: roleqa build --index {path}"
            )
        manifest = _whole(before, f"roleqa build --full --index {path}", place)
        with writing(path):
            index.make_live(before.path.name)
        settle_vectors(index, place, servers_of(index, place))
    return Rollback(manifest.generation, manifest.built_at, manifest.documents, manifest.passages, live)


def _whole(folder: GenerationFolder, remedy: str, place: StorePlace) -> Manifest:
    try:
        manifest = Manifest.load(folder.manifest)
        check_files(folder, manifest)
        check_vectors(folder, manifest, place)
    except IndexDamagedError as error:
        raise IndexDamagedError(f"the generation to go back to is damaged: {error.damage}", remedy) from error
    return manifest
