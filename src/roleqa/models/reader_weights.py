"""The reader's weights: its layers come with roleqa, its embeddings with the cross-encoder that it was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roleqa.errors import ModelError
from roleqa.models.onnx_file import read_tensors
from roleqa.models.weights import CROSS_ENCODER_WEIGHTS

Arrays = dict[str, NDArray[Any]]

FOLDER = "reader"
FILE = "reader.safetensors"
# Of `FILE`; `make reader` says what it is when it writes the file.
SHA256 = "e91b0c63cfc1fcf5416140bfecee07d1b4ed7e02c2507a8abd49fab184afbb9f"
FINGERPRINT = f"roleqa reader ({SHA256[:12]})"
_PREFIX = "bert."
_WORDS = "bert.embeddings.word_embeddings.weight"
_QUANTISED = "_quantized"


def packaged_file() -> Path:
    """Where the layers lie that come with roleqa."""
    return Path(__file__).parent / FOLDER / FILE


def load_weights() -> Arrays:
    """Layers and embeddings, floating-point ones as float32.

    Raises:
        ModelError: either is missing, or not the one expected.
    """
    from safetensors.numpy import load

    file = packaged_file()
    if not file.is_file():
        raise ModelError(f"{file} is missing; run: pip install --force-reinstall roleqa")
    data = file.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise ModelError(
            f"{file} has SHA-256 {found}, expected {SHA256}; run: pip install --force-reinstall roleqa"
        )
    layers = {name: _float32(array) for name, array in load(data).items()}
    tensors = base_tensors()
    words = {name.removeprefix(_PREFIX): array for name, array in tensors.items() if name.startswith(_WORDS)}
    return layers | words | base_embeddings(tensors, words=False)


def _float32(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float32) if array.dtype == np.float16 else array


def base_tensors() -> Mapping[str, NDArray[Any]]:
    """The weights of the packaged cross-encoder as its file has them, by name. Raises ModelError."""
    return read_tensors(CROSS_ENCODER_WEIGHTS.locate() / CROSS_ENCODER_WEIGHTS.file)


def base_embeddings(tensors: Mapping[str, NDArray[Any]], *, words: bool = True) -> Arrays:
    """The cross-encoder's embeddings in float32, by the names that transformers has for them below `bert.`.

    Without `words`, those of words, which are the large ones, are left out.
    """
    found: Arrays = {}
    for name, array in tensors.items():
        if name.startswith("bert.embeddings.") and (words or not name.startswith(_WORDS)):
            if name.endswith(_QUANTISED):
                found[name.removesuffix(_QUANTISED)] = dequantised(tensors, name.removesuffix(_QUANTISED))
            elif "LayerNorm" in name:
                found[name] = array
    return {name.removeprefix(_PREFIX): array for name, array in found.items()}


def dequantised(tensors: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.float32]:
    """A matrix of the cross-encoder's 8-bit file in float32."""
    quantised, zero = tensors[f"{name}{_QUANTISED}"], tensors[f"{name}_zero_point"]
    return np.asarray((quantised.astype(np.float32) - zero.astype(np.float32)) * tensors[f"{name}_scale"], np.float32)
