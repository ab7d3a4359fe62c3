"""A conversation that the browser keeps becomes a file, which the browser saves: none is made here."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from roleqa.bundle.markdown import to_markdown
from roleqa.bundle.read import read_bundle
from roleqa.bundle.write import to_json
from roleqa.errors import RoleqaError

if TYPE_CHECKING:
    from roleqa.assistant import Assistant

UNEXPECTED = "The export went wrong in a way that it should not. The terminal that serves this page says more."

log = logging.getLogger(__name__)


class _Request(BaseModel):
    model_config = ConfigDict(strict=True)

    bundle: str
    form: Literal["markdown", "json"]


def exporter(assistant: Assistant) -> Callable[[str], dict[str, Any]]:
    """What the page's script calls for the text of a file."""

    def export(request: str) -> dict[str, Any]:
        try:
            return {"text": _export(assistant, _Request.model_validate_json(request))}
        except (RoleqaError, ValueError) as error:
            return {"error": f"Not exported: {error}"}
        except Exception:
            log.exception("a conversation was not exported")
            return {"error": UNEXPECTED}

    return export


def _export(assistant: Assistant, request: _Request) -> str:
    """Raises BundleError."""
    exchanges, now = read_bundle(request.bundle), datetime.now(UTC)
    if request.form == "json":
        return to_json(exchanges, now)
    return to_markdown(exchanges, {role.id: role.name for role in assistant.status().roles}, now)
