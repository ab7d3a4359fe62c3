"""The auth file: who may log in to the chat, one user a line.

    ada:admin:scrypt$32768$8$3$c2FsdA==$a2V5...
    grace:user:scrypt$...

That is name, role, and how the password is hashed: scrypt with its N, r and p, then salt and key in base64. Empty
lines, and lines that begin with #, are left alone. scrypt is memory-hard and comes with Python; the line carries its
parameters, so that dearer ones can be chosen later without a word from anyone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import stat
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from roleqa.errors import SettingsError

# N, r and p of new lines: 32 MiB and about a quarter of a second, as OWASP's cheat sheet has them.
COST = (2**15, 8, 3)
# What a line may ask of this machine, in bytes.
MOST_MEMORY = 2**28
SHORTEST_PASSWORD = 8
# A longer one is wrong without a look: hashing it would be work for nothing.
LONGEST_PASSWORD = 1024

ROLES = ("user", "admin")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True)
class PasswordHash:
    """A password as it is kept: scrypt's cost (N, r, p), the salt, and the key that must come out."""

    cost: tuple[int, int, int]
    salt: bytes
    key: bytes

    @classmethod
    def of(cls, password: str, cost: tuple[int, int, int] = COST) -> PasswordHash:
        salt = secrets.token_bytes(16)
        return cls(cost, salt, _scrypt(password, cost, salt, 32))

    @classmethod
    def from_text(cls, text: str) -> PasswordHash:
        """Raises ValueError, saying what is wrong."""
        scheme, *fields = text.split("$")
        if scheme != "scrypt" or len(fields) != 5:
            raise ValueError("the password must be hashed as scrypt$N$r$p$salt$key")
        try:
            n, r, p = map(int, fields[:3])
            salt, key = (base64.b64decode(field, validate=True) for field in fields[3:])
        except ValueError:
            raise ValueError("its N, r and p must be whole numbers, its salt and key base64") from None
        if n < 2 or n & (n - 1) or not 1 <= r <= 64 or not 1 <= p <= 64 or 128 * n * r > MOST_MEMORY:
            raise ValueError(f"scrypt cannot be run with N={n}, r={r}, p={p}")
        if len(salt) < 8 or not 16 <= len(key) <= 64:
            raise ValueError("its salt or key is cut short")
        return cls((n, r, p), salt, key)

    def to_text(self) -> str:
        salt, key = (base64.b64encode(part).decode("ascii") for part in (self.salt, self.key))
        return "$".join(("scrypt", *map(str, self.cost), salt, key))

    def matches(self, password: str) -> bool:
        """Takes as long for a wrong password as for the right one."""
        return hmac.compare_digest(_scrypt(password, self.cost, self.salt, len(self.key)), self.key)


@dataclass(frozen=True, slots=True)
class User:
    """Someone who may log in; an admin may also change what is answered from."""

    name: str
    is_admin: bool
    password: PasswordHash


# Whom a wrong name is checked as, so that it takes as long as a wrong password.
NOBODY = PasswordHash(COST, bytes(16), bytes(32))


def verify(users: Mapping[str, User], name: str, password: str) -> bool:
    """Whether that is the password of that user. A name that nobody has is found out no sooner."""
    user = users.get(name)
    matches = (user.password if user else NOBODY).matches(password[:LONGEST_PASSWORD])
    return matches and user is not None and len(password) <= LONGEST_PASSWORD


def load_users(path: Path) -> dict[str, User]:
    """The users of an auth file by name.

    Raises:
        SettingsError: it cannot be read, has no users, or a line (named) is none.
    """
    users: dict[str, User] = {}
    for number, line in _entries(_read(path)):
        try:
            user = _parse(line)
        except ValueError as error:
            raise _bad_line(path, number, str(error)) from None
        if user.name in users:
            raise _bad_line(path, number, f"{user.name} has a line already")
        users[user.name] = user
    if not users:
        raise SettingsError(f"the auth file {path} has no users; add one: roleqa user {path} NAME --admin")
    return users


def add_user(path: Path, user: User) -> bool:
    """Writes the user's line, in the place of the one before where there is one, which is what it returns.

    Only the file's owner may read it afterwards.

    Raises:
        SettingsError: the file cannot be read or written.
    """
    path = Path(os.path.realpath(path))  # a link goes on leading to the file
    existing = _read(path) if path.exists() else ""
    lines = existing.splitlines()
    line = f"{user.name}:{ROLES[user.is_admin]}:{user.password.to_text()}"
    numbers = [number for number, entry in _entries(existing) if entry.partition(":")[0] == user.name]
    if numbers:
        lines[numbers[0] - 1] = line
    else:
        lines.append(line)
    try:
        _write(path, "\n".join(lines) + "\n")
    except OSError as error:
        raise SettingsError(f"the auth file {path} cannot be written: {error.strerror}") from error
    return bool(numbers)


def check_name(name: str) -> str:
    """Raises SettingsError where it cannot stand in an auth file."""
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"{name!r} cannot be a user's name: use at most 64 of the letters A to Z, digits and . _ @ -, "
            "beginning with a letter or digit"
        )
    return name


def check_password(password: str) -> str:
    """Raises SettingsError where it is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise SettingsError(f"the password must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return password


def is_open_to_others(path: Path) -> bool:
    """Whether others than its owner may read or change the file."""
    return os.name == "posix" and path.exists() and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _scrypt(password: str, cost: tuple[int, int, int], salt: bytes, length: int) -> bytes:
    n, r, p = cost
    # Keyboards differ in how they write an accent.
    secret = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=2 * MOST_MEMORY, dklen=length)


def _parse(line: str) -> User:
    parts = line.split(":")
    if len(parts) != 3:
        raise ValueError("a line is NAME:ROLE:HASH")
    name, role, text = parts
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name")
    if role not in ROLES:
        raise ValueError(f"the role is {role!r} and must be {' or '.join(ROLES)}")
    return User(name, role == "admin", PasswordHash.from_text(text))


def _entries(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.strip()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(f"there is no auth file {path}; make it: roleqa user {path} NAME --admin") from None
    except OSError as error:
        raise SettingsError(f"the auth file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"the auth file {path} is not UTF-8 text") from error


def _write(path: Path, text: str) -> None:
    """In one rename, and never readable by others for a moment."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _bad_line(path: Path, number: int, problem: str) -> SettingsError:
    return SettingsError(
        f"the auth file {path}, line {number}: {problem}. Mend it, or take it out and run: roleqa user {path} NAME"
    )
