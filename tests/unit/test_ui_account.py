"""What the page shows of who has logged in, and what it shuts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import gradio as gr
import pytest

from html_tree import parse
from roleqa.assistant import Assistant
from roleqa.ui.access import NO_LOGIN, NOT_ADMIN, Access
from roleqa.ui.account import connect_account, render_account
from roleqa.ui.app import build_app

ADMINS = Access(frozenset({"ada"}), NOT_ADMIN)


WHO = pytest.mark.parametrize(
    ("access", "username", "reason"),
    [
        (Access(), None, None),
        (Access(frozenset(), NO_LOGIN), None, NO_LOGIN),
        (ADMINS, "ada", None),
        (ADMINS, "grace", NOT_ADMIN),
        (ADMINS, None, NOT_ADMIN),
    ],
)


def shown(access: Access, username: str | None) -> tuple[str, str, bool]:
    """What stands in the account and the notice, and whether the button can be pressed."""

    async def build() -> gr.Blocks:
        with gr.Blocks(analytics_enabled=False) as app:
            connect_account(app, access, gr.HTML(), gr.HTML(), [gr.Button()])
        return app

    (load,) = asyncio.run(build()).fns.values()
    assert load.api_visibility == "private"
    account, notice, button = cast(Callable[..., Any], load.fn)(gr.Request(username=username))
    return account, notice, button["interactive"]


@WHO
def test_a_button_is_shut_with_the_reason_in_words(access: Access, username: str | None, reason: str | None) -> None:
    account, notice, interactive = shown(access, username)
    assert interactive is (reason is None)
    assert parse(notice).text == (reason or "")
    assert parse(account).text == (f"{username} Log out" if username else "")


def test_a_name_is_no_markup() -> None:
    assert "<i>" not in render_account("<i>ada</i>")
    assert parse(render_account("<i>ada</i>")).text == "<i>ada</i> Log out"


def handler(app: gr.Blocks, element_id: str, trigger: str) -> Callable[..., Any]:
    ids = {block._id for block in app.blocks.values() if getattr(block, "elem_id", None) == element_id}
    (found,) = (fn.fn for fn in app.fns.values() if any((id, trigger) in fn.targets for id in ids))
    return cast(Callable[..., Any], found)


@WHO
def test_the_server_itself_refuses_a_rebuild(
    assistant: Assistant, access: Access, username: str | None, reason: str | None
) -> None:
    async def rebuild() -> str:
        steps = handler(build_app(assistant, access), "rebuild", "click")(gr.Request(username=username))
        return " ".join([str(step) async for step in steps])

    (assistant.settings.corpus / "tides.md").write_text("# Tides\n\nHigh at noon.\n")
    before = assistant.status().generation.id
    said = asyncio.run(rebuild())
    assert (assistant.status().generation.id == before) is (reason is not None)
    assert (reason or "The new index answers now.") in said


@WHO
def test_the_server_itself_refuses_an_upload(
    assistant: Assistant, tmp_path: Path, access: Access, username: str | None, reason: str | None
) -> None:
    async def upload() -> str:
        add = handler(build_app(assistant, access), "add-documents", "upload")
        return str(add([str(file)], (), gr.Request(username=username)))

    file = tmp_path / "tides.md"
    file.write_text("# Tides\n\nHigh at noon.\n")
    said = asyncio.run(upload())
    assert (assistant.settings.corpus / "tides.md").exists() is (reason is None)
    assert (reason or "tides.md") in said
