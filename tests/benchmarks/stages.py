"""How long the stages of some work take: the functions that do it are timed for a while, wherever they are called from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from roleqa import assistant
from roleqa.evaluate.timing import Stopwatch
from roleqa.index import build, write
from roleqa.index.bm25_store import Bm25Store
from roleqa.index.evidence_store import EvidenceStore
from roleqa.index.layout import GenerationFolder
from roleqa.retrieve import search
from roleqa.retrieve.search import Retriever

# A module or class, the function in it, and the stage that it is. What is timed calls nothing else that is.
Timed = tuple[Any, str, str]

WRITING: tuple[Timed, ...] = (
    (write, "save_documents", "documents"),
    (write, "save_passages", "passages"),
    (write, "save_vectors", "vectors"),
    (EvidenceStore, "save", "evidence"),
    (write, "build_vocabulary", "vocabulary"),
    (Bm25Store, "build", "BM25"),
    (GenerationFolder, "sync", "to the disk"),
    (write, "check_generation", "reading back"),
)
BUILDING: tuple[Timed, ...] = (
    (build, "find_news", "reading files"),
    (build, "split_part", "splitting"),
    (build, "embed", "encoding"),
    *WRITING,
)
REST = "rest"


def answering(retriever: Retriever) -> tuple[Timed, ...]:
    """The stages of an answer, with the models and stores that the retriever has."""
    index = retriever.index
    return (
        (type(retriever.encoder), "encode_query", "encoding the question"),
        (type(index.vectors), "search", "dense search"),
        (type(index.bm25), "search", "BM25"),
        (search, "fuse", "fusion"),
        (search, "gather_evidence", "gathering evidence"),
        (search, "read_evidence", "reading"),
        (assistant, "compose", "composing"),
        (assistant, "compose_comparison", "composing"),
    )


@contextmanager
def timed_stages(functions: Sequence[Timed]) -> Iterator[dict[str, float]]:
    """Seconds by stage of what is done in the block, added up as it is done."""
    stopwatch = Stopwatch()
    with ExitStack() as stack:
        for owner, name, stage in functions:
            stack.enter_context(patch.object(owner, name, stopwatch.timed(stage, getattr(owner, name))))
        yield stopwatch.seconds


def with_rest(seconds: dict[str, float], total: float) -> dict[str, float]:
    """The stages, and what they leave of the total."""
    return {**seconds, REST: max(0.0, total - sum(seconds.values()))}
