"""Whether an index is what it should be: every file, every offset, the embeddings and BM25 made anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roleqa.errors import IndexDamagedError, IndexMismatchError
from roleqa.index.bm25_store import Bm25Store
from roleqa.index.content import Part, parts_of
from roleqa.index.integrity import damaged_files, remedy
from roleqa.index.layout import GenerationFolder, IndexFolder
from roleqa.index.load import Index, load_generation
from roleqa.index.manifest import Manifest
from roleqa.index.vectors import vectors_file
from roleqa.index.vocabulary import build_vocabulary
from roleqa.index.word_rows import WordRows
from roleqa.index.write import misplaced, sample
from roleqa.protocols import Encoder
from roleqa.stores import HERE, StorePlace
from roleqa.types import Problem

# How many passages, and as many pieces of evidence, are encoded anew.
SAMPLE = 64
# The least cosine of an embedding with one that the same encoder makes of the same text on another machine.
LEAST_COSINE = 0.999
# Of one kind; a thousand more would say no more.
_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was looked at of the live generation, the `damages` found, by file, and what to run about them."""

    generation: str
    damages: tuple[Problem, ...]
    remedy: str
    files: int = 0
    documents: int = 0
    passages: int = 0
    evidence: int = 0
    encoded: int = 0

    @property
    def is_whole(self) -> bool:
        return not self.damages

    @property
    def summary(self) -> str:
        """The damaged files, in a few words."""
        return f"generation {self.generation} is damaged in " + ", ".join(dict.fromkeys(d.file for d in self.damages))

    def to_dict(self) -> dict[str, Any]:
        return {
            "whole": self.is_whole,
            "generation": self.generation,
            "files": self.files,
            "documents": self.documents,
            "passages": self.passages,
            "evidence": self.evidence,
            "encoded": self.encoded,
            "damages": [{"file": damage.file, "reason": damage.reason} for damage in self.damages],
            "remedy": "" if self.is_whole else self.remedy,
        }


def inspect(path: Path, encoder: Encoder, place: StorePlace = HERE) -> Inspection:
    """Looks at everything that answers are made from. Writes nothing.

    Raises:
        IndexMissingError, IndexMismatchError: there is no index that could be looked at.
        ModelError: the encoder cannot be loaded.
        StoreError: the server that holds the vectors is away.
    """
    index = IndexFolder(path)
    folder = index.live()
    found = _inspect(index, folder, encoder, place)
    # Builds may have taken it away meanwhile: then what is live now is looked at.
    return found if found.is_whole or index.live() == folder else inspect(path, encoder, place)


def _inspect(index: IndexFolder, folder: GenerationFolder, encoder: Encoder, place: StorePlace) -> Inspection:
    name = folder.path.name
    try:
        manifest = Manifest.load(folder.manifest)
    except IndexDamagedError as error:
        return Inspection(name, (Problem(folder.manifest.name, error.damage),), remedy(index))
    damages = (*_current(index, name, manifest), *damaged_files(folder, manifest))
    encoded = 0
    if not damages:
        damages, encoded = _look_inside(folder, encoder, place)
    return Inspection(
        name,
        damages,
        remedy(index) if damages else "",
        files=len(manifest.files) + 1,
        documents=manifest.documents,
        passages=manifest.passages,
        evidence=manifest.evidence,
        encoded=encoded,
    )


def _current(index: IndexFolder, name: str, manifest: Manifest) -> Iterator[Problem]:
    if index.current.read_bytes() != f"{name}\n".encode():
        yield Problem(index.current.name, "is not what was written")
    if manifest.generation != name:
        yield Problem("manifest.json", f"is that of generation {manifest.generation}")


def _look_inside(
    folder: GenerationFolder, encoder: Encoder, place: StorePlace
) -> tuple[tuple[Problem, ...], int]:
    """What is wrong though every file is as written, and how many texts were encoded to find out."""
    try:
        index = load_generation(folder, place)
    except IndexDamagedError as error:
        return (Problem(folder.path.name, error.damage),), 0
    if index.manifest.encoder != encoder.fingerprint:
        raise IndexMismatchError(
            f"the index was made by the encoder {index.manifest.encoder}, the one in use is {encoder.fingerprint}: its "
            "embeddings cannot be verified; set ROLEQA_ENCODER to the encoder that made it, or run: roleqa build"
        )
    parts = tuple(parts_of(index).values())
    reasons = misplaced(index.documents, index.passages.with_evidence())
    told = [Problem("passages.jsonl", reason) for reason in islice(reasons, _MOST_TOLD)]
    told += _words(folder, index, parts)
    passages, evidence = _passages_sample(index, parts), _evidence_sample(index, parts)
    told += _embeddings(vectors_file(folder, index.manifest.vectors.store), passages, encoder)
    told += _embeddings("evidence.npy", evidence, encoder)
    return tuple(told), len(passages) + len(evidence)


def _words(folder: GenerationFolder, index: Index, parts: tuple[Part, ...]) -> Iterator[Problem]:
    """BM25 and the vocabulary, held against the passages' own words."""
    words = WordRows.of(text for part in parts for text in part.passage_texts)
    if not Bm25Store.build(words).equals(index.bm25):
        yield Problem(folder.bm25.name, "does not count the words that the passages have")
    if list(build_vocabulary(words).items()) != list(index.vocabulary.items()):
        yield Problem(folder.vocabulary.name, "does not hold the words that the passages have")


Sample = list[tuple[str, str, NDArray[Any]]]  # the passage's id, the text that was encoded, and its embedding


def _passages_sample(index: Index, parts: tuple[Part, ...]) -> Sample:
    texts = [text for part in parts for text in part.passage_texts]
    rows = sample(len(texts), SAMPLE)
    return [(index.passages[row].id, texts[row], index.vectors.embeddings(row, row + 1)[0]) for row in rows]


def _evidence_sample(index: Index, parts: tuple[Part, ...]) -> Sample:
    texts = [text for part in parts for text in part.evidence_texts]
    owners = [item.passage_id for own in index.evidence for item in own]
    made = index.evidence_vectors.embeddings(0, len(index.passages))
    return [(owners[row], texts[row], made[row]) for row in sample(len(texts), SAMPLE)]


def _embeddings(file: str, rows: Sample, encoder: Encoder) -> Iterator[Problem]:
    """The embeddings of a sample that are not those of their texts."""
    if not rows:
        return
    anew = encoder.encode_passages([text for _, text, _ in rows])
    wrong = (
        Problem(file, f"has another embedding than the text of passage {passage} gives")
        for (passage, _, made), embedding in zip(rows, anew, strict=True)
        if not _is_same(np.asarray(made, dtype=np.float32), embedding)
    )
    yield from islice(wrong, _MOST_TOLD)


def _is_same(made: NDArray[np.float32], anew: NDArray[np.float32]) -> bool:
    lengths = float(np.linalg.norm(made)), float(np.linalg.norm(anew))
    if not all(lengths):  # a text without a word that the encoder knows
        return not any(lengths)
    return abs(lengths[0] - 1) < 1 - LEAST_COSINE and float(made @ anew) / lengths[0] / lengths[1] >= LEAST_COSINE
