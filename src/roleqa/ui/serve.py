"""Serves the chat from this machine alone: no request of the page or of the server leaves it."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from roleqa.errors import MissingExtraError, SettingsError
from roleqa.ingest.limits import MAX_BYTES
from roleqa.stop import Stop
from roleqa.ui.access import Access, access_for, is_loopback
from roleqa.ui.api import explain_arguments
from roleqa.ui.app import build_app
from roleqa.ui.connections import bound
from roleqa.ui.gate import Gate
from roleqa.ui.headers import SelfOnlyHeaders
from roleqa.ui.layout import ASSETS
from roleqa.ui.login import Login
from roleqa.ui.logs import adopt_uvicorn
from roleqa.ui.metrics import MetricsEndpoint
from roleqa.ui.service import Service
from roleqa.ui.sessions import keep_sessions_lean
from roleqa.ui.stopping import stop_server
from roleqa.ui.theme import build_theme
from roleqa.ui.users import User
from roleqa.watch import Watch, follow

if TYPE_CHECKING:
    import gradio as gr

    from roleqa.assistant import Assistant

STYLES = ("page.css", "answer.css", "source.css", "corpus.css", "quality.css", "account.css", "record.css")
# The login page is Gradio's, which gives it neither title nor style; what it lets stand there is a message in HTML.
LOGIN_STYLES = ("page.css", "login.css")
LOGIN_MESSAGE = "<title>Log in to roleqa</title><style>{style}</style>Log in to ask the documents."
# Where the MCP server is, behind the URL of the page.
MCP_PATH = "gradio_api/mcp/"
# Gradio has a place for each question that waits or is answered, and so many for all else that pages ask.
MORE_THREADS = 60
# Seconds to wait for what runs in the background, when it was told to end.
THREADS_END_WITHIN = 0.25

log = logging.getLogger(__name__)


def serve(
    assistant: Assistant,
    host: str,
    port: int,
    on_ready: Callable[[str], None] | None = None,
    *,
    users: Mapping[str, User] | None = None,
    mcp: bool = False,
) -> bool:
    """Serves until it is stopped; `on_ready` gets the URL once the page answers. Port 0 picks a free one.

    Only `users` are served where there are any; `mcp` offers the endpoints as MCP tools as well. Asked to stop,
    it finishes what has begun, for as long as the setting allows. False where that was too short: threads may still
    be working, and only `roleqa.stop.end_process` ends the program cleanly.

    Raises:
        SettingsError: the address cannot be listened on, or MCP not be served.
    """
    access = access_for(host, users)
    login = None if users is None else Login(users)
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host  # IPv6, as in a URL
    port = _listenable(host, port)
    _bypass_proxies(host)
    service = Service(assistant)
    app = build_app(assistant, access, service)
    with Stop().listening() as stop:
        try:
            _launch(app, host, port, launch_options(service, host, access, login, mcp))
            bound(app.server, assistant.settings.max_connections)
            keep_sessions_lean(app)
            adopt_uvicorn()
            if mcp and not app.mcp_server:
                raise SettingsError(f"MCP cannot be served: {app.mcp_error}")
            stop.finishing()
            with _keeping_up(service) as background:
                if on_ready:
                    on_ready(str(app.local_url))
                stop.asked.wait()
                stopped = stop_server(app, service, assistant.settings.stop_seconds)
        except BaseException:
            app.close(verbose=False)
            raise
    return stopped and not any(thread.is_alive() for thread in background)


def _launch(app: gr.Blocks, host: str, port: int, options: dict[str, Any]) -> None:
    # Gradio says where its MCP server is, however quiet it is asked to be.
    with contextlib.redirect_stdout(io.StringIO()):
        app.launch(server_name=host, server_port=port, prevent_thread_lock=True, **options)


@contextlib.contextmanager
def _keeping_up(service: Service) -> Iterator[Sequence[threading.Thread]]:
    """In the block, what is live on disk answers, and the index is rebuilt after changes where that is set.

    Gives the threads that see to it, which have ended soon after the block unless they are held up.
    """
    settings = service.assistant.settings
    over = threading.Event()
    threads = [threading.Thread(target=follow, args=(service.assistant, over), name="follow", daemon=True)]
    if settings.watch:
        watch = Watch(settings, service.rebuild.run_here)
        threads.append(threading.Thread(target=watch.run, args=(over,), name="watch", daemon=True))
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        over.set()
        for thread in threads:
            thread.join(THREADS_END_WITHIN)


def launch_options(
    service: Service, host: str, access: Access, login: Login | None = None, mcp: bool = False
) -> dict[str, Any]:
    """How the page looks, who may ask for what, and all of Gradio's features that are switched off."""
    script = (ASSETS / "page.js").read_text(encoding="utf-8")
    return {
        "theme": build_theme(),
        # Not as `css`: Gradio rewrites the selectors of that, and breaks :is() and rules inside @media.
        "head": f"<style>{_style(STYLES)}</style><script>{script}</script>",
        "favicon_path": str(ASSETS / "favicon.svg"),
        "app_kwargs": {
            "middleware": _middleware(service, host, access, login),
            "exception_handlers": {TypeError: explain_arguments},
        },
        "auth": login.check if login else None,
        "auth_message": LOGIN_MESSAGE.format(style=_style(LOGIN_STYLES)),
        "max_file_size": MAX_BYTES,
        "max_threads": service.assistant.settings.max_waiting + MORE_THREADS,
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


def _middleware(service: Service, host: str, access: Access, login: Login | None) -> list[Middleware]:
    layers = [
        Middleware(SelfOnlyHeaders),
        Middleware(Gate, access=access, login=login, line=service.line),
        Middleware(MetricsEndpoint, metrics=service.metrics),
    ]
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
