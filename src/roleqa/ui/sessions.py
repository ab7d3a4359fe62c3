"""What Gradio remembers of each page and each call, kept small.

Gradio takes every call of the API for a page of its own: it copies the configuration of every component for it, which
takes longer than most answers, and keeps ten thousand such copies.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from gradio.state_holder import SessionState, StateHolder

if TYPE_CHECKING:
    import gradio as gr

# Calls of which something is kept, the newest ones: more than can wait to be answered and fetched.
MOST_CALLS = 1000


class LeanSessions(StateHolder):
    """Gradio's sessions: those of pages, and of calls the newest; none with what only deep links need."""

    def __init__(self, app: gr.Blocks) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.set_blocks(app)
        # Of no component is the configuration copied: deep links, which need it, are not served.
        self._lean = cast("gr.Blocks", SimpleNamespace(default_config=app.default_config, blocks=()))
        self._calls: dict[str, None] = {}

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = SessionState(self._lean)
        session = super().__getitem__(session_id)
        self._note(session_id, session)
        return session

    def _note(self, session_id: str, session: SessionState) -> None:
        """Forgets the oldest call where there are too many. A call has no state, a page that was asked has."""
        self._calls.pop(session_id, None)
        if not session.state_data:
            self._calls[session_id] = None
        if len(self._calls) > MOST_CALLS:
            oldest = next(iter(self._calls))
            del self._calls[oldest]
            self._forget(oldest)

    def _forget(self, session_id: str) -> None:
        session = self.session_data.get(session_id)
        if session is None or session.state_data:
            return
        self.session_data.pop(session_id, None)
        self.time_last_used.pop(session_id, None)
        queue: Any = self.blocks._queue
        queue.pending_event_ids_session.pop(session_id, None)
        queue.pending_messages_per_session.pop(session_id, None)


def keep_sessions_lean(app: gr.Blocks) -> None:
    """Has a launched app keep its sessions so."""
    app.app.state_holder = LeanSessions(app)
