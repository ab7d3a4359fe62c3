"""Documents and passages as lines of JSON: one object a line, in row order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from roleqa.blocks import Block
from roleqa.errors import IndexDamagedError
from roleqa.types import Document, Evidence, Passage

Item = TypeVar("Item")


def save_documents(file: Path, documents: Iterable[Document]) -> None:
    _write(
        file,
        (
            {
                "id": item.id,
                "title": item.title,
                "source": item.source,
                "text": item.text,
                "pages": item.pages,
                "blocks": [block.fields for block in item.blocks],
            }
            for item in documents
        ),
    )


def load_documents(file: Path) -> dict[str, Document]:
    """Documents by id, in the order they were saved. Raises IndexDamagedError."""
    documents = (_document(line) for line in _read(file))
    return {document.id: document for document in _guarded(file, documents)}


def _document(line: dict[str, Any]) -> Document:
    blocks = tuple(Block.of(*fields) for fields in line["blocks"])
    return Document(line["id"], line["title"], line["text"], line["source"], blocks, tuple(line["pages"]))


def save_passages(file: Path, passages: Iterable[Passage], evidence: Iterable[tuple[Evidence, ...]]) -> None:
    """Each passage with its own evidence; both in row order."""
    _write(
        file,
        (
            {
                "id": passage.id,
                "document": passage.document_id,
                "headings": passage.headings,
                "start": passage.start,
                "end": passage.end,
                "source": passage.source,
                "evidence": [[item.start, item.end, item.kind, item.row, item.column, item.lead_in] for item in own],
            }
            for passage, own in zip(passages, evidence, strict=True)
        ),
    )


def load_passages(file: Path) -> tuple[tuple[Passage, ...], tuple[tuple[Evidence, ...], ...]]:
    """Passages and, row by row, their evidence. Raises IndexDamagedError."""
    rows = tuple(_guarded(file, (_passage(line) for line in _read(file))))
    return tuple(passage for passage, _ in rows), tuple(evidence for _, evidence in rows)


def _passage(line: dict[str, Any]) -> tuple[Passage, tuple[Evidence, ...]]:
    headings = tuple(line["headings"])
    passage = Passage(line["id"], line["document"], headings, line["start"], line["end"], line["source"])
    return passage, tuple(Evidence(passage.id, *fields) for fields in line["evidence"])


def _write(file: Path, lines: Iterable[dict[str, Any]]) -> None:
    with file.open("w", encoding="utf-8", newline="\n") as stream:
        for line in lines:
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def _read(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8", newline="\n") as stream:
        for line in stream:
            yield json.loads(line)


def _guarded(file: Path, items: Iterator[Item]) -> Iterator[Item]:
    try:
        yield from items
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexDamagedError(f"{file} cannot be read ({error})") from error
