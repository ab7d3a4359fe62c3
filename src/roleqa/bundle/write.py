"""A conversation becomes JSON: as the browser keeps it, and as a file to pass on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any

from roleqa.bundle.exchange import Exchange

FORMAT = "roleqa conversation"
VERSION = 1
OFFSETS = "start and end count characters (Unicode code points) of the document's text as indexed; end is exclusive"


def to_keep(exchanges: Sequence[Exchange]) -> str:
    """What the browser keeps, ids and all. Holds no "<", whatever was asked or quoted."""
    turns = [{"id": exchange.id, **exchange.to_dict()} for exchange in exchanges]
    kept = json.dumps({"format": FORMAT, "version": VERSION, "turns": turns}, ensure_ascii=False)
    return kept.replace("<", "\\u003c")


def to_json(exchanges: Sequence[Exchange], now: datetime) -> str:
    """A file that `roleqa verify --bundle` checks."""
    bundle: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "roleqa": version("roleqa"),
        "exported_at": now.isoformat(timespec="seconds"),
        "offsets": OFFSETS,
        "turns": [exchange.to_dict() for exchange in exchanges],
    }
    return json.dumps(bundle, ensure_ascii=False, indent=2) + "\n"
