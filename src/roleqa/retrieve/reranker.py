"""A cross-encoder reads the question and one text together and says how well they fit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roleqa.errors import ModelError
from roleqa.models import Reranker
from roleqa.retrieve.onnx_session import open_session
from roleqa.retrieve.weights import PACKAGED, RERANKER_WEIGHTS

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

Scores = NDArray[np.float32]

# Measured on two cores: sorted by length, batches of 8 to 16 pairs waste the least on padding.
BATCH_SIZE = 8
MAX_TOKENS = 512


class OnnxReranker:
    """The packaged ms-marco-MiniLM cross-encoder, quantised to 8 bits, run by onnxruntime alone.

    Raises:
        ModelError: on first use, where the weights are absent or not the ones expected.
    """

    @property
    def fingerprint(self) -> str:
        return RERANKER_WEIGHTS.fingerprint

    def rerank(self, query: str, texts: Sequence[str]) -> Scores:
        scores = np.empty(len(texts), dtype=np.float32)
        encodings = self._tokenizer.encode_batch([(query, text) for text in texts])
        order = sorted(range(len(texts)), key=lambda i: (len(encodings[i].ids), i))
        for first in range(0, len(order), BATCH_SIZE):
            rows = order[first : first + BATCH_SIZE]
            scores[rows] = self._logits([encodings[i] for i in rows])
        return scores

    def _logits(self, encodings: list[Any]) -> Scores:
        length = max(len(encoding.ids) for encoding in encodings)
        inputs = {
            name: np.zeros((len(encodings), length), dtype=np.int64)
            for name in ("input_ids", "attention_mask", "token_type_ids")
        }
        for row, encoding in enumerate(encodings):
            size = len(encoding.ids)
            inputs["input_ids"][row, :size] = encoding.ids
            inputs["attention_mask"][row, :size] = encoding.attention_mask
            inputs["token_type_ids"][row, :size] = encoding.type_ids
        (logits,) = self._session.run(None, inputs)
        return np.asarray(logits, dtype=np.float32).reshape(len(encodings))

    @cached_property
    def _folder(self) -> Any:
        return RERANKER_WEIGHTS.locate()

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        return open_session(str(self._folder / RERANKER_WEIGHTS.file))


class SentenceReranker:
    """Any sentence-transformers CrossEncoder with one output, by name or path."""

    def __init__(self, name: str) -> None:
        self.fingerprint = name

    def rerank(self, query: str, texts: Sequence[str]) -> Scores:
        if not texts:
            return np.empty(0, dtype=np.float32)
        from torch.nn import Identity

        pairs = [(query, text) for text in texts]
        logits = self._model.predict(pairs, batch_size=BATCH_SIZE, activation_fn=Identity(), show_progress_bar=False)
        return np.asarray(logits, dtype=np.float32).reshape(len(texts))

    @cached_property
    def _model(self) -> CrossEncoder:
        from sentence_transformers import CrossEncoder

        try:
            model: CrossEncoder = CrossEncoder(
                self.fingerprint, device="cpu", local_files_only=True, max_length=MAX_TOKENS
            )
        except (OSError, ValueError) as error:
            raise ModelError(
                f"the reranker {self.fingerprint!r} cannot be loaded: it is no CrossEncoder folder, nor in this "
                f"machine's model cache (nothing is downloaded). Give a path, a name in the cache, or {PACKAGED!r}."
            ) from error
        return model


def load_reranker(name: str) -> Reranker:
    """The packaged reranker, or any CrossEncoder by name or path; weights load on first use."""
    return OnnxReranker() if name == PACKAGED else SentenceReranker(name)
