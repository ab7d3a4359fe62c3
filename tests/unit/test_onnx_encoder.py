"""Queries by onnxruntime: with torch's embeddings of a few texts known, and without torch in the process."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import roleqa
from roleqa.errors import ModelError
from roleqa.models import onnx_encoder
from roleqa.models.encoder import SentenceEncoder
from roleqa.models.load import load_encoder
from roleqa.models.onnx_encoder import OnnxEncoder
from roleqa.models.weights import ENCODER_WEIGHTS, PACKAGED

QUESTIONS = [f"Who pays the keeper of lighthouse {number} in winter?" for number in range(20)]


@pytest.fixture(scope="module")
def encoder() -> OnnxEncoder:
    return OnnxEncoder(SentenceEncoder())


def test_which_adapter_it_is_follows_from_the_name() -> None:
    assert isinstance(load_encoder(PACKAGED), OnnxEncoder)
    assert isinstance(load_encoder("some/name"), SentenceEncoder)
    assert load_encoder(PACKAGED).fingerprint == ENCODER_WEIGHTS.fingerprint


def test_a_query_has_unit_length_and_lies_near_its_like(encoder: OnnxEncoder) -> None:
    keeper, warden, goats = map(encoder.encode_query, ("Who keeps the light?", "The keeper of the lighthouse", "Goats eat hay"))
    assert keeper.shape == (384,)
    assert keeper.dtype == np.float32
    assert np.linalg.norm(keeper) == pytest.approx(1, abs=1e-6)
    assert keeper @ warden > 0.5 > 0.2 > keeper @ goats


def test_torch_is_asked_where_onnxruntime_encodes_otherwise(
    encoder: OnnxEncoder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    known = [{"text": "Who pays?", "embedding": [1.0] + [0.0] * 383}]
    (tmp_path / onnx_encoder.KNOWN_FILE).write_text(json.dumps(known))
    monkeypatch.setattr(onnx_encoder, "files", lambda _: tmp_path)
    reference = SentenceEncoder()
    monkeypatch.setattr(reference, "encode_query", lambda query: f"torch's {query}")
    other = OnnxEncoder(reference)
    with caplog.at_level(logging.WARNING):
        assert [other.encode_query("one"), other.encode_query("two")] == ["torch's one", "torch's two"]
    assert [record.getMessage() for record in caplog.records] == [
        f"onnxruntime encodes otherwise than torch (cosine {encoder.encode_query('Who pays?')[0]:.6f}); torch is used, which is slow"
    ]


def test_wrong_weights_are_an_error_and_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roleqa.models.onnx_encoder.ENCODER_WEIGHTS", Weightless)
    with pytest.raises(ModelError, match="not the ones expected"):
        OnnxEncoder(SentenceEncoder()).encode_query("Who pays?")


class Weightless:
    @staticmethod
    def locate() -> Path:
        raise ModelError("these are not the ones expected")


def test_threads_and_processes_give_the_same_bits(encoder: OnnxEncoder) -> None:
    alone = [digest(encoder, question) for question in QUESTIONS]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda question: digest(encoder, question), QUESTIONS)) == alone
    code = (
        "import hashlib, json, sys; from roleqa.models.load import load_encoder;"
        "encoder = load_encoder('packaged');"
        "made = [hashlib.sha256(encoder.encode_query(q).tobytes()).hexdigest() for q in json.load(sys.stdin)[::-1]];"
        "print(json.dumps([made[::-1], [name for name in ('torch', 'transformers') if name in sys.modules]]))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(QUESTIONS), capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(Path(roleqa.__file__).parents[1])},
    )  # fmt: skip
    assert json.loads(said.stdout) == [alone, []]


def digest(encoder: OnnxEncoder, question: str) -> str:
    return hashlib.sha256(encoder.encode_query(question).tobytes()).hexdigest()
