"""Serves the chat from this machine alone: no request of the page or of the server leaves it."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from roleqa.errors import MissingExtraError, SettingsError
from roleqa.ui.access import Access, access_for, is_loopback
from roleqa.ui.api import explain_arguments
from roleqa.ui.app import build_app
from roleqa.ui.gate import Gate
from roleqa.ui.headers import SelfOnlyHeaders
from roleqa.ui.layout import ASSETS
from roleqa.ui.login import Login
from roleqa.ui.theme import build_theme
from roleqa.ui.users import User

if TYPE_CHECKING:
    from roleqa.assistant import Assistant

STYLES = ("page.css", "answer.css", "source.css", "corpus.css", "quality.css", "account.css", "record.css")
# The login page is Gradio's, which gives it neither title nor style; what it lets stand there is a message in HTML.
LOGIN_STYLES = ("page.css", "login.css")
LOGIN_MESSAGE = "<title>Log in to roleqa</title><style>{style}</style>Log in to ask the documents."
# Where the MCP server is, behind the URL of the page.
MCP_PATH = "gradio_api/mcp/"
# The largest file that an admin may upload, in bytes.
LARGEST_UPLOAD = 50_000_000


def serve(
    assistant: Assistant,
    host: str,
    port: int,
    on_ready: Callable[[str], None] | None = None,
    *,
    users: Mapping[str, User] | None = None,
    mcp: bool = False,
) -> None:
    """Serves until interrupted; `on_ready` gets the URL once the page answers. Port 0 picks a free one.

    Only `users` are served where there are any; `mcp` offers the endpoints as MCP tools as well.

    Raises:
        SettingsError: the address cannot be listened on, or MCP not be served.
    """
    access = access_for(host, users)
    login = None if users is None else Login(users)
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host  # IPv6, as in a URL
    port = _listenable(host, port)
    _bypass_proxies(host)
    app = build_app(assistant, access)
    try:
        # Gradio says where its MCP server is, however quiet it is asked to be.
        with contextlib.redirect_stdout(io.StringIO()):
            app.launch(
                server_name=host, server_port=port, prevent_thread_lock=True, **launch_options(host, access, login, mcp)
            )
        if mcp and not app.mcp_server:
            raise SettingsError(f"MCP cannot be served: {app.mcp_error}")
        if on_ready:
            on_ready(str(app.local_url))
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
    finally:
        app.close(verbose=False)


def launch_options(host: str, access: Access, login: Login | None = None, mcp: bool = False) -> dict[str, Any]:
    """How the page looks, who may ask for what, and all of Gradio's features that are switched off."""
    script = (ASSETS / "page.js").read_text(encoding="utf-8")
    return {
        "theme": build_theme(),
        # Not as `css`: Gradio rewrites the selectors of that, and breaks :is() and rules inside @media.
        "head": f"<style>{_style(STYLES)}</style><script>{script}</script>",
        "favicon_path": str(ASSETS / "favicon.svg"),
        "app_kwargs": {
            "middleware": _middleware(host, access, login),
            "exception_handlers": {TypeError: explain_arguments},
        },
        "auth": login.check if login else None,
        "auth_message": LOGIN_MESSAGE.format(style=_style(LOGIN_STYLES)),
        "max_file_size": LARGEST_UPLOAD,
        "mcp_server": mcp,
        "footer_links": [],
        "quiet": True,
        "share": False,
        "pwa": False,
        "ssr_mode": False,
        "inbrowser": False,
        "run_history": False,
        "enable_monitoring": False,
    }


def require_mcp() -> None:
    """Raises MissingExtraError where what MCP needs is not installed."""
    if importlib.util.find_spec("mcp") is None:
        raise MissingExtraError("MCP needs the package mcp; install it: pip install 'roleqa[mcp]'")


def _style(names: Sequence[str]) -> str:
    return "".join((ASSETS / name).read_text(encoding="utf-8") for name in names)


def _middleware(host: str, access: Access, login: Login | None) -> list[Middleware]:
    layers = [Middleware(SelfOnlyHeaders), Middleware(Gate, access=access, login=login)]
    if login is None and is_loopback(host):
        # A website that points its own name at 127.0.0.1 is read by the browser as if it were this page.
        layers.insert(1, Middleware(TrustedHostMiddleware, allowed_hosts=("localhost", "127.0.0.1", "[::1]", host)))
    return layers


def _listenable(host: str, port: int) -> int:
    """The port, or a free one for 0, after seeing that it can be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host.strip("[]"), port))
            return int(probe.getsockname()[1])
    except (OSError, OverflowError) as error:
        raise SettingsError(
            f"cannot listen on {host}:{port}: {error}. Choose another --host or --port (0 picks a free port)."
        ) from error


def _bypass_proxies(host: str) -> None:
    """Gradio asks its own server whether it is up; through a proxy it would ask another machine."""
    for name in ("NO_PROXY", "no_proxy"):
        hosts = [entry for entry in os.environ.get(name, "").split(",") if entry]
        os.environ[name] = ",".join(dict.fromkeys([*hosts, "localhost", "127.0.0.1", host.strip("[]")]))
