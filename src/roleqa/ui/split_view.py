"""How a document was split: each passage as a block, the pieces that can be quoted told apart inside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from roleqa.index.load import Index
from roleqa.ingest.match_text import index_text
from roleqa.types import Document, Evidence, Passage
from roleqa.ui.markup import EMPTY, Html, element, foreign, join, text
from roleqa.ui.panel import count

# So many passages are shown at once, and this much of a piece or of what stands between two, in characters.
SHOWN = 30
LONGEST = 2000

GONE = "This document is no longer in the index. It may have been removed since the page was loaded."

CountTokens = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class _Block:
    """A passage with its pieces, its number in the document, counted from 1, and its length in tokens."""

    number: int
    passage: Passage
    pieces: tuple[Evidence, ...]
    tokens: int

    @property
    def is_row(self) -> bool:
        return bool(self.pieces) and all(piece.kind == "cell" for piece in self.pieces)


def open_split(index: Index, count_tokens: CountTokens, wanted: object) -> Html:
    """The passages of a document, SHOWN at a time. `wanted` comes from the page: {"document": id, "first": row}.

    Only what is in the index is ever shown, whatever is wanted.
    """
    fields = wanted if isinstance(wanted, dict) else {}
    id, first = fields.get("document"), fields.get("first", 0)
    document = index.documents.get(id) if isinstance(id, str) else None
    if document is None or not isinstance(first, int):
        return element("p", text(GONE), class_="notice")
    rows = index.documents.rows(document.id)
    first = max(0, first)
    shown = rows[first : first + SHOWN]
    blocks = [_block(index, document, count_tokens, i, row) for i, row in enumerate(shown, start=first + 1)]
    groups = (_group(document, list(group)) for _, group in groupby(blocks, key=_alike))
    intro = _legend(count_of=len(rows)) if first == 0 else EMPTY
    return join(intro, *groups, _more(document, first + len(blocks), len(rows)))


def _block(index: Index, document: Document, count_tokens: CountTokens, i: int, row: int) -> _Block:
    passage, pieces = index.passages[row], index.evidence[row]
    return _Block(i, passage, pieces, count_tokens(index_text(passage, document, pieces)))


def _alike(block: _Block) -> tuple[object, ...]:
    """Rows of one table stand together; any other passage stands alone."""
    return (block.passage.headings, "rows") if block.is_row else (block.number,)


def _legend(count_of: int) -> Html:
    said = f"{count(count_of, 'passage')}. Each is found as a whole; what is tinted inside can be quoted."
    return element("p", text(said), class_="legend")


def _more(document: Document, shown: int, total: int) -> Html:
    if shown >= total:
        return EMPTY
    name = f"Show {min(SHOWN, total - shown):,} more of {total - shown:,}"
    button = element(
        "button", text(name), type="button", class_="more", data_document=document.id, data_first=str(shown)
    )
    return element("p", button)


def _group(document: Document, blocks: Sequence[_Block]) -> Html:
    return _table(document, blocks) if blocks[0].is_row else _prose(document, blocks[0])


def _prose(document: Document, block: _Block) -> Html:
    measure = _measure(block)
    body = element("div", *_slices(document.text, block), class_="text", dir="auto")
    return element("section", _head(block.passage, f"Passage {block.number}", measure), body, class_="passage")


def _measure(block: _Block) -> str:
    characters = block.passage.end - block.passage.start
    return f"{count(block.tokens, 'token')}, {count(characters, 'character')}, {count(len(block.pieces), 'piece')}"


def _head(passage: Passage, name: str, measure: str) -> Html:
    path = foreign("span", " \u203a ".join(passage.headings), class_="path") if passage.headings else EMPTY
    return element("header", element("h4", text(name)), path, element("span", text(measure), class_="measure"))


def _slices(source: str, block: _Block) -> Iterator[Html]:
    """The passage from its start to its end: pieces in turn, and what stands between them as it is."""
    at, parity = block.passage.start, 0
    # A list holds its items, which are pieces too: the smallest are shown.
    pieces = sorted((piece for piece in block.pieces if piece.kind != "list"), key=lambda piece: piece.start)
    for piece in pieces:
        if piece.start < at:
            continue
        if at < piece.start:
            yield text(_cut(source[at : piece.start]))
        yield element("span", text(_cut(source[piece.start : piece.end])), class_=f"piece {'ab'[parity]}")
        at, parity = piece.end, 1 - parity
    yield text(_cut(source[at : block.passage.end]))


def _cut(said: str) -> str:
    return said if len(said) <= LONGEST else said[:LONGEST] + "\u2026"


def _table(document: Document, blocks: Sequence[_Block]) -> Html:
    """Passages that are rows of a table, as its rows, the cells below the headers they were read with."""
    columns = tuple(dict.fromkeys(piece.column or "" for block in blocks for piece in block.pieces))
    names = f"Passages {blocks[0].number} to {blocks[-1].number}" if len(blocks) > 1 else f"Passage {blocks[0].number}"
    heads = [foreign("th", column, scope="col") for column in columns]
    heads.append(element("th", text("Tokens"), scope="col", class_="tokens"))
    rows = (_row(document, block, columns) for block in blocks)
    table = element("table", element("thead", element("tr", *heads)), element("tbody", *rows))
    measure = f"{count(len(blocks), 'table row')}, a passage each"
    grid = element("div", table, class_="grid", tabindex="0", role="group", aria_label=f"{names}, a table")
    return element("section", _head(blocks[0].passage, names, measure), grid, class_="passage rows")


def _row(document: Document, block: _Block, columns: Sequence[str]) -> Html:
    cells = []
    for i, column in enumerate(columns):
        own = [piece for piece in block.pieces if (piece.column or "") == column]
        quotes = (_cut(document.text[piece.start : piece.end]) for piece in own)
        tint = f"piece {'ab'[i % 2]}"
        said = [foreign("span", quote, class_=tint) for quote in quotes]
        if i == 0:
            # A row that goes on in another passage has its first cell in the passage before.
            cells.append(element("th", *(said or [foreign("span", block.pieces[0].row or "")]), scope="row"))
        else:
            cells.append(element("td", *said))
    return element("tr", *cells, element("td", text(str(block.tokens)), class_="tokens"))
