"""The line that questions stand in: so many are answered at once, so many wait, and more are told to come back."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from typing import Literal

from roleqa.errors import BusyError

# Where questions come from that somebody waits for.
Route = Literal["chat", "api"]
# An evaluation asks as well, and nobody is turned away for that.
Queue = Literal["chat", "api", "evaluation"]
# When to come back, in seconds.
RETRY_AFTER = 5

BUSY = "More is being asked than can be answered right now. Ask again in a few seconds."
STOPPING = "The server is being stopped and takes no more questions. Ask again when it is back."


class Line:
    """Who waits, and who has a turn: at most `max_running` at once, wherever they come from.

    The routes take turns, so that a program that asks much does not make people wait for all of it. Safe to share
    between threads and event loops.
    """

    def __init__(self, max_waiting: int, max_running: int) -> None:
        self._max_waiting = max_waiting
        self._free = max_running
        self._max_running = max_running
        # In the order of their turns: the one that had the last turn is at the end.
        self._queues: dict[Queue, deque[Future[None]]] = {"chat": deque(), "api": deque(), "evaluation": deque()}
        self._lock = threading.Lock()
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many wait who asked themselves."""
        return len(self._queues["chat"]) + len(self._queues["api"])

    @property
    def running(self) -> int:
        """How many have a turn."""
        return self._max_running - self._free

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
        """Lets nobody join any more, and ends an evaluation. Who has asked, is answered."""
        with self._lock:
            self._closed = True
            _refuse_all(self._queues["evaluation"])

    def give_up(self) -> None:
        """Closes it, and tells all who wait that they are not answered. Who has a turn, is."""
        self.close()
        with self._lock:
            for queue in self._queues.values():
                _refuse_all(queue)

    @asynccontextmanager
    async def turn(self, route: Route) -> AsyncIterator[float]:
        """Waits for a turn and holds it; gives the seconds waited.

        Raises:
            BusyError: too many wait already, or the server is stopping.
        """
        started = time.perf_counter()
        place = self._join(route)
        try:
            await asyncio.wrap_future(place)
        except asyncio.CancelledError:
            self._leave(route, place)
            raise
        try:
            yield time.perf_counter() - started
        finally:
            self._pass_on()

    @contextmanager
    def turn_of_evaluation(self) -> Iterator[None]:
        """The same for a thread that nobody waits for.

        Raises:
            BusyError: the server is stopping.
        """
        self._join("evaluation").result()
        try:
            yield
        finally:
            self._pass_on()

    def _join(self, queue: Queue) -> Future[None]:
        """A place in the line, which is done once it is its turn."""
        place: Future[None] = Future()
        with self._lock:
            if self._closed:
                raise BusyError(STOPPING)
            if self._free:
                self._free -= 1
                place.set_result(None)
            elif queue != "evaluation" and self.waiting >= self._max_waiting:
                raise BusyError(BUSY)
            else:
                self._queues[queue].append(place)
        return place

    def _leave(self, queue: Queue, place: Future[None]) -> None:
        """Gives a place up, or the turn that it had become meanwhile."""
        with self._lock:
            if place in self._queues[queue]:
                self._queues[queue].remove(place)
                return
        if place.done() and not place.cancelled() and place.exception() is None:
            self._pass_on()

    def _pass_on(self) -> None:
        """Ends a turn: it is the next one's, if anyone waits."""
        with self._lock:
            for name, queue in list(self._queues.items()):
                while queue:
                    place = queue.popleft()
                    if place.set_running_or_notify_cancel():
                        self._queues[name] = self._queues.pop(name)  # behind the others
                        place.set_result(None)
                        return
            self._free += 1


def _refuse_all(queue: deque[Future[None]]) -> None:
    while queue:
        place = queue.popleft()
        if place.set_running_or_notify_cancel():
            place.set_exception(BusyError(STOPPING))
