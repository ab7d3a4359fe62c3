"""Pieces of evidence become passages that fit the encoder's window, cut where it hurts least."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from roleqa.ingest.blocks import Block, Span, trim
from roleqa.ingest.evidence import Piece, block_pieces, row_pieces
from roleqa.ingest.match_text import body_text, headings_text
from roleqa.ingest.sections import SectionBlocks
from roleqa.ingest.sentences import sentence_spans
from roleqa.types import EvidenceKind

CountTokens = Callable[[str], int]

# A tokenizer may take a word of any length for one unknown token, yet nobody could read such a passage. Text has
# far fewer characters a token, so the bound touches nothing but data that has strayed into a document.
_CHARACTERS_A_TOKEN = 16
# Headings never take the whole window: the text keeps at least this part of it.
_TEXT_SHARE = 4

_LONGEST_WORD = 80
_LINE_END = re.compile(r"\n")
_SPACE = re.compile(r"\s")
# What may stand between the blocks of a passage: nothing but a quote's marks and a forced line break's.
_BETWEEN_BLOCKS = re.compile(r"[\s>\\]*")


@dataclass(frozen=True, slots=True)
class Budget:
    """How many tokens a passage of one section may have beside its headings."""

    text: str
    count_tokens: CountTokens
    tokens: int
    overhead: int

    @classmethod
    def below(cls, headings: Sequence[str], text: str, count_tokens: CountTokens, window: int) -> Budget:
        """What `headings` leave of the window."""
        overhead = count_tokens("")
        room = window - count_tokens(headings_text(headings))
        return cls(text, count_tokens, max(room, window // _TEXT_SHARE, 1), overhead)

    @property
    def characters(self) -> int:
        return self.tokens * _CHARACTERS_A_TOKEN

    def cost(self, pieces: Sequence[Piece]) -> int:
        """Tokens that the pieces take up as one passage; over `tokens` where they are too long to be counted."""
        length = pieces[-1].end - pieces[0].start
        if length > self.characters:
            return self.tokens * -(-length // self.characters)
        return self.count_tokens(body_text(self.text, [piece.evidence for piece in pieces])) - self.overhead


def section_passages(section: SectionBlocks, budget: Budget) -> Iterator[tuple[Piece, ...]]:
    """The pieces of each passage of a section, in reading order."""
    run: list[tuple[Piece, ...]] = []
    for block, pieces in zip(section.blocks, block_pieces(budget.text, section.blocks), strict=True):
        if run and _apart(budget.text, run, block):
            yield from _fitted(run, budget)
            run = []
        if pieces:
            run.append(pieces)
        elif block.kind == "table":
            for row in row_pieces(budget.text, block):
                yield from _fitted([row], budget)
    yield from _fitted(run, budget)


def _apart(text: str, run: Sequence[Sequence[Piece]], block: Block) -> bool:
    """Whether no passage may hold the block together with those before it: a table, or unread text between them."""
    return block.kind == "table" or not _BETWEEN_BLOCKS.fullmatch(text, run[-1][-1].end, block.start)


def _fitted(units: Sequence[Sequence[Piece]], budget: Budget) -> Iterator[tuple[Piece, ...]]:
    """The units (blocks, sentences, cells) as one passage if they fit, else as a few of much the same size."""
    whole = tuple(piece for unit in units for piece in unit)
    if not whole:
        return
    cost = budget.cost(whole)
    if cost <= budget.tokens:
        yield whole
    elif len(units) > 1:
        for group in _balanced([budget.cost(unit) for unit in units], budget.tokens):
            yield from _fitted(units[group.start : group.stop], budget)
    elif len(whole) > 1:
        yield from _fitted([(piece,) for piece in whole], budget)
    elif parts := _cut(whole[0], -(-cost // budget.tokens), budget):
        yield from _fitted([(part,) for part in parts], budget)
    else:
        yield whole


def _balanced(costs: Sequence[int], limit: int) -> list[range]:
    """Consecutive groups that cost at most `limit`: as few as can be, and the dearest as cheap as can be.

    What costs more than the limit stands alone. There are always two groups or more.
    """
    fewest = len(_grouped(costs, limit))
    low, high = 0, limit
    while low < high:
        middle = (low + high) // 2
        if len(_grouped(costs, middle)) <= fewest:
            high = middle
        else:
            low = middle + 1
    groups = _grouped(costs, high)
    # Where the whole costs more than its parts together, the sum says one group though it does not fit.
    half = len(costs) // 2
    return groups if len(groups) > 1 else [range(half), range(half, len(costs))]


def _grouped(costs: Sequence[int], limit: int) -> list[range]:
    groups: list[range] = []
    start, total = 0, 0
    for i, cost in enumerate(costs):
        if i > start and total + cost > limit:
            groups.append(range(start, i))
            start, total = i, 0
        total += cost
    return [*groups, range(start, len(costs))]


def _cut(piece: Piece, parts: int, budget: Budget) -> list[Piece]:
    """A piece that does not fit in about that many parts; none if it is too short to cut.

    It is cut between words, a giant word anywhere; code between its lines, and a cell first between its sentences.
    """
    start, end = piece.evidence.start, piece.evidence.end
    length = end - start
    if length <= max(1, budget.tokens // _TEXT_SHARE):
        return []
    spans: Sequence[Span] = sentence_spans(budget.text, start, end) if piece.evidence.kind == "cell" else ()
    if len(spans) < 2:
        middles = [start + length * i // parts for i in range(1, parts)]
        edges = {_edge(budget.text, start, end, middle, piece.evidence.kind) for middle in middles}
        spans = [trim(budget.text, *pair) for pair in pairwise([start, *sorted(edges), end])]
        spans = [span for span in spans if span.start < span.end]
    cut = [Piece(replace(piece.evidence, start=span.start, end=span.end), *span) for span in spans]
    cut[0] = replace(cut[0], start=piece.start)
    cut[-1] = replace(cut[-1], end=piece.end)
    return cut if len(cut) > 1 else []


def _edge(text: str, start: int, end: int, middle: int, kind: EvidenceKind) -> int:
    """The gap between words nearest before `middle`, or `middle` where a word is too long to look back over."""
    lowest = max(start + 1, middle - _LONGEST_WORD)
    for gap in (_LINE_END, _SPACE) if kind == "code" else (_SPACE,):
        if gaps := [match.start() for match in gap.finditer(text, lowest, middle + 1)]:
            return gaps[-1]
    return min(middle, end - 1)
