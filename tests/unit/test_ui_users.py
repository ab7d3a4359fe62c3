"""The auth file: what its lines say, what is wrong with them, and what checking a password gives away."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path
from typing import Any

import pytest

from roleqa.errors import SettingsError
from roleqa.ui.users import (
    COST,
    LONGEST_PASSWORD,
    NOBODY,
    PasswordHash,
    User,
    add_user,
    check_name,
    check_password,
    is_open_to_others,
    load_users,
    verify,
)

CHEAP = (2, 1, 1)
# The third example of RFC 7914, section 12.
RFC = (
    "scrypt$16384$8$1$U29kaXVtQ2hsb3JpZGU=$"
    "cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw=="
)
ADA = f"ada:admin:{PasswordHash.of('correct horse', CHEAP).to_text()}"
GRACE = f"grace:user:{PasswordHash.of('battery staple', CHEAP).to_text()}"


def auth_file(folder: Path, *lines: str) -> Path:
    path = folder / "users.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    path.chmod(0o600)
    return path


def test_the_example_of_the_standard_matches() -> None:
    stored = PasswordHash.from_text(RFC)
    assert stored.cost == (16384, 8, 1)
    assert stored.salt == b"SodiumChloride"
    assert stored.matches("pleaseletmein")
    assert not stored.matches("Pleaseletmein")


def test_a_line_says_all_that_a_later_version_needs() -> None:
    made = PasswordHash.of("correct horse")
    scheme, n, r, p, *_ = made.to_text().split("$")
    assert (scheme, int(n), int(r), int(p)) == ("scrypt", *COST)
    assert PasswordHash.from_text(made.to_text()) == made
    assert made.matches("correct horse")
    assert "correct" not in made.to_text()
    assert PasswordHash.of("correct horse", CHEAP).salt != PasswordHash.of("correct horse", CHEAP).salt


def test_an_accent_is_the_same_however_a_keyboard_writes_it() -> None:
    assert PasswordHash.of("caf\u00e9 noir", CHEAP).matches("cafe\u0301 noir")


def test_the_users_of_a_file(tmp_path: Path) -> None:
    users = load_users(auth_file(tmp_path, "# the crew", "", f"  {ADA} ", GRACE))
    assert {name: user.is_admin for name, user in users.items()} == {"ada": True, "grace": False}
    assert verify(users, "ada", "correct horse")
    assert verify(users, "grace", "battery staple")
    assert not verify(users, "ada", "battery staple")
    assert not verify(users, "Ada", "correct horse")
    assert not verify(users, "", "")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("ada", "a line is NAME:ROLE:HASH"),
        ("ada:admin", "a line is NAME:ROLE:HASH"),
        ("a da:admin:x", "'a da' is no name"),
        ("ada:root:x", "the role is 'root' and must be user or admin"),
        ("ada:user:hunter2", r"the password must be hashed as scrypt\$N\$r\$p\$salt\$key"),
        ("ada:user:argon2$1$1$1$YQ==$YQ==", "the password must be hashed as scrypt"),
        ("ada:user:scrypt$x$8$1$YQ==$YQ==", "its N, r and p must be whole numbers"),
        ("ada:user:scrypt$2$8$1$?$YQ==", "salt and key base64"),
        ("ada:user:scrypt$3$8$1$YQ==$YQ==", "scrypt cannot be run with N=3"),
        ("ada:user:scrypt$4194304$64$1$YQ==$YQ==", "scrypt cannot be run with N=4194304, r=64"),
        ("ada:user:scrypt$2$8$0$YQ==$YQ==", "scrypt cannot be run with N=2, r=8, p=0"),
        ("ada:user:scrypt$2$8$1$YQ==$YQ==", "its salt or key is cut short"),
        # Its salt is random, and workers must name their tests alike.
        pytest.param(GRACE, "grace has a line already", id="twice"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, problem: str) -> None:
    path = auth_file(tmp_path, "# crew", GRACE, line)
    with pytest.raises(SettingsError, match=rf"users\.txt, line 3: .*{problem}.*roleqa user ") as caught:
        load_users(path)
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "there is no auth file"), (b"# nobody\n", "has no users"), (b"ada:\xff", "is not UTF-8 text")],
)
def test_a_file_without_users_is_one_clear_error(tmp_path: Path, content: bytes | None, problem: str) -> None:
    path = tmp_path / "users.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=problem):
        load_users(path)


def test_a_folder_is_no_auth_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        load_users(tmp_path)
    with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
        add_user(tmp_path, User("ada", True, NOBODY))
    with pytest.raises(SettingsError, match="cannot be written: No such file or directory"):
        add_user(tmp_path / "nowhere" / "users.txt", User("ada", True, NOBODY))


def test_a_user_is_added_and_changed_and_nothing_else_is(tmp_path: Path) -> None:
    path = auth_file(tmp_path, "# crew", GRACE, "", "# guests")
    assert not add_user(path, User("ada", True, PasswordHash.of("first one", CHEAP)))
    assert add_user(path, User("grace", True, PasswordHash.of("second one", CHEAP)))
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line.split(":")[0] for line in lines] == ["# crew", "grace", "", "# guests", "ada"]
    users = load_users(path)
    assert users["grace"].is_admin
    assert verify(users, "grace", "second one")
    assert not verify(users, "grace", "battery staple")
    assert [file.name for file in tmp_path.iterdir()] == ["users.txt"]


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "users.txt"
    assert not is_open_to_others(path)
    add_user(path, User("ada", True, NOBODY))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not is_open_to_others(path)
    for mode in (0o640, 0o604, 0o602):
        path.chmod(mode)
        assert is_open_to_others(path)
    add_user(path, User("ada", False, NOBODY))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_goes_on_leading_to_the_file(tmp_path: Path) -> None:
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "users.txt")
    add_user(link, User("ada", True, NOBODY))
    assert link.is_symlink()
    assert list(load_users(tmp_path / "users.txt")) == ["ada"]


def test_a_wrong_name_costs_as_much_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    users = {"ada": User("ada", True, PasswordHash.of("correct horse"))}
    work: list[tuple[int, int, int]] = []
    real = hashlib.scrypt

    def counted(secret: bytes, *, n: int, r: int, p: int, **rest: Any) -> bytes:
        work.append((n, r, p))
        return real(secret, n=2, r=1, p=1, **rest)

    monkeypatch.setattr(hashlib, "scrypt", counted)
    assert not verify(users, "ada", "wrong")
    assert not verify(users, "nobody", "wrong")
    assert work == [COST, COST]


def test_nobody_logs_in_as_nobody() -> None:
    cheap = PasswordHash(CHEAP, NOBODY.salt, NOBODY.key)
    assert not cheap.matches("")
    assert not verify({}, "", "")


def test_a_password_is_neither_guessed_at_once_nor_endless() -> None:
    assert check_password("x" * 8) == "x" * 8
    for password in ("", "x" * 7, "x" * (LONGEST_PASSWORD + 1)):
        with pytest.raises(SettingsError, match="must have 8 to 1024 characters"):
            check_password(password)
    stored = PasswordHash.of("x" * LONGEST_PASSWORD, CHEAP)
    users = {"ada": User("ada", False, stored)}
    assert verify(users, "ada", "x" * LONGEST_PASSWORD)
    assert not verify(users, "ada", "x" * (LONGEST_PASSWORD + 1))


@pytest.mark.parametrize("name", ["", ":", "a:b", "a b", "-a", "#a", "a\n", "\u00e9", "x" * 65])
def test_a_name_that_cannot_stand_in_the_file(name: str) -> None:
    with pytest.raises(SettingsError, match="cannot be a user's name"):
        check_name(name)
    assert check_name("ada.l@example-1") == "ada.l@example-1"
