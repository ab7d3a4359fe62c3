"""Which models the settings name; weights load on first use."""

from __future__ import annotations

from pathlib import Path

from roleqa.models.encoder import SentenceEncoder
from roleqa.models.onnx_encoder import OnnxEncoder
from roleqa.models.reader import OnnxReader
from roleqa.models.transformers_reader import TransformersReader
from roleqa.models.weights import PACKAGED
from roleqa.protocols import Encoder, Reader


def load_encoder(name: str) -> Encoder:
    """The packaged encoder, or any sentence-transformers model by name or path."""
    encoder = SentenceEncoder(name)
    return OnnxEncoder(encoder) if name == PACKAGED else encoder


def load_reader(name: str, device: str = "cpu") -> Reader:
    """The packaged reader, or the folder of a transformers question-answering model, run on a device of torch's."""
    return OnnxReader() if name == PACKAGED else TransformersReader(Path(name), device)
