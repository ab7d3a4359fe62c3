"""Texts become embeddings: the only place that loads torch and sentence-transformers.

A passage's embedding is the same, bit for bit, whatever is encoded beside it: an index that was brought up to date is
the one that building it anew would have given. Sums of floating-point numbers depend on the shape of the matrices
they are part of, so every batch has as many texts, and is padded to a length that follows from its texts' own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roleqa.errors import ModelError
from roleqa.retrieve.weights import ENCODER_WEIGHTS, PACKAGED, folder_sha256

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Embeddings = NDArray[np.float32]

# A batch this small keeps two cores busy, and the last of each length is rarely full; larger ones were no faster.
BATCH_SIZE = 8
# Texts are padded to a multiple of so many tokens.
LENGTH_STEP = 32


class SentenceEncoder:
    """Any sentence-transformers model: the packaged weights by default, or a name or path.

    Raises:
        ModelError: on first use, where the weights are absent or not the ones expected.
    """

    def __init__(self, name: str = PACKAGED) -> None:
        self.name = name

    @cached_property
    def fingerprint(self) -> str:
        """Of the packaged weights and of a folder with a checksum: what lies in a folder may be trained further."""
        if self.name == PACKAGED:
            return ENCODER_WEIGHTS.fingerprint
        folder = Path(self.name)
        return f"{self.name} ({folder_sha256(folder)[:12]})" if folder.is_dir() else self.name

    @property
    def window(self) -> int:
        return self._longest - self._special_tokens

    def count_tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def encode_passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Embeddings:
        embeddings = np.empty((len(texts), self._model.get_embedding_dimension() or 0), dtype=np.float32)
        done = 0
        with _fast_inference():
            for length, rows in self._batches(texts):
                batch = [texts[row] for row in rows]
                embeddings[rows] = self._encode(batch + [""] * (BATCH_SIZE - len(batch)), length)[: len(batch)]
                done += len(batch)
                if progress:
                    progress(done)
        return _unit_rows(embeddings)

    def encode_query(self, query: str) -> Embeddings:
        row: Embeddings = _unit_rows(self._encode([query]))[0]
        return row

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[int, list[int]]]:
        """Rows of texts that are padded to one length, in tokens; longest first: memory runs out at once or never."""
        rows: dict[int, list[int]] = {}
        for row, encoding in enumerate(self._tokenizer.encode_batch(list(texts), add_special_tokens=False)):
            tokens = min(len(encoding.ids) + self._special_tokens, self._longest)
            rows.setdefault(min(-(-tokens // LENGTH_STEP) * LENGTH_STEP, self._longest), []).append(row)
        for length in sorted(rows, reverse=True):
            for first in range(0, len(rows[length]), BATCH_SIZE):
                yield length, rows[length][first : first + BATCH_SIZE]

    def _encode(self, texts: list[str], length: int | None = None) -> Embeddings:
        """One batch, padded to the length where one is given."""
        options: dict[str, Any] = {}
        if length and self._is_transformer:
            options["processing_kwargs"] = {"text": {"padding": "max_length", "max_length": length}}
        encoded = self._model.encode(texts, batch_size=BATCH_SIZE, show_progress_bar=False, **options)
        return np.asarray(encoded, dtype=np.float32)

    @cached_property
    def _is_transformer(self) -> bool:
        """Whether texts are padded at all: a table of static embeddings, for one, has no need of it."""
        from sentence_transformers.base.modules import Transformer

        return isinstance(self._model[0], Transformer)

    @cached_property
    def _longest(self) -> int:
        """The longest text that the model reads, in tokens, special ones included."""
        if self.name == PACKAGED:
            settings = json.loads((ENCODER_WEIGHTS.folder_path() / "sentence_bert_config.json").read_bytes())
            return int(settings["max_seq_length"])
        return int(self._model.max_seq_length or self._model.tokenizer.model_max_length)

    @cached_property
    def _special_tokens(self) -> int:
        return int(self._tokenizer.num_special_tokens_to_add(False))

    @cached_property
    def _tokenizer(self) -> Any:
        """The model's tokenizer, that never truncates: it is for counting. The packaged one needs no torch."""
        from tokenizers import Tokenizer

        if self.name == PACKAGED:
            tokenizer = Tokenizer.from_file(str(ENCODER_WEIGHTS.folder_path() / "tokenizer.json"))
        else:
            tokenizer = Tokenizer.from_str(self._model.tokenizer.backend_tokenizer.to_str())
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _model(self) -> SentenceTransformer:
        path = str(ENCODER_WEIGHTS.locate()) if self.name == PACKAGED else self.name
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it would draw over our own
        try:
            return SentenceTransformer(path, device="cpu", local_files_only=True, backend="torch")
        except (OSError, ValueError) as error:
            raise ModelError(
                f"the encoder {self.name!r} cannot be loaded: it is no sentence-transformers folder, nor in this "
                f"machine's model cache (nothing is downloaded). Give a path, a name in the cache, or {PACKAGED!r}."
            ) from error


@contextmanager
def _fast_inference() -> Iterator[None]:
    """bfloat16 where the processor has it (2.5 times the speed, cosine to float32 above 0.9999)."""
    import torch

    if _has_bfloat16():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            yield
    else:
        yield


def _has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 matrices itself; emulated, they are slower than float32."""
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")
    except OSError:
        return False


def _unit_rows(rows: Embeddings) -> Embeddings:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Embeddings = rows / np.maximum(norms, np.float32(1e-12))
    return unit
