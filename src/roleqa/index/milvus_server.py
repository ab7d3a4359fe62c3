"""A Milvus server or cluster: asked with patience while it is away, and plain about what is wrong.

The only place that loads pymilvus.
"""

from __future__ import annotations

import logging
import random
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from roleqa.errors import MissingExtraError, StoreError

# For so many seconds a server that is away is asked again while someone waits for an answer.
PATIENCE = 10.0
# For so many it may bring a collection into memory, which takes longest after it was killed.
_LOADING = 300.0
# Seconds before the second try; twice as long before each that follows, up to the longest.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
# The least time that a call is given.
_LEAST = 0.5
# What Milvus answers where asking again would not help: no such collection (in two editions), alias or index, a
# wrong argument, a wrong name or password.
_FINAL = frozenset({4, 100, 700, 1100, 1400, 1600})
_NOT_CONNECTED, _NOT_LOADED = 2, 101
_FINAL_GRPC = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED", "INVALID_ARGUMENT", "UNIMPLEMENTED"})


class MilvusServer:
    """Safe to share between threads."""

    def __init__(self, uri: str, token: str = "", patience: float = PATIENCE) -> None:
        """Connects to the server at `uri`, with a `token` (user:password) where it asks for one.

        Raises:
            MissingExtraError: pymilvus is not installed.
            StoreError: the server does not answer within `patience` seconds.
        """
        self.uri = uri
        self._patience = patience
        client = _client_class()
        self._client = self._patiently("connect", lambda left: client(uri, token=token, timeout=left), patience)
        weakref.finalize(self, self._client.close)

    def call(self, name: str, *arguments: Any, **named: Any) -> Any:
        """What a method of pymilvus' client returns, tried again while the server is away.

        Raises:
            StoreError: it does not answer for too long, or refuses.
        """
        method = getattr(self._client, name)
        return self._patiently(name, lambda left: method(*arguments, timeout=left, **named), self._patience)

    def load(self, collection: str) -> None:
        """Returns once a collection is in the server's memory. Raises StoreError."""
        load = self._client.load_collection
        self._patiently("load_collection", lambda left: load(collection, timeout=left), _LOADING)

    def keys(self, collection: str, field: str) -> Iterator[list[str]]:
        """The values of a field in all rows of a collection, in batches. Raises StoreError."""
        rows = self.call(
            "query_iterator", collection, batch_size=5000, output_fields=[field], consistency_level="Strong"
        )
        try:
            while batch := self._patiently("query", lambda _: rows.next(), self._patience):
                yield [row[field] for row in batch]
        finally:
            rows.close()

    def schema(self, *, key: str, length: int, vector: str, dimensions: int) -> Any:
        """Of a collection that has a key, a text of that length, and a vector."""
        from pymilvus import DataType

        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field(key, DataType.VARCHAR, is_primary=True, max_length=length)
        schema.add_field(vector, DataType.FLOAT_VECTOR, dim=dimensions)
        return schema

    def index_parameters(self, field: str, kind: str, parameters: dict[str, int]) -> Any:
        """Those of an index by inner product."""
        index = self._client.prepare_index_params()
        index.add_index(field, index_type=kind, index_name=field, metric_type="IP", params=parameters)
        return index

    def collection_of(self, alias: str) -> str | None:
        """The collection that an alias names; None where there is no such alias. Raises StoreError."""
        if not self.call("has_collection", alias):
            return None
        return str(self.call("describe_alias", alias)["collection_name"])

    def _patiently(self, what: str, action: Callable[[float], Any], patience: float) -> Any:
        """The outcome of an action, which is told how many seconds are left for it."""
        errors = _errors()
        deadline = time.monotonic() + patience
        pause = _FIRST_PAUSE
        while True:
            try:
                return action(max(_LEAST, deadline - time.monotonic()))
            except errors as error:
                if _is_final(error):
                    raise StoreError(f"Milvus at {self.uri} refuses to {what} ({_reason(error)})") from error
                if time.monotonic() + pause > deadline:
                    raise self._given_up(what, error) from error
            # Many servers that have waited for the same one should not all come back at once.
            time.sleep(pause * random.uniform(0.5, 1))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _given_up(self, what: str, error: Exception) -> StoreError:
        code = _code(error)
        if code == _NOT_LOADED:
            return StoreError(f"Milvus at {self.uri} is still reading its data; try again in half a minute")
        if isinstance(code, int) and code != _NOT_CONNECTED:
            return StoreError(f"Milvus at {self.uri} fails to {what} ({_reason(error)}); see its log, and try again")
        return StoreError(
            f"Milvus at {self.uri} does not answer ({_reason(error)}); start it, or say where it is: ROLEQA_URI. "
            "To do without it: roleqa build --full --store faiss"
        )


def _client_class() -> Callable[..., Any]:
    try:
        from pymilvus import MilvusClient
    except ImportError as error:
        needed = "Milvus needs the package pymilvus; install it: pip install 'roleqa[milvus]'"
        raise MissingExtraError(needed) from error
    # It writes each failure to standard error, with a traceback; those that matter become errors here.
    for name in ("pymilvus", "pymilvus.milvus_client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    client: Callable[..., Any] = MilvusClient
    return client


def _errors() -> tuple[type[Exception], ...]:
    import grpc
    from pymilvus.exceptions import MilvusException

    return grpc.RpcError, grpc.FutureTimeoutError, MilvusException


def _is_final(error: Exception) -> bool:
    from pymilvus.exceptions import ConnectionConfigException, ParamError

    code = _code(error)
    return (
        isinstance(error, ConnectionConfigException | ParamError)
        or (isinstance(code, int) and code in _FINAL)
        or getattr(code, "name", "") in _FINAL_GRPC
    )


def _code(error: Exception) -> Any:
    """Milvus' number for what went wrong, or that of gRPC where Milvus was not reached."""
    code = getattr(error, "code", None)
    return code() if callable(code) else code


def _reason(error: Exception) -> str:
    """What went wrong, in a line."""
    details = getattr(error, "details", None)
    said = getattr(error, "message", None) or (details() if callable(details) else "") or str(error)
    return " ".join(str(said).split())[:300] or type(error).__name__
