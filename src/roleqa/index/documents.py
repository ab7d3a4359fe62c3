"""The documents of a generation, each read from disk when it is asked for."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, overload

from roleqa.blocks import Block
from roleqa.index.record_file import RecordFile, write_records
from roleqa.index.records import Head, blocks_line, head_line, read_blocks, read_head
from roleqa.types import Document

if TYPE_CHECKING:
    from roleqa.index.layout import GenerationFolder

# So many characters of text are kept in memory at most, and one document however long.
KEPT = 32_000_000


def save_documents(folder: GenerationFolder, documents: Mapping[str, Document], rows: Mapping[str, range]) -> None:
    """Documents with the rows of their passages: texts, blocks and the rest in a file each, sorted by id."""
    ordered = [documents[id] for id in sorted(documents)]
    write_records(folder.documents, (head_line(item, rows.get(item.id, range(0))) for item in ordered))
    write_records(folder.texts, (item.text.encode() for item in ordered))
    write_records(folder.blocks, map(_line_of, ordered))


def _line_of(document: Document) -> bytes:
    """Of a document that is carried over, as it is in the file that it comes from."""
    return document.blocks.line if isinstance(document.blocks, Blocks) else blocks_line(document.blocks)


class Documents(Mapping[str, Document]):
    """Documents by id, sorted by it. What is read was checked; it raises IndexDamagedError where it is damaged."""

    def __init__(self, folder: GenerationFolder) -> None:
        """Raises IndexDamagedError."""
        self._heads = RecordFile(folder.documents)
        self._texts = RecordFile(folder.texts)
        self._blocks = RecordFile(folder.blocks)
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._characters = 0

    def __len__(self) -> int:
        return len(self._heads)

    def __iter__(self) -> Iterator[str]:
        return (read_head(line).id for line in self._heads)

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self._find(id) is not None

    def __getitem__(self, id: str) -> Document:
        with self._lock:
            if id in self._kept:
                self._kept.move_to_end(id)
                return self._kept[id]
        document = self._read(id)
        with self._lock:
            if id not in self._kept:
                self._kept[id] = document
                self._characters += len(document.text)
            while self._characters > KEPT and len(self._kept) > 1:
                self._characters -= len(self._kept.popitem(last=False)[1].text)
        return document

    def title(self, id: str) -> str:
        """A document's title, read without its text. Raises KeyError."""
        return self._head(id)[1].title

    def rows(self, id: str) -> range:
        """The rows of a document's passages. Raises KeyError."""
        head = self._head(id)[1]
        return range(head.first, head.end)

    def _read(self, id: str) -> Document:
        row, head = self._head(id)
        return Document(id, head.title, self._texts[row].decode(), head.source, Blocks(self._blocks, row), head.pages)

    def _head(self, id: str) -> tuple[int, Head]:
        row = self._find(id)
        if row is None:
            raise KeyError(id)
        return row, read_head(self._heads[row])

    def _find(self, id: str) -> int | None:
        row = bisect_left(range(len(self)), id, key=lambda row: read_head(self._heads[row]).id)
        return row if row < len(self) and read_head(self._heads[row]).id == id else None


class Blocks(Sequence[Block]):
    """A document's blocks, which only those who show it whole ask for."""

    def __init__(self, file: RecordFile, row: int) -> None:
        self._file = file
        self._row = row

    @property
    def line(self) -> bytes:
        """What stands in the file, checked."""
        return self._file[self._row]

    @cached_property
    def _all(self) -> tuple[Block, ...]:
        return read_blocks(self.line)

    def __len__(self) -> int:
        return len(self._all)

    @overload
    def __getitem__(self, place: int) -> Block: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Block, ...]: ...
    def __getitem__(self, place: int | slice) -> Block | tuple[Block, ...]:
        return self._all[place]

    def __eq__(self, other: object) -> bool:
        return self.line == other.line if isinstance(other, Blocks) else self._all == other

    def __hash__(self) -> int:
        return hash(self._all)
