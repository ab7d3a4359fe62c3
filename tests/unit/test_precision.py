"""What passages are encoded on and how, found out without loading torch where that can be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from roleqa.models import encoder as encoder_module
from roleqa.models.encoder import SentenceEncoder
from roleqa.models.weights import PACKAGED


@pytest.mark.parametrize(
    ("name", "device", "has_bfloat16", "precision"),
    [
        (PACKAGED, "cpu", True, "bfloat16 by TorchBert (cpu)"),
        ("some/name", "cpu", True, "bfloat16 (cpu)"),
        (PACKAGED, "cpu", False, "float32 (cpu)"),
        (PACKAGED, "cuda", True, "float32 (cuda)"),
        (PACKAGED, "mps", False, "float32 (mps)"),
    ],
)
def test_the_precision_names_the_format_the_device_and_what_else_rounds_otherwise(
    monkeypatch: pytest.MonkeyPatch, name: str, device: str, has_bfloat16: bool, precision: str
) -> None:
    monkeypatch.setattr(SentenceEncoder, "_device", device)
    monkeypatch.setattr(encoder_module, "_has_bfloat16", lambda: has_bfloat16)
    encoder = SentenceEncoder(name)
    assert encoder.precision == precision
    if "TorchBert" not in precision:
        assert encoder._bert is None


@pytest.mark.parametrize("has_gpu", [True, False])
def test_torch_is_loaded_to_look_for_a_gpu_only_where_there_may_be_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, has_gpu: bool
) -> None:
    (tmp_path / "nvidiactl").touch()
    monkeypatch.setattr(encoder_module, "_GPU_FILES", (str(tmp_path / ("nvidiactl" if has_gpu else "none")),))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setitem(sys.modules, "torch", FakeTorch)
    for torch_version, device in (("2.13.0+cpu", "cpu"), ("2.13.0", "cuda" if has_gpu else "cpu")):
        monkeypatch.setattr(encoder_module, "version", lambda _, said=torch_version: said)
        assert SentenceEncoder()._device == device


class FakeTorch:
    class cuda:  # noqa: N801 (as torch names it)
        @staticmethod
        def is_available() -> bool:
            return True
