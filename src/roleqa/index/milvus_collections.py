"""Which collections of a Milvus server are an index's own: the live one by its alias, the others by their names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from roleqa.errors import IndexDamagedError, StoreError
from roleqa.index.layout import IndexFolder
from roleqa.index.milvus_server import MilvusServer


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection on a server, as the generation that it belongs to remembers it."""

    uri: str
    name: str
    dimensions: int
    vectors: int
    index: str
    view: int = 0
    recall: float = 1.0
    queries: int = 0

    @classmethod
    def load(cls, file: Path) -> Collection:
        """Raises IndexDamagedError."""
        try:
            return cls(**json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise IndexDamagedError(f"{file} cannot be read") from error

    def save(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8", newline="\n")


def check_collection(server: MilvusServer, collection: Collection) -> None:
    """Sees to it that a collection can be searched. Raises IndexDamagedError where it is gone or another."""
    if not server.call("has_collection", collection.name):
        raise IndexDamagedError(f"Milvus at {server.uri} has no collection {collection.name}")
    server.load(collection.name)
    count = _count(server, collection.name)
    if count != collection.vectors:
        raise IndexDamagedError(
            f"collection {collection.name} of Milvus at {server.uri} holds {count} embeddings, not {collection.vectors}"
        )


def _count(server: MilvusServer, name: str) -> int:
    (found,) = server.call("query", name, filter="", output_fields=["count(*)"], consistency_level="Strong")
    return int(found["count(*)"])


def collections_of(index: IndexFolder) -> tuple[Collection, ...]:
    """Those that the generations of an index have, oldest first, but for generations that nothing could answer from."""
    return tuple(_readable(index))


def _readable(index: IndexFolder) -> Iterator[Collection]:
    for folder in index.all():
        if folder.milvus.is_file():
            try:
                yield Collection.load(folder.milvus)
            except IndexDamagedError:
                continue


def require_own(server: MilvusServer, alias: str, known: Iterable[Collection]) -> None:
    """Raises StoreError where the alias is that of another index, whose collections are not ours to replace."""
    live = server.collection_of(alias)
    if live is not None and live not in _names(known):
        raise StoreError(
            f"the name {alias} on Milvus at {server.uri} is another index's: it stands for the collection {live}, "
            "which is in no generation here. Choose another name: ROLEQA_COLLECTION; or, if that index is gone, drop "
            "the alias"
        )


def shares_name(alias: str, dimensions: int) -> str:
    """The collection that machines which build shares add their rows to."""
    return f"{alias}_shares_{dimensions}"


def take_collection(
    server: MilvusServer, alias: str, generation: str, dimensions: int, known: Iterable[Collection]
) -> str:
    """The name of the collection for a new generation.

    There may be one already that holds some of its rows: what the machines that built shares have sent, which is given
    the generation's name; or else the last that a stopped build has left.

    Raises:
        StoreError: the server is away, or refuses.
    """
    name, shares = f"{alias}_{generation}_{dimensions}", shares_name(alias, dimensions)
    if server.call("has_collection", shares):
        server.call("rename_collection", shares, name)
        return name
    live = server.collection_of(alias)
    unused = [other for other in _unused(server, alias, known) if other != live]
    return next((other for other in reversed(unused) if other.endswith(f"_{dimensions}")), name)


def settle(server: MilvusServer, alias: str, live: Collection | None, known: Iterable[Collection]) -> None:
    """Has the alias name the live collection, and drops those that no generation has any more.

    Raises:
        StoreError: the server is away, or the alias has become another index's meanwhile.
    """
    unused = _unused(server, alias, known)
    named = server.collection_of(alias)
    if named not in (None, *unused):
        require_own(server, alias, known)
    if live and named is None:
        server.call("create_alias", live.name, alias)
    elif live and named != live.name:
        server.call("alter_alias", live.name, alias)
    elif named in unused:
        server.call("drop_alias", alias)
    for name in unused:
        server.call("drop_collection", name)


def _unused(server: MilvusServer, alias: str, known: Iterable[Collection]) -> tuple[str, ...]:
    """The collections with names as this index gives them, oldest first, that no generation has."""
    pattern = re.compile(rf"{re.escape(alias)}_\d{{8}}T\d{{12}}Z_\d+")
    names = set(server.call("list_collections")) - _names(known)
    return tuple(sorted(filter(pattern.fullmatch, names)))


def _names(collections: Iterable[Collection]) -> set[str]:
    return {collection.name for collection in collections}
