"""`roleqa user`, and what `roleqa serve` makes of its options."""

from __future__ import annotations

import importlib.util
import stat
from pathlib import Path
from typing import Any

import pytest

from fakes import OverlapReader, WordEncoder
from roleqa import assistant as assistant_module
from roleqa import stop
from roleqa.assistant import Assistant
from roleqa.cli import main, serving
from roleqa.ui import serve as server
from roleqa.ui.users import load_users, verify


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is typed when a password is asked for, in this order."""
    answers: list[str] = []
    monkeypatch.setattr(serving, "getpass", lambda _: answers.pop(0))
    return answers


def test_a_user_is_added_and_then_changed(tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "users.txt"
    typed += ["correct horse"] * 2
    assert main(["user", str(path), "ada", "--admin"]) == 0
    assert capsys.readouterr().out == f"added ada, an admin, in {path}\n"
    assert verify(load_users(path), "ada", "correct horse")
    assert load_users(path)["ada"].is_admin
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    typed += ["battery staple"] * 2
    assert main(["user", str(path), "ada"]) == 0
    assert capsys.readouterr().out == f"changed ada, a user, in {path}\n"
    assert verify(load_users(path), "ada", "battery staple")
    assert not load_users(path)["ada"].is_admin


@pytest.mark.parametrize(
    ("name", "passwords", "message"),
    [
        ("ada", ["correct horse", "correct house"], "the passwords differ; nothing was written"),
        ("ada", ["short"], "the password must have 8 to 1024 characters"),
        ("a:b", [], "'a:b' cannot be a user's name"),
    ],
)
def test_a_user_is_not_added(
    tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str], name: str, passwords: list[str], message: str
) -> None:
    typed += passwords
    assert main(["user", str(tmp_path / "users.txt"), name]) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"roleqa: {message}")
    assert said.err.count("\n") == 1
    assert not (tmp_path / "users.txt").exists()
    assert typed == []


def test_no_password_at_all_is_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nothing(_: str) -> str:
        raise EOFError

    monkeypatch.setattr(serving, "getpass", nothing)
    assert main(["user", str(tmp_path / "users.txt"), "ada"]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_a_file_that_others_could_read_is_shut_and_said(
    tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "users.txt"
    path.touch(0o644)
    typed += ["correct horse"] * 2
    assert main(["user", str(path), "ada"]) == 0
    assert capsys.readouterr().err == f"roleqa: warning: others on this machine could open {path} until now\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.fixture
def served(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was served, with which arguments, by `serve` commands on the small corpus."""
    calls: list[Any] = []

    def serve(assistant: Assistant, host: str, port: int, on_ready: Any, **options: Any) -> bool:
        calls.append((host, port, options))
        on_ready("http://127.0.0.1:7/")
        return True

    monkeypatch.setattr(assistant_module, "load_encoder", lambda _: WordEncoder())
    monkeypatch.setattr(assistant_module, "load_reader", lambda *_: OverlapReader())
    monkeypatch.setattr(server, "serve", serve)
    assert main(["build", "--corpus", str(corpus), "--index", str(tmp_path / "index")]) == 0
    monkeypatch.setenv("ROLEQA_INDEX", str(tmp_path / "index"))
    return calls


def test_serve_is_for_everyone_on_this_machine_unless_told_otherwise(
    served: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["serve"]) == 0
    said = capsys.readouterr()
    assert served == [("127.0.0.1", 7860, {"users": None, "mcp": False})]
    assert said.out == "the chat is at http://127.0.0.1:7/\n"
    assert "warning" not in said.err


def test_a_server_whose_threads_still_work_is_ended_without_them(served: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []
    monkeypatch.setattr(server, "serve", lambda *_, **__: False)
    monkeypatch.setattr(stop, "end_process", lambda: ended.append("ended"))
    assert main(["serve"]) == 0
    assert ended == ["ended"]


def test_serve_takes_users_and_mcp(
    served: list[Any], tmp_path: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    typed += ["correct horse"] * 2
    main(["user", str(tmp_path / "users.txt"), "ada"])
    capsys.readouterr()
    assert main(["serve", "--mcp", "--auth-file", str(tmp_path / "users.txt")]) == 0
    assert served == [("127.0.0.1", 7860, {"users": load_users(tmp_path / "users.txt"), "mcp": True})]
    out = capsys.readouterr().out
    assert out == "the chat is at http://127.0.0.1:7/ and its MCP tools at http://127.0.0.1:7/gradio_api/mcp/\n"


def test_serve_takes_them_from_the_settings_too(served: list[Any], tmp_path: Path, typed: list[str]) -> None:
    typed += ["correct horse"] * 2
    main(["user", "users.txt", "ada"])
    Path("roleqa.toml").write_text('auth_file = "users.txt"\nmcp = true\n')
    assert main(["serve"]) == 0
    ((_, _, options),) = served
    assert (list(options["users"]), options["mcp"]) == (["ada"], True)


def test_serve_warns_of_an_open_address(served: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["serve", "--host", "0.0.0.0"]) == 0
    assert capsys.readouterr().err.startswith("roleqa: warning: anyone who can reach 0.0.0.0 can read the documents.")


def test_a_bad_auth_file_is_one_line_that_names_the_bad_one(
    served: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "users.txt"
    path.write_text("# crew\nada:admin\n")
    path.chmod(0o600)
    capsys.readouterr()
    assert main(["serve", "--auth-file", str(path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"roleqa: the auth file {path}, line 2: a line is NAME:ROLE:HASH. Mend it")
    assert said.count("\n") == 1
    assert served == []


def test_mcp_that_is_not_installed_is_one_line_that_says_how(
    served: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert main(["serve", "--mcp"]) == 1
    assert capsys.readouterr().err == "roleqa: MCP needs the package mcp; install it: pip install 'roleqa[mcp]'\n"
    assert served == []
