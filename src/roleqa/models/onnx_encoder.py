"""The packaged encoder's queries, by onnxruntime alone: torch takes seconds to load, and half of a server's memory.

The index's embeddings are torch's, a query's are onnxruntime's, and both bear the fingerprint of the same weights,
whose checksum is compared before they are used. That the two may meet is not taken on trust either: before the first
query, texts of several lengths are encoded whose embeddings by torch are known, and unless each of them lies where
torch has it, torch encodes the queries as well. What is left between the two is far less than what bfloat16 does to the
passages, and the labelled questions are quoted the same by both.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roleqa.models.bert import TOKENS, bert_graph
from roleqa.models.onnx_session import open_session
from roleqa.models.weights import ENCODER_WEIGHTS

if TYPE_CHECKING:
    from roleqa.models.encoder import SentenceEncoder

log = logging.getLogger(__name__)

# Texts, and the embeddings that torch makes of them in float32, to five places.
KNOWN_FILE = "known_embeddings.json"
# The least cosine of an embedding with the one that torch makes of the same text.
LEAST_COSINE = 0.9999


class OnnxEncoder:
    """The packaged weights: queries by onnxruntime, on one thread; passages by the reference, which loads torch.

    Raises:
        ModelError: on first use, where the weights are absent or not the ones expected.
    """

    def __init__(self, reference: SentenceEncoder) -> None:
        self._reference = reference

    @property
    def fingerprint(self) -> str:
        return self._reference.fingerprint

    @property
    def precision(self) -> str:
        return self._reference.precision

    @property
    def window(self) -> int:
        return self._reference.window

    def count_tokens(self, text: str) -> int:
        return self._reference.count_tokens(text)

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        return self._reference.encode_passages(texts, progress)

    def encode_query(self, query: str) -> NDArray[np.float32]:
        if not self._is_as_torch:
            return self._reference.encode_query(query)
        return self._embedding(query)

    @cached_property
    def _is_as_torch(self) -> bool:
        """Whether the texts of the file lie where torch has them."""
        known = json.loads(files("roleqa.models").joinpath(KNOWN_FILE).read_text(encoding="utf-8"))
        cosine = min(_cosine(self._embedding(item["text"]), item["embedding"]) for item in known)
        if cosine < LEAST_COSINE:
            log.warning("onnxruntime encodes otherwise than torch (cosine %.6f); torch is used, which is slow", cosine)
        return cosine >= LEAST_COSINE

    def _embedding(self, text: str) -> NDArray[np.float32]:
        tokens = np.array(self._reference.token_ids(text), dtype=np.int64)
        (mean,) = self._session.run(None, {TOKENS: tokens})
        embedding: NDArray[np.float32] = mean / np.linalg.norm(mean)
        return embedding

    @cached_property
    def _session(self) -> Any:
        from safetensors.numpy import load_file

        folder = ENCODER_WEIGHTS.locate()
        config = json.loads((folder / "config.json").read_bytes())
        graph, model = bert_graph(load_file(folder / ENCODER_WEIGHTS.file), config)
        return open_session(model, graph.weights, threads=1)


def _cosine(embedding: NDArray[np.float32], known: Sequence[float]) -> float:
    return float(embedding @ np.array(known, dtype=np.float32) / np.linalg.norm(known))
