"""Whether this machine has what roleqa needs, found out in a second or two and without loading any of it."""

from __future__ import annotations

import platform
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path
from typing import Any, Literal

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from roleqa.errors import IndexDamagedError, IndexMissingError, RoleqaError
from roleqa.index.changes import corpus_changes
from roleqa.index.disk import free_bytes, megabytes
from roleqa.index.integrity import damaged_files, remedy
from roleqa.index.layout import IndexFolder
from roleqa.index.manifest import Manifest
from roleqa.index.milvus_server import MilvusServer
from roleqa.index.vectors import place_of, servers_of
from roleqa.ingest.corpus import corpus_hashes, corpus_paths
from roleqa.ingest.readers import KINDS
from roleqa.ingest.roles import read_roles
from roleqa.models.reader_weights import FINGERPRINT as READER
from roleqa.models.reader_weights import load_weights
from roleqa.models.weights import ENCODER_WEIGHTS, PACKAGED, Weights
from roleqa.settings import Settings

State = Literal["ok", "warning", "problem"]
# What is free must hold another generation, and what is written beside it.
_SPARE = 50_000_000
# So many seconds a server has to answer.
_PATIENCE = 3.0
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, what was `found`, and what to do about it where it is not ok."""

    name: str
    state: State
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Every check, in order."""

    checks: tuple[Check, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(check.name for check in self.checks if check.state == "problem")

    def to_dict(self) -> dict[str, Any]:
        return {"ok": not self.problems, "checks": [asdict(check) for check in self.checks]}


def examine(settings: Settings) -> Diagnosis:
    """Looks at Python, packages, weights, documents, index, disk, port and browser. Changes nothing."""
    looks: tuple[Callable[[Settings], Iterator[Check]], ...] = (
        _python,
        _packages,
        _weights,
        _corpus,
        _index,
        _store,
        _disk,
        _port,
        _browser,
    )
    return Diagnosis(tuple(check for look in looks for check in look(settings)))


def _python(_: Settings) -> Iterator[Check]:
    needed = metadata("roleqa")["Requires-Python"]
    here = platform.python_version()
    if SpecifierSet(needed).contains(here, prereleases=True):
        yield Check("Python", "ok", here)
    else:
        yield Check("Python", "problem", f"{here}, needed is {needed}", "make the environment with another Python")


def _packages(_: Settings) -> Iterator[Check]:
    needed = [Requirement(line) for line in requires("roleqa") or ()]
    wrong = [
        f"{requirement} ({_version(requirement.name) or 'not installed'})"
        for requirement in needed
        if not requirement.marker or requirement.marker.evaluate({"extra": ""})
        if not requirement.specifier.contains(_version(requirement.name) or "0", prereleases=True)
    ]
    if wrong:
        yield Check("packages", "problem", f"not as needed: {', '.join(wrong)}", "pip install --upgrade roleqa")
    else:
        yield Check("packages", "ok", f"torch {_version('torch')}, faiss {_version('faiss-cpu')}, and the others")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _weights(settings: Settings) -> Iterator[Check]:
    yield _model("encoder", settings.encoder, ENCODER_WEIGHTS)
    yield _reader(settings.reader)


def _model(name: str, chosen: str, packaged: Weights) -> Check:
    if chosen != PACKAGED:
        return Check(name, "ok", f"{chosen} (not checked: it is not the packaged one)")
    try:
        packaged.locate()
    except RoleqaError as error:
        found, _, advice = str(error).partition("; run: ")
        return Check(name, "problem", found, advice)
    return Check(name, "ok", f"{packaged.fingerprint}, checksum right")


def _reader(chosen: str) -> Check:
    if chosen != PACKAGED and not Path(chosen).is_dir():
        return Check("reader", "problem", f"there is no folder {chosen}", f"set ROLEQA_READER to one, or to {PACKAGED}")
    if chosen != PACKAGED:
        return Check("reader", "ok", f"{chosen} (not checked: it is not the packaged one)")
    try:
        load_weights()
    except RoleqaError as error:
        found, _, advice = str(error).partition("; run: ")
        return Check("reader", "problem", found, advice)
    return Check("reader", "ok", f"{READER}, checksum right")


def _corpus(settings: Settings) -> Iterator[Check]:
    try:
        files, readable = corpus_paths(settings.corpus), corpus_hashes(settings.corpus)
        roles = read_roles(settings.corpus)
    except RoleqaError as error:
        yield Check("documents", "problem", str(error), "mend it, or name another folder: --corpus DIR")
        return
    found = f"{len(readable)} in {settings.corpus}, {len(roles)} roles"
    left_out = sorted(files.keys() - readable.keys())
    if not readable:
        yield Check("documents", "problem", f"none in {settings.corpus}", f"add {KINDS} files, or use --corpus DIR")
    elif left_out:
        names = ", ".join(left_out[:3]) + (" and others" if len(left_out) > 3 else "")
        found += f"; {len(left_out)} cannot be read: {names}"
        yield Check("documents", "warning", found, "roleqa build says why")
    else:
        yield Check("documents", "ok", found)


def _index(settings: Settings) -> Iterator[Check]:
    index = IndexFolder(settings.index)
    try:
        folder = index.live()
        manifest = Manifest.load(folder.manifest)
        for damage in damaged_files(folder, manifest):
            raise IndexDamagedError(f"{damage.file} {damage.reason}")
        changes = corpus_changes(manifest)
    except IndexMissingError as error:
        yield Check("index", "warning", str(error).partition("; run: ")[0], f"roleqa build --index {index.path}")
    except IndexDamagedError as error:
        yield Check("index", "problem", error.damage, remedy(index))
    except RoleqaError as error:
        yield Check("index", "problem", str(error).partition("; run: ")[0], "roleqa build --full")
    else:
        found = f"generation {manifest.generation}, {manifest.documents} documents, {manifest.passages} passages"
        if changes:
            yield Check("index", "warning", f"{found}, but the documents have changed since", "roleqa build")
        else:
            yield Check("index", "ok", found)


def _store(settings: Settings) -> Iterator[Check]:
    """The servers that hold vectors; nothing where none does."""
    place = place_of(settings)
    for uri in sorted(servers_of(IndexFolder(settings.index), place)):
        try:
            MilvusServer(uri, place.token, _PATIENCE).call("list_collections")
        except RoleqaError as error:
            found, _, advice = str(error).partition("; ")
            yield Check("store", "problem", found, advice)
        else:
            yield Check("store", "ok", f"Milvus at {uri} answers")


def _disk(settings: Settings) -> Iterator[Check]:
    free, needed = free_bytes(settings.index), _SPARE + _live_bytes(IndexFolder(settings.index))
    found = f"{megabytes(free)} free for {settings.index}"
    if free < needed:
        found += f", a build may need {megabytes(needed)}"
        yield Check("disk", "problem", found, "make room, or use --index DIR")
    else:
        yield Check("disk", "ok", found)


def _live_bytes(index: IndexFolder) -> int:
    try:
        return sum(file.stat().st_size for file in index.live().files())
    except (OSError, RoleqaError):
        return 0


def _port(settings: Settings) -> Iterator[Check]:
    where = f"{settings.host}:{settings.port}"
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        # The chat itself may be what runs there.
        reason = f"{where} cannot be used ({error.strerror})"
        yield Check("port", "warning", reason, "roleqa serve --port 0 picks another")
    else:
        yield Check("port", "ok", f"{where} is free")


def _browser(_: Settings) -> Iterator[Check]:
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    yield Check("Chromium", "ok", found or "not found; only the tests need it")
