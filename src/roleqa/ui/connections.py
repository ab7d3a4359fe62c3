"""Connections that are given up on: whoever sends or reads too slowly takes nobody else's place.

uvicorn waits for a request's headers, for its body and for a client to read its answer as long as it takes.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from gradio.http_server import Server

# Seconds in which a request's headers must have come.
HEADERS_WITHIN = 10.0
# A body may take so many seconds, and one more for so many bytes of it.
BODY_WITHIN = 20.0
BYTES_A_SECOND = 10_000
# Seconds in which a client that is behind with reading must have read on.
READ_WITHIN = 60.0
# Seconds that a connection is kept for a next request: longer than clients keep theirs, most of them 5 seconds. Where
# both end it at once, a request that is on its way is lost.
KEPT_FOR = 30


class BoundedProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 over one connection, with an end to its patience."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._since = time.monotonic()
        self._request: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None
        self._awaited: object = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch_request()
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        _cancel(self._request)
        _cancel(self._reading)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_request()

    def pause_writing(self) -> None:
        super().pause_writing()
        _cancel(self._reading)
        self._reading = self.loop.call_later(READ_WITHIN, self._give_up)

    def resume_writing(self) -> None:
        super().resume_writing()
        _cancel(self._reading)

    def _watch_request(self) -> None:
        """Bounds what is still to come of a request, once for its headers and once for its body."""
        awaited, seconds = self._still_to_come()
        if awaited == self._awaited:
            return
        self._awaited = awaited
        _cancel(self._request)
        if awaited:
            self._request = self.loop.call_later(seconds, self._give_up)

    def _still_to_come(self) -> tuple[object, float]:
        """What is waited for, another value for each request, and for how long."""
        if not self._is_answering():
            return ("headers", id(self.cycle)), HEADERS_WITHIN
        if self.cycle.more_body:
            return ("body", id(self.cycle)), BODY_WITHIN + _length(self.headers) / BYTES_A_SECOND
        return None, 0.0

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _give_up(self) -> None:
        self.transport.abort()

    def _make_room(self) -> None:
        """Gives up on the oldest connection over which nothing is asked, where there are too many."""
        if self.limit_concurrency and len(self.connections) >= self.limit_concurrency:
            others = (other for other in self.connections if isinstance(other, BoundedProtocol))
            silent = (other for other in others if other is not self and not other._is_answering())
            oldest = min(silent, key=lambda other: other._since, default=None)
            if oldest:
                self.connections.discard(oldest)
                oldest._give_up()


def bound(server: Server, most: int) -> None:
    """Has a server hold at most so many connections, each with these bounds; more are answered with a 503."""
    server.config.http_protocol_class = BoundedProtocol
    server.config.ws_protocol_class = None
    server.config.timeout_keep_alive = KEPT_FOR
    server.config.limit_concurrency = most


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer:
        timer.cancel()


def _length(headers: list[tuple[bytes, bytes]]) -> int:
    found = dict(headers).get(b"content-length", b"0")
    return int(found) if found.isdigit() else 0
