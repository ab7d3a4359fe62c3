"""Labelled questions become examples: a question, a passage in the text form, and the words that answer it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from roleqa.assistant import Assistant, build_index
from roleqa.blocks import Span
from roleqa.index.load import Index
from roleqa.ingest.match_text import match_text, plain_text
from roleqa.settings import Settings
from roleqa.text.alignment import align

# Passages of our own retrieval from which those that teach a question's negatives are drawn.
_NEGATIVE_POOL = 10


@dataclass(frozen=True, slots=True)
class Example:
    """A question read against one passage. `answer` is a span of `passage`; None where it does not answer.

    `title` stands above the passage where the passage does not bring its own headings. `source` names the data set.
    """

    question: str
    passage: str
    answer: Span | None
    source: str
    title: str = ""


def public_examples(file: Path) -> Iterator[Example]:
    """The rows of a gzipped JSONL file of public questions; those whose offsets were guessed are left out."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row.get("offset_guessed") or row.get("multi_cell"):
                continue
            answer = row["answers"][0] if row["answerable"] else None
            span = Span(answer["start"], answer["start"] + len(answer["text"])) if answer else None
            title = str(row.get("title") or "").replace("_", " ")
            yield Example(row["question"], row["context"], span, row.get("src", file.name.split(".")[0]), title)


@dataclass(frozen=True, slots=True)
class LabelledGroup:
    """A question of a handbook with the passages that answer it and those that only seem to, likeliest first."""

    kind: str
    positives: tuple[Example, ...]
    near: tuple[Example, ...]
    negatives: tuple[Example, ...]

    def draw(self, random: Random, negatives: int) -> tuple[Example, ...]:
        """One passage that answers, the near misses, and some of the others, the likeliest drawn most often."""
        pool = list(self.negatives)
        drawn: list[Example] = []
        while pool and len(drawn) < negatives:
            drawn.append(pool.pop(int(len(pool) * random.random() ** 2)))
        return (*random.sample(self.positives, min(1, len(self.positives))), *self.near, *drawn)


def handbook_groups(folder: Path, scratch: Path) -> tuple[LabelledGroup, ...]:
    """The questions of a folder (`corpus/`, `questions.jsonl`), with passages that our own retrieval brings.

    The index is built in `scratch`.
    """
    build_index(Settings(corpus=folder / "corpus", index=scratch))
    assistant = Assistant.load(Settings(corpus=folder / "corpus", index=scratch))
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(_group(assistant, json.loads(line)) for line in lines)


def _group(assistant: Assistant, label: dict[str, Any]) -> LabelledGroup:
    index = assistant.retriever.index
    question = " ".join((*label["history"][-1:], label["question"]))
    gold = [_find(index, quote) for quote in label["gold"]]
    near = [_find(index, quote) for quote in label.get("near", ())]
    positives: list[Example] = []
    for row in sorted({row for document, span in gold for row in _rows(index, document, span)}):
        example = _positive(index, row, question, gold, label)
        if example.answer:
            positives.append(example)
    answering = {row for document, span in gold for row in _rows(index, document, span)}
    close = dict.fromkeys(row for document, span in near for row in _rows(index, document, span))
    ranking = [row for row, _ in assistant.retriever.hybrid(question, _NEGATIVE_POOL)]
    others = [row for row in ranking if row not in answering and row not in close]
    blank = Example(question, "", None, f"handbook-{label['kind']}")
    return LabelledGroup(
        label["kind"],
        tuple(positives),
        tuple(replace(blank, passage=_text(index, row)) for row in close if row not in answering),
        tuple(replace(blank, passage=_text(index, row)) for row in others),
    )


def _find(index: Index, quote: dict[str, str]) -> tuple[str, Span]:
    """Where a quote stands: as a piece of evidence of its own, such as a cell, before it is looked for elsewhere."""
    text = index.documents[quote["document"]].text
    pieces = (piece for row in index.documents.rows(quote["document"]) for piece in index.evidence[row])
    whole = (piece.start for piece in pieces if text[piece.start : piece.end] == quote["quote"])
    start = next(whole, None)
    start = text.index(quote["quote"]) if start is None else start
    return quote["document"], Span(start, start + len(quote["quote"]))


def _rows(index: Index, document: str, span: Span) -> list[int]:
    rows = index.documents.rows(document)
    return [row for row in rows if index.passages[row].start < span.end and span.start < index.passages[row].end]


def _text(index: Index, row: int) -> str:
    passage = index.passages[row]
    return match_text(passage, index.documents[passage.document_id], index.evidence[row]).text


def _positive(
    index: Index, row: int, question: str, gold: Sequence[tuple[str, Span]], label: dict[str, Any]
) -> Example:
    """The example of a passage with gold in it: its answer is the labelled words, else the gold pieces whole."""
    passage = index.passages[row]
    document = index.documents[passage.document_id]
    wanted = []
    for name, span in gold:
        if name == passage.document_id:
            at = document.text[span.start : span.end].find(label.get("answer") or "\0")
            wanted.append(span if at < 0 else Span(span.start + at, span.start + at + len(label["answer"])))
            if at >= 0:
                wanted = wanted[-1:]
                break
    text = match_text(passage, document, index.evidence[row])
    found = []
    for piece, place in zip(index.evidence[row], text.spans, strict=True):
        own = plain_text(document.text, piece)
        offsets = [piece.start + offset for offset in align(own, document.text[piece.start : piece.end])]
        inside = [i for i, offset in enumerate(offsets) if any(span.start <= offset < span.end for span in wanted)]
        if inside:
            found += [place.start + inside[0], place.start + inside[-1] + 1]
    answer = Span(min(found), max(found)) if found else None
    return Example(question, text.text, answer, f"handbook-{label['kind']}")
