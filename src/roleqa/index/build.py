"""The corpus becomes a new generation, written beside the live one and then switched in."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from roleqa.errors import IndexBusyError, RoleqaError
from roleqa.index.bm25_store import Bm25Store
from roleqa.index.changes import changes_between
from roleqa.index.content import Content, split_corpus
from roleqa.index.evidence_store import EvidenceStore
from roleqa.index.faiss_store import FaissStore
from roleqa.index.layout import GenerationFolder, IndexFolder
from roleqa.index.load import load_generation
from roleqa.index.manifest import SCHEMA, Manifest, sha256
from roleqa.index.records import save_documents, save_passages
from roleqa.index.vocabulary import build_vocabulary, save_vocabulary
from roleqa.ingest.abbreviations import find_abbreviations
from roleqa.ingest.corpus import CorpusReading, read_corpus
from roleqa.ingest.roles import ROLES_FILE, read_roles
from roleqa.settings import Settings
from roleqa.types import BuildReport, Encoder, Progress, Role

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Embeddings:
    """One row a passage and one a piece of evidence; `encoded` counts the passages that were not known."""

    passages: Matrix
    evidence: Matrix
    encoded: int


def build_generation(
    settings: Settings, encoder: Encoder, *, full: bool = False, progress: Progress | None = None
) -> BuildReport:
    """Builds `settings.corpus` into a new live generation of `settings.index`.

    Raises:
        IndexBusyError: another build is running.
        CorpusError, RolesError, ModelError: nothing was built; the live generation stays as it was.
        BuildCancelledError: `progress` has stopped it, to the same effect.
    """
    started = time.perf_counter()
    tell = progress or _silent
    index = IndexFolder(settings.index)
    index.path.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(index.lock, timeout=0):
            tell("reading", 0, 0)
            roles = read_roles(settings.corpus)
            corpus = read_corpus(settings.corpus, strict=settings.strict)
            content = split_corpus(corpus, encoder, tell)
            known = {} if full else _known_embeddings(index, encoder)
            embeddings = _encode(content, known, encoder, tell)
            before = _live_sources(index)
            tell("writing", 0, 0)
            now = datetime.now(UTC)
            folder = index.generation(f"{now:%Y%m%dT%H%M%S%f}Z")
            try:
                manifest = _write(folder, now, settings.corpus, corpus, roles, content, embeddings, encoder)
                tell("switching", 0, 0)
                index.publish(folder)
            except BaseException:
                index.discard(folder)
                raise
    except Timeout:
        raise IndexBusyError(f"another build of {index.path} is running; run it again when that is done") from None
    return BuildReport(
        generation=manifest.generation,
        documents=manifest.documents,
        passages=manifest.passages,
        evidence=manifest.evidence,
        encoded=embeddings.encoded,
        seconds=round(time.perf_counter() - started, 3),
        problems=corpus.problems,
        changes=changes_between(before, manifest.sources),
    )


def _silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def _live_sources(index: IndexFolder) -> dict[str, str]:
    """What the live generation was built from; nothing if that cannot be told."""
    try:
        return Manifest.load(index.live().manifest).sources
    except RoleqaError:
        return {}


def _known_embeddings(index: IndexFolder, encoder: Encoder) -> dict[str, Matrix]:
    """Embeddings of the live generation by the text they were made from; none if it cannot be used."""
    try:
        live = load_generation(index.live())
    except RoleqaError:
        return {}
    if live.manifest.encoder != encoder.fingerprint:
        return {}
    content = Content(live.documents, live.passages, live.evidence)
    known = dict(zip(content.evidence_texts(), live.evidence_vectors.embeddings(), strict=True))
    return known | dict(zip(content.passage_texts(), live.vectors.embeddings(), strict=True))


def _encode(content: Content, known: dict[str, Matrix], encoder: Encoder, tell: Progress) -> _Embeddings:
    passages, evidence = content.passage_texts(), content.evidence_texts()
    new = tuple(dict.fromkeys(text for text in (*passages, *evidence) if text not in known))
    tell("encoding", 0, len(new))
    made = encoder.encode_passages(new, lambda done: tell("encoding", done, len(new))) if new else ()
    rows = known | dict(zip(new, made, strict=True))
    return _Embeddings(
        passages=np.stack([rows[text] for text in passages]),
        evidence=np.stack([rows[text] for text in evidence]),
        encoded=sum(text not in known for text in passages),
    )


def _write(
    folder: GenerationFolder,
    now: datetime,
    corpus_folder: Path,
    corpus: CorpusReading,
    roles: tuple[Role, ...],
    content: Content,
    embeddings: _Embeddings,
    encoder: Encoder,
) -> Manifest:
    """Writes a generation, and reads it back to see that it is whole."""
    folder.path.mkdir(parents=True)
    save_documents(folder.documents, content.documents.values())
    save_passages(folder.passages, content.passages, content.evidence)
    FaissStore.build(embeddings.passages).save(folder.vectors)
    counts = [len(own) for own in content.evidence]
    EvidenceStore(embeddings.evidence.astype(np.float16), counts).save(folder.evidence)
    texts = content.passage_texts()
    save_vocabulary(folder.vocabulary, build_vocabulary(texts))
    Bm25Store.build(texts).save(folder.bm25)
    manifest = Manifest(
        schema=SCHEMA,
        roleqa=version("roleqa"),
        generation=folder.path.name,
        built_at=now.isoformat(timespec="seconds"),
        corpus=str(corpus_folder.resolve()),
        encoder=encoder.fingerprint,
        dimensions=embeddings.passages.shape[1],
        window=encoder.window,
        documents=len(content.documents),
        passages=len(content.passages),
        evidence=sum(counts),
        sources=_sources(corpus_folder, corpus),
        files=_checksums(folder),
        abbreviations=find_abbreviations(document.text for document in corpus.documents),
        roles=roles,
        problems=corpus.problems,
    )
    manifest.save(folder.manifest)
    load_generation(folder)
    return manifest


def _sources(corpus_folder: Path, corpus: CorpusReading) -> dict[str, str]:
    """What `source_hashes` gives while nothing changes: the hashes of the bytes that were read."""
    hashes = {source.document.id: source.sha256 for source in corpus.files}
    roles = corpus_folder / ROLES_FILE
    return hashes | ({ROLES_FILE: sha256(roles)} if roles.is_file() else {})


def _checksums(folder: GenerationFolder) -> dict[str, str]:
    return {file.relative_to(folder.path).as_posix(): sha256(file) for file in folder.files()}
