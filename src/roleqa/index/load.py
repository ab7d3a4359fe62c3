"""A generation on disk becomes an Index in memory. Loading never writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from roleqa.errors import IndexDamagedError, IndexMismatchError
from roleqa.index.bm25_store import Bm25Store
from roleqa.index.documents import Documents
from roleqa.index.evidence_store import EvidenceStore
from roleqa.index.integrity import check_at_load, remedy
from roleqa.index.layout import GenerationFolder, IndexFolder
from roleqa.index.manifest import Manifest
from roleqa.index.passages import EvidenceRows, PassageFile, Passages
from roleqa.index.topics import load_topics
from roleqa.index.vectors import load_vectors
from roleqa.index.vocabulary import Vocabulary, load_vocabulary
from roleqa.stores import HERE, StorePlace, VectorStore
from roleqa.types import Evidence, Passage


@dataclass(frozen=True, slots=True)
class Index:
    """Everything that questions are answered from. Row i of each store belongs to passages[i], as evidence[i] does.

    Documents, passages and evidence are read from disk when they are asked for, and checked then; IndexDamagedError
    is raised where one is not what was written. `topics` are what the documents speak of: the headings that have
    text of their own, then the tables' row headers.
    """

    manifest: Manifest
    documents: Documents
    passages: Passages
    evidence: EvidenceRows
    vectors: VectorStore
    bm25: Bm25Store
    evidence_vectors: EvidenceStore
    vocabulary: Vocabulary
    topics: tuple[str, ...]

    def text(self, item: Passage | Evidence, document_id: str) -> str:
        """The document's own characters that a passage or a piece of evidence spans."""
        return self.documents[document_id].text[item.start : item.end]


def load_index(path: Path, encoder: str, place: StorePlace = HERE) -> Index:
    """The live generation of the index at `path`, to be asked with the encoder of that fingerprint.

    Raises:
        IndexMissingError: there is none.
        IndexMismatchError: another schema or encoder made it.
        IndexDamagedError: a file is missing, unreadable or inconsistent with the others.
        StoreError: the server that holds the vectors is away.
    """
    index = _load_live(IndexFolder(path), place)
    if index.manifest.encoder != encoder:
        raise IndexMismatchError(
            f"the index in {path} was made by the encoder {index.manifest.encoder}, the one in use is {encoder}; "
            f"run: roleqa build --index {path}, or set ROLEQA_ENCODER to the encoder that made it"
        )
    return index


def _load_live(index: IndexFolder, place: StorePlace) -> Index:
    folder = index.live()
    try:
        return load_generation(folder, place)
    except IndexDamagedError as error:
        if index.live() != folder:  # later builds took it away while it was read
            return _load_live(index, place)
        raise IndexDamagedError(error.damage, remedy(index)) from error


def load_generation(folder: GenerationFolder, place: StorePlace = HERE) -> Index:
    """One generation, whether live or not yet, checked as far as `check_at_load` does it.

    Raises:
        IndexMismatchError, IndexDamagedError, StoreError: it cannot be answered from.
    """
    manifest = Manifest.load(folder.manifest)
    check_at_load(folder, manifest)
    passages = PassageFile(folder.passages)
    index = Index(
        manifest=manifest,
        documents=Documents(folder),
        passages=Passages(passages),
        evidence=EvidenceRows(passages),
        vectors=load_vectors(folder, manifest, place),
        bm25=Bm25Store.load(folder.bm25),
        evidence_vectors=EvidenceStore.load(folder.evidence),
        vocabulary=load_vocabulary(folder.vocabulary),
        topics=load_topics(folder.topics),
    )
    _check(folder, index)
    return index


def _check(folder: GenerationFolder, index: Index) -> None:
    manifest = index.manifest
    counts = {
        "documents": (len(index.documents), manifest.documents),
        "passages": (len(index.passages), manifest.passages),
        "evidence": (len(index.evidence_vectors), manifest.evidence),
        "vectors": (len(index.vectors), manifest.passages),
        "BM25 rows": (len(index.bm25), manifest.passages),
        "dimensions": (index.vectors.dimensions, manifest.dimensions),
    }
    for name, (found, expected) in counts.items():
        if found != expected:
            raise IndexDamagedError(f"{folder.path} holds {found} {name}, not {expected}")
