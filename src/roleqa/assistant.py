"""The door to everything: load an index, ask it, search it, build it anew."""

from __future__ import annotations

import time
from collections.abc import Sequence
from copy import copy
from dataclasses import replace

from roleqa.answer.comparison import compose_comparison
from roleqa.answer.compose import Asked, compose
from roleqa.answer.confidence import Calibration, load_calibration
from roleqa.index.build import build_generation
from roleqa.index.catalog import Catalog, Entry
from roleqa.index.changes import ChangeWatch
from roleqa.index.load import Index, load_index
from roleqa.question.comparison import find_comparison
from roleqa.question.follow_up import resolve
from roleqa.question.query import check_question, make_query
from roleqa.question.spelling import mend
from roleqa.retrieve.encoder import SentenceEncoder
from roleqa.retrieve.reranker import load_reranker
from roleqa.retrieve.search import Reading, Retriever
from roleqa.settings import Settings
from roleqa.types import Answer, BuildReport, Document, Encoder, Generation, Hit, Mode, Progress, Reranker, Status

# How many earlier questions a follow-up can lean on.
MAX_HISTORY = 8


def build_index(
    settings: Settings, *, full: bool = False, progress: Progress | None = None, encoder: Encoder | None = None
) -> BuildReport:
    """Builds the corpus into a new generation of the index and makes it live.

    Passages whose text is unchanged keep their embeddings, unless `full`.

    Raises:
        RoleqaError: a CorpusError, RolesError, ModelError or IndexBusyError; the live generation stays as it was.
    """
    return build_generation(settings, encoder or SentenceEncoder(settings.encoder), full=full, progress=progress)


class Assistant:
    """Answers questions from one index. Safe to share between threads."""

    def __init__(self, settings: Settings, index: Index, encoder: Encoder, reranker: Reranker) -> None:
        self.settings = settings
        self._retriever = Retriever(index, encoder, reranker, settings)
        self._calibration = _calibration(settings, reranker)
        self._watch = ChangeWatch()
        self._catalog = Catalog(settings.corpus)

    @classmethod
    def load(cls, settings: Settings, *, encoder: Encoder | None = None, reranker: Reranker | None = None) -> Assistant:
        """Opens the live generation. Models load on first use.

        Raises:
            IndexMissingError, IndexMismatchError, IndexDamagedError: it cannot be answered from.
        """
        encoder = encoder or SentenceEncoder(settings.encoder)
        index = load_index(settings.index, encoder.fingerprint)
        return cls(settings, index, encoder, reranker or load_reranker(settings.reranker))

    @property
    def retriever(self) -> Retriever:
        """The generation that answers now, and the models that search it; a rebuild puts another in its place."""
        return self._retriever

    def with_retriever(self, retriever: Retriever) -> Assistant:
        """This assistant, searching with another retriever."""
        twin = copy(self)
        twin._retriever = retriever
        return twin

    @property
    def calibration(self) -> Calibration:
        """How confidence is judged, and below which an answer is refused."""
        return self._calibration

    def warm_up(self) -> None:
        """Loads the models now, so that the first question is answered as fast as the others."""
        self._retriever.read("warm up")

    def ask(self, question: str, history: Sequence[str] = (), role: str | None = None) -> Answer:
        """The answer to a question, given the questions asked before it, of one role where `role` is given.

        Raises:
            QuestionError: it is empty or too long, or there is no such role.
        """
        started = time.perf_counter()
        retriever = self._retriever  # one generation answers, whatever is switched meanwhile
        asked = self._understand(retriever, check_question(question, self.settings.max_question_length), history, role)
        answer = self._answer(retriever, asked)
        return replace(answer, seconds=round(time.perf_counter() - started, 4))

    def read(self, question: str, history: Sequence[str] = ()) -> Reading | None:
        """What is found for a question before it is judged; None for a comparison, made of several readings.

        Raises:
            QuestionError: it is empty or too long.
        """
        retriever = self._retriever
        asked = self._understand(retriever, check_question(question, self.settings.max_question_length), history, None)
        return None if asked.comparison else retriever.read(asked.query.text, asked.query.roles)

    def _understand(self, retriever: Retriever, question: str, history: Sequence[str], role: str | None) -> Asked:
        manifest = retriever.index.manifest
        recent = [asked[: self.settings.max_question_length] for asked in history[-MAX_HISTORY:]]
        mended = [self._mend(asked, retriever) for asked in (*recent, question)]
        known = role if role in {item.id for item in manifest.roles} else None  # make_query says what is wrong with it
        resolved = resolve(mended[-1], mended[:-1], manifest.roles, known)
        query = make_query(resolved, manifest.roles, manifest.abbreviations, role)
        comparison = None if role else find_comparison(query.text, manifest.roles)
        return Asked(question, resolved, query, comparison)

    def _answer(self, retriever: Retriever, asked: Asked) -> Answer:
        generation = self._generation(retriever.index)
        comparison = asked.comparison
        if comparison is None:
            reading = retriever.read(asked.query.text, asked.query.roles)
            return compose(retriever.index, asked, reading, self.settings, self._calibration, generation)
        readings = [
            retriever.read(query, (role,), shares=len(comparison.roles))
            for query, role in zip(comparison.queries, comparison.roles, strict=True)
        ]
        on_all = retriever.read_on_all(asked.query.text, comparison.roles)
        return compose_comparison(
            retriever.index, asked, comparison, readings, on_all, self.settings, self._calibration, generation
        )

    @staticmethod
    def _mend(question: str, retriever: Retriever) -> str:
        index, encoder = retriever.index, retriever.encoder
        # A word that the encoder's tokenizer knows as a whole is an ordinary one.
        return mend(
            question,
            index.vocabulary,
            index.manifest.roles,
            is_known=lambda term: index.bm25.document_frequency(term) > 0,
            is_word=lambda word: encoder.count_tokens(word) == 1,
        )

    def search(self, query: str, top_k: int | None = None, mode: Mode = "rerank") -> tuple[Hit, ...]:
        """The passages that fit a query best, best first. Raises QuestionError."""
        query = check_question(query, self.settings.max_question_length)
        return self._retriever.search(query, top_k or self.settings.top_k, mode)

    def document(self, document_id: str) -> Document | None:
        """A document as the live generation holds it; None where it holds none of that id."""
        return self._retriever.index.documents.get(document_id)

    def status(self) -> Status:
        """The live generation, and how the corpus differs from it."""
        index = self._retriever.index
        manifest = index.manifest
        return Status(
            generation=self._generation(index),
            corpus=manifest.corpus,
            documents=manifest.documents,
            passages=manifest.passages,
            evidence=manifest.evidence,
            encoder=manifest.encoder,
            reranker=self._retriever.reranker.fingerprint,
            roles=manifest.roles,
            topics=index.topics(),
            changes=self._watch.changes(manifest),
            problems=manifest.problems,
        )

    def catalog(self) -> tuple[Entry, ...]:
        """The documents that a rebuild would find and those that are answered from, side by side."""
        return self._catalog.entries(self._retriever.index)

    def rebuild(self, progress: Progress | None = None) -> BuildReport:
        """Builds a new generation beside the live one, which answers until the new one is ready.

        Raises:
            RoleqaError: it could not be built, or `progress` stopped it; the live generation goes on answering.
        """
        encoder = self._retriever.encoder
        report = build_index(self.settings, progress=progress, encoder=encoder)
        index = load_index(self.settings.index, encoder.fingerprint)
        self._retriever = replace(self._retriever, index=index)
        return report

    def _generation(self, index: Index) -> Generation:
        manifest = index.manifest
        return Generation(manifest.generation, manifest.built_at, stale=bool(self._watch.changes(manifest)))


def _calibration(settings: Settings, reranker: Reranker) -> Calibration:
    found = load_calibration(settings.index, reranker.fingerprint)
    return found if settings.min_confidence is None else replace(found, threshold=settings.min_confidence)
