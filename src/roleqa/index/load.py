"""A generation on disk becomes an Index in memory. Loading never writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from roleqa.errors import IndexDamagedError, IndexMismatchError
from roleqa.index.bm25_store import Bm25Store
from roleqa.index.evidence_store import EvidenceStore
from roleqa.index.faiss_store import FaissStore
from roleqa.index.integrity import check_files, remedy
from roleqa.index.layout import GenerationFolder, IndexFolder
from roleqa.index.manifest import Manifest
from roleqa.index.records import load_documents, load_passages
from roleqa.index.vocabulary import Vocabulary, load_vocabulary
from roleqa.types import Document, Evidence, Passage


@dataclass(frozen=True, slots=True)
class Index:
    """Everything that questions are answered from. Row i of each store belongs to passages[i], as evidence[i] does."""

    manifest: Manifest
    documents: dict[str, Document]
    passages: tuple[Passage, ...]
    evidence: tuple[tuple[Evidence, ...], ...]
    vectors: FaissStore
    bm25: Bm25Store
    evidence_vectors: EvidenceStore
    vocabulary: Vocabulary

    def text(self, item: Passage | Evidence, document_id: str) -> str:
        """The document's own characters that a passage or a piece of evidence spans."""
        return self.documents[document_id].text[item.start : item.end]

    def topics(self) -> tuple[str, ...]:
        """What the documents speak of: the headings that have text of their own, then the tables' row headers."""
        headings = (
            passage.headings[-1]
            for passage, own in zip(self.passages, self.evidence, strict=True)
            if passage.headings and any(item.kind != "cell" for item in own)
        )
        rows = (item.row for own in self.evidence for item in own if item.row)
        return tuple(dict.fromkeys((*headings, *rows)))


def load_index(path: Path, encoder: str) -> Index:
    """The live generation of the index at `path`, to be asked with the encoder of that fingerprint.

    Raises:
        IndexMissingError: there is none.
        IndexMismatchError: another schema or encoder made it.
        IndexDamagedError: a file is missing, unreadable or inconsistent with the others.
    """
    index = _load_live(IndexFolder(path))
    if index.manifest.encoder != encoder:
        raise IndexMismatchError(
            f"the index in {path} was made by the encoder {index.manifest.encoder}, the one in use is {encoder}; "
            f"run: roleqa build --index {path}, or set ROLEQA_ENCODER to the encoder that made it"
        )
    return index


def _load_live(index: IndexFolder) -> Index:
    folder = index.live()
    try:
        return load_generation(folder)
    except IndexDamagedError as error:
        if index.live() != folder:  # later builds took it away while it was read
            return _load_live(index)
        raise IndexDamagedError(error.damage, remedy(index)) from error


def load_generation(folder: GenerationFolder) -> Index:
    """One generation, whether live or not yet, once every file has the checksum that it was written with.

    Raises:
        IndexMismatchError, IndexDamagedError: it cannot be answered from.
    """
    manifest = Manifest.load(folder.manifest)
    check_files(folder, manifest)
    passages, evidence = load_passages(folder.passages)
    index = Index(
        manifest=manifest,
        documents=load_documents(folder.documents),
        passages=passages,
        evidence=evidence,
        vectors=FaissStore.load(folder.vectors),
        bm25=Bm25Store.load(folder.bm25),
        evidence_vectors=EvidenceStore.load(folder.evidence, [len(own) for own in evidence]),
        vocabulary=load_vocabulary(folder.vocabulary),
    )
    _check(folder, index)
    return index


def _check(folder: GenerationFolder, index: Index) -> None:
    manifest = index.manifest
    counts = {
        "documents": (len(index.documents), manifest.documents),
        "passages": (len(index.passages), manifest.passages),
        "evidence": (sum(map(len, index.evidence)), manifest.evidence),
        "vectors": (len(index.vectors), manifest.passages),
        "BM25 rows": (len(index.bm25), manifest.passages),
        "dimensions": (index.vectors.dimensions, manifest.dimensions),
    }
    for name, (found, expected) in counts.items():
        if found != expected:
            raise IndexDamagedError(f"{folder.path} holds {found} {name}, not {expected}")
