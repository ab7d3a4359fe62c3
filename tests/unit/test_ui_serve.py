"""How the page is served: on which address, with what switched off, and who may be asked for anything."""

import asyncio
import importlib.util
import os
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.middleware.trustedhost import TrustedHostMiddleware

from roleqa.assistant import Assistant
from roleqa.errors import MissingExtraError, SettingsError
from roleqa.ingest.limits import MAX_BYTES
from roleqa.settings import Settings
from roleqa.ui.access import Access
from roleqa.ui.gate import Gate
from roleqa.ui.headers import HEADERS, SelfOnlyHeaders
from roleqa.ui.login import Login
from roleqa.ui.metrics import MetricsEndpoint
from roleqa.ui.serve import _bypass_proxies, _listenable, launch_options, require_mcp, serve
from roleqa.ui.service import Service

SERVICE = Service(cast(Assistant, SimpleNamespace(settings=Settings(), status=None, rebuild=None)))


def test_an_address_in_use_is_one_clear_error() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"cannot listen on 127\.0\.0\.1:{port}: .*--port"):
            serve(cast(Assistant, None), "127.0.0.1", port)


def test_an_address_of_another_machine_is_one_clear_error() -> None:
    with pytest.raises(SettingsError, match=r"cannot listen on 192\.0\.2\.1:0: .*--host"):
        serve(cast(Assistant, None), "192.0.2.1", 0)


def test_port_0_picks_a_free_one() -> None:
    port = _listenable("127.0.0.1", 0)
    assert port > 1023
    assert _listenable("127.0.0.1", port) == port


def test_our_own_server_is_never_asked_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet.example,localhost")
    monkeypatch.delenv("no_proxy", raising=False)
    _bypass_proxies("10.0.0.7")
    _bypass_proxies("[::1]")
    assert os.environ["NO_PROXY"] == "intranet.example,localhost,127.0.0.1,10.0.0.7,::1"
    assert os.environ["no_proxy"] == "localhost,127.0.0.1,10.0.0.7,::1"


def test_everything_that_would_reach_out_or_clutter_is_off() -> None:
    options = launch_options(SERVICE, "127.0.0.1", Access())
    off = ("share", "pwa", "ssr_mode", "mcp_server", "inbrowser", "run_history", "enable_monitoring")
    assert {name: options[name] for name in off} == dict.fromkeys(off, False)
    assert options["footer_links"] == []
    assert options["quiet"] is True
    assert options["max_file_size"] == MAX_BYTES
    assert options["auth"] is None
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"


@pytest.mark.parametrize(
    ("host", "login", "hosts"),
    [
        ("127.0.0.2", None, {"localhost", "127.0.0.1", "[::1]", "127.0.0.2"}),
        ("[::1]", None, {"localhost", "127.0.0.1", "[::1]"}),
        ("0.0.0.0", None, None),
        # A website that goes by this machine's address has no cookie of this page's.
        ("127.0.0.1", Login({}), None),
    ],
)
def test_what_stands_before_gradio(host: str, login: Login | None, hosts: set[str] | None) -> None:
    access = Access(frozenset(), "no")
    options = launch_options(SERVICE, host, access, login)
    layers = {layer.cls: layer.kwargs for layer in options["app_kwargs"]["middleware"]}
    assert next(iter(layers)) is SelfOnlyHeaders
    assert list(layers)[-2:] == [Gate, MetricsEndpoint]
    assert layers[Gate] == {"access": access, "login": login, "line": SERVICE.line}
    assert layers[MetricsEndpoint] == {"metrics": SERVICE.metrics}
    assert (set(layers[TrustedHostMiddleware]["allowed_hosts"]) if hosts else TrustedHostMiddleware in layers) == (hosts or False)
    assert options["auth"] == (login.check if login else None)


def test_mcp_is_served_where_it_is_asked_for() -> None:
    assert launch_options(SERVICE, "127.0.0.1", Access(), mcp=True)["mcp_server"] is True


def test_what_mcp_needs_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    require_mcp()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'roleqa\[mcp\]'"):
        require_mcp()


def test_the_login_page_is_ours_too() -> None:
    message = launch_options(SERVICE, "127.0.0.1", Access(), Login({}))["auth_message"]
    assert message.startswith("<title>Log in to roleqa</title><style>")
    assert message.endswith("</style>Log in to ask the documents.")
    assert message.count("</style>") == 1
    assert "--accent" in message


def test_the_page_brings_its_own_style_script_and_picture_and_loads_none() -> None:
    options = launch_options(SERVICE, "127.0.0.1", Access())
    assert "//" not in options["head"].replace("// ", "")  # no address of another host; "// " begins a comment
    assert "url(" not in options["head"]
    assert "@import" not in options["head"]
    assert Path(options["favicon_path"]).read_text(encoding="utf-8").startswith("<svg")
    assert options["theme"]._font_css == []


def test_every_response_tells_the_browser_to_stay_here() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]})
        await send({"type": "http.response.body", "body": b"hello"})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(SelfOnlyHeaders(app)({"type": "http"}, cast(Any, None), send))
    assert sent[0]["headers"] == [(b"a", b"b"), *HEADERS]
    assert sent[1] == {"type": "http.response.body", "body": b"hello"}
    policy = dict(HEADERS)[b"content-security-policy"].decode()
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives["default-src"] == directives["form-action"] == "'self'"
    assert not [word for word in policy.replace(";", "").split() if ":" in word and word not in ("data:", "blob:")]
