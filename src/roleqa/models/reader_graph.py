"""The reader as an ONNX graph: a BERT with 8-bit layers and, for each token, a start and an end of the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roleqa.models.bert import Bert
from roleqa.models.onnx_graph import RUNTIME, Graph

TOKENS = "tokens"
TYPES = "types"
# Of a layer's names in the file of the weights: the 8-bit matrix is [inputs, outputs], with a scale for each output.
MATRIX, SCALE, BIAS = "matrix", "scale", "bias"
NUM_LAYERS = 12
# The shape of the packaged cross-encoder, from which the reader was trained.
CONFIG = {"num_attention_heads": 12, "hidden_size": 384, "layer_norm_eps": 1e-12}


def reader_graph(weights: Mapping[str, NDArray[Any]]) -> tuple[Graph, bytes]:
    """The graph, and the model to run: from the ids (`TOKENS`) and segments (`TYPES`) of a question's and a passage's
    tokens to logits of shape (length, 2), the answer's start and end.

    `weights` are the packaged layers with the embeddings of the cross-encoder that the reader was made from.
    """
    bert = _EightBitBert(weights, CONFIG)
    tokens, types = (bert.graph.input(name, "int64", ["length"]) for name in (TOKENS, TYPES))
    state = bert.embeddings(tokens, types)
    for layer in range(NUM_LAYERS):
        state = bert.layer(f"encoder.layer.{layer}", state)
    logits = bert.graph.add("Gemm", state, weights["span.weight"], weights["span.bias"], transB=1)
    return bert.graph, bert.graph.model(logits, ["length", 2])


class _EightBitBert(Bert):
    """Activations are rounded to 8 bits, one scale for a whole text, so a text's numbers depend on no other text."""

    def words(self, tokens: str) -> str:
        """Gathered in 8 bits, a quarter of the memory, and made floating-point numbers for the tokens alone."""
        quantised, scale, zero = (
            self._weights[f"embeddings.word_embeddings.weight_{part}"] for part in ("quantized", "scale", "zero_point")
        )
        return self.graph.add("DequantizeLinear", self.graph.add("Gather", quantised, tokens), scale, zero)

    def dense(self, name: str, state: str) -> str:
        return self._product([name], state)

    def _joint_dense(self, names: Sequence[str], state: str) -> str:
        return self._product(names, state)

    def _product(self, names: Sequence[str], state: str) -> str:
        matrix, scale, bias = (
            np.concatenate([self._weights[f"{name}.{part}"] for name in names], axis=-1)
            for part in (MATRIX, SCALE, BIAS)
        )
        return self.graph.add("DynamicQuantizeMatMul", state, matrix, scale, "", bias, domain=RUNTIME)
