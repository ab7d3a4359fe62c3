"""Serves the chat from this machine alone: no request of the page or of the server leaves it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.middleware import Middleware

from roleqa.errors import SettingsError
from roleqa.ui.app import build_app
from roleqa.ui.headers import SelfOnlyHeaders
from roleqa.ui.theme import build_theme

if TYPE_CHECKING:
    from roleqa.assistant import Assistant

_HERE = Path(__file__).parent


def serve(assistant: Assistant, host: str, port: int, on_ready: Callable[[str], None] | None = None) -> None:
    """Serves until interrupted; `on_ready` gets the URL once the page answers. Port 0 picks a free one.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host  # IPv6, as in a URL
    port = _listenable(host, port)
    _bypass_proxies(host)
    app = build_app(assistant)
    try:
        app.launch(server_name=host, server_port=port, prevent_thread_lock=True, **launch_options())
        if on_ready:
            on_ready(str(app.local_url))
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
    finally:
        app.close(verbose=False)


def launch_options() -> dict[str, Any]:
    """How the page looks, and all of Gradio's features that are switched off."""
    style = (_HERE / "style.css").read_text(encoding="utf-8")
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    return {
        "theme": build_theme(),
        # Not as `css`: Gradio rewrites the selectors of that, and breaks :is() and rules inside @media.
        "head": f"<style>{style}</style><script>{script}</script>",
        "favicon_path": str(_HERE / "favicon.svg"),
        "app_kwargs": {"middleware": [Middleware(SelfOnlyHeaders)]},
        "footer_links": [],
        "quiet": True,
        "share": False,
        "pwa": False,
        "ssr_mode": False,
        "mcp_server": False,
        "inbrowser": False,
        "run_history": False,
        "enable_monitoring": False,
    }


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
        os.environ[name] = ",".join(dict.fromkeys([*hosts, "localhost", "127.0.0.1", host]))
