"""A list item that answers brings its list, where the list is what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from roleqa.index.load import Index
from roleqa.index.terms import terms
from roleqa.ingest.markup import plain
from roleqa.ingest.match_text import evidence_body, evidence_text
from roleqa.question.expectation import asks_for_several, asks_what
from roleqa.retrieve.evidence import ScoredEvidence
from roleqa.types import Evidence


def with_whole_lists(index: Index, query: str, evidence: Sequence[ScoredEvidence]) -> tuple[ScoredEvidence, ...]:
    """The evidence, its best replaced by the whole list it belongs to, where that answers better.

    An introduction ("The duties are:") says nothing without its list. An item alone answers a question about
    that very item: one that shares words with it and does not ask for several things. A list that is too long
    for one passage comes as several quotes, in its own order.
    """
    if not evidence or not _stands_for_its_list(index, query, evidence[0]):
        return tuple(evidence)
    parts = _whole_list(index, evidence[0])
    if not parts:
        return tuple(evidence)
    rest = (item for item in evidence[1:] if not any(_inside(item, part) for part in parts))
    return (*parts, *rest)


def _stands_for_its_list(index: Index, query: str, scored: ScoredEvidence) -> bool:
    """Whether it introduces a list, or is an item of one that the question does not ask about by itself.

    It does not either where it asks what or who, and has no word of the item's that is not the introduction's too:
    "What does the crew consist of?" asks for all that stands below "The crew consists of:".
    """
    pieces = index.evidence[scored.row]
    place = _place(pieces, scored.candidate.evidence)
    text = index.text(pieces[place], index.passages[scored.row].document_id)
    if pieces[place].kind != "item":
        return place + 1 < len(pieces) and _introduces(text, pieces[place + 1])
    shared = set(terms(text)) & set(terms(query))
    lead_in = pieces[place].lead_in or ""
    if asks_what(query) and lead_in.endswith(":"):
        shared -= set(terms(lead_in))
    return asks_for_several(query) or not shared


def _whole_list(index: Index, scored: ScoredEvidence) -> tuple[ScoredEvidence, ...]:
    """The list that an item belongs to or a sentence introduces, a part a passage; none where it has one item."""
    pieces = index.evidence[scored.row]
    place = _place(pieces, scored.candidate.evidence)
    item = pieces[place if pieces[place].kind == "item" else place + 1]
    rows = {scored.row: _siblings(pieces, item)}
    for step in (-1, 1):
        row = scored.row + step
        while found := _continued(index, row, step, item):
            rows[row] = found
            row += step
    if sum(map(len, rows.values())) < 2:
        return ()
    return tuple(_part(index, scored, row, found) for row, found in sorted(rows.items()))


def _place(pieces: Sequence[Evidence], evidence: Evidence) -> int:
    """Where the piece stands that the evidence begins with."""
    return next(i for i, piece in enumerate(pieces) if piece.start == evidence.start)


def _siblings(pieces: Sequence[Evidence], item: Evidence) -> list[int]:
    """Where the items stand that share a list with one of them."""
    first = last = pieces.index(item)
    while first and pieces[first - 1].kind == "item":
        first -= 1
    while last + 1 < len(pieces) and pieces[last + 1].kind == "item":
        last += 1
    return [i for i in range(first, last + 1) if pieces[i].lead_in == item.lead_in]


def _continued(index: Index, row: int, step: int, item: Evidence) -> list[int]:
    """Where the items stand of a neighbouring passage in which the item's list goes on; none where it does not."""
    before = row - step
    if not 0 <= row < len(index.passages) or item.lead_in is None:
        return []
    here, there = index.passages[row], index.passages[before]
    pieces = index.evidence[row]
    border = pieces[0 if step > 0 else -1]
    edge = index.evidence[before][-1 if step > 0 else 0]
    same_place = (here.document_id, here.headings) == (there.document_id, there.headings)
    if not same_place or border.kind != "item" or edge.kind != "item":
        return []
    same = next((piece for piece in pieces if piece.kind == "item" and piece.lead_in == item.lead_in), None)
    return _siblings(pieces, same) if same else []


def _part(index: Index, scored: ScoredEvidence, row: int, siblings: Sequence[int]) -> ScoredEvidence:
    """The items of one passage as one quote, from the sentence that introduces them, if it stands there."""
    pieces, passage = index.evidence[row], index.passages[row]
    first, last = pieces[siblings[0]], pieces[siblings[-1]]
    before = pieces[siblings[0] - 1] if siblings[0] else None
    introduced = before is not None and _introduces(index.text(before, passage.document_id), first)
    start = before.start if before and introduced else first.start
    whole = Evidence(passage.id, start, last.end, "list", lead_in=None if introduced else first.lead_in)
    document = index.documents[passage.document_id]
    text, body = evidence_text(whole, passage, document), evidence_body(whole, document)
    candidate = replace(scored.candidate, row=row, evidence=whole, text=text, body=body)
    return replace(scored, candidate=candidate, answer=None)


def _introduces(sentence: str, item: Evidence) -> bool:
    return item.kind == "item" and item.lead_in is not None and plain(sentence).startswith(item.lead_in)


def _inside(item: ScoredEvidence, whole: ScoredEvidence) -> bool:
    own, outer = item.candidate.evidence, whole.candidate.evidence
    return item.row == whole.row and outer.start <= own.start and own.end <= outer.end
