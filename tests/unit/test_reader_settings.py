"""Which reader is loaded, and what becomes of the reranker that was one before."""

from __future__ import annotations

import pytest

from fakes import OverlapReader, WordEncoder
from roleqa import assistant as assistant_module
from roleqa.assistant import Assistant, build_index
from roleqa.models.load import load_reader
from roleqa.models.reader import OnnxReader
from roleqa.models.reader_weights import FINGERPRINT
from roleqa.models.transformers_reader import TransformersReader
from roleqa.settings import Settings


def test_which_adapter_it_is_follows_from_the_name() -> None:
    packaged = load_reader("packaged")
    assert isinstance(packaged, OnnxReader)
    assert packaged.fingerprint == FINGERPRINT
    other = load_reader("models/mine", "cuda")
    assert isinstance(other, TransformersReader)
    assert other.fingerprint == "models/mine"


def test_an_assistant_loads_what_its_settings_name(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    named: list[tuple[str, str]] = []
    monkeypatch.setattr(assistant_module, "load_reader", lambda *name: named.append(name) or OverlapReader())
    build_index(settings, encoder=WordEncoder())
    chosen = settings.model_copy(update={"reader": "models/mine", "device": "cuda"})
    assert Assistant.load(chosen, encoder=WordEncoder()).status().reader == "overlap"
    assert named == [("models/mine", "cuda")]


def test_a_reranker_is_taken_with_one_warning_and_not_used(settings: Settings) -> None:
    build_index(settings, encoder=WordEncoder())
    with pytest.warns(FutureWarning) as warned:
        assistant = Assistant.load(settings, encoder=WordEncoder(), reader=OverlapReader(), reranker=object())
    assert [str(item.message) for item in warned] == ["`reranker` is no longer used; pass a `reader`"]
    assert warned[0].filename == __file__
    assert assistant.status().to_dict()["reader"] == assistant.status().to_dict()["reranker"] == "overlap"
