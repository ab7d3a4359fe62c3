"""Which store holds a generation's embeddings: chosen when it is written, and found again when it is opened."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from roleqa.errors import IndexDamagedError, SettingsError, StoreError
from roleqa.index.faiss_store import FaissStore
from roleqa.index.layout import GenerationFolder, IndexFolder
from roleqa.index.manifest import Manifest
from roleqa.index.milvus_collections import (
    Collection,
    check_collection,
    collections_of,
    require_own,
    settle,
    shares_name,
    take_collection,
)
from roleqa.index.milvus_rows import add
from roleqa.index.milvus_server import MilvusServer
from roleqa.index.milvus_store import MilvusStore
from roleqa.settings import Settings
from roleqa.stores import HERE, StorePlace, VectorSearch, VectorStore
from roleqa.types import Progress, silent

MILVUS = "milvus"
# While building, a server that is away is asked again for so many seconds.
_PATIENCE = 300.0

_log = logging.getLogger(__name__)


def place_of(settings: Settings) -> StorePlace:
    """Where the settings have vectors kept; what they leave open is empty."""
    token = settings.token.get_secret_value() if settings.token else ""
    return StorePlace(settings.store or "", settings.uri or "", token, settings.collection)


def place_to_build(place: StorePlace, live: GenerationFolder | None, manifest: Manifest | None) -> StorePlace:
    """Where a build keeps vectors: what the settings leave open is as the live generation has it.

    Raises:
        SettingsError: Milvus without an address, or an address without Milvus.
    """
    there = manifest.vectors.store if manifest else HERE.store
    store = place.store or there
    if store != MILVUS:
        if place.uri and not place.store:
            raise SettingsError(f"the uri {place.uri} is of no use to the store {store}; add --store milvus")
        return replace(place, store=store)
    uri = place.uri or (_recorded_uri(live) if live and there == MILVUS else "")
    if not uri:
        raise SettingsError("the store milvus needs the address of a server: --uri http://HOST:19530")
    return replace(place, store=store, uri=uri)


def _recorded_uri(folder: GenerationFolder) -> str:
    """The address that a generation was built at; nothing where that cannot be read."""
    try:
        return Collection.load(folder.milvus).uri
    except IndexDamagedError:
        return ""


def require_store(index: IndexFolder, place: StorePlace) -> None:
    """Raises StoreError where a build could not store vectors in the end: the server is away, or not for this index."""
    if place.store == MILVUS:
        require_own(MilvusServer(place.uri, place.token), place.collection, collections_of(index))


def require_server(place: StorePlace) -> None:
    """Raises StoreError where vectors are to be kept by a server that is away."""
    if place.store == MILVUS:
        MilvusServer(place.uri, place.token)


def send_share(embeddings: NDArray[np.float32], place: StorePlace, progress: Progress) -> None:
    """Sends the embeddings of a share to the server, if there is one, where the build that gathers will find them.

    Sending again what is there already changes nothing.

    Raises:
        StoreError: the server is away, or refuses.
    """
    if place.store == MILVUS:
        name = shares_name(place.collection, embeddings.shape[1])
        add(MilvusServer(place.uri, place.token, _PATIENCE), name, embeddings, progress)


def save_vectors(
    folder: GenerationFolder, embeddings: NDArray[np.float32], place: StorePlace = HERE, progress: Progress = silent
) -> VectorSearch:
    """Writes the passages' embeddings, and says how they will be searched.

    Raises:
        StoreError: the server is away, refuses, or does not find what it was given.
    """
    if place.store == MILVUS:
        index = IndexFolder(folder.path.parent.parent)
        server = MilvusServer(place.uri, place.token, _PATIENCE)
        known, dimensions = collections_of(index), embeddings.shape[1]
        name = take_collection(server, place.collection, folder.name, dimensions, known)
        store = MilvusStore.build(server, name, embeddings, progress)
        store.save(folder.milvus)
        return store.how
    flat = FaissStore.build(embeddings)
    flat.save(folder.vectors)
    return flat.how


def load_vectors(folder: GenerationFolder, manifest: Manifest, place: StorePlace = HERE) -> VectorStore:
    """Opens what `save_vectors` wrote.

    Raises:
        IndexDamagedError: it is not there, or not what was written.
        StoreError: the server is away.
    """
    if manifest.vectors.store == MILVUS:
        uri = place.uri or Collection.load(folder.milvus).uri
        return MilvusStore.load(MilvusServer(uri, place.token), folder.milvus)
    return FaissStore.load(folder.vectors)


def check_vectors(folder: GenerationFolder, manifest: Manifest, place: StorePlace) -> None:
    """Raises IndexDamagedError where a server has not the embeddings of a generation, StoreError where it is away."""
    if manifest.vectors.store == MILVUS:
        collection = Collection.load(folder.milvus)
        check_collection(MilvusServer(place.uri or collection.uri, place.token), collection)


def vectors_file(folder: GenerationFolder, store: str) -> str:
    """The name of the file that stands for the vectors where something is wrong with them."""
    return (folder.milvus if store == MILVUS else folder.vectors).name


def servers_of(index: IndexFolder, place: StorePlace) -> frozenset[str]:
    """The addresses at which an index has collections, or is to have one."""
    recorded = {collection.uri for collection in collections_of(index)}
    is_asked = place.store == MILVUS or recorded
    return frozenset({place.uri} if place.uri and is_asked else recorded)


def settle_vectors(index: IndexFolder, place: StorePlace, servers: Iterable[str]) -> None:
    """Has the servers know which generation is live, and drop what no generation has any more.

    What a server does not do now, for whatever reason, is logged, and done by the next build: nothing is read by the
    alias, so that the index answers all the same.
    """
    known = collections_of(index)
    file = index.live().milvus
    live = Collection.load(file) if file.is_file() else None
    for uri in sorted(servers):
        try:
            settle(MilvusServer(uri, place.token), place.collection, live, known)
        except StoreError as error:
            _log.warning("the index answers, but its server was not put in order (the next build will): %s", error)
