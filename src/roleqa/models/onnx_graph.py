"""A neural network written down as an ONNX model: the little of the format that an encoder needs.

ONNX is a protocol buffer (onnx.proto in the ONNX project says which field has which number). Writing its few kinds of
message here spares a program that only answers questions the exporters, which need torch to run.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32] | NDArray[np.int64] | NDArray[np.int8] | NDArray[np.uint8]
Attribute = int | float | Sequence[int]

IR_VERSION = 10
OPSET = 20  # the first with Gelu
# Operations that onnxruntime has beside those of the standard.
RUNTIME = "com.microsoft"
_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}
# Larger arrays are not part of the model but handed over beside it, so that they are not copied into it and out again.
_INLINE_BYTES = 1024


class Graph:
    """Operations in the order in which they run. `weights` are the arrays to be handed over beside the model."""

    def __init__(self) -> None:
        self.weights: dict[str, Array] = {}
        self._nodes: list[bytes] = []
        self._tensors: list[bytes] = []
        self._inputs: list[bytes] = []

    def input(self, name: str, type: str, shape: Sequence[int | str]) -> str:
        """A value that is given at every run; a dimension with a name may have any size."""
        self._inputs.append(_value(name, type, shape))
        return name

    def add(self, operation: str, *inputs: str | Array, domain: str = "", **attributes: Attribute) -> str:
        """Runs an operation of ONNX on values, by their names, and on constants; returns the name of its result.

        An input "" is left out.
        """
        names = [item if isinstance(item, str) else self._constant(item) for item in inputs]
        result = f"{operation}_{len(self._nodes)}"
        self._nodes.append(
            b"".join(_text(1, name) for name in names)
            + _text(2, result)
            + _text(4, operation)
            + b"".join(_message(5, _attribute(name, value)) for name, value in attributes.items())
            + (_text(7, domain) if domain else b"")
        )
        return result

    def model(self, output: str, shape: Sequence[int | str]) -> bytes:
        """The model that computes one value, of type float32."""
        graph = (
            b"".join(_message(1, node) for node in self._nodes)
            + _text(2, "graph")
            + b"".join(_message(5, tensor) for tensor in self._tensors)
            + b"".join(_message(11, value) for value in self._inputs)
            + _message(12, _value(output, "float32", shape))
        )
        opsets = ((_text(1, "") + _number(2, OPSET)), (_text(1, RUNTIME) + _number(2, 1)))
        return _number(1, IR_VERSION) + b"".join(_message(8, opset) for opset in opsets) + _message(7, graph)

    def _constant(self, array: Array) -> str:
        name = f"constant_{len(self._tensors)}"
        tensor = b"".join(_number(1, size) for size in array.shape) + _number(2, _TYPES[array.dtype.name])
        tensor += _text(8, name)
        if array.nbytes <= _INLINE_BYTES:
            tensor += _message(9, array.tobytes())
        else:
            self.weights[name] = array
            tensor += _message(13, _text(1, "location") + _text(2, "beside")) + _number(14, 1)
        self._tensors.append(tensor)
        return name


def _value(name: str, type: str, shape: Sequence[int | str]) -> bytes:
    sizes = b"".join(_message(1, _number(1, size) if isinstance(size, int) else _text(2, size)) for size in shape)
    return _text(1, name) + _message(2, _message(1, _number(1, _TYPES[type]) + _message(2, sizes)))


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + _key(2, 5) + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, 2)
    return _text(1, name) + b"".join(_number(8, item) for item in value) + _number(20, 7)


def _key(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _number(field: int, value: int) -> bytes:
    return _key(field, 0) + _varint(value)


def _message(field: int, content: bytes) -> bytes:
    return _key(field, 2) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; a negative number as its 64 bits."""
    value &= (1 << 64) - 1
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
