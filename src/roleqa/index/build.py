"""The corpus becomes a new generation, written beside the live one and then switched in."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from roleqa.errors import IndexBusy, RoleqaError
from roleqa.index.bm25_store import Bm25Store
from roleqa.index.faiss_store import FaissStore
from roleqa.index.layout import GenerationFolder, IndexFolder
from roleqa.index.load import load_generation
from roleqa.index.manifest import SCHEMA, Manifest, sha256
from roleqa.index.records import save_documents, save_passages
from roleqa.ingest.corpus import CorpusReading, read_corpus
from roleqa.ingest.match_text import index_text
from roleqa.ingest.roles import ROLES_FILE, read_roles
from roleqa.ingest.split import split
from roleqa.settings import Settings
from roleqa.types import BuildReport, Document, Encoder, Evidence, Passage, Progress, Role

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Content:
    """What a corpus was split into; texts[i] is what passages[i] is matched by."""

    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    evidence: tuple[tuple[Evidence, ...], ...]
    texts: tuple[str, ...]


def build_generation(
    settings: Settings, encoder: Encoder, *, full: bool = False, progress: Progress | None = None
) -> BuildReport:
    """Builds `settings.corpus` into a new live generation of `settings.index`.

    Raises:
        IndexBusy: another build is running.
        CorpusError, RolesError, ModelError: nothing was built; the live generation stays as it was.
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
            content = _split(corpus, encoder, tell)
            kept = {} if full else _known_embeddings(index, encoder)
            embeddings, encoded = _encode(content.texts, kept, encoder, tell)
            tell("writing", 0, 0)
            manifest = _write(index, settings.corpus, corpus, roles, content, embeddings, encoder)
    except Timeout:
        raise IndexBusy(f"another build of {index.path} is running; wait until it is done, then run it again") from None
    return BuildReport(
        generation=manifest.generation,
        documents=manifest.documents,
        passages=manifest.passages,
        evidence=manifest.evidence,
        encoded=encoded,
        seconds=round(time.perf_counter() - started, 3),
        problems=corpus.problems,
    )


def _silent(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def _split(corpus: CorpusReading, encoder: Encoder, tell: Progress) -> _Content:
    passages: list[Passage] = []
    evidence: list[tuple[Evidence, ...]] = []
    texts: list[str] = []
    for done, source in enumerate(corpus.files, start=1):
        parts = split(source, encoder.count_tokens, encoder.window)
        passages += parts.passages
        evidence += parts.evidence
        texts += (
            index_text(passage, source.document, own)
            for passage, own in zip(parts.passages, parts.evidence, strict=True)
        )
        tell("splitting", done, len(corpus.files))
    return _Content(corpus.documents, tuple(passages), tuple(evidence), tuple(texts))


def _known_embeddings(index: IndexFolder, encoder: Encoder) -> dict[str, Matrix]:
    """Embeddings of the live generation by the text they were made from; none if it cannot be used."""
    try:
        live = load_generation(index.live())
    except RoleqaError:
        return {}
    if live.manifest.encoder != encoder.fingerprint:
        return {}
    texts = (
        index_text(passage, live.documents[passage.document_id], own)
        for passage, own in zip(live.passages, live.evidence, strict=True)
    )
    return dict(zip(texts, live.vectors.embeddings(), strict=True))


def _encode(texts: Sequence[str], kept: dict[str, Matrix], encoder: Encoder, tell: Progress) -> tuple[Matrix, int]:
    """One row a text, and how many of them had to be encoded."""
    new = tuple(dict.fromkeys(text for text in texts if text not in kept))
    tell("encoding", 0, len(new))
    made = encoder.encode_passages(new, lambda done: tell("encoding", done, len(new))) if new else ()
    rows = kept | dict(zip(new, made, strict=True))
    return np.stack([rows[text] for text in texts]), len(new)


def _write(
    index: IndexFolder,
    corpus_folder: Path,
    corpus: CorpusReading,
    roles: tuple[Role, ...],
    content: _Content,
    embeddings: Matrix,
    encoder: Encoder,
) -> Manifest:
    """Writes a generation, reads it back, and only then makes it live."""
    now = datetime.now(UTC)
    folder = index.generation(f"{now:%Y%m%dT%H%M%S%f}Z")
    folder.path.mkdir(parents=True)
    save_documents(folder.documents, content.documents)
    save_passages(folder.passages, content.passages, content.evidence)
    FaissStore.build(embeddings).save(folder.vectors)
    Bm25Store.build(content.texts).save(folder.bm25)
    manifest = Manifest(
        schema=SCHEMA,
        roleqa=version("roleqa"),
        generation=folder.path.name,
        built_at=now.isoformat(timespec="seconds"),
        corpus=str(corpus_folder.resolve()),
        encoder=encoder.fingerprint,
        dimensions=embeddings.shape[1],
        window=encoder.window,
        documents=len(content.documents),
        passages=len(content.passages),
        evidence=sum(map(len, content.evidence)),
        sources=_sources(corpus_folder, corpus),
        files=_checksums(folder),
        roles=roles,
        problems=corpus.problems,
    )
    manifest.save(folder.manifest)
    load_generation(folder)
    index.publish(folder)
    return manifest


def _sources(corpus_folder: Path, corpus: CorpusReading) -> dict[str, str]:
    """What `source_hashes` gives while nothing changes: the hashes of the bytes that were read."""
    hashes = {source.document.id: source.sha256 for source in corpus.files}
    roles = corpus_folder / ROLES_FILE
    return hashes | ({ROLES_FILE: sha256(roles)} if roles.is_file() else {})


def _checksums(folder: GenerationFolder) -> dict[str, str]:
    return {file.relative_to(folder.path).as_posix(): sha256(file) for file in folder.files()}
