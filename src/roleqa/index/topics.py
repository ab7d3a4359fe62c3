"""What the documents speak of, for those who have not read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from roleqa.errors import IndexDamagedError
from roleqa.types import Evidence, Passage

# Of more, so many are kept, spread evenly: nobody reads them all, and each serving process holds them.
MOST = 10_000


def find_topics(passages: Iterable[Passage], evidence: Iterable[Sequence[Evidence]]) -> tuple[str, ...]:
    """The headings that have text of their own, then the tables' row headers; each once."""
    headings: dict[str, None] = {}
    rows: dict[str, None] = {}
    for passage, own in zip(passages, evidence, strict=True):
        if passage.headings and any(item.kind != "cell" for item in own):
            headings[passage.headings[-1]] = None
        rows |= {item.row: None for item in own if item.row}
    found = tuple(headings | rows)
    step = -(-len(found) // MOST) or 1
    return found[::step]


def save_topics(file: Path, topics: Sequence[str]) -> None:
    file.write_text(json.dumps(topics, ensure_ascii=False) + "\n", encoding="utf-8")


def load_topics(file: Path) -> tuple[str, ...]:
    """Raises IndexDamagedError."""
    try:
        return tuple(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise IndexDamagedError(f"{file} cannot be read") from error
