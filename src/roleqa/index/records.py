"""Documents and passages as lines of JSON, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from roleqa.blocks import Block
from roleqa.types import Document, Evidence, Passage


@dataclass(frozen=True, slots=True)
class Head:
    """A document without its text and blocks. Rows `first` to `end` of the passages are its own."""

    id: str
    title: str
    source: str
    pages: tuple[int, ...]
    first: int
    end: int


def head_line(document: Document, rows: range) -> bytes:
    return _line([document.id, document.title, document.source, document.pages, rows.start, rows.stop])


def read_head(line: bytes) -> Head:
    id, title, source, pages, first, end = json.loads(line)
    return Head(id, title, source, tuple(pages), first, end)


def blocks_line(blocks: Sequence[Block]) -> bytes:
    return _line([block.fields for block in blocks])


def read_blocks(line: bytes) -> tuple[Block, ...]:
    return tuple(Block.of(*fields) for fields in json.loads(line))


def passage_line(passage: Passage, evidence: Sequence[Evidence]) -> bytes:
    """A passage with its own evidence."""
    return _line(
        {
            "id": passage.id,
            "document": passage.document_id,
            "headings": passage.headings,
            "start": passage.start,
            "end": passage.end,
            "source": passage.source,
            "evidence": [[item.start, item.end, item.kind, item.row, item.column, item.lead_in] for item in evidence],
        }
    )


def read_passage(line: bytes) -> tuple[Passage, tuple[Evidence, ...]]:
    found = json.loads(line)
    passage = Passage(
        found["id"], found["document"], tuple(found["headings"]), found["start"], found["end"], found["source"]
    )
    return passage, tuple(Evidence(passage.id, *fields) for fields in found["evidence"])


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
