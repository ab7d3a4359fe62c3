"""What may be asked of the server at all, before Gradio hears of it.

Gradio serves far more than this page needs: it fetches addresses for a client, takes files from anyone, runs any
event of the page by its name, and serves MCP to people who have not logged in. Here that ends.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from roleqa.ui.access import Access
from roleqa.ui.api import ENDPOINTS
from roleqa.ui.headers import App, Message, Receive, Send
from roleqa.ui.login import Login

API = "/gradio_api/"
MCP = f"{API}mcp"
UPLOAD = f"{API}upload"
# By these the endpoints are called by name: api_name comes next, after "v2/" or not.
CALLS = (f"{API}call/", f"{API}run/", f"{API}api/")
CLOSED = (
    "/monitoring",
    *(f"{API}{route}" for route in ("proxy=", "file/", "stream/", "deep_link", "process_recording", "custom_")),
    *(f"{API}{route}" for route in ("runs", "run-history", "dev/", "profiling", "vibe-", "undo-vibe-")),
)
# What the login page is made of. All else needs a login where there is one.
LOGIN_PAGE = ("/", "/login", "/logout", "/favicon.ico", "/theme.css", "/robots.txt", "/manifest.json")
LOGIN_PAGE_API = tuple(f"{API}{route}" for route in ("startup-events", "login_check", "theme.css"))
LOGIN_PAGE_FILES = ("/static/", "/assets/", "/svelte/")

# The largest request, in bytes, that is no upload.
LARGEST_REQUEST = 10_000_000
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Gate:
    """ASGI middleware that turns away what the page and the API do not need, or who may not ask for it."""

    def __init__(self, app: App, access: Access, login: Login | None = None) -> None:
        self._app = app
        self._access = access
        self._login = login

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        refusal = await self._refusal(Request(scope)) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)

    async def _refusal(self, request: Request) -> Response | None:
        path = request.scope["path"]
        if request.method not in SAFE_METHODS and request.headers.get("sec-fetch-site") == "cross-site":
            return _refuse(403, "a page of another site may not ask this of yours")
        if _is_closed(path):
            return _refuse(404, "Not Found")
        username = _session_user(request)
        if self._login:
            if username is None and path.startswith(MCP):
                username = await self._login.check_header(request.headers.get("authorization", ""))
            if username is None and not _is_of_login_page(path):
                return _not_authenticated(path)
        if path.startswith(UPLOAD):
            return None if self._access.admin_allowed(username) else _refuse(403, self._access.reason)
        return _oversized(request) or _unknown_endpoint(path)


def _session_user(request: Request) -> str | None:
    """The user whom Gradio has logged in, as Gradio itself finds out."""
    app = request.scope["app"]
    names = (f"access-token-{app.cookie_id}", f"access-token-unsecure-{app.cookie_id}")
    tokens = (request.cookies.get(name) for name in names)
    username: str | None = app.tokens.get(next(filter(None, tokens), None))
    return username


def _is_closed(path: str) -> bool:
    # A file's address may be another server's, for this one to fetch.
    return path.startswith(CLOSED) or (path.startswith(f"{API}file=") and "://" in path)


def _is_of_login_page(path: str) -> bool:
    return path in LOGIN_PAGE or path.rstrip("/") in LOGIN_PAGE + LOGIN_PAGE_API or path.startswith(LOGIN_PAGE_FILES)


def _oversized(request: Request) -> Response | None:
    length = request.headers.get("content-length")
    if length is None and "transfer-encoding" in request.headers:
        return _refuse(411, "send the request's length ahead")
    if length and (not length.isdecimal() or int(length) > LARGEST_REQUEST):
        return _refuse(413, f"a request may have {LARGEST_REQUEST} bytes")
    return None


def _unknown_endpoint(path: str) -> Response | None:
    for start in CALLS:
        if path.startswith(start):
            name = path.removeprefix(start).removeprefix("v2/").split("/")[0]
            # The page runs events of its own by number, under this name.
            if name not in ENDPOINTS and path != f"{API}run/predict":
                return _refuse(404, f"there is no endpoint {name!r}; there are: {', '.join(ENDPOINTS)}")
    return None


def _not_authenticated(path: str) -> Response:
    # As Gradio says it, which its clients know; a browser must not ask for a password of its own where MCP is not.
    headers = {"WWW-Authenticate": "Basic"} if path.startswith(MCP) else None
    return JSONResponse({"detail": {"error": "Not authenticated", "auth_message": None}}, 401, headers)


def _refuse(status: int, message: str) -> Response:
    return JSONResponse({"detail": message}, status)
