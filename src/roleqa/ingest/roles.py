"""`roles.toml` becomes Roles."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from roleqa.errors import RolesError
from roleqa.types import Role

ROLES_FILE = "roles.toml"
# Far more than any corpus is about: a comparison has a column a role.
MAX_ROLES = 100
# Of a name, an alias or an id, in characters.
LONGEST_NAME = 200
_MAX_BYTES = 1_000_000


def read_roles(corpus: Path) -> tuple[Role, ...]:
    """The roles that a corpus folder declares, in file order; none where it has no roles.toml.

    Raises:
        RolesError: the file is not TOML, or a role lacks an id or a name or shares one with another.
    """
    file = corpus / ROLES_FILE
    try:
        if not file.is_file():
            return ()
    except OSError as error:  # such as that of a disk in the network that is away
        raise RolesError(f"{file} cannot be opened ({error.strerror}): see to it, and try again.") from error
    data = _loaded(corpus, file)
    tables = data.get("role", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise RolesError(f"{file}: roles are [[role]] tables with id, name and aliases.")
    if len(tables) > MAX_ROLES:
        raise RolesError(f"{file}: there are {len(tables)} roles, over the limit of {MAX_ROLES}.")
    roles = tuple(_role(file, table) for table in tables)
    _check_distinct(file, roles)
    return roles


def _loaded(corpus: Path, file: Path) -> dict[str, Any]:
    try:
        if not file.resolve(strict=True).is_relative_to(corpus.resolve()):
            raise RolesError(f"{file} is a link that leads out of the corpus: put the file itself there.")
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise RolesError(f"{file} is over {_MAX_BYTES // 1_000_000} MB long: it is for the names of roles alone.")
        return tomllib.loads(content.decode("utf-8-sig"))
    # ValueError: not UTF-8, not TOML, or a number too long to be one. RecursionError: nested too deep.
    except (OSError, ValueError, RecursionError) as error:
        raise RolesError(f"{file} cannot be read: {error}. Mend it, or move it away to go without roles.") from error


def _role(file: Path, table: dict[str, Any]) -> Role:
    unknown = sorted(set(table) - {"id", "name", "aliases"})
    if unknown:
        raise RolesError(f"{file}: a role has no key {unknown[0]!r}; it has id, name and aliases.")
    for key in ("id", "name"):
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise RolesError(f"{file}: every [[role]] needs {key} = \"...\"; one has {table.get(key)!r}.")
    aliases = table.get("aliases", [])
    if not isinstance(aliases, list) or not all(isinstance(alias, str) and alias.strip() for alias in aliases):
        raise RolesError(f"{file}: the aliases of {table['id']!r} must be a list of names.")
    if too_long := [name for name in (table["id"], table["name"], *aliases) if len(name) > LONGEST_NAME]:
        raise RolesError(f"{file}: {too_long[0][:20]!r}... is a name of over {LONGEST_NAME} characters.")
    return Role(id=table["id"], name=table["name"], aliases=tuple(aliases))


def _check_distinct(file: Path, roles: tuple[Role, ...]) -> None:
    owners: dict[str, str] = {}
    for role in roles:
        if any(role.id == owner for owner in owners.values()):
            raise RolesError(f"{file}: two roles have the id {role.id!r}.")
        for name in {name.casefold() for name in (role.name, *role.aliases)}:
            if name in owners:
                raise RolesError(f"{file}: {name!r} names both {owners[name]!r} and {role.id!r}.")
            owners[name] = role.id
