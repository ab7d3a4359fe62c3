"""How the page is served: on which address, with what switched off, and who may be asked for anything."""

import asyncio
import os
import socket
from pathlib import Path
from typing import Any, cast

import pytest

from roleqa.assistant import Assistant
from roleqa.errors import SettingsError
from roleqa.ui.headers import HEADERS, SelfOnlyHeaders
from roleqa.ui.serve import _bypass_proxies, _listenable, launch_options, serve


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
    assert os.environ["NO_PROXY"] == "intranet.example,localhost,127.0.0.1,10.0.0.7"
    assert os.environ["no_proxy"] == "localhost,127.0.0.1,10.0.0.7"


def test_everything_that_would_reach_out_or_clutter_is_off() -> None:
    options = launch_options()
    off = ("share", "pwa", "ssr_mode", "mcp_server", "inbrowser", "run_history", "enable_monitoring")
    assert {name: options[name] for name in off} == dict.fromkeys(off, False)
    assert options["footer_links"] == []
    assert options["quiet"] is True
    assert [middleware.cls for middleware in options["app_kwargs"]["middleware"]] == [SelfOnlyHeaders]
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"


def test_the_page_brings_its_own_style_script_and_picture_and_loads_none() -> None:
    options = launch_options()
    assert "//" not in options["head"].replace(
        "// ", ""
    )  # no address of another host; "// " begins a comment
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
    assert not [
        word for word in policy.replace(";", "").split() if ":" in word and word not in ("data:", "blob:")
    ]
