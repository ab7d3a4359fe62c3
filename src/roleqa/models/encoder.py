"""Texts become embeddings: the only place that loads torch and sentence-transformers.

A passage's embedding is the same, bit for bit, whatever is encoded beside it: an index that was brought up to date is
the one that building it anew would have given. Sums of floating-point numbers depend on the shape of the matrices
they are part of, so every batch has as many texts, and is padded to a length that follows from its texts' own. What
they depend on beside that, the number format and the kind of processor, is the encoder's `precision`: it stands in the
manifest, and a build that has another encodes everything anew.

Where the processor has bfloat16, the packaged weights are run by `TorchBert`, sooner than by sentence-transformers,
which runs every other model, and is the reference.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roleqa.errors import ModelError
from roleqa.models.torch_bert import TOKENS_AT_ONCE, TorchBert
from roleqa.models.weights import ENCODER_WEIGHTS, PACKAGED, folder_sha256

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Embeddings = NDArray[np.float32]

# A batch this small keeps a core busy, and the last of each length wastes little; larger ones were no faster.
BATCH_SIZE = 8
# A graphics processor has thousands of cores.
GPU_BATCH_SIZE = 128
# Texts are padded to a multiple of so many tokens.
LENGTH_STEP = 32
# The same for TorchBert, that takes as many texts at a time as fit into TOKENS_AT_ONCE.
BERT_LENGTH_STEP = 8
# How many texts are tokenized at once to learn their lengths: tokens take up a hundred times their text's room.
_COUNTED_AT_ONCE = 1024
# How many batches wait for a worker, of the millions that there may be.
_WAITING = 256
# What Linux shows of a graphics processor that torch might use; loading torch to ask it takes seconds.
_GPU_FILES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


class SentenceEncoder:
    """Any sentence-transformers model: the packaged weights by default, or a name or path.

    Raises:
        ModelError: on first use, where the weights are absent or not the ones expected.
    """

    def __init__(self, name: str = PACKAGED) -> None:
        self.name = name
        self._tokenizing = threading.Lock()

    @cached_property
    def fingerprint(self) -> str:
        """Of the packaged weights and of a folder with a checksum: what lies in a folder may be trained further."""
        if self.name == PACKAGED:
            return ENCODER_WEIGHTS.fingerprint
        folder = Path(self.name)
        return f"{self.name} ({folder_sha256(folder)[:12]})" if folder.is_dir() else self.name

    @cached_property
    def precision(self) -> str:
        """bfloat16 where the processor has it: more than twice the speed, cosine to float32 above 0.9999."""
        if self._device != "cpu" or not _has_bfloat16():
            return f"float32 ({self._device})"
        # Autocast, by which other models run, rounds elsewhere than TorchBert does. Indexes have these words.
        return "bfloat16 by TorchBert (cpu)" if self.name == PACKAGED else "bfloat16 (cpu)"

    @property
    def window(self) -> int:
        return self._longest - self._special_tokens

    def count_tokens(self, text: str) -> int:
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def token_ids(self, text: str) -> list[int]:
        """The text as the model reads it: special tokens added, cut to what fits."""
        ids: list[int] = self._tokenizer.encode(text).ids
        return ids if len(ids) <= self._longest else [*ids[: self._longest - 1], ids[-1]]

    def encode_passages(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Embeddings:
        embeddings = np.empty((len(texts), self._dimensions), dtype=np.float32)
        done = 0
        with _workers(self._device) as workers:
            for rows, made in self._encode_batches(texts, workers):
                embeddings[rows] = made
                done += len(rows)
                if progress:
                    progress(done)
        return _unit_rows(embeddings)

    def encode_query(self, query: str) -> Embeddings:
        row: Embeddings = _unit_rows(self._encode([query]))[0]
        return row

    def _encode_batches(
        self, texts: Sequence[str], workers: ThreadPoolExecutor
    ) -> Iterator[tuple[list[int], Embeddings]]:
        """Rows of texts with their embeddings."""
        pending: deque[tuple[list[int], Future[Embeddings]]] = deque()
        for length, rows in self._batches(texts):
            batch = [texts[row] for row in rows]
            pending.append((rows, workers.submit(self._encode_batch, batch, length)))
            if len(pending) > _WAITING:
                rows, made = pending.popleft()
                yield rows, made.result()
        for rows, made in pending:
            yield rows, made.result()

    def _encode_batch(self, batch: list[str], length: int) -> Embeddings:
        """One batch, filled up to the size that all of its length have."""
        import torch

        missing = self._batch_size(length) - len(batch)
        if self._bert:
            texts = [self.token_ids(text) for text in batch]
            return self._bert.encode(texts + texts[-1:] * missing, length)[: len(batch)]
        is_fast = self.precision.startswith("bfloat16")
        with torch.autocast("cpu", dtype=torch.bfloat16) if is_fast else nullcontext():
            return self._encode(batch + [""] * missing, length)[: len(batch)]

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[int, list[int]]]:
        """Rows of texts that are padded to one length, in tokens; longest first: memory runs out at once or never."""
        by_length: dict[int, list[int]] = {}
        step = BERT_LENGTH_STEP if self._bert else LENGTH_STEP
        for row, tokens in enumerate(self._lengths(texts)):
            by_length.setdefault(min(-(-tokens // step) * step, self._longest), []).append(row)
        for length in sorted(by_length, reverse=True):
            rows, size = by_length[length], self._batch_size(length)
            for first in range(0, len(rows), size):
                yield length, rows[first : first + size]

    def _lengths(self, texts: Sequence[str]) -> Iterator[int]:
        """How many tokens the model reads of each text, special ones included."""
        for first in range(0, len(texts), _COUNTED_AT_ONCE):
            some = list(texts[first : first + _COUNTED_AT_ONCE])
            for encoding in self._tokenizer.encode_batch(some, add_special_tokens=False):
                yield min(len(encoding.ids) + self._special_tokens, self._longest)

    def _encode(self, texts: list[str], length: int | None = None) -> Embeddings:
        """One batch, padded to the length where one is given."""
        options: dict[str, Any] = {}
        if length and self._is_transformer:
            options["processing_kwargs"] = {"text": {"padding": "max_length", "max_length": length}}
        encoded = self._model.encode(texts, batch_size=len(texts), show_progress_bar=False, **options)
        return np.asarray(encoded, dtype=np.float32)

    @cached_property
    def _device(self) -> str:
        """What torch runs on, as it calls it."""
        if version("torch").endswith("+cpu"):
            return "cpu"
        if sys.platform == "linux" and not any(Path(file).exists() for file in _GPU_FILES):
            return "cpu"
        import torch

        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"

    def _batch_size(self, length: int) -> int:
        if self._bert:
            return max(TOKENS_AT_ONCE // length, 1)
        return BATCH_SIZE if self._device == "cpu" else GPU_BATCH_SIZE

    @property
    def _dimensions(self) -> int:
        return self._bert.size if self._bert else self._model.get_embedding_dimension() or 0

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
    def _bert(self) -> TorchBert | None:
        """What passages are encoded by, unless it is by sentence-transformers."""
        if self.name != PACKAGED or not self.precision.startswith("bfloat16"):
            return None
        from safetensors.torch import load_file

        folder = ENCODER_WEIGHTS.locate()
        config = json.loads((folder / "config.json").read_bytes())
        return TorchBert(load_file(folder / ENCODER_WEIGHTS.file), config)

    @cached_property
    def _model(self) -> SentenceTransformer:
        path = str(ENCODER_WEIGHTS.locate()) if self.name == PACKAGED else self.name
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        tokenizing = self._tokenizing

        class SharedTransformer(SentenceTransformer):
            """May encode on several threads: they share one tokenizer, that each sets to another length."""

            def preprocess(self, *inputs: Any, **options: Any) -> dict[str, Any]:
                with tokenizing:
                    return super().preprocess(*inputs, **options)

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it would draw over our own
        try:
            return SharedTransformer(path, device=self._device, local_files_only=True, backend="torch")
        except (OSError, ValueError) as error:
            raise ModelError(
                f"the encoder {self.name!r} cannot be loaded: it is no sentence-transformers folder, nor in this "
                f"machine's model cache (nothing is downloaded). Give a path, a name in the cache, or {PACKAGED!r}."
            ) from error


@contextmanager
def _workers(device: str) -> Iterator[ThreadPoolExecutor]:
    """Threads that each encode a batch on one core: faster than to share one among all cores, where each waits for the
    others at every step, all the more when other programs keep some of the cores from it. A GPU needs but one.
    """
    import torch

    cores = torch.get_num_threads()
    count = cores if device == "cpu" else 1
    workers = ThreadPoolExecutor(count, "encoder", initializer=torch.set_num_threads, initargs=(cores // count,))
    try:
        yield workers
    finally:
        workers.shutdown(cancel_futures=True)
        torch.set_num_threads(cores)  # it was set for every thread that is begun from then on


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
