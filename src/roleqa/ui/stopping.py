"""The end of a server: no new questions, the answers that are owed, and then the connections."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from roleqa.ui.logs import fields
from roleqa.ui.service import Service

if TYPE_CHECKING:
    import gradio as gr

LOOK_EVERY = 0.05
# So many seconds an answer that is ready waits for whoever asked to fetch it.
FETCHED_WITHIN = 2.0
# Of the seconds that a stop may take, those kept for telling who still waits, and for closing connections; each no
# more than this share of all.
LAST_WORDS_SECONDS = 1.0
CLOSING_SECONDS = 1.0
LARGEST_SHARE = 0.25

log = logging.getLogger(__name__)


def stop_server(app: gr.Blocks, service: Service, seconds: float) -> bool:
    """Finishes what was asked and closes the server, within `seconds`.

    False where that was too short, or a connection could not be closed: threads may still be working, and the process
    must be ended without them.
    """
    deadline = time.monotonic() + seconds
    finished = finish(app, service, seconds - min(CLOSING_SECONDS, seconds * LARGEST_SHARE))
    closed = _close(app, deadline - time.monotonic())
    log.info("stopped", extra=fields(finished=finished))
    return finished and closed


def finish(app: gr.Blocks, service: Service, seconds: float) -> bool:
    """Takes no more questions, cancels a rebuild, and waits until all that was asked is answered and fetched.

    Waits for `seconds` at most, and shortly before tells all who have not had their turn; False where that was too
    short for those who had.
    """
    service.line.close()
    service.rebuild.cancel()
    log.info("stopping", extra=fields(waiting=service.line.waiting, running=service.line.running))
    started = busy = time.monotonic()
    last_words = started + seconds - min(LAST_WORDS_SECONDS, seconds * LARGEST_SHARE)
    while (now := time.monotonic()) - started < seconds:
        if now >= last_words:
            service.line.give_up()
        if not service.line.idle or service.rebuild.running:
            busy = now
        elif not owed(app) or now - busy > FETCHED_WITHIN:
            return True
        time.sleep(LOOK_EVERY)
    return service.line.idle and not service.rebuild.running


def owed(app: gr.Blocks) -> int:
    """How many events of pages and calls Gradio has taken on whose last message nobody has fetched."""
    return sum(map(len, list(app._queue.pending_event_ids_session.values())))


def _close(app: gr.Blocks, seconds: float) -> bool:
    """Closes the server; False where it has not ended within `seconds`, since connections are still open."""
    closing = threading.Thread(target=app.close, kwargs={"verbose": False}, name="close", daemon=True)
    closing.start()
    closing.join(max(seconds, LOOK_EVERY))
    return not closing.is_alive() and not app.server.thread.is_alive()
