"""What passages are encoded on and how, found out without loading torch where that can be."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from roleqa.retrieve import encoder as encoder_module
from roleqa.retrieve.encoder import SentenceEncoder


@pytest.mark.parametrize(
    ("device", "has_bfloat16", "precision"),
    [
        ("cpu", True, "bfloat16 (cpu)"),
        ("cpu", False, "float32 (cpu)"),
        ("cuda", True, "float32 (cuda)"),
        ("mps", False, "float32 (mps)"),
    ],
)
def test_the_precision_names_the_format_and_the_device(
    monkeypatch: pytest.MonkeyPatch, device: str, has_bfloat16: bool, precision: str
) -> None:
    monkeypatch.setattr(SentenceEncoder, "_device", device)
    monkeypatch.setattr(encoder_module, "_has_bfloat16", lambda: has_bfloat16)
    assert SentenceEncoder().precision == precision


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
