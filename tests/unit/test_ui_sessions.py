"""What is remembered of pages and of calls."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest

from roleqa.assistant import Assistant
from roleqa.ui import sessions
from roleqa.ui.app import build_app
from roleqa.ui.sessions import LeanSessions, keep_sessions_lean


@pytest.fixture
def app(assistant: Assistant) -> gr.Blocks:
    async def build() -> gr.Blocks:
        return build_app(assistant)

    return asyncio.run(build())


@pytest.fixture
def held(app: gr.Blocks, monkeypatch: pytest.MonkeyPatch) -> LeanSessions:
    monkeypatch.setattr(sessions, "MOST_CALLS", 3)
    return LeanSessions(app)


def state_of(app: gr.Blocks) -> int:
    """The id of a component that holds state for each page: the conversation."""
    return next(id for id, block in app.blocks.items() if isinstance(block, gr.State))


def test_of_calls_the_newest_are_kept_and_of_pages_all(app: gr.Blocks, held: LeanSessions) -> None:
    state = state_of(app)
    held["page"][state] = ("a turn",)
    queue: Any = app._queue
    for number in range(6):
        queue.pending_event_ids_session[f"call {number}"] = set()
        queue.pending_messages_per_session[f"call {number}"] = asyncio.Queue()
        assert held[f"call {number}"].state_data == {}
        assert held["page"][state] == ("a turn",)
    assert set(held.session_data) == set(held.time_last_used) == {"call 3", "call 4", "call 5", "page"}
    assert set(queue.pending_event_ids_session) == set(queue.pending_messages_per_session) == {"call 3", "call 4", "call 5"}


def test_a_page_that_has_asked_nothing_yet_keeps_what_it_says_later(app: gr.Blocks, held: LeanSessions) -> None:
    state = state_of(app)
    held["page"]
    held["page"][state] = ("a turn",)
    for number in range(6):
        held[f"call {number}"]
    assert held["page"][state] == ("a turn",)


def test_a_session_knows_every_component_and_copies_the_configuration_of_none(app: gr.Blocks, held: LeanSessions) -> None:
    session = held["page"]
    assert set(session.blocks_config.blocks) == set(app.default_config.blocks)
    assert session.config_values == {}
    box = next(id for id, block in app.blocks.items() if getattr(block, "elem_id", None) == "question")
    session[box] = gr.Textbox(value="typed", render=False)
    assert session[box].value == "typed"
    assert held["other"][box].value != "typed"


def test_a_launched_app_keeps_them_so(app: gr.Blocks) -> None:
    app.app = cast(Any, SimpleNamespace(state_holder=None))
    keep_sessions_lean(app)
    assert isinstance(app.app.state_holder, LeanSessions)
    assert app.state_holder is app.app.state_holder


def test_what_gradio_sums_up_for_a_dashboard_is_not(app: gr.Blocks) -> None:
    queue: Any = app._queue
    assert queue.ANALYTICS_MAX_EVENTS == 1
    queue.events_recorded = 10**9
    queue.compute_analytics_summary([{"function": "ask"}])
    assert queue.event_count_at_last_cache == 0
