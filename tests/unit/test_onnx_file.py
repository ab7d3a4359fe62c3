"""Weights and nodes read back from models that our own writer wrote, and what is no model at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from roleqa.models.onnx_file import read_nodes, read_tensors
from roleqa.models.onnx_graph import Graph, _message, _number, _text

FLOATS = np.array([[1.5, -2.0, 0.25], [0.0, 3.0, -0.5]], dtype=np.float32)
SIGNED = np.array([[-128, 127], [-1, 0]], dtype=np.int8)
UNSIGNED = np.arange(200, dtype=np.uint8).reshape(20, 10)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A model with weights of each type that is read, and one that is not."""
    graph = Graph()
    given = graph.input("given", "float32", ["rows", 3])
    product = graph.add("Gemm", given, FLOATS, transB=1)
    graph.add("Gather", SIGNED, np.array([1]))
    graph.add("Gather", UNSIGNED, np.array(3))
    (tmp_path / "model.onnx").write_bytes(graph.model(product, ["rows", 2]))
    return tmp_path / "model.onnx"


def test_weights_come_back_with_their_values_types_and_shapes(file: Path) -> None:
    found = read_tensors(file)
    # Numbered as they were added; those in 64 bits are left out.
    assert list(found) == ["constant_0", "constant_1", "constant_3"]
    for array, expected in zip(found.values(), (FLOATS, SIGNED, UNSIGNED), strict=True):
        assert array.dtype == expected.dtype
        assert np.array_equal(array, expected)


def tensor(name: str, kind: int, *fields: bytes) -> bytes:
    return b"".join(fields) + _number(2, kind) + _text(8, name)


def model(*parts: bytes) -> bytes:
    return _number(1, 10) + _message(7, b"".join(parts))


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        pytest.param(1, [_number(1, 2), _message(4, FLOATS[0, :2].tobytes())], FLOATS[0, :2], id="packed floats"),
        pytest.param(1, [_number(1, 1), b"\x25" + FLOATS[0, :1].tobytes()], FLOATS[0, :1], id="a float alone"),
        pytest.param(2, [_message(1, b"\x02\x01"), _message(5, b"\xc8\x01\x07")], [[200], [7]], id="packed integers"),
        pytest.param(2, [_number(1, 2), _number(5, 200), _number(5, 7)], [200, 7], id="integers one by one"),
        pytest.param(3, [_number(1, 2), _number(5, -128), _number(5, 7)], [-128, 7], id="negative integers"),
        pytest.param(2, [_number(5, 200)], 200, id="a number of no dimension"),
    ],
)  # fmt: skip
def test_every_way_of_writing_numbers_is_read(tmp_path: Path, kind: int, fields: list[bytes], expected: object) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(model(_message(5, tensor("weights", kind, *fields))))
    assert np.array_equal(read_tensors(file)["weights"], expected)


def test_nodes_of_an_operation_with_their_inputs(tmp_path: Path) -> None:
    nodes = [
        _text(1, "state") + _text(1, "matrix") + _text(2, "out") + _text(3, "/layer/MatMul") + _text(4, "MatMulInteger"),
        _text(1, "out") + _text(2, "other") + _text(3, "/layer/Add") + _text(4, "Add"),
    ]
    file = tmp_path / "model.onnx"
    file.write_bytes(model(*(_message(1, node) for node in nodes)))
    assert read_nodes(file, "MatMulInteger") == {"/layer/MatMul": ("state", "matrix")}
    assert read_nodes(file, "Softmax") == {}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"PK\x03\x04 a zip file", id="another format"),
        pytest.param(b"\xff" * 50, id="a number without an end"),
        pytest.param(model(_message(5, b"\x08\xff")), id="cut short"),
        pytest.param(model(_message(5, _number(1, 3) + _number(2, 1))), id="a tensor without a name"),
        pytest.param(model(_message(5, _text(8, "w"))), id="a tensor without a type"),
        pytest.param(model(_message(5, tensor("w", 1, _number(1, 3), _message(9, b"\0" * 8)))), id="too few values"),
        pytest.param(model(_message(5, tensor("w", 1, _number(1, -1), _message(9, b"\0" * 8)))), id="a size beyond all"),
        pytest.param(model(_message(5, _number(2, 1) + _message(8, b"\xff"))), id="a name that is no text"),
        pytest.param(model(_message(1, _text(4, "MatMul"))), id="a node without a name"),
    ],
)
def test_what_is_no_model_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(content)
    with pytest.raises(ValueError, match="model.onnx is no ONNX model"):
        assert (read_tensors(file), read_nodes(file, "MatMul")) is None


def test_a_model_that_is_cut_short_is_none(file: Path) -> None:
    whole = file.read_bytes()
    for length in range(0, len(whole), 3):
        file.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="is no ONNX model"):
            read_tensors(file)
