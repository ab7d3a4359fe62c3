"""Where a setting comes from, and what a bad one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from roleqa.errors import SettingsError
from roleqa.settings import Settings


def test_defaults() -> None:
    settings = Settings()
    assert (settings.corpus, settings.index, settings.host) == (Path("corpus"), Path("index"), "127.0.0.1")


def test_caller_over_environment_over_file_over_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "roleqa.toml").write_text("top_k = 7\nport = 7\nmax_quotes = 2\n")
    monkeypatch.setenv("ROLEQA_TOP_K", "8")
    monkeypatch.setenv("ROLEQA_PORT", "8")
    settings = Settings(port=9)
    assert (settings.port, settings.top_k, settings.max_quotes, settings.num_passages) == (9, 8, 2, 20)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        pytest.param("topk = 3", "unknown setting 'topk'", id="unknown key"),
        pytest.param("top_k = 0", "setting 'top_k' = 0", id="out of range"),
        pytest.param('port = "many"', "setting 'port' = 'many'", id="wrong type"),
        pytest.param("top_k = ", "roleqa.toml cannot be read", id="not TOML"),
    ],
)
def test_a_bad_file_is_one_clear_error(tmp_path: Path, toml: str, message: str) -> None:
    (tmp_path / "roleqa.toml").write_text(toml)
    with pytest.raises(SettingsError) as caught:
        Settings()
    assert message in str(caught.value)


def test_an_unknown_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLEQA_TOPK", "3")
    with pytest.raises(SettingsError, match="ROLEQA_TOPK"):
        Settings()


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().top_k = 3


@pytest.mark.parametrize(
    ("name", "value", "successor"), [("reranker", "packaged", "reader"), ("num_evidence", 16, "read_characters")]
)
@pytest.mark.parametrize("source", ["caller", "environment", "file"])
def test_a_setting_of_version_0_1_is_taken_with_one_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str, name: str, value: str | int, successor: str
) -> None:
    if source == "environment":
        monkeypatch.setenv(f"ROLEQA_{name.upper()}", str(value))
    elif source == "file":
        (tmp_path / "roleqa.toml").write_text(f"{name} = {value!r}\n")
    with pytest.warns(FutureWarning) as warned:
        settings = Settings(**{name: value} if source == "caller" else {})
    assert [str(item.message) for item in warned] == [f"the setting {name!r} is no longer used; set {successor!r}"]
    assert getattr(settings, successor) == Settings.model_fields[successor].default


def test_the_reader_and_its_device_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (Settings().reader, Settings().device) == ("packaged", "cpu")
    monkeypatch.setenv("ROLEQA_READER", "models/mine")
    monkeypatch.setenv("ROLEQA_DEVICE", "cuda")
    assert (Settings().reader, Settings().device) == ("models/mine", "cuda")
