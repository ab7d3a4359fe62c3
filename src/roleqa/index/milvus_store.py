"""Embeddings in Milvus: one collection a generation, its rows keyed by a hash of the embedding.

The key is what makes it safe. A build that was stopped goes on where it was, as a row that is there already is the one
that is wanted; passages of equal text share a row; and what comes back is held against its key, so that an embedding
that is not, bit for bit, what was stored is an error and never an answer.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roleqa.errors import IndexDamagedError, StoreError
from roleqa.index.milvus_collections import Collection, check_collection
from roleqa.index.milvus_rows import KEY, KEY_LENGTH, VECTOR, fill, key_of
from roleqa.index.milvus_server import MilvusServer
from roleqa.index.nearest import nearest_of
from roleqa.index.recall import LEAST_RECALL, QUERIES, nearest_others, recall_of
from roleqa.index.record_file import load_array, save_array
from roleqa.stores import VectorSearch
from roleqa.types import Progress, Ranking

# Up to so many embeddings the server compares them one by one.
EXACT_UP_TO = 50_000
# Beyond, it has a graph (HNSW), of which a search keeps so many rows in view: as many as are needed, between these.
_LEAST_VIEW, _MOST_VIEW = 64, 4096
# How many rows are asked for at once.
_ASKED = 1000
# Seconds that the server gets to make what it was given findable.
SETTLING = 120.0
_SEED = 1234


class MilvusStore:
    """Row i is the embedding of passage i; rows have unit length, so scores are cosines."""

    def __init__(
        self, server: MilvusServer, collection: Collection, keys: NDArray[Any], order: NDArray[np.int64]
    ) -> None:
        """`keys` are the rows' own; in `order`, rows have their keys ascending."""
        self.collection = collection
        self._server = server
        self._keys = keys
        self._order = order

    @classmethod
    def build(
        cls,
        server: MilvusServer,
        name: str,
        embeddings: NDArray[np.float32],
        progress: Progress,
    ) -> MilvusStore:
        """From a matrix of shape (passages, dimensions), in a collection that may hold some of the rows already.

        Raises:
            StoreError: the server is away, refuses, or does not find what it was given.
        """
        rows = np.ascontiguousarray(embeddings, dtype=np.float32)
        keys = np.array([key_of(row) for row in rows], dtype=f"S{KEY_LENGTH}")
        unique, first = np.unique(keys, return_index=True)
        index = "FLAT" if len(unique) <= EXACT_UP_TO else "HNSW"
        target = Collection(server.uri, name, rows.shape[1], len(unique), index)
        wanted = {key.decode(): row for key, row in zip(unique.tolist(), first.tolist(), strict=True)}
        fill(server, target, wanted, rows, progress)
        return _measured(cls(server, target, keys, np.argsort(keys, kind="stable")), rows)

    @classmethod
    def load(cls, server: MilvusServer, file: Path) -> MilvusStore:
        """From what `save` wrote, once the server has what that says.

        Raises:
            IndexDamagedError: a file is missing or no such file, or the collection is gone or another.
            StoreError: the server is away.
        """
        collection = Collection.load(file)
        keys = load_array(keys_file(file), np.int64, 2)
        order = load_array(order_file(file), np.int64)
        if len(order) != len(keys) or (len(keys) and keys.shape[1] * keys.itemsize != KEY_LENGTH):
            raise IndexDamagedError(f"{keys_file(file)} does not fit {order_file(file)}")
        check_collection(server, collection)
        return cls(server, collection, keys.view(f"S{KEY_LENGTH}").reshape(-1), order)

    def save(self, file: Path) -> None:
        """Writes down which collection it is, and which of its rows belong to which passage."""
        self.collection.save(file)
        save_array(keys_file(file), self._keys.view(np.int64).reshape(len(self._keys), -1))
        save_array(order_file(file), self._order)

    @property
    def how(self) -> VectorSearch:
        """How the server searches, and how well it did when it was built."""
        about = self.collection
        one_by_one = f"up to {EXACT_UP_TO:,} are compared one by one"
        return VectorSearch(
            store="milvus",
            method=about.index if about.index == "FLAT" else f"{about.index}, {about.view} in view",
            reason=f"{about.vectors:,} different embeddings; {one_by_one}",
            recall=about.recall,
            queries=about.queries,
        )

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def dimensions(self) -> int:
        return self.collection.dimensions

    @property
    def where(self) -> str:
        return f"Milvus at {self._server.uri}, collection {self.collection.name}"

    def search(self, embedding: NDArray[np.float32], k: int) -> Ranking:
        """The `k` rows nearest to one embedding of shape (dimensions,), best first, with their cosines.

        Raises:
            StoreError: the server is away, or has other embeddings than were stored.
        """
        return self._nearest(embedding, k, self.collection.view)

    def _nearest(self, embedding: NDArray[np.float32], k: int, view: int) -> Ranking:
        limit = min(k, self.collection.vectors)
        (found,) = self._server.call(
            "search",
            self.collection.name,
            data=[embedding.astype(np.float32)],
            anns_field=VECTOR,
            limit=limit,
            output_fields=[VECTOR],
            search_params={"metric_type": "IP", "params": {"ef": max(view, limit)} if view else {}},
            # A collection does not change once it answers: what a replica knew some seconds ago will do.
            consistency_level="Bounded",
        )
        vectors = [np.asarray(hit["entity"][VECTOR], dtype=np.float32) for hit in found]
        if not vectors:
            raise StoreError(f"{self.where} finds nothing; if that lasts, run: roleqa build --full")
        rows = [self._rows(vector) for vector in vectors]
        counts = [len(own) for own in rows]
        return nearest_of(np.concatenate(rows), np.repeat(np.stack(vectors), counts, axis=0), embedding, k)

    def _rows(self, vector: NDArray[np.float32]) -> NDArray[np.int64]:
        """The passages that have an embedding. Raises StoreError where none has it."""
        key = np.bytes_(key_of(vector))
        at, end = (int(np.searchsorted(self._keys, key, side, sorter=self._order)) for side in ("left", "right"))
        if at == end:
            raise StoreError(f"{self.where} holds embeddings that were not stored; run: roleqa build --full")
        return self._order[at:end]

    def embeddings(self, first: int = 0, end: int | None = None) -> NDArray[np.float32]:
        """The rows from `first` to `end`, of shape (rows, dimensions), fetched from the server.

        Raises:
            IndexDamagedError: the server has lost some, or has others.
            StoreError: it is away.
        """
        unique, own = np.unique(self._keys[first:end], return_inverse=True)
        rows = np.empty((len(unique), self.dimensions), dtype=np.float32)
        for start in range(0, len(unique), _ASKED):
            asked = [key.decode() for key in unique[start : start + _ASKED].tolist()]
            # Waiting for the last that the server was told takes longer than the answer.
            found = self._fetched(asked, "Bounded") or self._fetched(asked, "Strong")
            if found is None:
                raise IndexDamagedError(f"{self.where} has not the embeddings that were stored")
            rows[start : start + len(asked)] = found
        return rows[own.reshape(-1)]

    def _fetched(self, keys: list[str], consistency: str) -> list[NDArray[np.float32]] | None:
        """The embeddings with these keys; None where the server has not all of them, bit for bit."""
        found = self._server.call(
            "query", self.collection.name, ids=keys, output_fields=[VECTOR], consistency_level=consistency
        )
        vectors = {row[KEY]: np.asarray(row[VECTOR], dtype=np.float32) for row in found}
        is_whole = all(key in vectors and key_of(vectors[key]).decode() == key for key in keys)
        return [vectors[key] for key in keys] if is_whole else None


def keys_file(file: Path) -> Path:
    """Where the key of each passage's embedding stands."""
    return file.with_name("vectors.keys.npy")


def order_file(file: Path) -> Path:
    """Where the passages stand in the order of their keys."""
    return file.with_name("vectors.order.npy")


def _measured(store: MilvusStore, rows: NDArray[np.float32]) -> MilvusStore:
    """The store with the recall that its server has, found out as soon as it is good enough, or after a while.

    Some servers search what they have just been given with an index of their own that finds little.
    """
    chance = np.random.default_rng(_SEED)
    asked = np.sort(chance.choice(len(rows), min(len(rows), QUERIES), replace=False))
    exact = nearest_others(rows, asked)
    deadline = time.monotonic() + SETTLING
    view = _LEAST_VIEW if store.collection.index == "HNSW" else 0
    while (recall := recall_of(partial(store._nearest, view=view), rows, asked, exact)) < LEAST_RECALL:
        if view and view < _MOST_VIEW:
            view *= 2
        elif time.monotonic() > deadline:
            raise StoreError(
                f"{store.where} finds only {recall:.2f} of the nearest embeddings {SETTLING:.0f} s after it got them; "
                "set queryNode.segcore.interimIndex.enableIndex to false in milvus.yaml, and build again"
            )
        else:
            time.sleep(1)
    # Questions lie farther away than passages.
    about = replace(store.collection, view=2 * view, recall=recall, queries=len(asked))
    return MilvusStore(store._server, about, store._keys, store._order)
