"""Trained layers become the 8-bit file that the package brings."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roleqa.models.reader_graph import BIAS, MATRIX, SCALE

_LARGEST = 127


def quantised(layers: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Matrices in 8 bits, transposed, with a scale for each output; what else there is in float16.

    `layers` have the names of transformers' BertModel, and `span.weight` and `span.bias`.
    """
    found: dict[str, NDArray[Any]] = {}
    for name, array in layers.items():
        name = name.removeprefix("bert.")
        stem, _, part = name.rpartition(".")
        if part == "weight" and array.ndim == 2 and stem != "span":
            matrix = array.astype(np.float32)
            # An output that is always zero has a scale too.
            scale = np.maximum(np.abs(matrix).max(axis=1) / _LARGEST, np.finfo(np.float32).tiny)
            rounded = np.clip(np.round(matrix / scale[:, None]), -_LARGEST, _LARGEST)
            found[f"{stem}.{MATRIX}"] = np.ascontiguousarray(rounded.T.astype(np.int8))
            found[f"{stem}.{SCALE}"] = scale.astype(np.float32)
        elif part == "bias" and "LayerNorm" not in stem and stem != "span":
            found[f"{stem}.{BIAS}"] = array.astype(np.float32)
        else:
            found[name] = array.astype(np.float16)
    return found


def restored(packaged: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The layers of a packaged file in floating-point numbers, by the names that `quantised` takes."""
    found: dict[str, NDArray[Any]] = {}
    for name, array in packaged.items():
        stem, _, part = name.rpartition(".")
        if part == MATRIX:
            name, array = f"{stem}.weight", (array.astype(np.float32) * packaged[f"{stem}.{SCALE}"]).T
        if part != SCALE:
            found[name if stem == "span" else f"bert.{name}"] = array
    return found


def save_quantised(layers: Mapping[str, NDArray[Any]], file: Path) -> str:
    """Writes the 8-bit file and returns its SHA-256."""
    from safetensors.numpy import save

    data = save(quantised(layers))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return hashlib.sha256(data).hexdigest()
