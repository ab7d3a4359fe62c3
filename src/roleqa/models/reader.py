"""The reader: where a passage answers a question, and whether it does at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np

from roleqa.models.onnx_session import open_session
from roleqa.models.reader_graph import TOKENS, TYPES, reader_graph
from roleqa.models.reader_weights import FINGERPRINT, load_weights
from roleqa.models.spans import read_pieces
from roleqa.models.weights import CROSS_ENCODER_WEIGHTS
from roleqa.protocols import PieceReading
from roleqa.types import MatchText

# What the reader was trained on: the longest input, and what a question may take of it, in tokens.
MAX_TOKENS = 320
MAX_QUESTION_TOKENS = 64
_SPECIAL_TOKENS = 3
# More threads than this find nothing to do: a question has about a dozen passages.
_MAX_THREADS = 8


class OnnxReader:
    """The packaged reader, run by onnxruntime alone: a passage on a thread, so that none waits for padding.

    However many questions are asked at once, as many passages are read at once as there are processors.

    Raises:
        ModelError: on first use, where the weights are missing or not the ones expected.
    """

    @property
    def fingerprint(self) -> str:
        return FINGERPRINT

    def read(self, question: str, passages: Sequence[MatchText]) -> Sequence[tuple[PieceReading, ...]]:
        asked = self._tokenizer.encode(question, add_special_tokens=False).ids[:MAX_QUESTION_TOKENS]
        session = self._session
        return list(self._threads.map(lambda passage: self._read(session, asked, passage), passages))

    def _read(self, session: Any, question: list[int], passage: MatchText) -> tuple[PieceReading, ...]:
        encoding = self._tokenizer.encode(passage.text, add_special_tokens=False)
        room = MAX_TOKENS - len(question) - _SPECIAL_TOKENS
        cls, sep = self._special
        before = [cls, *question, sep]
        tokens = np.array([*before, *encoding.ids[:room], sep], dtype=np.int64)
        types = np.zeros(len(tokens), dtype=np.int64)
        types[len(before) :] = 1
        (logits,) = session.run(None, {TOKENS: tokens, TYPES: types})
        return read_pieces(passage, encoding.offsets[:room], logits[len(before) : -1], float(logits[0].sum()))

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(min(os.cpu_count() or 1, _MAX_THREADS), thread_name_prefix="reader")

    @cached_property
    def _special(self) -> tuple[int, int]:
        return self._tokenizer.token_to_id("[CLS]"), self._tokenizer.token_to_id("[SEP]")

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(CROSS_ENCODER_WEIGHTS.folder_path() / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = True  # "[SEP]" in a document is a word like any other
        return tokenizer

    @cached_property
    def _session(self) -> Any:
        graph, model = reader_graph(load_weights())
        return open_session(model, graph.weights, threads=1)
