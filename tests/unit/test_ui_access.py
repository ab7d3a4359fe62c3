"""Who may change the documents, and what whoever serves them is warned of."""

from __future__ import annotations

from pathlib import Path

import pytest

from roleqa.errors import AccessError
from roleqa.ui.access import NO_LOGIN, NOT_ADMIN, Access, access_for, is_loopback, warnings
from roleqa.ui.users import NOBODY, User

USERS = {"ada": User("ada", True, NOBODY), "grace": User("grace", False, NOBODY)}


@pytest.mark.parametrize(
    ("host", "users", "allowed"),
    [
        ("127.0.0.1", None, {None, "ada", "grace"}),
        ("0.0.0.0", None, set()),
        ("127.0.0.1", USERS, {"ada"}),
        ("0.0.0.0", USERS, {"ada"}),
    ],
)
def test_who_may_change_the_documents(host: str, users: dict[str, User] | None, allowed: set[str | None]) -> None:
    access = access_for(host, users)
    assert {name for name in (None, "ada", "grace", "nobody", "") if access.admin_allowed(name)} - {"nobody", ""} == allowed
    assert access.admin_allowed("nobody") == (None in allowed)


def test_who_may_not_is_told_why() -> None:
    access_for("localhost", None).check_admin(None)
    access_for("localhost", USERS).check_admin("ada")
    for access, reason in ((access_for("0.0.0.0", None), NO_LOGIN), (access_for("localhost", USERS), NOT_ADMIN)):
        with pytest.raises(AccessError) as caught:
            access.check_admin("grace")
        assert str(caught.value) == reason


def test_an_auth_file_without_admins_allows_nobody() -> None:
    access = access_for("127.0.0.1", {"grace": USERS["grace"]})
    assert access == Access(frozenset(), NOT_ADMIN)
    assert not access.admin_allowed(None)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True), ("127.8.9.1", True), ("localhost", True), ("::1", True), ("[::1]", True),
        ("0.0.0.0", False), ("::", False), ("192.168.1.2", False), ("example.org", False), ("", False),
        ("localhost.example.org", False), ("127.0.0.1.example.org", False),
    ],
)  # fmt: skip
def test_what_only_this_machine_can_reach(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_warnings(tmp_path: Path) -> None:
    auth_file = tmp_path / "users.txt"
    auth_file.touch(0o600)
    assert warnings("127.0.0.1", None) == ()
    assert warnings("127.0.0.1", auth_file) == ()
    (warning,) = warnings("0.0.0.0", None)
    assert "anyone who can reach 0.0.0.0 can read the documents" in warning
    assert "Without --auth-file nobody can upload, remove or rebuild" in warning
    auth_file.chmod(0o644)
    readable, plain = warnings("0.0.0.0", auth_file)
    assert readable.endswith(f"shut it: chmod 600 {auth_file}")
    assert "TLS" in plain
