"""What to ask next: questions about what stands beside the evidence just cited."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from typing import NamedTuple

from roleqa.ingest.blocks import Block, Span
from roleqa.ingest.markup import plain
from roleqa.question.roles import mentioned_roles
from roleqa.types import Answer, Citation, Document, Role
from roleqa.ui.examples import Suggestion, question_about
from roleqa.ui.parts import Part, part_at, parts_of

MAX_FOLLOW_UPS = 3
# A longer heading or row header is no topic that a question could be made of.
_LONGEST_TOPIC = 60


def follow_ups(
    answer: Answer, find: Callable[[str], Document | None], roles: Sequence[Role], asked: Sequence[str]
) -> tuple[Suggestion, ...]:
    """At most MAX_FOLLOW_UPS questions; none about what was asked already.

    Their topics are the row headers beside a cited cell, and the headings of the sections beside the cited ones
    (of a section with tables, their row headers). The roles that were asked about are asked about again where the
    topic is a row, as a table may have cells for each; a section may well speak of another role.
    """
    said = " ".join((*asked, answer.resolved_question)).casefold()
    cited = {heading for citation in answer.citations for heading in citation.passage.headings}
    cited |= {citation.evidence.row for citation in answer.citations if citation.evidence.row}
    documents = ((citation, find(citation.passage.document_id)) for citation in answer.citations)
    beside = (topics for citation, document in documents if document for topics in _beside(document, citation))
    found = [
        topic
        for topic in dict.fromkeys(_in_turn(beside))
        if 0 < len(topic.name) <= _LONGEST_TOPIC
        and topic.name not in cited
        and topic.name.casefold() not in said
        and not mentioned_roles(topic.name, tuple(roles))
    ]
    about = [role for role in roles if role.id in answer.roles]
    return tuple(
        Suggestion(question_about(topic.name, about if topic.is_row else ()), topic.name)
        for topic in found[:MAX_FOLLOW_UPS]
    )


class Topic(NamedTuple):
    """What a section or a table's row is about, in the words of its heading or first cell."""

    name: str
    is_row: bool


def _in_turn(groups: Iterable[Sequence[Topic]]) -> Iterator[Topic]:
    """The first of each group, then the second of each, and so on."""
    return filter(None, chain.from_iterable(zip_longest(*groups)))


def _beside(document: Document, citation: Citation) -> Iterator[Sequence[Topic]]:
    """The topics next to a citation, nearest first: of the rows beside it, the part below, the part above."""
    parts = [part for part in parts_of(document) if part.blocks]
    if not parts:
        return
    start = citation.evidence.start
    here = part_at(parts, start)
    for block in parts[here].blocks:
        if block.kind == "table" and block.start <= start < block.end:
            yield _rows_beside(document.text, block, start)
    for part in (*parts[here + 1 : here + 2], *parts[max(0, here - 1) : here]):
        yield _topics(document.text, part)


def _rows_beside(text: str, table: Block, start: int) -> Sequence[Topic]:
    here = next((i for i, row in enumerate(table.rows) if row and start <= row[-1].end), 0)
    return [_row(text, row) for row in (*table.rows[here + 1 : here + 2], *table.rows[max(0, here - 1) : here])]


def _topics(text: str, part: Part) -> Sequence[Topic]:
    rows = (row for block in part.blocks if block.kind == "table" for row in block.rows)
    return [topic for row in rows if (topic := _row(text, row)).name] or [Topic(part.title, is_row=False)]


def _row(text: str, row: Sequence[Span]) -> Topic:
    """What a row is about; nothing where its first cell is all there is."""
    return Topic(plain(text[slice(*row[0])]) if len(row) > 1 else "", is_row=True)
