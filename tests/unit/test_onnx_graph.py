"""Graphs written as ONNX, run by onnxruntime and held against numpy, and a whole BERT against that of transformers."""

from __future__ import annotations

from math import erf
from typing import Any

import numpy as np
import pytest

from roleqa.models.bert import TOKENS, bert_graph
from roleqa.models.onnx_graph import Graph, _varint
from roleqa.models.onnx_session import open_session

RANDOM = np.random.default_rng(7)
MATRIX = RANDOM.standard_normal((3, 4), dtype=np.float32)
# Too large to be part of the model.
LARGE = RANDOM.standard_normal((4, 100), dtype=np.float32)


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "00"), (127, "7f"), (128, "8001"), (300, "ac02"), (-1, "ffffffffffffffffff01")],
)
def test_a_number_is_written_as_protocol_buffers_have_it(value: int, written: str) -> None:
    assert _varint(value).hex() == written


def run(graph: Graph, output: str, shape: list[int | str], **inputs: Any) -> Any:
    (made,) = open_session(graph.model(output, shape), graph.weights, threads=1).run(None, inputs)
    return made


def test_constants_within_the_model_and_beside_it() -> None:
    graph = Graph()
    given = graph.input("given", "float32", ["rows", 4])
    product = graph.add("Gemm", given, LARGE, np.ones(100, dtype=np.float32), transB=0, alpha=2.0)
    assert [array.shape for array in graph.weights.values()] == [(4, 100)]
    made = run(graph, graph.add("ReduceMean", product, np.array([0]), keepdims=0), [100], given=MATRIX)
    assert np.allclose(made, (2 * MATRIX @ LARGE + 1).mean(axis=0), atol=1e-5)


@pytest.mark.parametrize(
    ("operation", "attributes", "expected"),
    [
        ("Transpose", {"perm": [1, 0]}, MATRIX.T),
        ("Softmax", {"axis": -1}, np.exp(MATRIX) / np.exp(MATRIX).sum(axis=1, keepdims=True)),
        ("Gelu", {}, MATRIX * (1 + np.vectorize(erf)(MATRIX / np.sqrt(2))) / 2),
    ],
)
def test_attributes_of_each_kind(operation: str, attributes: dict[str, Any], expected: Any) -> None:
    graph = Graph()
    made = run(graph, graph.add(operation, graph.input("x", "float32", [3, 4]), **attributes), list(expected.shape), x=MATRIX)
    assert np.allclose(made, expected, atol=1e-6)


@pytest.mark.parametrize("length", [1, 2, 31])
def test_a_bert_of_any_size_is_that_of_transformers(length: int) -> None:
    import torch
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=50, hidden_size=24, num_attention_heads=3, num_hidden_layers=2, intermediate_size=40,
        max_position_embeddings=32, layer_norm_eps=1e-6, initializer_range=0.5,
    )  # fmt: skip
    torch.manual_seed(7)
    model = BertModel(config, add_pooling_layer=False).eval()
    tokens = torch.randint(50, (1, length))
    with torch.inference_mode():
        expected = model(tokens).last_hidden_state[0].mean(dim=0).numpy()
    graph, written = bert_graph({name: value.numpy() for name, value in model.state_dict().items()}, config.to_dict())
    (made,) = open_session(written, graph.weights, threads=1).run(None, {TOKENS: tokens[0].numpy()})
    assert np.abs(expected).max() > 0.1
    assert np.allclose(made, expected, atol=2e-5)
