"""Who may change what is answered from: whoever is at this machine, the admins of an auth file, or nobody."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from roleqa.errors import AccessError
from roleqa.ui.users import User, is_open_to_others

NO_LOGIN = (
    "Anyone on the network can open this page, so the documents cannot be changed from it. "
    "Serve it with --auth-file to let admins do so, or run roleqa build where it is served."
)
NOT_ADMIN = "Only an admin can change the documents. Ask one, or log in as one."


@dataclass(frozen=True, slots=True)
class Access:
    """Who may do what admins do: add, remove and rebuild. `admins` is None where everyone may."""

    admins: frozenset[str] | None = None
    reason: str = ""

    def admin_allowed(self, username: str | None) -> bool:
        """Whether they may; `username` is None for someone who has not logged in."""
        return self.admins is None or username in self.admins

    def check_admin(self, username: str | None) -> None:
        """Raises AccessError, saying why, where they may not."""
        if not self.admin_allowed(username):
            raise AccessError(self.reason)


def access_for(host: str, users: Mapping[str, User] | None) -> Access:
    """The access to a page that listens on `host`; `users` is None where nobody logs in."""
    if users is not None:
        return Access(frozenset(user.name for user in users.values() if user.is_admin), NOT_ADMIN)
    return Access() if is_loopback(host) else Access(frozenset(), NO_LOGIN)


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to that address. A name other than localhost counts as one of the net."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def warnings(host: str, auth_file: Path | None) -> tuple[str, ...]:
    """What whoever serves the page should know of how open it is."""
    found = []
    if auth_file is None and not is_loopback(host):
        found.append(
            f"anyone who can reach {host} can read the documents. Without --auth-file nobody can upload, remove or "
            "rebuild from the page"
        )
    if auth_file is not None and is_open_to_others(auth_file):
        found.append(f"others on this machine can open {auth_file}; shut it: chmod 600 {auth_file}")
    if auth_file is not None and not is_loopback(host):
        found.append("passwords cross the network as they are typed; put a proxy with TLS in front")
    return tuple(found)
