"""The end of a server: no new questions, the answers that are owed, and then the connections."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from roleqa.ui.logs import fields
from roleqa.ui.service import Service

if TYPE_CHECKING:
    import gradio as gr

LOOK_EVERY = 0.05
# So many seconds an answer that is ready waits for whoever asked to fetch it.
FETCHED_WITHIN = 2.0

log = logging.getLogger(__name__)


def finish(app: gr.Blocks, service: Service, seconds: float) -> bool:
    """Takes no more questions, cancels a rebuild, and waits until all that was asked is answered and fetched.

    Waits for `seconds` at most; False where that was too short.
    """
    service.line.close()
    service.rebuild.cancel()
    log.info("stopping", extra=fields(waiting=service.line.waiting, running=service.line.running))
    started = busy = time.monotonic()
    while (now := time.monotonic()) - started < seconds:
        if not service.line.idle or service.rebuild.running:
            busy = now
        elif not owed(app) or now - busy > FETCHED_WITHIN:
            return True
        time.sleep(LOOK_EVERY)
    return service.line.idle and not service.rebuild.running


def owed(app: gr.Blocks) -> int:
    """How many events of pages and calls Gradio has taken on whose last message nobody has fetched."""
    return sum(map(len, list(app._queue.pending_event_ids_session.values())))
