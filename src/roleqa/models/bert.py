"""A BERT as an ONNX graph of one text at a time (Devlin et al. 2019, arXiv 1810.04805)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roleqa.models.onnx_graph import Graph

Weights = Mapping[str, NDArray[np.float32]]

TOKENS = "tokens"


def bert_graph(weights: Weights, config: Mapping[str, Any]) -> tuple[Graph, bytes]:
    """The graph, and the model to run: from the ids of one text's tokens (`TOKENS`) to the mean of their embeddings.

    `weights` have the names that the transformers library saves them under, `config` is the model's config.json. As
    there is one text and nothing beside it, nothing is padded and nothing need be masked.
    """
    bert = Bert(weights, config)
    tokens = bert.graph.input(TOKENS, "int64", ["length"])
    state = bert.embeddings(tokens)
    for layer in range(config["num_hidden_layers"]):
        state = bert.layer(f"encoder.layer.{layer}", state)
    mean = bert.graph.add("ReduceMean", state, np.array([0]), keepdims=0)
    return bert.graph, bert.graph.model(mean, [config["hidden_size"]])


class Bert:
    """Builds the graph, operation by operation. As there is one text, nothing is padded and nothing need be masked."""

    def __init__(self, weights: Weights, config: Mapping[str, Any]) -> None:
        self.graph = Graph()
        self._weights = weights
        self._heads = int(config["num_attention_heads"])
        self._size = int(config["hidden_size"])
        self._epsilon = float(config["layer_norm_eps"])

    def embeddings(self, tokens: str, types: str | None = None) -> str:
        """Of shape (length, size), as all states are: each token's own, that of its place and that of its segment.

        `types` has the segment of each token; without it, all are of the first.
        """
        add = self.graph.add
        words = self.words(tokens)
        segments = self._weights["embeddings.token_type_embeddings.weight"]
        places = self._weights["embeddings.position_embeddings.weight"]
        first = add("Slice", places if types else places + segments[0], np.array([0]), add("Shape", tokens))
        if types:
            first = add("Add", first, add("Gather", segments, types))
        return self._normalised("embeddings.LayerNorm", add("Add", words, first))

    def words(self, tokens: str) -> str:
        """The embeddings of the tokens themselves."""
        return self.graph.add("Gather", self._weights["embeddings.word_embeddings.weight"], tokens)

    def layer(self, name: str, state: str) -> str:
        add = self.graph.add
        attended = self.dense(f"{name}.attention.output.dense", self._attention(f"{name}.attention.self", state))
        state = self._normalised(f"{name}.attention.output.LayerNorm", add("Add", attended, state))
        inner = add("Gelu", self.dense(f"{name}.intermediate.dense", state))
        return self._normalised(
            f"{name}.output.LayerNorm", add("Add", self.dense(f"{name}.output.dense", inner), state)
        )

    def _attention(self, name: str, state: str) -> str:
        add, width = self.graph.add, self._size // self._heads
        # One product of matrices for queries, keys and values, then (3, heads, length, width).
        product = self._joint_dense([f"{name}.{part}" for part in ("query", "key", "value")], state)
        split = add("Reshape", product, np.array([-1, 3, self._heads, width]))
        split = add("Transpose", split, perm=[1, 2, 0, 3])
        query, key, value = (add("Gather", split, np.array(part)) for part in range(3))
        scores = add("MatMul", query, add("Transpose", key, perm=[0, 2, 1]))
        shares = add("Softmax", add("Mul", scores, np.array(width**-0.5, dtype=np.float32)), axis=-1)
        heads = add("Transpose", add("MatMul", shares, value), perm=[1, 0, 2])
        return add("Reshape", heads, np.array([-1, self._size]))

    def dense(self, name: str, state: str) -> str:
        return self.graph.add("Gemm", state, *self._of(name), transB=1)

    def _joint_dense(self, names: Sequence[str], state: str) -> str:
        """Several layers of the same input, side by side."""
        weights, biases = zip(*(self._of(name) for name in names), strict=True)
        return self.graph.add("Gemm", state, np.concatenate(weights), np.concatenate(biases), transB=1)

    def _normalised(self, name: str, state: str) -> str:
        return self.graph.add("LayerNormalization", state, *self._of(name), epsilon=self._epsilon)

    def _of(self, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
