"""Thumbs and a comment below each answer, and what becomes of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from roleqa.assistant import MAX_HISTORY
from roleqa.bundle.read import read_bundle
from roleqa.errors import RoleqaError
from roleqa.feedback.store import MAX_COMMENT, save_feedback, withdraw_feedback
from roleqa.ui.icons import icon
from roleqa.ui.markup import Html, element, text

if TYPE_CHECKING:
    from roleqa.assistant import Assistant

WHERE = "Kept with the index, on the machine that serves this page. Sent nowhere."
UNEXPECTED = "That was not kept, for a reason that should not be. The terminal that serves this page says more."

log = logging.getLogger(__name__)


class _Rating(BaseModel):
    """What the browser sends: the conversation up to the answer that it is about, and what to keep of it."""

    model_config = ConfigDict(strict=True)

    bundle: str
    verdict: Literal["up", "down"] | None
    comment: str | None


def render_feedback(turn: str, answered: bool) -> Html:
    """The thumbs below an answer, and room for a comment once one was given. The page's script does the rest."""
    right, wrong = ("Right", "Wrong") if answered else ("Rightly not answered", "Wrongly not answered")
    thumbs = (
        element(
            "button",
            icon("thumb"),
            type="button",
            data_verdict=verdict,
            aria_pressed="false",
            aria_label=name,
            title=name,
        )
        for verdict, name in (("up", right), ("down", wrong))
    )
    field = element("textarea", rows="2", maxlength=str(MAX_COMMENT), dir="auto")
    label = element("label", text("Comment (optional)"), field)
    save = element("button", text("Save comment"), type="button", class_="save")
    return element(
        "div",
        *thumbs,
        element("span", role="status", class_="said"),
        element("div", label, save, class_="comment", hidden=""),
        class_="feedback",
        data_turn=turn,
        role="group",
        aria_label="Was this right?",
    )


def rater(assistant: Assistant) -> Callable[[str], dict[str, Any]]:
    """What the page's script calls with a verdict; None as the verdict takes it back."""

    def rate(rating: str) -> dict[str, Any]:
        try:
            return {"said": _rate(assistant, rating)}
        except (RoleqaError, ValueError) as error:
            return {"error": f"Not kept: {error}"}
        except Exception:
            log.exception("feedback was not kept")
            return {"error": UNEXPECTED}

    return rate


def _rate(assistant: Assistant, rating: str) -> str:
    """Raises FeedbackError, BundleError, and ValueError for what no page sends."""
    given = _Rating.model_validate_json(rating)
    *before, exchange = read_bundle(given.bundle)
    if given.verdict is None:
        withdraw_feedback(assistant.settings.index, exchange)
        return "Taken back."
    history = [earlier.answer.question for earlier in before][-MAX_HISTORY:]
    save_feedback(assistant.settings.index, exchange, history, given.verdict, given.comment)
    return f"Comment saved. {WHERE}" if given.comment else WHERE
