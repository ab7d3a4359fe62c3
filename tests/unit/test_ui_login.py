"""Logging in: what is let in, how long guessing takes, and that it shows nobody's name."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable

import pytest

from roleqa.ui import login as module
from roleqa.ui.login import LONGEST_WAIT, MOST_WAITING, Login
from roleqa.ui.users import PasswordHash, User

USERS = {"ada": User("ada", True, PasswordHash.of("correct horse", (2, 1, 1)))}


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that each attempt waited, none of which passes; the hash of nobody costs little."""
    waited: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        await real(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr("roleqa.ui.users.NOBODY", PasswordHash((2, 1, 1), bytes(16), bytes(32)))
    return waited


def tried(login: Login, *attempts: tuple[str, str]) -> list[bool]:
    async def run() -> list[bool]:
        return [await login.check(*attempt) for attempt in attempts]

    return asyncio.run(run())


def basic(credentials: str, scheme: str = "Basic") -> str:
    return f"{scheme} {base64.b64encode(credentials.encode()).decode()}"


def test_the_right_password_waits_for_nothing(waits: list[float]) -> None:
    assert tried(Login(USERS), ("ada", "correct horse")) == [True]
    assert waits == [0.0]


def test_guessing_is_slower_each_time_but_never_endless(waits: list[float]) -> None:
    guesses = [("ada", f"guess {number}") for number in range(8)]
    assert tried(Login(USERS), *guesses) == [False] * 8
    assert waits == [0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0]
    assert max(waits) == LONGEST_WAIT


def test_a_name_that_nobody_has_waits_as_long(waits: list[float]) -> None:
    tried(Login(USERS), ("ada", "wrong"), ("nobody", "wrong"), ("ada", "wrong"), ("nobody", "wrong"))
    assert waits == [0.0, 0.25, 0.5, 1.0]


def test_wrong_passwords_are_forgotten(waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    login = Login(USERS)
    tried(login, ("ada", "wrong"), ("ada", "wrong"))
    now += 59
    tried(login, ("ada", "wrong"))
    now += 61
    tried(login, ("ada", "wrong"), ("ada", "wrong"))
    assert waits == [0.0, 0.25, 0.5, 0.0, 0.25]


def test_what_was_right_once_is_known_at_once(waits: list[float]) -> None:
    login = Login(USERS)
    attempts = [("ada", "correct horse"), ("ada", "wrong"), ("ada", "correct horse"), ("nobody", "correct horse")]
    assert tried(login, *attempts) == [True, False, True, False]
    assert waits == [0.0, 0.0, 0.25]


def test_attempts_take_turns_and_too_many_are_refused(waits: list[float]) -> None:
    login = Login(USERS)

    async def together() -> list[bool]:
        attempts: list[Awaitable[bool]] = [login.check("ada", "wrong") for _ in range(MOST_WAITING)]
        return list(await asyncio.gather(*attempts, login.check("ada", "correct horse")))

    assert asyncio.run(together()) == [False] * (MOST_WAITING + 1)
    assert len(waits) == MOST_WAITING
    assert waits[5:] == [LONGEST_WAIT] * (MOST_WAITING - 5)
    assert tried(login, ("ada", "correct horse")) == [True]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (basic("ada:correct horse"), "ada"),
        (basic("ada:correct horse", "basic"), "ada"),
        (basic("ada:wrong"), None),
        (basic("ada"), None),
        (basic("nobody:correct horse"), None),
        (basic("ada:correct horse", "Bearer"), None),
        ("Basic ?", None),
        ("Basic /w==", None),
        ("", None),
    ],
)
def test_a_login_in_a_header(waits: list[float], header: str, name: str | None) -> None:
    assert asyncio.run(Login(USERS).check_header(header)) == name
