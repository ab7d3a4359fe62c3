"""The passages of a generation and their evidence, each row read from disk when it is asked for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar, overload

from roleqa.index.record_file import RecordFile, write_records
from roleqa.index.records import passage_line, read_passage
from roleqa.types import Evidence, Passage

# So many rows are kept in memory.
KEPT = 2048
Item = TypeVar("Item", covariant=True)


def save_passages(file: Path, passages: Iterable[Passage], evidence: Iterable[Sequence[Evidence]]) -> None:
    """Each passage with its own evidence; both in row order."""
    write_records(file, (passage_line(passage, own) for passage, own in zip(passages, evidence, strict=True)))


class PassageFile:
    """Passages with their evidence, by row. Reading one raises IndexDamagedError where it is damaged."""

    def __init__(self, file: Path) -> None:
        """Raises IndexDamagedError."""
        self._file = RecordFile(file)
        self.read = lru_cache(maxsize=KEPT)(self._read)

    def __len__(self) -> int:
        return len(self._file)

    def __iter__(self) -> Iterator[tuple[Passage, tuple[Evidence, ...]]]:
        """All of them, in row order, none of which is kept."""
        return map(read_passage, self.lines())

    def lines(self) -> Iterator[bytes]:
        """All of them, in row order, as they stand in the file."""
        return iter(self._file)

    def between(self, first: int, end: int) -> tuple[tuple[Passage, tuple[Evidence, ...]], ...]:
        """The rows from `first` to `end`, none of which is kept."""
        return tuple(map(read_passage, self._file[first:end]))

    def _read(self, row: int) -> tuple[Passage, tuple[Evidence, ...]]:
        return read_passage(self._file[row])


class _Rows(Sequence[Item]):
    """One half of a file's rows."""

    def __init__(self, file: PassageFile) -> None:
        self._file = file

    @abstractmethod
    def _half(self, row: tuple[Passage, tuple[Evidence, ...]]) -> Item: ...

    def __len__(self) -> int:
        return len(self._file)

    def __iter__(self) -> Iterator[Item]:
        return map(self._half, self._file)

    @overload
    def __getitem__(self, row: int) -> Item: ...
    @overload
    def __getitem__(self, row: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, row: int | slice) -> Item | tuple[Item, ...]:
        if isinstance(row, slice):
            return tuple(self[one] for one in range(*row.indices(len(self))))
        return self._half(self._file.read(row + len(self) if row < 0 else row))


class Passages(_Rows[Passage]):
    """Passages by row."""

    def with_evidence(self) -> Iterator[tuple[Passage, tuple[Evidence, ...]]]:
        """All of them with their evidence, in row order."""
        return iter(self._file)

    def between(self, first: int, end: int) -> tuple[tuple[Passage, tuple[Evidence, ...]], ...]:
        """Those from `first` to `end` with their evidence."""
        return self._file.between(first, end)

    def lines(self) -> Iterator[bytes]:
        """All of them with their evidence, as they stand in the file."""
        return self._file.lines()

    def _half(self, row: tuple[Passage, tuple[Evidence, ...]]) -> Passage:
        return row[0]


class EvidenceRows(_Rows[tuple[Evidence, ...]]):
    """Each passage's evidence, by the passage's row."""

    def _half(self, row: tuple[Passage, tuple[Evidence, ...]]) -> tuple[Evidence, ...]:
        return row[1]
