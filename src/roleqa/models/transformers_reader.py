"""Any question-answering model of transformers that can say "not in this passage", from a local folder."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roleqa.blocks import Span
from roleqa.errors import ModelError
from roleqa.models.reader import MAX_QUESTION_TOKENS
from roleqa.models.spans import read_pieces
from roleqa.models.weights import PACKAGED, folder_sha256
from roleqa.protocols import PieceReading
from roleqa.types import MatchText

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# The longest input in tokens, and how many passages are read at once.
_MAX_TOKENS = 384
_BATCH_SIZE = 8
# Passages that plainly do not answer. A model that was trained to say so prefers an answer in none of these, or few.
_PROBES = (
    ("How many moons does the planet have?", "The bakery opens at seven. Rolls are sold until noon."),
    ("Who painted the ceiling?", "Rinse the filter under cold water and let it dry before you put it back."),
    ("When was the bridge finished?", "A member may borrow four tools at once, for a week at most."),
    ("What does the licence cost?", "Swallows leave in September and come back in April."),
)
_PROBES_TO_PASS = 3


class TransformersReader:
    """Read by torch on `device`.

    Raises:
        ModelError: on first use, where the folder holds no such model, or one that never says "no answer".
    """

    def __init__(self, folder: Path, device: str) -> None:
        self._path = folder
        self._device = device
        self._tokenizing = threading.Lock()  # questions that are asked at once share a tokenizer, which is not theirs

    @cached_property
    def fingerprint(self) -> str:
        """The folder's name and checksum: what lies in it may be trained further."""
        return f"{self._path} ({folder_sha256(self._path)[:12]})" if self._path.is_dir() else str(self._path)

    def read(self, question: str, passages: Sequence[MatchText]) -> Sequence[tuple[PieceReading, ...]]:
        network, tokenizer = self._model
        found: list[tuple[PieceReading, ...]] = []
        for first in range(0, len(passages), _BATCH_SIZE):
            found += self._batch(network, tokenizer, question, passages[first : first + _BATCH_SIZE])
        return found

    def _batch(
        self,
        network: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        question: str,
        passages: Sequence[MatchText],
    ) -> list[tuple[PieceReading, ...]]:
        import torch

        with self._tokenizing:
            asked = tokenizer.decode(tokenizer(question, add_special_tokens=False)["input_ids"][:MAX_QUESTION_TOKENS])
            encoded = tokenizer(
                [asked] * len(passages),
                [passage.text for passage in passages],
                truncation="only_second",
                max_length=_MAX_TOKENS,
                padding="max_length",  # so that no passage's numbers depend on those beside it
                split_special_tokens=True,  # "[SEP]" in a document is a word like any other
                return_offsets_mapping=True,
                return_tensors="pt",
            )
        offsets = encoded.pop("offset_mapping")
        with torch.inference_mode():
            output = network(**encoded.to(self._device))
        logits = torch.stack([output.start_logits, output.end_logits], dim=-1).float().cpu().numpy()
        return [
            _reading(passage, encoded.sequence_ids(row), offsets[row].tolist(), logits[row])
            for row, passage in enumerate(passages)
        ]

    @cached_property
    def _model(self) -> tuple[Any, Any]:
        from safetensors import SafetensorError
        from transformers import AutoModelForQuestionAnswering, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it would draw over our own
        try:
            if not self._path.is_dir():
                raise OSError("there is no such folder")
            tokenizer = AutoTokenizer.from_pretrained(self._path, local_files_only=True)
            if len(tokenizer) <= len(tokenizer.all_special_ids):
                raise OSError("it has no tokenizer")
            network = AutoModelForQuestionAnswering.from_pretrained(self._path, local_files_only=True)
            network = network.to(self._device).eval()
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise ModelError(
                f"the reader {str(self._path)!r} cannot be loaded ({str(error).splitlines()[0]}); give the folder of a "
                f"transformers question-answering model, or {PACKAGED!r}"
            ) from error
        self._check(network, tokenizer)
        return network, tokenizer

    def _check(self, network: Any, tokenizer: Any) -> None:
        refused = 0
        for question, text in _PROBES:
            passage = MatchText(text, (Span(0, len(text)),))
            ((reading,),) = self._batch(network, tokenizer, question, (passage,))
            refused += reading.margin < 0
        if refused < _PROBES_TO_PASS:
            raise ModelError(
                f"the reader {str(self._path)!r} finds answers where there are none ({len(_PROBES) - refused} of "
                f"{len(_PROBES)} tries): it was not trained to say so. Give one trained on SQuAD 2.0, or {PACKAGED!r}"
            )


def _reading(
    passage: MatchText, sequences: Sequence[int | None], offsets: Sequence[Sequence[int]], logits: NDArray[np.float32]
) -> tuple[PieceReading, ...]:
    inside = [i for i, sequence in enumerate(sequences) if sequence == 1]
    places = [(offsets[i][0], offsets[i][1]) for i in inside]
    return read_pieces(passage, places, logits[inside], float(logits[0].sum()))
