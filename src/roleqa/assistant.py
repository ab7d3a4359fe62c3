"""The door to everything: load an index, ask it, search it, build it anew."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path

from roleqa.answer.comparison import compose_comparison
from roleqa.answer.compose import Asked, compose
from roleqa.answer.confidence import CALIBRATION_FILE, Calibration, load_calibration
from roleqa.errors import RoleqaError, StoreError
from roleqa.index.build import build_generation, build_share
from roleqa.index.catalog import Catalog, Entry
from roleqa.index.changes import ChangeWatch, corpus_problem
from roleqa.index.layout import IndexFolder
from roleqa.index.load import Index, load_index
from roleqa.index.share import ALL, Share
from roleqa.index.vectors import place_of
from roleqa.index.verify import Inspection, inspect
from roleqa.models.load import load_encoder, load_reader
from roleqa.protocols import Encoder, Reader
from roleqa.question.comparison import find_comparison, roles_at_issue
from roleqa.question.follow_up import resolve
from roleqa.question.lexicon import is_english
from roleqa.question.query import check_question, make_query, writable
from roleqa.question.spelling import mend
from roleqa.retrieve.search import Reading, Retriever
from roleqa.settings import Settings
from roleqa.types import (
    Answer,
    BuildReport,
    Document,
    Generation,
    Hit,
    Mode,
    Problem,
    Progress,
    Status,
)

# How many earlier questions a follow-up can lean on.
MAX_HISTORY = 8
# How much of the best evidence tells which roles a comparison is about that names none.
TELLING_EVIDENCE = 10

# Tells whether the files that say what answers have changed.
Signature = tuple[tuple[int, int, int] | None, ...]


def build_index(
    settings: Settings,
    *,
    full: bool = False,
    wait: float = 0,
    progress: Progress | None = None,
    encoder: Encoder | None = None,
    share: str = "1/1",
    gather: Sequence[Path] = (),
) -> BuildReport:
    """Builds the corpus into a new generation of the index and makes it live, unless the live one is up to date.

    Documents that have not changed are carried over, unless `full`. Another build that is running is waited for, for
    at most so many seconds. `share` "2/3" builds the second of three parts of the documents; what the indexes in
    `gather` have encoded is not encoded again.

    Raises:
        RoleqaError: a CorpusError, RolesError, ModelError, IndexBusyError or IndexWriteError; the live generation
            stays as it was.
    """
    encoder = encoder or load_encoder(settings.encoder)
    part = Share.from_text(share)
    if part != ALL:
        return build_share(settings, encoder, part, full=full, wait=wait, progress=progress, gather=gather)
    return build_generation(settings, encoder, full=full, wait=wait, progress=progress, gather=gather)


def verify_index(settings: Settings, *, encoder: Encoder | None = None) -> Inspection:
    """Whether the live generation is, in every file and every offset, what a build would make of its documents."""
    return inspect(settings.index, encoder or load_encoder(settings.encoder), place_of(settings))


@dataclass(frozen=True, slots=True)
class _Live:
    """What answers: switched as one."""

    retriever: Retriever
    calibration: Calibration


class Assistant:
    """Answers questions from one index. Safe to share between threads."""

    def __init__(self, settings: Settings, index: Index, encoder: Encoder, reader: Reader) -> None:
        self.settings = settings
        self._live = _Live(Retriever(index, encoder, reader, settings), _calibration(settings, reader))
        self._switching = threading.Lock()
        self._seen: Signature | None = None
        self._refused: tuple[Problem, ...] = ()
        self._watch = ChangeWatch()
        self._catalog = Catalog(settings.corpus)

    @classmethod
    def load(
        cls,
        settings: Settings,
        *,
        encoder: Encoder | None = None,
        reader: Reader | None = None,
        reranker: object | None = None,
    ) -> Assistant:
        """Opens the live generation. Models load on first use. `reranker` is no longer used.

        Raises:
            IndexMissingError, IndexMismatchError, IndexDamagedError, StoreError: it cannot be answered from.
        """
        if reranker is not None:
            warnings.warn("`reranker` is no longer used; pass a `reader`", FutureWarning, stacklevel=2)
        encoder = encoder or load_encoder(settings.encoder)
        index = load_index(settings.index, encoder.fingerprint, place_of(settings))
        return cls(settings, index, encoder, reader or load_reader(settings.reader, settings.device))

    @property
    def retriever(self) -> Retriever:
        """The generation that answers now, and the models that search it; a rebuild puts another in its place."""
        return self._live.retriever

    def with_retriever(self, retriever: Retriever) -> Assistant:
        """This assistant, searching with another retriever, whatever is switched meanwhile."""
        twin = copy(self)
        twin._live = replace(self._live, retriever=retriever)
        return twin

    @property
    def calibration(self) -> Calibration:
        """How confidence is judged, and below which an answer is refused."""
        return self._live.calibration

    def warm_up(self) -> None:
        """Loads the models now, so that the first question is answered as fast as the others."""
        self.retriever.read("warm up")

    def ask(self, question: str, history: Sequence[str] = (), role: str | None = None) -> Answer:
        """The answer to a question, given the questions asked before it, of one role where `role` is given.

        Raises:
            QuestionError: it is empty or too long, or there is no such role.
        """
        started = time.perf_counter()
        live = self._live  # one generation answers, whatever is switched meanwhile
        question = check_question(question, self.settings.max_question_length)
        answer = self._answer(live, self._understand(live.retriever, question, history, role))
        return replace(answer, seconds=round(time.perf_counter() - started, 4))

    def read(self, question: str, history: Sequence[str] = ()) -> Reading | None:
        """What is found for a question before it is judged; None for a comparison, made of several readings.

        Raises:
            QuestionError: it is empty or too long.
        """
        retriever = self.retriever
        asked = self._understand(retriever, check_question(question, self.settings.max_question_length), history, None)
        return None if asked.comparison else retriever.read(asked.query.text, asked.query.roles)

    def _understand(self, retriever: Retriever, question: str, history: Sequence[str], role: str | None) -> Asked:
        manifest = retriever.index.manifest
        recent = [writable(asked[: self.settings.max_question_length]) for asked in history[-MAX_HISTORY:]]
        mended = [self._mend(asked, retriever) for asked in (*recent, question)]
        known = role if role in {item.id for item in manifest.roles} else None  # make_query says what is wrong with it
        resolved = resolve(mended[-1], mended[:-1], manifest.roles, known)
        query = make_query(resolved, manifest.roles, manifest.abbreviations, role)

        def spoken_of() -> Iterator[tuple[str, ...]]:
            best = retriever.read(query.text).evidence[:TELLING_EVIDENCE]
            return (item.candidate.roles for item in best)

        def at_issue() -> tuple[str, ...]:
            return roles_at_issue(mended[:-1], spoken_of, manifest.roles)

        comparison = None if role else find_comparison(query.text, manifest.roles, at_issue)
        return Asked(question, resolved, query, comparison)

    def _answer(self, live: _Live, asked: Asked) -> Answer:
        retriever, calibration = live.retriever, live.calibration
        generation = self._generation(retriever.index)
        comparison = asked.comparison
        if comparison is None:
            reading = retriever.read(asked.query.text, asked.query.roles)
            return compose(retriever.index, asked, reading, self.settings, calibration, generation)
        readings = [
            retriever.read(query, (role,), shares=len(comparison.roles))
            for query, role in zip(comparison.queries, comparison.roles, strict=True)
        ]
        on_all = retriever.read_on_all(asked.query.text, comparison.roles)
        return compose_comparison(
            retriever.index, asked, comparison, readings, on_all, self.settings, calibration, generation
        )

    @staticmethod
    def _mend(question: str, retriever: Retriever) -> str:
        index, encoder = retriever.index, retriever.encoder
        # A word that the encoder's tokenizer knows as a whole is an ordinary one; the dictionary loads for the others.
        return mend(
            question,
            index.vocabulary,
            index.manifest.roles,
            is_known=lambda term: index.bm25.document_frequency(term) > 0,
            is_word=lambda word: encoder.count_tokens(word) == 1 or is_english(word),
        )

    def search(self, query: str, top_k: int | None = None, mode: Mode = "rerank") -> tuple[Hit, ...]:
        """The passages that fit a query best, best first. Raises QuestionError."""
        query = check_question(query, self.settings.max_question_length)
        return self.retriever.search(query, top_k or self.settings.top_k, mode)

    def document(self, document_id: str) -> Document | None:
        """A document as the live generation holds it; None where it holds none of that id."""
        return self.retriever.index.documents.get(document_id)

    def status(self) -> Status:
        """The live generation, and how the corpus differs from it."""
        retriever = self.retriever
        index = retriever.index
        manifest = index.manifest
        return Status(
            generation=self._generation(index),
            corpus=manifest.corpus,
            documents=manifest.documents,
            passages=manifest.passages,
            evidence=manifest.evidence,
            encoder=manifest.encoder,
            reader=retriever.reader.fingerprint,
            roles=manifest.roles,
            topics=index.topics,
            vectors=manifest.vectors,
            store=index.vectors.where,
            changes=self._watch.changes(manifest),
            corpus_problem=corpus_problem(manifest),
            problems=(*manifest.problems, *self._refused),
        )

    def catalog(self) -> tuple[Entry, ...]:
        """The documents that a rebuild would find and those that are answered from, side by side."""
        return self._catalog.entries(self.retriever.index)

    def rebuild(self, progress: Progress | None = None) -> BuildReport:
        """Builds a new generation beside the live one, which answers until the new one is ready.

        Raises:
            RoleqaError: it could not be built, or `progress` stopped it; the live generation goes on answering.
        """
        report = build_index(self.settings, progress=progress, encoder=self.retriever.encoder)
        self.refresh()
        return report

    def refresh(self) -> bool:
        """Goes over to the generation that is live on disk, whoever made it so, and to the calibration beside it.

        What is being answered meanwhile is answered by the generation it began with. False where nothing is new;
        asking that is cheap. What was refused stands in the status, and is not tried again until it changes, unless a
        server was away.

        Raises:
            RoleqaError: what is live on disk cannot be answered from; the generation before goes on answering.
        """
        with self._switching:
            while (seen := _signature(self.settings.index)) != self._seen:
                try:
                    live = self._load_live()
                except RoleqaError as error:
                    if seen != _signature(self.settings.index):
                        continue  # a later build took it away while it was read
                    if not isinstance(error, StoreError):  # a server that is away comes back
                        self._seen = seen
                    self._refused = (Problem("index", f"{error} (the generation before goes on answering)"),)
                    raise
                self._seen, self._refused = seen, ()
                if live is not self._live:
                    self._live = live
                    return True
            return False

    def _load_live(self) -> _Live:
        """What is live on disk; what is in memory where that is the same."""
        live, retriever = self._live, self.retriever
        if IndexFolder(self.settings.index).live().path.name != retriever.index.manifest.generation:
            index = load_index(self.settings.index, retriever.encoder.fingerprint, place_of(self.settings))
            retriever = replace(retriever, index=index)
        calibration = _calibration(self.settings, retriever.reader)
        same = retriever is live.retriever and calibration == live.calibration
        return live if same else _Live(retriever, calibration)

    def _generation(self, index: Index) -> Generation:
        manifest = index.manifest
        return Generation(manifest.generation, manifest.built_at, stale=bool(self._watch.changes(manifest)))


def _signature(index: Path) -> Signature:
    """Of the files that say what answers: inode, size and time of change; None for one that is not there."""
    return tuple(map(_stamp, (IndexFolder(index).current, index / CALIBRATION_FILE)))


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _calibration(settings: Settings, reader: Reader) -> Calibration:
    found = load_calibration(settings.index, reader.fingerprint)
    return found if settings.min_confidence is None else replace(found, threshold=settings.min_confidence)
