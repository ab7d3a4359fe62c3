"""Connections that send or read too slowly, over a real socket with short patience."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
import uvicorn

from roleqa.ui import connections
from roleqa.ui.connections import KEPT_FOR, BoundedProtocol, bound

Talk = Callable[[int], Awaitable[Any]]
LARGE = b"x" * 5_000_000


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Reads the whole body and says how long it was; at /large, sends far more than a socket holds."""
    length = 0
    while (message := await receive())["type"] == "http.request":
        length += len(message["body"])
        if not message["more_body"]:
            break
    body = LARGE if scope["path"] == "/large" else str(length).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEADERS_WITHIN", "BODY_WITHIN", "READ_WITHIN"):
        monkeypatch.setattr(connections, name, 0.3)


def served(talk: Talk, most: int = 50) -> Any:
    """What comes of talking to a bounded server at a port."""

    async def run() -> Any:
        config = uvicorn.Config(app, port=0, log_config=None, lifespan="off")
        config.load()
        server = uvicorn.Server(config)
        bound(cast(Any, SimpleNamespace(config=config)), most)
        with no_signals(server):
            task = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            try:
                return await asyncio.wait_for(talk(port), 60)
            finally:
                server.should_exit = server.force_exit = True
                await task

    return asyncio.run(run())


@contextlib.contextmanager
def no_signals(server: uvicorn.Server) -> Iterator[None]:
    @contextlib.contextmanager
    def nothing() -> Iterator[None]:
        yield

    server.capture_signals = nothing  # type: ignore[method-assign]
    yield


async def connected(port: int, *parts: bytes, every: float = 0.1) -> tuple[bytes, float]:
    """Sends parts, one each so many seconds; gives what came back until the other side closed, and when that was."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    started = asyncio.get_running_loop().time()

    async def send() -> None:
        for part in parts:
            writer.write(part)
            await asyncio.sleep(every)

    sending = asyncio.create_task(send())
    try:
        said = await reader.read()
    except ConnectionError:
        said = b"reset"
    seconds = asyncio.get_running_loop().time() - started
    sending.cancel()
    writer.close()
    return said, seconds


TRICKLE = [b"GET / HTTP/1.1\r\nHost: a\r\n", *[b"X-A: b\r\n"] * 100]
BODY = [b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\n", b"a", b"b", b"c"]


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([b""], id="nothing"),
        pytest.param(TRICKLE, id="headers without end"),
        pytest.param([BODY[0], *[b"a"]], id="a body that stops"),
        pytest.param([b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n", *[b"a"] * 90], id="a body in drops"),
        pytest.param([b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", *TRICKLE], id="headers of a second request"),
    ],
)
def test_who_sends_too_slowly_is_given_up_on(parts: list[bytes]) -> None:
    said, seconds = served(lambda port: connected(port, *parts))
    assert said in (b"", b"reset") or said.endswith(b"\r\n\r\n0")
    assert 0.2 < seconds < 3


def test_who_sends_in_time_is_answered() -> None:
    said, _ = served(lambda port: connected(port, *BODY, every=0.02))
    assert said.endswith(b"\r\n\r\n3")


def test_a_large_body_has_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BYTES_A_SECOND", 1)
    said, _ = served(lambda port: connected(port, *BODY, every=0.2))
    assert said.endswith(b"\r\n\r\n3")


def test_who_does_not_read_is_given_up_on() -> None:
    async def talk(port: int) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
        writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.sleep(1.5)
        length = 0
        with contextlib.suppress(ConnectionError):
            while part := await reader.read(100_000):
                length += len(part)
        writer.close()
        return length

    assert served(talk) < len(LARGE)


def test_who_reads_slowly_but_reads_gets_all() -> None:
    async def talk(port: int) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        length = 0
        while part := await reader.read(1_000_000):
            length += len(part)
            await asyncio.sleep(0.01)
        writer.close()
        return length

    assert served(talk) > len(LARGE)


def test_room_is_made_for_who_asks() -> None:
    async def talk(port: int) -> tuple[list[bytes], bytes]:
        silent = [asyncio.create_task(connected(port)) for _ in range(12)]
        await asyncio.sleep(0.1)
        answer, _ = await connected(port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        return [said for said, _ in await asyncio.gather(*silent)], answer

    said, answer = served(talk, most=10)
    assert answer.endswith(b"\r\n\r\n0")
    assert set(said) <= {b"", b"reset"}


def test_websockets_are_not_spoken() -> None:
    server = SimpleNamespace(config=SimpleNamespace())
    bound(cast(Any, server), 7)
    assert vars(server.config) == {
        "http_protocol_class": BoundedProtocol, "ws_protocol_class": None, "timeout_keep_alive": KEPT_FOR, "limit_concurrency": 7,
    }  # fmt: skip
