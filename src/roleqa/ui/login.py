"""Logging in: passwords are checked off the event loop, in turn, and slower after each wrong one."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Mapping

import anyio.to_thread

from roleqa.ui.users import User, verify

# Seconds that an attempt waits after one wrong password, doubled with each more, up to the longest.
FIRST_WAIT = 0.25
LONGEST_WAIT = 4.0
# So many seconds after the last wrong password, all are forgotten.
FORGOTTEN_AFTER = 60.0
# Attempts beyond these are refused unheard.
MOST_WAITING = 64


class Login:
    """Who may log in. What waits, waits for everyone: whose name was tried must not show."""

    def __init__(self, users: Mapping[str, User]) -> None:
        self._users = users
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._wrong = 0
        self._last_wrong = 0.0
        self._secret = secrets.token_bytes(32)
        self._right: dict[str, bytes] = {}

    async def check(self, name: str, password: str) -> bool:
        """Whether that is the password of that user.

        A password that was right before is known at once: clients that send it with each request wait for none.
        """
        if hmac.compare_digest(self._right.get(name, b""), self._digest(password)):
            return True
        if self._waiting >= MOST_WAITING:
            return False
        self._waiting += 1
        try:
            async with self._turn:
                await asyncio.sleep(self._wait())
                right = await anyio.to_thread.run_sync(verify, self._users, name, password)
                self._remember(name, password, right)
                return right
        finally:
            self._waiting -= 1

    async def check_header(self, authorization: str) -> str | None:
        """The name in an HTTP Basic `Authorization` header, if its password is right."""
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, colon, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return name if colon and await self.check(name, password) else None

    def _wait(self) -> float:
        if not self._wrong or time.monotonic() - self._last_wrong > FORGOTTEN_AFTER:
            self._wrong = 0
            return 0.0
        return min(FIRST_WAIT * 2.0 ** min(self._wrong - 1, 16), LONGEST_WAIT)

    def _remember(self, name: str, password: str, right: bool) -> None:
        if right:
            self._right[name] = self._digest(password)
        else:
            self._wrong += 1
            self._last_wrong = time.monotonic()

    def _digest(self, password: str) -> bytes:
        return hmac.digest(self._secret, password.encode("utf-8", "surrogatepass"), "sha256")
