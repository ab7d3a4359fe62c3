"""Shows on the page who has logged in, and shuts what they may not do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
from gradio.components import Component

from roleqa.ui.access import Access
from roleqa.ui.markup import EMPTY, Html, element, foreign, text


def connect_account(
    app: gr.Blocks, access: Access, account: gr.HTML, notice: gr.HTML, for_admins: Sequence[Component]
) -> None:
    """When the page loads: who they are into `account`; why the buttons do nothing, where so, into `notice`.

    That is for the eye alone: what the buttons do must ask `access` itself.
    """

    def show(request: gr.Request) -> list[Any]:
        allowed = access.admin_allowed(request.username)
        return [
            render_account(request.username),
            EMPTY if allowed else element("p", text(access.reason), class_="notice"),
            *(gr.update(interactive=allowed) for _ in for_admins),
        ]

    app.load(show, None, [account, notice, *for_admins], show_progress="hidden", api_visibility="private")


def render_account(username: str | None) -> Html:
    """Who has logged in, and the way out; nothing where nobody logs in."""
    if username is None:
        return EMPTY
    return element("p", foreign("b", username), text(" "), element("a", text("Log out"), href="logout"))
