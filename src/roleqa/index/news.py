"""Which documents of a corpus have to be read, given what a generation was built from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from roleqa.errors import CorpusError, UnreadableFileError
from roleqa.index.manifest import sha256
from roleqa.index.share import ALL, Share
from roleqa.ingest.corpus import SourceFile, corpus_hashes, corpus_paths, note_problem, read_corpus, read_file
from roleqa.ingest.roles import ROLES_FILE
from roleqa.types import Problem


@dataclass(frozen=True, slots=True)
class News:
    """A corpus: `kept` are the documents whose bytes and id are as before, `fresh` those that were read now.

    `sources` holds the SHA-256 of every file that shapes an index: the documents by id, and roles.toml. `refused`
    holds that of the files which look like documents and cannot be read.
    """

    kept: frozenset[str]
    fresh: tuple[SourceFile, ...]
    sources: dict[str, str]
    problems: tuple[Problem, ...]
    refused: dict[str, str]


def find_news(folder: Path, before: Mapping[str, str], strict: bool, share: Share = ALL) -> News:
    """The corpus, or a share of it, of which only what `before` does not have with the same hash is read.

    Raises:
        CorpusError: if there is no such folder, no document in it can be read, or (`strict`) one cannot.
    """
    kept: set[str] = set()
    fresh: list[SourceFile] = []
    problems: list[Problem] = []
    refused: dict[str, str] = {}
    hashes = corpus_hashes(folder) if before else {}
    for id, path in corpus_paths(folder).items():
        if id not in share:
            continue
        if id in hashes and before.get(id) == hashes[id]:
            kept.add(id)
            continue
        try:
            fresh.append(read_file(folder, path))
        except UnreadableFileError as error:
            note_problem(id, error, problems, refused)
    if share != ALL and not (kept or fresh):
        raise CorpusError(f"no document that can be read falls to the share {share}; take fewer")
    if (problems and strict) or not (kept or fresh):
        found = read_corpus(folder, strict)  # it says what is wrong
        kept, fresh, problems, refused = set(), list(found.files), list(found.problems), found.refused
    sources = {id: hashes[id] for id in kept} | {source.document.id: source.sha256 for source in fresh}
    sources = dict(sorted(sources.items())) | _roles(folder)
    return News(frozenset(kept), tuple(fresh), sources, tuple(problems), refused)


def _roles(folder: Path) -> dict[str, str]:
    file = folder / ROLES_FILE
    return {ROLES_FILE: sha256(file)} if file.is_file() else {}
