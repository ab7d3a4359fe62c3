"""Passages made of the sentences of real documents, where there are not enough of those.

A made passage is two or three sentences of the documents under one of their headings, in documents of 50 passages with a
made-up name each. A sentence's embedding is its own; a passage's is drawn near the mean of its sentences' (noise of a
quarter of its length), as the encoder would need hours for a million.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from roleqa.blocks import Block, Span
from roleqa.index.content import Content, Embeddings, Part
from roleqa.ingest.match_text import index_text
from roleqa.types import Document, Evidence, Passage

# Where made documents are: behind all others.
MADE = "~made/"
A_DOCUMENT = 50
NOISE = 0.25
SEED = 11


class Maker:
    """Makes documents of the sentences and headings of real ones."""

    def __init__(self, parts: list[Part]) -> None:
        self._chance = random.Random(SEED)
        pieces = [
            (part.document.text[item.start : item.end], row)
            for part in parts
            for item, row in zip((item for own in part.evidence for item in own), part.embeddings.evidence, strict=True)
            if item.kind in ("sentence", "item") and "\n" not in part.document.text[item.start : item.end]
        ]
        self._texts = [text for text, _ in pieces]
        self.rows = np.stack([row for _, row in pieces])
        self._headings = sorted({passage.headings[-1] for part in parts for passage in part.passages if passage.headings})

    def document(self, number: int, passages: int) -> tuple[Document, list[Passage], list[tuple[Evidence, ...]], list[int]]:
        """A document with so many passages, and which sentence each piece of its evidence is."""
        name = self._name()
        id = f"{MADE}{number // 1000:03}/{number:06}.md"
        lines, blocks, made, evidence, used = [f"# {name}\n\n"], [], [], [], []
        at = len(lines[0])
        blocks.append(Block("heading", 0, at - 2, Span(2, at - 2), 1, name))
        for place in range(passages):
            heading = f"{self._chance.choice(self._headings)} in {name}"
            lines.append(f"## {heading}\n\n")
            blocks.append(Block("heading", at, at + 3 + len(heading), Span(at + 3, at + 3 + len(heading)), 2, heading))
            start = at = at + len(lines[-1])
            own = []
            for piece in self._chance.sample(range(len(self._texts)), self._chance.randint(2, 3)):
                own.append(Evidence(f"{id}#{place}", at, at + len(self._texts[piece]), "sentence"))
                lines.append(self._texts[piece] + " ")
                at += len(lines[-1])
                used.append(piece)
            blocks.append(Block("paragraph", start, at - 1, Span(start, at - 1)))
            made.append(Passage(f"{id}#{place}", id, (name, heading), start, at - 1))
            evidence.append(tuple(own))
            lines.append("\n\n")
            at += 2
        return Document(id, name, "".join(lines), "", tuple(blocks)), made, evidence, used

    def _name(self) -> str:
        letters = (self._chance.choice("bcdfghklmnprstvz") + self._chance.choice("aeiou") for _ in range(4))
        return "".join(letters).capitalize()


def make_content(parts: list[Part], size: int, folder: Path) -> Content:
    """The real parts, and what is made of them up to so many passages. Embeddings are on disk, below the folder."""
    maker, whole = Maker(parts), Content.of(parts)
    documents, passages, evidence = dict(whole.documents), list(whole.passages), list(whole.evidence)
    texts, used = list(whole.passage_texts), []
    number = 0
    while len(passages) < size:
        document, own, pieces, places = maker.document(number, min(A_DOCUMENT, size - len(passages)))
        documents[document.id] = document
        passages += own
        evidence += pieces
        texts += [index_text(passage, document, items) for passage, items in zip(own, pieces, strict=True)]
        used += places
        number += 1
    counts = [len(own) for own in evidence[len(whole.passages) :]]
    embeddings = _embeddings(whole.embeddings, maker.rows, np.array(used, dtype=np.int64), counts, folder)
    return Content(documents, passages, evidence, texts, embeddings)


def _embeddings(real: Embeddings, rows: NDArray[np.float16], used: NDArray[np.int64], counts: list[int], folder: Path) -> Embeddings:
    """Made of sentences' embeddings, in slices, behind the real ones."""
    chance = np.random.default_rng(SEED)
    first, pieces, dimensions = len(real.passages), len(real.evidence), real.passages.shape[1]
    passages = np.lib.format.open_memmap(folder / "passages.npy", "w+", np.float32, (first + len(counts), dimensions))
    evidence = np.lib.format.open_memmap(folder / "evidence.npy", "w+", np.float16, (pieces + len(used), dimensions))
    passages[:first], evidence[:pieces] = real.passages, real.evidence
    starts = np.cumsum([0, *counts])
    for row in range(0, len(counts), 50_000):
        end = min(row + 50_000, len(counts))
        own = rows[used[starts[row] : starts[end]]]
        evidence[pieces + starts[row] : pieces + starts[end]] = own
        mean = np.add.reduceat(own.astype(np.float32), starts[row:end] - starts[row])
        mean /= np.linalg.norm(mean, axis=1, keepdims=True)
        mean += chance.normal(size=mean.shape).astype(np.float32) * np.float32(NOISE / dimensions**0.5)
        passages[first + row : first + end] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return Embeddings(passages, evidence)
