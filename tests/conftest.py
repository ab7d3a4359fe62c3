"""What tests share: a small corpus about two made-up roles, and an assistant on it that needs no model."""

from __future__ import annotations

import os
from pathlib import Path

# Several workers, each with servers and a browser, share the cores. A model's threads that wait for each other there
# spin for as long as others run: 2 threads on 2 busy cores take ten times as long as one. Read when torch is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest

from harbour import make_assistant, write_corpus
from roleqa.assistant import Assistant
from roleqa.settings import Settings


@pytest.fixture(autouse=True)
def _no_outside_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keeps a developer's environment and roleqa.toml out of the tests."""
    for name in [name for name in os.environ if name.startswith("ROLEQA_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus folder with one document and two roles."""
    return write_corpus(tmp_path / "corpus")


@pytest.fixture
def settings(corpus: Path, tmp_path: Path) -> Settings:
    return Settings(corpus=corpus, index=tmp_path / "index")


@pytest.fixture
def assistant(settings: Settings) -> Assistant:
    """An assistant on the small corpus, with models that count words."""
    return make_assistant(settings)
