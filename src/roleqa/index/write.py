"""A generation is written, and read back to see that it is what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from itertools import groupby
from operator import eq
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from roleqa.errors import IndexDamagedError
from roleqa.index.bm25_store import Bm25Store
from roleqa.index.content import Content
from roleqa.index.documents import Documents, save_documents
from roleqa.index.evidence_store import EvidenceStore
from roleqa.index.layout import GenerationFolder
from roleqa.index.load import Index, load_generation
from roleqa.index.manifest import SCHEMA, Manifest, Recipe, sha256
from roleqa.index.news import News
from roleqa.index.passages import save_passages
from roleqa.index.records import passage_line
from roleqa.index.topics import find_topics, save_topics
from roleqa.index.vectors import save_vectors, vectors_file
from roleqa.index.vocabulary import build_vocabulary, save_vocabulary
from roleqa.index.word_rows import WordRows
from roleqa.ingest.abbreviations import find_abbreviations
from roleqa.stores import HERE, StorePlace, VectorSearch
from roleqa.types import Evidence, Passage, Progress, Role, silent

# How many passages a new generation is asked for by their own text.
_SELF_QUERIES = 32
# By how much the cosine of a vector with itself may be off.
_ROUNDING = 1e-4
_SLICE = 65_536


@dataclass(frozen=True, slots=True)
class Origin:
    """What a generation is made from, and when."""

    now: datetime
    corpus: Path
    news: News
    roles: tuple[Role, ...]
    recipe: Recipe

    @property
    def name(self) -> str:
        return generation_name(self.now)


def generation_name(moment: datetime) -> str:
    """What a generation that was begun at a moment is called."""
    return f"{moment:%Y%m%dT%H%M%S%f}Z"


def write_generation(
    folder: GenerationFolder,
    origin: Origin,
    content: Content,
    place: StorePlace = HERE,
    progress: Progress = silent,
) -> Manifest:
    """Writes a generation durably, and reads it back.

    Raises:
        IndexDamagedError: what was read is not what was written.
        StoreError: the server that is to hold the vectors is away, or refuses.
        OSError: it could not be written.
    """
    folder.path.mkdir(parents=True)
    save_documents(folder, content.documents, _rows(content))
    save_passages(folder.passages, content.passages, content.evidence)
    save_topics(folder.topics, find_topics(content.passages, content.evidence))
    vectors = save_vectors(folder, content.embeddings.passages, place, progress)
    starts = np.cumsum([0, *map(len, content.evidence)], dtype=np.int64)
    EvidenceStore(content.embeddings.evidence, starts).save(folder.evidence)
    words = WordRows.of(content.passage_texts)
    save_vocabulary(folder.vocabulary, build_vocabulary(words))
    Bm25Store.build(words).save(folder.bm25)
    manifest = _manifest(folder, origin, content, vectors)
    manifest.save(folder.manifest)
    folder.sync()
    check_generation(folder, content, place)
    return manifest


def _rows(content: Content) -> dict[str, range]:
    """Which passages are a document's: they stand together."""
    rows: dict[str, range] = {}
    for row, passage in enumerate(content.passages):
        first = rows[passage.document_id].start if passage.document_id in rows else row
        rows[passage.document_id] = range(first, row + 1)
    return rows


def _manifest(folder: GenerationFolder, origin: Origin, content: Content, vectors: VectorSearch) -> Manifest:
    return Manifest(
        schema=SCHEMA,
        roleqa=version("roleqa"),
        generation=origin.name,
        built_at=origin.now.isoformat(timespec="seconds"),
        corpus=str(origin.corpus.resolve()),
        encoder=origin.recipe.encoder,
        precision=origin.recipe.precision,
        dimensions=content.embeddings.passages.shape[1],
        window=origin.recipe.window,
        splitter=origin.recipe.splitter,
        documents=len(content.documents),
        passages=len(content.passages),
        evidence=len(content.embeddings.evidence),
        sources=origin.news.sources,
        files={file.relative_to(folder.path).as_posix(): sha256(file) for file in folder.files()},
        sizes={file.relative_to(folder.path).as_posix(): file.stat().st_size for file in folder.files()},
        abbreviations=find_abbreviations(document.text for document in content.documents.values()),
        roles=origin.roles,
        problems=origin.news.problems,
        refused=origin.news.refused,
        vectors=vectors,
    )


def check_generation(folder: GenerationFolder, content: Content, place: StorePlace = HERE) -> None:
    """Raises IndexDamagedError where a generation, read from its files, is not the content or does not find it."""
    index = load_generation(folder, place)
    vectors = folder.path / vectors_file(folder, index.manifest.vectors.store)
    lines = map(passage_line, content.passages, content.evidence)
    same = {
        folder.documents: index.documents.keys() == content.documents.keys()
        and all(index.documents[id] == document for id, document in content.documents.items()),
        folder.passages: all(map(eq, index.passages.lines(), lines)),
        vectors: _same_rows(index.vectors.embeddings(), content.embeddings.passages),
        folder.evidence: _same_rows(
            index.evidence_vectors.embeddings(0, len(index.passages)), content.embeddings.evidence
        ),
    }
    for file, is_same in same.items():
        if not is_same:
            raise IndexDamagedError(f"{file} is not what was written")
    for row in sample(len(index.passages), _SELF_QUERIES):
        _check_finds(folder, index, row, content)
    for problem in misplaced(index.documents, zip(content.passages, content.evidence, strict=True)):
        raise IndexDamagedError(f"{folder.passages}: {problem}")


def _same_rows(found: NDArray[Any], meant: NDArray[Any]) -> bool:
    """Whether two matrices are equal, compared in slices: the whole comparison would take a quarter of their memory."""
    slices = (slice(first, first + _SLICE) for first in range(0, len(meant), _SLICE))
    return found.shape == meant.shape and all(np.array_equal(found[rows], meant[rows]) for rows in slices)


def _check_finds(folder: GenerationFolder, index: Index, row: int, content: Content) -> None:
    """Whether both searches find a passage by what they hold of it."""
    vectors = folder.path / vectors_file(folder, index.manifest.vectors.store)
    own = content.embeddings.passages[row]
    (_, best), *_ = index.vectors.search(own, 1)
    if abs(best - float(own @ own)) > _ROUNDING:
        raise IndexDamagedError(f"{vectors} does not find passage {index.passages[row].id} by its own embedding")
    if not index.bm25.holds(row, content.passage_texts[row]):
        raise IndexDamagedError(f"{folder.bm25} does not find passage {index.passages[row].id} by its own words")


def misplaced(documents: Documents, passages: Iterable[tuple[Passage, Sequence[Evidence]]]) -> Iterable[str]:
    """The passages, in row order with their evidence, that do not lie where they say, or whose evidence does not."""
    for id, together in groupby(enumerate(passages), key=lambda item: item[1][0].document_id):
        document = documents.get(id)
        own = documents.rows(id) if document else range(0)
        for row, (passage, evidence) in together:
            if document is None:
                yield f"passage {passage.id} is of no document"
            elif row not in own:
                yield f"passage {passage.id} is not among those of its document"
            elif not 0 <= passage.start < passage.end <= len(document.text):
                yield f"passage {passage.id} ends beyond its document"
            elif any(not passage.start <= item.start < item.end <= passage.end for item in evidence):
                yield f"evidence of passage {passage.id} lies outside of it"


def sample(count: int, most: int) -> Sequence[int]:
    """At most so many rows of that many, spread evenly, the first and the last among them."""
    return sorted({round(row) for row in np.linspace(0, count - 1, min(count, most))})
