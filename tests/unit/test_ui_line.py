"""The line that questions stand in: bounded, in order, fair to each route, and ended by a stop."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from roleqa.errors import BusyError
from roleqa.settings import Settings
from roleqa.ui.line import BUSY, STOPPING, Line, Route


class Crowd:
    """Those who ask: each notes when it is its turn, and holds it until `let_on`."""

    def __init__(self, line: Line) -> None:
        self.line, self.let_on, self.order = line, asyncio.Event(), list[str]()

    def ask(self, route: Route, name: str) -> asyncio.Task[str]:
        return asyncio.create_task(self._ask(route, name))

    async def _ask(self, route: Route, name: str) -> str:
        try:
            async with self.line.turn(route):
                self.order.append(name)
                await self.let_on.wait()
                return "answered"
        except BusyError as error:
            return str(error)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def state(line: Line) -> tuple[Any, ...]:
    return line.running, line.waiting, line.refusal, line.idle


def test_it_is_bounded_and_in_order() -> None:
    async def scene(line: Line) -> None:
        crowd = Crowd(line)
        tasks = [crowd.ask("api", str(number)) for number in range(7)]
        await settle()
        assert state(line) == (4, 2, BUSY, False)
        crowd.let_on.set()
        assert await asyncio.gather(*tasks) == ["answered"] * 6 + [BUSY]
        assert crowd.order == list("012345")
        assert state(line) == (0, 0, None, True)

    asyncio.run(scene(Line(2, 4)))


def test_there_is_one_limit_for_all_and_the_routes_take_turns() -> None:
    async def scene(line: Line) -> None:
        crowd = Crowd(line)
        tasks = [crowd.ask("api", f"api {number}") for number in range(6)]
        await settle()
        tasks += [crowd.ask("chat", f"chat {number}") for number in range(2)]
        await settle()
        assert (line.running, line.waiting) == (2, 6)
        crowd.let_on.set()
        await asyncio.gather(*tasks)
        assert crowd.order == ["api 0", "api 1", "chat 0", "api 2", "chat 1", "api 3", "api 4", "api 5"]

    asyncio.run(scene(Line(50, 2)))


def test_a_line_may_be_as_long_as_its_turns() -> None:
    async def scene(line: Line) -> None:
        async with line.turn("api"):
            assert line.refusal is None
            with pytest.raises(BusyError):
                async with line.turn("chat"):
                    pass

    asyncio.run(scene(Line(0, 1)))


def test_who_gives_up_waiting_leaves_the_line() -> None:
    async def scene(line: Line) -> None:
        crowd = Crowd(line)
        tasks = [crowd.ask("api", str(number)) for number in range(4)]
        await settle()
        tasks[2].cancel()
        await asyncio.wait(tasks[2:3])
        assert line.waiting == 1
        crowd.let_on.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert crowd.order == ["0", "1", "3"]
        assert line.idle

    asyncio.run(scene(Line(5, 2)))


def test_a_turn_that_comes_with_a_cancellation_is_passed_on() -> None:
    async def scene(line: Line) -> None:
        crowd = Crowd(line)
        first = crowd.ask("api", "first")
        await settle()
        second, third = crowd.ask("api", "second"), crowd.ask("api", "third")
        await settle()
        crowd.let_on.set()
        await first  # the turn is the second's, who has not yet woken up
        second.cancel()
        assert await third == "answered"
        assert line.idle

    asyncio.run(scene(Line(5, 1)))


def test_giving_up_tells_those_who_wait_and_leaves_those_who_are_answered() -> None:
    async def scene(line: Line) -> None:
        crowd = Crowd(line)
        tasks = [crowd.ask("chat", str(number)) for number in range(4)]
        await settle()
        line.give_up()
        await asyncio.wait(tasks[1:])
        assert (line.running, line.waiting, line.refusal) == (1, 0, STOPPING)
        crowd.let_on.set()
        assert await asyncio.gather(*tasks) == ["answered", STOPPING, STOPPING, STOPPING]
        assert line.idle

    asyncio.run(scene(Line(5, 1)))


def test_an_evaluation_takes_turns_and_is_neither_turned_away_nor_counted() -> None:
    evaluating, over = threading.Event(), threading.Event()

    def evaluate(line: Line) -> None:
        with line.turn_of_evaluation():
            evaluating.set()
        over.set()

    async def scene(line: Line) -> None:
        crowd = Crowd(line)
        task = crowd.ask("chat", "0")
        await settle()
        thread = threading.Thread(target=evaluate, args=(line,), daemon=True)
        thread.start()
        assert not await asyncio.to_thread(evaluating.wait, 0.1)
        assert line.waiting == 0
        crowd.let_on.set()
        assert await task == "answered"
        assert await asyncio.to_thread(over.wait, 10)
        assert line.idle

    asyncio.run(scene(Line(0, 1)))


def test_a_closed_line_ends_an_evaluation_that_waits() -> None:
    said: list[str] = []

    def evaluate(line: Line) -> None:
        try:
            with line.turn_of_evaluation():
                said.append("asked")
        except BusyError as error:
            said.append(str(error))

    async def scene(line: Line) -> None:
        async with line.turn("chat"):
            thread = threading.Thread(target=evaluate, args=(line,), daemon=True)
            thread.start()
            while not line._queues["evaluation"]:
                await asyncio.sleep(0.01)
            line.close()
            await asyncio.to_thread(thread.join, 10)

    line = Line(0, 1)
    asyncio.run(scene(line))
    evaluate(line)
    assert said == [STOPPING] * 2


@pytest.mark.parametrize(("cores", "given", "at_once"), [(1, None, 2), (2, None, 2), (16, None, 16), (16, 3, 3), (16, 1, 1)])
def test_as_many_as_cores_are_answered_at_once(monkeypatch: pytest.MonkeyPatch, cores: int, given: int | None, at_once: int) -> None:
    monkeypatch.setattr("roleqa.settings._cores", lambda: cores)
    assert Settings(max_answering=given).answered_at_once == at_once


