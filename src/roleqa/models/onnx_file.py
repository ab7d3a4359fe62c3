"""Reads weights and nodes out of an ONNX file, a protocol buffer (onnx.proto says which field has which number)."""

from __future__ import annotations

from collections.abc import Iterator
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


class _Field(NamedTuple):
    """One field of a message: a number, or bytes, which may be a message themselves."""

    key: int
    number: int
    data: memoryview


def read_tensors(file: Path) -> dict[str, NDArray[Any]]:
    """The float32 and 8-bit weights of a model, by name. Raises ValueError where the file is no ONNX model."""
    try:
        found = (_tensor(list(_fields(part))) for part in _graph(file, _GRAPH_TENSOR))
        return dict(tensor for tensor in found if tensor)
    except (IndexError, KeyError, StopIteration, UnicodeDecodeError) as error:
        raise ValueError(f"{file} is no ONNX model") from error


def read_nodes(file: Path, operation: str) -> dict[str, tuple[str, ...]]:
    """The inputs of each node that runs an operation, by the node's name."""
    found: dict[str, tuple[str, ...]] = {}
    for node in _graph(file, _GRAPH_NODE):
        fields = [(field.key, bytes(field.data)) for field in _fields(node)]
        if (_NODE_OPERATION, operation.encode()) in fields:
            name = next(text.decode() for key, text in fields if key == _NODE_NAME)
            found[name] = tuple(text.decode() for key, text in fields if key == _NODE_INPUT)
    return found


def _graph(file: Path, key: int) -> Iterator[memoryview]:
    """The nodes or tensors of the model's graph."""
    for graph in _fields(memoryview(file.read_bytes())):
        if graph.key == _MODEL_GRAPH:
            yield from (part.data for part in _fields(graph.data) if part.key == key)


def _tensor(fields: list[_Field]) -> tuple[str, NDArray[Any]] | None:
    """A tensor and its name; None where it is of a type that is not read."""
    name = next(bytes(field.data).decode() for field in fields if field.key == _NAME)
    kind = _TYPES.get(next(field.number for field in fields if field.key == _TYPE))
    if kind is None:
        return None
    shape = _numbers(fields, _DIMENSIONS)
    raw = b"".join(bytes(field.data) for field in fields if field.key in (_BYTES, _FLOATS))
    values = np.frombuffer(raw, kind) if raw else np.array(_numbers(fields, _INTEGERS), kind)
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
        size = _SIZES.get(kind, 0)
        if kind == _COUNTED:
            size, position = _varint(message, position)
        yield _Field(key, 0, message[position : position + size])
        position += size


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """A number in sevens of bits, the lowest first, and where it ends."""
    number = shift = 0
    while True:
        byte = message[position]
        number |= (byte & 0x7F) << shift
        position += 1
        shift += 7
        if byte < 0x80:
            return number, position
