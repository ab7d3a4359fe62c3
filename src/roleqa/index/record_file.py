"""Records in a file, read one at a time: what nobody asks for takes no memory.

Beside the file stands a table, `<file>.npy`: for each record where it begins, in bytes, and its CRC-32. So a record
is checked whenever it is read, however long ago the whole file was. Small files are kept in memory.
"""

from __future__ import annotations

import os
import weakref
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from roleqa.errors import IndexDamagedError
from roleqa.index.layout import table_of

# Files of so many bytes and less are read whole when an index is opened.
IN_MEMORY = 4_000_000
# Who reads all records reads so many at once.
_AT_ONCE = 256

Number = TypeVar("Number", bound=np.generic)


def write_records(file: Path, records: Iterable[bytes]) -> None:
    """Writes records back to back, and the table beside them."""
    table = array("q")
    at = 0
    with file.open("wb") as stream:
        for record in records:
            table.extend((at, zlib.crc32(record)))
            at += stream.write(record)
    table.extend((at, 0))
    save_array(table_of(file), np.frombuffer(table, dtype=np.int64).reshape(-1, 2))


class RecordFile(Sequence[bytes]):
    """What `write_records` wrote, by row. Safe to share between threads, and readable when the file is taken away."""

    def __init__(self, file: Path) -> None:
        """Raises IndexDamagedError."""
        self.file = file
        self._table = load_array(table_of(file), np.int64, 2)
        self._descriptor = _open(self, file)
        self._size = os.fstat(self._descriptor).st_size
        self._content = os.pread(self._descriptor, self._size, 0) if self._size <= IN_MEMORY else None
        if self._table.shape[1] != 2 or not len(self._table) or self._table[-1, 0] != self._size:
            raise IndexDamagedError(f"{file} is not what was written (its table says so)")

    def __len__(self) -> int:
        return len(self._table) - 1

    @overload
    def __getitem__(self, row: int) -> bytes: ...
    @overload
    def __getitem__(self, row: slice) -> tuple[bytes, ...]: ...
    def __getitem__(self, row: int | slice) -> bytes | tuple[bytes, ...]:
        """One record, or several.

        Raises:
            IndexError: there are not so many.
            IndexDamagedError: it is not what was written.
        """
        if isinstance(row, slice):
            first, end, step = row.indices(len(self))
            if step != 1:
                return tuple(self[one] for one in range(first, end, step))
            return tuple(self._read(first, max(first, end)))
        if not 0 <= row < len(self):
            raise IndexError(row)
        (record,) = self._read(row, row + 1)
        return record

    def __iter__(self) -> Iterator[bytes]:
        for first in range(0, len(self), _AT_ONCE):
            yield from self._read(first, min(first + _AT_ONCE, len(self)))

    def _read(self, first: int, last: int) -> Iterator[bytes]:
        """The records from `first` to `last`, each checked, read from the file at once."""
        places: list[tuple[int, int]] = self._table[first : last + 1].tolist()
        begin = places[0][0]
        content = self._between(begin, places[-1][0])
        for row, ((start, checksum), (end, _)) in enumerate(pairwise(places), start=first):
            record = content[start - begin : end - begin] if begin <= start <= end else b""
            if len(record) != end - start or zlib.crc32(record) != checksum:
                raise IndexDamagedError(f"record {row} of {self.file} is not what was written (its checksum differs)")
            yield record

    def _between(self, start: int, end: int) -> bytes:
        if not 0 <= start <= end <= self._size:
            return b""
        return self._content[start:end] if self._content is not None else os.pread(self._descriptor, end - start, start)


def save_array(file: Path, rows: NDArray[Any]) -> None:
    with file.open("wb") as stream:
        np.save(stream, rows, allow_pickle=False)


def load_array(file: Path, kind: type[Number], dimensions: int = 1) -> NDArray[Number]:
    """An array that `save_array` wrote, memory-mapped unless it is small.

    Raises:
        IndexDamagedError: the file is missing or is no such array.
    """
    try:
        rows = np.load(file, mmap_mode=None if in_memory(file) else "r", allow_pickle=False)
    except (OSError, ValueError, EOFError, OverflowError, SyntaxError) as error:
        raise IndexDamagedError(f"{file} cannot be read") from error
    if rows.dtype != kind or rows.ndim != dimensions:
        raise IndexDamagedError(f"{file} holds another kind of rows than were written")
    # The same memory; as a plain array it is quicker to slice.
    plain: NDArray[Number] = rows.view(np.ndarray)
    return plain


class RowFile:
    """A matrix that `save_array` wrote, read by rows: what is mapped would count as memory with all that is near it."""

    def __init__(self, file: Path, kind: type[Any]) -> None:
        """Raises IndexDamagedError."""
        self.all = load_array(file, kind, 2)
        self._descriptor = _open(self, file)
        self._first = os.fstat(self._descriptor).st_size - self.all.nbytes
        self._is_mapped = not in_memory(file)

    def read(self, first: int, end: int) -> NDArray[Any]:
        """The rows from `first` to `end`. Raises IndexDamagedError where there are not so many."""
        if not 0 <= first <= end <= len(self.all):
            raise IndexDamagedError(f"there are {len(self.all)} embeddings, not those from {first} to {end}")
        if not self._is_mapped:
            return self.all[first:end]
        size = self.all.shape[1] * self.all.itemsize
        content = os.pread(self._descriptor, (end - first) * size, self._first + first * size)
        if len(content) != (end - first) * size:
            raise IndexDamagedError("embeddings are missing from the end of a file")
        return np.frombuffer(content, dtype=self.all.dtype).reshape(-1, self.all.shape[1])


def _open(owner: object, file: Path) -> int:
    """A descriptor that is closed with its owner. Raises IndexDamagedError."""
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError as error:
        raise IndexDamagedError(f"{file} cannot be read ({error.strerror})") from error
    weakref.finalize(owner, os.close, descriptor)
    return descriptor


def in_memory(file: Path) -> bool:
    """Whether a file is so small that it is read whole. Raises OSError."""
    return file.stat().st_size <= IN_MEMORY
