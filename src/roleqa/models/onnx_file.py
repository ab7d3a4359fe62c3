"""Reads weights and nodes out of an ONNX file, a protocol buffer (onnx.proto says which field has which number)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_TENSOR = 1, 5
_NODE_INPUT, _NODE_NAME, _NODE_OPERATION = 1, 3, 4
_DIMENSIONS, _TYPE, _FLOATS, _INTEGERS, _NAME, _BYTES = 1, 2, 4, 5, 8, 9
_TYPES: dict[int, Any] = {1: np.float32, 2: np.uint8, 3: np.int8}
# How a field is written down: as a number of varying length, as bytes behind their count, or as 8 or 4 bytes.
_VARINT, _COUNTED, _SIZES = 0, 2, {1: 8, 5: 4}
_VARINT_BYTES = 10


class _Field(NamedTuple):
    """One field of a message: a number, or bytes, which may be a message themselves."""

    key: int
    number: int
    data: memoryview


def read_tensors(file: Path) -> dict[str, NDArray[Any]]:
    """The float32 and 8-bit weights of a model, by name. Raises ValueError where the file is no ONNX model."""
    with _graph(file) as graph:
        found = (_tensor(list(_fields(part.data))) for part in graph if part.key == _GRAPH_TENSOR)
        return dict(tensor for tensor in found if tensor)


def read_nodes(file: Path, operation: str) -> dict[str, tuple[str, ...]]:
    """The inputs of each node that runs an operation, by the node's name. Raises ValueError as `read_tensors` does."""
    found: dict[str, tuple[str, ...]] = {}
    with _graph(file) as graph:
        for node in (list(_fields(part.data)) for part in graph if part.key == _GRAPH_NODE):
            if operation in _texts(node, _NODE_OPERATION):
                found[_texts(node, _NODE_NAME)[0]] = _texts(node, _NODE_INPUT)
    return found


@contextmanager
def _graph(file: Path) -> Iterator[list[_Field]]:
    """The fields of the model's graph. Whatever goes wrong with them becomes a ValueError that names the file."""
    try:
        (graph,) = (field for field in _fields(memoryview(file.read_bytes())) if field.key == _MODEL_GRAPH)
        yield list(_fields(graph.data))
    except (IndexError, OverflowError, ValueError) as error:
        raise ValueError(f"{file} is no ONNX model") from error


def _texts(fields: list[_Field], key: int) -> tuple[str, ...]:
    return tuple(bytes(field.data).decode() for field in fields if field.key == key)


def _tensor(fields: list[_Field]) -> tuple[str, NDArray[Any]] | None:
    """A tensor and its name; None where it is of a type that is not read."""
    (name,) = _texts(fields, _NAME)
    kind = _TYPES.get(_numbers(fields, _TYPE)[0])
    if kind is None:
        return None
    shape = _numbers(fields, _DIMENSIONS)
    raw = b"".join(bytes(field.data) for field in fields if field.key in (_BYTES, _FLOATS))
    # A negative number is written as its 64 bits.
    values = np.frombuffer(raw, kind) if raw else np.array(_numbers(fields, _INTEGERS), np.uint64).astype(kind)
    return name, values.reshape(shape)


def _numbers(fields: list[_Field], key: int) -> list[int]:
    """The numbers of a field that is repeated, one by one or packed together."""
    numbers = []
    for field in fields:
        if field.key == key:
            position = 0
            while position < len(field.data):
                number, position = _varint(field.data, position)
                numbers.append(number)
            if not len(field.data):
                numbers.append(field.number)
    return numbers


def _fields(message: memoryview) -> Iterator[_Field]:
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        key, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            number, position = _varint(message, position)
            yield _Field(key, number, message[:0])
            continue
        size, position = _varint(message, position) if kind == _COUNTED else (_SIZES.get(kind, 0), position)
        if not (kind == _COUNTED or kind in _SIZES) or position + size > len(message):
            raise ValueError("a field of no known kind, or cut short")
        yield _Field(key, 0, message[position : position + size])
        position += size


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """A number in sevens of bits, the lowest first, and where it ends."""
    number = 0
    for place in range(_VARINT_BYTES):
        byte = message[position + place]
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return number, position + place + 1
    raise ValueError("a number without an end")
