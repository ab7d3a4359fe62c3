"""Which collections of a Milvus server are an index's own: the live one by its alias, the others by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from roleqa.errors import IndexDamagedError, StoreError
from roleqa.index.layout import IndexFolder
from roleqa.index.milvus_server import MilvusServer
from roleqa.index.milvus_store import Collection


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


def spares(server: MilvusServer, alias: str, known: Iterable[Collection]) -> tuple[str, ...]:
    """The collections, oldest first, that builds have left which were stopped."""
    live = server.collection_of(alias)
    return tuple(name for name in _unused(server, alias, known) if name != live)


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
    pattern = re.compile(rf"{re.escape(alias)}_\d{{8}}T\d{{12}}Z_[a-z]+_\d+")
    names = set(server.call("list_collections")) - _names(known)
    return tuple(sorted(filter(pattern.fullmatch, names)))


def _names(collections: Iterable[Collection]) -> set[str]:
    return {collection.name for collection in collections}
