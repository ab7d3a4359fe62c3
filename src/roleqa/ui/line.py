"""The line that questions stand in: so many are answered at once, so many wait, and more are told to come back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from roleqa.errors import BusyError

Route = Literal["chat", "api"]
# Questions answered at once, by where they come from: neither waits for the other.
CONCURRENCY: dict[Route, int] = {"chat": 8, "api": 4}
# When to come back, in seconds.
RETRY_AFTER = 5

BUSY = "More is being asked than can be answered right now. Ask again in a few seconds."
STOPPING = "The server is being stopped and takes no more questions. Ask again when it is back."


class Line:
    """Who waits, and who has a turn. Belongs to one event loop; its numbers may be read from anywhere."""

    def __init__(self, max_waiting: int) -> None:
        self._max_waiting = max_waiting
        self._turns = {route: asyncio.Semaphore(number) for route, number in CONCURRENCY.items()}
        self._closed = False
        self.waiting = 0
        self.running = 0

    @property
    def refusal(self) -> str | None:
        """Why nobody may join it now, or None."""
        if self._closed:
            return STOPPING
        return BUSY if self.waiting >= self._max_waiting and self.waiting else None

    @property
    def idle(self) -> bool:
        """Whether nobody waits and nobody is answered."""
        return not (self.waiting or self.running)

    def close(self) -> None:
        """Lets nobody join any more. Who is in it, is answered."""
        self._closed = True

    @asynccontextmanager
    async def turn(self, route: Route) -> AsyncIterator[float]:
        """Waits for a turn and holds it; gives the seconds waited.

        Raises:
            BusyError: too many wait already, or it is closed.
        """
        turns = self._turns[route]
        if self._closed:
            raise BusyError(STOPPING)
        if turns.locked() and self.waiting >= self._max_waiting:
            raise BusyError(BUSY)
        started = time.perf_counter()
        self.waiting += 1
        try:
            await turns.acquire()
        finally:
            self.waiting -= 1
        self.running += 1
        try:
            yield time.perf_counter() - started
        finally:
            self.running -= 1
            turns.release()
