"""What reaches Gradio, and what is turned away before."""

from __future__ import annotations

import asyncio
import base64
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.exceptions import HTTPException

from roleqa.ui.access import NO_LOGIN, NOT_ADMIN, Access
from roleqa.ui.gate import LARGEST_REQUEST, LARGEST_UPLOAD, MOST_UPLOADS, Gate
from roleqa.ui.headers import App
from roleqa.ui.line import RETRY_AFTER, STOPPING, Line
from roleqa.ui.login import Login
from roleqa.ui.users import PasswordHash, User

USERS = {
    "ada": User("ada", True, PasswordHash.of("correct horse", (2, 1, 1))),
    "grace": User("grace", False, PasswordHash.of("battery staple", (2, 1, 1))),
}
ANYONE = Access()
NOBODY = Access(frozenset(), NO_LOGIN)
ADMINS = Access(frozenset({"ada"}), NOT_ADMIN)
GRADIO = SimpleNamespace(cookie_id="c", tokens={"token-a": "ada", "token-g": "grace"})
ADA, GRACE = ({"cookie": f"access-token-unsecure-c={token}"} for token in GRADIO.tokens)


async def gradio(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"gradio"})


def failing(cause: Exception | None, error: Exception | None = None) -> App:
    """An app that begins its answer and then fails."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"not found", "more_body": True})
        raise error or RuntimeError("response already started") from cause

    return app


def asked(
    path: str,
    access: Access = ANYONE,
    login: Login | None = None,
    *,
    line: Line | None = None,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    content: Any = None,
    behind: App = gradio,
) -> httpx.Response:
    gate = Gate(behind, access, login, line)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await gate({**scope, "app": GRADIO}, receive, send)

    async def request() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.request(method, path, headers=headers, content=content)

    return asyncio.run(request())


def test_a_stream_of_events_that_are_gone_ends_calmly_and_all_else_that_fails_is_heard_of() -> None:
    assert asked("/gradio_api/queue/data", behind=failing(HTTPException(404))).text == "not found"
    for cause in (None, ValueError()):
        with pytest.raises(RuntimeError, match="response already started"):
            asked("/gradio_api/queue/data", behind=failing(cause))
    path = "/gradio_api/queue/data?session_hash=1"
    assert asked(path, behind=failing(None, KeyError("1"))).text == "not found"
    with pytest.raises(KeyError, match="2"):
        asked(path, behind=failing(None, KeyError("2")))


OPEN = ["/", "/config", "/assets/a.js", "/static/a.css", "/gradio_api/info", "/gradio_api/queue/data?session_hash=1",
        "/gradio_api/file=/tmp/gradio/1/a.csv", "/gradio_api/call/ask/1", "/gradio_api/call/v2/search/1",
        "/gradio_api/mcp/", "/gradio_api/heartbeat/1"]  # fmt: skip


@pytest.mark.parametrize("path", OPEN)
def test_the_page_and_the_api_are_let_through(path: str) -> None:
    assert asked(path).text == "gradio"
    assert asked(path, NOBODY).text == "gradio"
    assert asked(path, ADMINS, Login(USERS), headers=GRACE).text == "gradio"


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=http://192.0.2.1/x", "/gradio_api/file=HTTPS://192.0.2.1/x", "/gradio_api/file=%68ttp://192.0.2.1/",
        "/gradio_api/file/etc/passwd", "/gradio_api/proxy=http://x.hf.space/", "/gradio_api/deep_link?session_hash=1",
        "/gradio_api/process_recording", "/gradio_api/custom_component/a/client/b/c", "/gradio_api/stream/1",
        "/gradio_api/vibe-edit/", "/gradio_api/undo-vibe-edit", "/gradio_api/dev/reload", "/gradio_api/runs",
        "/gradio_api/run-history/records", "/gradio_api/profiling/traces", "/monitoring", "/monitoring/key",
    ],
)  # fmt: skip
def test_what_nobody_needs_is_shut(path: str) -> None:
    assert (asked(path).status_code, asked(path).json()) == (404, {"detail": "Not Found"})
    assert asked(path, ADMINS, Login(USERS), headers=ADA).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/call/rebuild", "/gradio_api/call/v2/rebuild", "/gradio_api/run/rebuild", "/gradio_api/api/rebuild",
     "/gradio_api/call/predict", "/gradio_api/api/predict", "/gradio_api/call/v2/"],
)  # fmt: skip
def test_no_event_of_the_page_is_called_by_its_name(path: str) -> None:
    refused = asked(path, method="POST", content=b"{}")
    assert refused.status_code == 404
    assert "there are: ask, search, status" in refused.json()["detail"]


def test_the_page_runs_its_own_events_by_number() -> None:
    assert asked("/gradio_api/run/predict", method="POST", content=b"{}").text == "gradio"
    assert asked("/gradio_api/queue/join", method="POST", content=b"{}").text == "gradio"


@pytest.mark.parametrize(
    "path", ["/", "/login", "/login/", "/logout", "/theme.css", "/favicon.ico", "/static/a.css", "/assets/a.js", "/gradio_api/startup-events"]
)
def test_the_login_page_needs_no_login(path: str) -> None:
    assert asked(path, ADMINS, Login(USERS)).text == "gradio"


@pytest.mark.parametrize("path", [*OPEN[4:], "/config", "/gradio_api/upload", "/gradio_api/user", "/openapi.json", "/anything"])
def test_all_else_does(path: str) -> None:
    login = Login(USERS)
    for headers in (None, {"cookie": "access-token-unsecure-c=token-z"}, {"cookie": "access-token-unsecure-d=token-a"}):
        refused = asked(path, ADMINS, login, headers=headers)
        assert (refused.status_code, refused.json()["detail"]["error"]) == (401, "Not authenticated")
        assert ("www-authenticate" in refused.headers) == ("/mcp" in path)


def test_mcp_takes_a_password_with_each_request() -> None:
    def header(credentials: str) -> dict[str, str]:
        return {"authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"}

    login = Login(USERS)
    assert asked("/gradio_api/mcp/", ADMINS, login, headers=header("grace:battery staple")).text == "gradio"
    assert asked("/gradio_api/mcp/", ADMINS, login, headers=header("grace:wrong")).status_code == 401
    # What a browser sends along unasked must not open the page.
    assert asked("/config", ADMINS, login, headers=header("grace:battery staple")).status_code == 401


@pytest.mark.parametrize(
    ("access", "headers", "login", "reason"),
    [
        (ANYONE, None, None, None),
        (NOBODY, None, None, NO_LOGIN),
        (ADMINS, ADA, Login(USERS), None),
        (ADMINS, GRACE, Login(USERS), NOT_ADMIN),
    ],
)
@pytest.mark.parametrize("path", ["/gradio_api/upload", "/gradio_api/upload?upload_id=1", "/gradio_api/upload_progress"])
def test_files_are_taken_from_admins_alone(
    access: Access, headers: dict[str, str] | None, login: Login | None, reason: str | None, path: str
) -> None:
    answer = asked(path, access, login, method="POST", headers=headers, content=b"file")
    assert (answer.status_code, answer.json()["detail"] if reason else answer.text) == (403 if reason else 200, reason or "gradio")


def test_a_request_has_a_bound() -> None:
    def posted(**headers: str) -> int:
        return asked("/gradio_api/queue/join", method="POST", headers=headers, content=b"x").status_code

    assert posted() == 200
    assert posted(**{"content-length": str(LARGEST_REQUEST)}) == 200
    assert posted(**{"content-length": str(LARGEST_REQUEST + 1)}) == 413
    assert posted(**{"content-length": "-1"}) == 413

    async def endless() -> Any:
        yield b"x"

    assert asked("/gradio_api/queue/join", method="POST", content=endless()).status_code == 411


def test_uploads_have_bounds_of_their_own() -> None:
    def posted(length: int) -> int:
        return asked("/gradio_api/upload", method="POST", headers={"content-length": str(length)}, content=b"x").status_code

    assert posted(LARGEST_REQUEST + 1) == posted(LARGEST_UPLOAD) == 200
    assert posted(LARGEST_UPLOAD + 1) == 413

    async def endless() -> Any:
        yield b"x"

    assert asked("/gradio_api/upload", method="POST", content=endless()).status_code == 411


def test_so_many_uploads_are_taken_at_once() -> None:
    async def together() -> list[httpx.Response]:
        let_on = asyncio.Event()

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            await let_on.wait()
            await gradio(scope, receive, send)

        gate = Gate(slow, ANYONE)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await gate({**scope, "app": GRADIO}, receive, send)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            taken = [asyncio.create_task(client.post("/gradio_api/upload", content=b"x")) for _ in range(MOST_UPLOADS)]
            await asyncio.sleep(0.05)
            refused = await client.post("/gradio_api/upload", content=b"x")
            other = asyncio.create_task(client.get("/config"))
            let_on.set()
            return [refused, await other, *await asyncio.gather(*taken), await client.post("/gradio_api/upload", content=b"x")]

    refused, *others = asyncio.run(together())
    assert (refused.status_code, refused.headers["retry-after"]) == (503, str(RETRY_AFTER))
    assert {answer.text for answer in others} == {"gradio"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/gradio_api/call/ask", 503), ("POST", "/gradio_api/call/v2/search", 503), ("POST", "/gradio_api/run/ask", 503),
        ("GET", "/gradio_api/call/ask/1", 200), ("POST", "/gradio_api/queue/join", 200), ("POST", "/gradio_api/run/predict", 200),
        ("GET", "/config", 200),
    ],
)  # fmt: skip
def test_what_would_join_a_closed_line_comes_back_later(method: str, path: str, status: int) -> None:
    line = Line(1, 1)
    assert asked(path, line=line, method=method).status_code == 200
    line.close()
    refused = asked(path, line=line, method=method)
    assert refused.status_code == status
    if status == 503:
        assert (refused.json(), refused.headers["retry-after"]) == ({"detail": STOPPING}, str(RETRY_AFTER))


def test_metrics_take_a_password_with_each_request() -> None:
    login = Login(USERS)
    refused = asked("/metrics", ADMINS, login)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Basic")
    header = {"authorization": f"Basic {base64.b64encode(b'grace:battery staple').decode()}"}
    assert asked("/metrics", ADMINS, login, headers=header).text == "gradio"
    assert asked("/metrics", ADMINS, login, headers=GRACE).text == "gradio"
    assert asked("/metrics").text == "gradio"


@pytest.mark.parametrize(
    ("method", "site", "status"),
    [("POST", "cross-site", 403), ("PUT", "cross-site", 403), ("GET", "cross-site", 200),
     ("POST", "same-origin", 200), ("POST", "same-site", 200), ("POST", "none", 200)],
)  # fmt: skip
def test_a_page_of_another_site_does_nothing(method: str, site: str, status: int) -> None:
    assert asked("/gradio_api/upload", method=method, headers={"sec-fetch-site": site}).status_code == status


def test_what_is_no_request_passes() -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    asyncio.run(Gate(app, ADMINS, Login(USERS))({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert seen == ["lifespan"]
