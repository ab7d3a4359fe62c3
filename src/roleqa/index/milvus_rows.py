"""Embeddings on their way into a collection of Milvus: rows keyed by a hash of the embedding, sent in batches.

The key is what makes it safe to stop and to begin again: a row that is there already is the one that is wanted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from roleqa.index.milvus_collections import Collection
from roleqa.index.milvus_server import MilvusServer
from roleqa.types import Progress

KEY, VECTOR, KEY_LENGTH = "key", "embedding", 32
# How many neighbours a row has in a graph, and how many are looked at to find them.
_PARAMETERS = {"FLAT": {}, "HNSW": {"M": 16, "efConstruction": 200}}
# Bytes of embeddings that are sent, and keys that are deleted at once.
_SENT, _DELETED = 4_000_000, 1000


def key_of(row: NDArray[np.float32]) -> bytes:
    """Of an embedding: half of the SHA-256 of its bytes, in hexadecimal."""
    return hashlib.sha256(row.tobytes()).hexdigest()[:KEY_LENGTH].encode()


def fill(
    server: MilvusServer,
    target: Collection,
    wanted: Mapping[str, int],
    rows: NDArray[np.float32],
    progress: Progress,
) -> None:
    """Has a collection hold the rows that are wanted, by key, and no others, whatever it held before; and loads it.

    Raises:
        StoreError: the server is away, or refuses.
    """
    missing = list(wanted)
    if server.call("has_collection", target.name):
        missing = _missing(server, target.name, wanted)
    else:
        _create(server, target.name, target.dimensions)
    _upsert(server, target.name, missing, wanted, rows, progress)
    # Rows that are on the server's disk and in its index before it loads them are never searched half-made.
    server.call("flush", target.name)
    _create_index(server, target.name, target.index)
    server.load(target.name)


def add(server: MilvusServer, name: str, embeddings: NDArray[np.float32], progress: Progress) -> None:
    """Has a collection hold these rows among others. Several machines may add to one at the same time.

    Raises:
        StoreError: the server is away, or refuses.
    """
    if not server.call("has_collection", name):
        _create(server, name, embeddings.shape[1])
    places = {key_of(row).decode(): place for place, row in enumerate(embeddings)}
    _upsert(server, name, tuple(places), places, embeddings, progress)
    server.call("flush", name)


def _create(server: MilvusServer, name: str, dimensions: int) -> None:
    schema = server.schema(key=KEY, length=KEY_LENGTH, vector=VECTOR, dimensions=dimensions)
    server.call("create_collection", name, schema=schema, consistency_level="Bounded")


def _create_index(server: MilvusServer, name: str, kind: str) -> None:
    server.call("create_index", name, server.index_parameters(VECTOR, kind, _PARAMETERS[kind]))


def _upsert(
    server: MilvusServer,
    name: str,
    keys: Sequence[str],
    places: Mapping[str, int],
    rows: NDArray[np.float32],
    progress: Progress,
) -> None:
    """Sends the rows with these keys, which are at these places; the others are there already."""
    sent = len(places) - len(keys)
    for batch in _batches(keys, max(1, _SENT // (4 * rows.shape[1]))):
        progress("storing", sent, len(places))
        server.call("upsert", name, [{KEY: key, VECTOR: rows[places[key]]} for key in batch])
        sent += len(batch)


def _missing(server: MilvusServer, name: str, wanted: Mapping[str, int]) -> list[str]:
    """The keys that a collection lacks, after those that are not wanted have been deleted from it."""
    if not server.call("list_indexes", name):  # without one it could not be read
        _create_index(server, name, "FLAT")
    server.load(name)
    there = {key for batch in server.keys(name, KEY) for key in batch}
    for batch in _batches(sorted(there - wanted.keys()), _DELETED):
        server.call("delete", name, ids=batch)
    server.call("release_collection", name)
    server.call("drop_index", name, VECTOR)  # made anew of all rows
    return [key for key in wanted if key not in there]


def _batches(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))
