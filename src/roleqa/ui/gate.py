"""What may be asked of the server at all, before Gradio hears of it.

Gradio serves far more than this page needs: it fetches addresses for a client, takes files from anyone, runs any
event of the page by its name, and serves MCP to people who have not logged in. Here that ends.
"""

from __future__ import annotations

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from roleqa.ingest.limits import MAX_BYTES
from roleqa.ui.access import Access
from roleqa.ui.api import ENDPOINTS
from roleqa.ui.headers import App, Message, Receive, Send
from roleqa.ui.line import RETRY_AFTER, Line
from roleqa.ui.login import Login
from roleqa.ui.metrics import PATH as METRICS

API = "/gradio_api/"
MCP = f"{API}mcp"
UPLOAD = f"{API}upload"
# By these the endpoints are called by name: api_name comes next, after "v2/" or not.
CALLS = (f"{API}call/", f"{API}run/", f"{API}api/")
# The page runs events of its own by number, under this name.
PAGE_EVENT = f"{API}run/predict"
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
# The largest upload, in bytes: several documents at once, each of them as large as any may be.
LARGEST_UPLOAD = 10 * MAX_BYTES
# Uploads taken at once.
MOST_UPLOADS = 4
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Gate:
    """ASGI middleware that turns away what the page and the API do not need, or who may not ask for it."""

    def __init__(self, app: App, access: Access, login: Login | None = None, line: Line | None = None) -> None:
        self._app = app
        self._access = access
        self._login = login
        self._line = line
        self._uploads = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        refusal = await self._refusal(Request(scope)) if scope["type"] == "http" else None
        if refusal or scope["type"] != "http" or not scope["path"].startswith(UPLOAD):
            await _to_the_end(refusal or self._app, scope, receive, send)
            return
        self._uploads += 1
        try:
            await self._app(scope, _unless_broken_off(receive), send)
        finally:
            self._uploads -= 1

    async def _refusal(self, request: Request) -> Response | None:
        path = request.scope["path"]
        if request.method not in SAFE_METHODS and request.headers.get("sec-fetch-site") == "cross-site":
            return _refuse(403, "a page of another site may not ask this of yours")
        if _is_closed(path):
            return _refuse(404, "Not Found")
        username = _session_user(request)
        if self._login:
            if username is None and path.startswith((MCP, METRICS)):
                username = await self._login.check_header(request.headers.get("authorization", ""))
            if username is None and not _is_of_login_page(path):
                return _not_authenticated(path)
        if path.startswith(UPLOAD):
            return self._upload_refusal(request, username)
        return _oversized(request, LARGEST_REQUEST) or _unknown_endpoint(path) or self._busy(request)

    def _upload_refusal(self, request: Request, username: str | None) -> Response | None:
        if not self._access.admin_allowed(username):
            return _refuse(403, self._access.reason)
        if self._uploads >= MOST_UPLOADS:
            return _come_back("Others are adding files right now. Add yours in a few seconds.")
        return _oversized(request, LARGEST_UPLOAD)

    def _busy(self, request: Request) -> Response | None:
        """Why a call cannot join the line; the page's own questions are told so in the chat."""
        path = request.scope["path"]
        is_call = request.method == "POST" and path.startswith(CALLS) and path != PAGE_EVENT
        reason = self._line.refusal if self._line and is_call else None
        return _come_back(reason) if reason else None


def _unless_broken_off(receive: Receive) -> Receive:
    """Makes an upload that ends too soon one that Gradio cannot read: of those alone it deletes what has come."""
    whole = False

    async def receive_all() -> Message:
        nonlocal whole
        message = await receive()
        if message["type"] == "http.disconnect" and not whole:
            raise MultiPartException("the upload was broken off")
        whole = whole or not message.get("more_body", False)
        return message

    return receive_all


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


def _oversized(request: Request, most: int) -> Response | None:
    length = request.headers.get("content-length")
    if length is None and "transfer-encoding" in request.headers:
        return _refuse(411, "send the request's length ahead")
    if length and (not length.isdecimal() or int(length) > most):
        return _refuse(413, f"a request may have {most} bytes")
    return None


async def _to_the_end(app: App, scope: Message, receive: Receive, send: Send) -> None:
    """Has the app answer, and ends the answer calmly where it fails as Gradio does for events that it does not know.

    Whoever asks for such events, a page that is being left for one, has been told in the stream that was begun for
    them. What Gradio raises then would only fill the log; also where the page's own stream misses what another of its
    requests has cleared away.
    """
    try:
        await app(scope, receive, send)
    except (RuntimeError, KeyError) as error:
        session = QueryParams(scope.get("query_string", b"")).get("session_hash", "")
        is_cleared_away = isinstance(error, KeyError) and error.args == (session,)
        if not isinstance(error.__cause__, HTTPException) and not is_cleared_away:
            raise
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _unknown_endpoint(path: str) -> Response | None:
    for start in CALLS:
        if path.startswith(start):
            name = path.removeprefix(start).removeprefix("v2/").split("/")[0]
            if name not in ENDPOINTS and path != PAGE_EVENT:
                return _refuse(404, f"there is no endpoint {name!r}; there are: {', '.join(ENDPOINTS)}")
    return None


def _not_authenticated(path: str) -> Response:
    # As Gradio says it, which its clients know; a browser must not ask for a password of its own where programs do not.
    headers = {"WWW-Authenticate": "Basic"} if path.startswith((MCP, METRICS)) else None
    return JSONResponse({"detail": {"error": "Not authenticated", "auth_message": None}}, 401, headers)


def _refuse(status: int, message: str) -> Response:
    return JSONResponse({"detail": message}, status)


def _come_back(message: str) -> Response:
    return JSONResponse({"detail": message}, 503, {"Retry-After": str(RETRY_AFTER)})
