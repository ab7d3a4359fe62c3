"""What holds of reading and splitting whatever a file holds; property tests and the fuzzer ask the same."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from roleqa.errors import UnreadableFileError
from roleqa.ingest.blocks import Reading, Span, line_spans
from roleqa.ingest.comments import comment_spans, without
from roleqa.ingest.corpus import SourceFile
from roleqa.ingest.front_matter import read_front_matter
from roleqa.ingest.markdown import read_markdown
from roleqa.ingest.match_text import evidence_text, index_text
from roleqa.ingest.plain_text import read_plain_text
from roleqa.ingest.readers import decoded
from roleqa.ingest.split import SplitDocument, split
from roleqa.types import Document

READERS = {"a.md": read_markdown, "a.txt": read_plain_text}

# What Markdown hides or writes around text: its words are in no passage.
_HIDDEN_MARKDOWN = re.compile(
    r"^[\s>*+-]*(?:\d{1,9}[.)][\s>*+-]*)*"  # the marks of quotes and lists, and behind them
    r"(?:\[(?:\\.|[^\]\\])*\]:|`{3,}|~{3,}|(?:[*_-][ \t]*){3,}$|#{0,6}[^\S\n]*#*[^\S\n]*$)",  # a link's definition, a fence, a rule, an empty heading, or nothing
    re.MULTILINE,
)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|\[\^[^\]\s]+\]:")
_WORD_CHARACTER = re.compile(r"[^\W_]")


def words(text: str) -> int:
    return len(text.split())


def check_bytes(name: str, data: bytes, window: int, twice: bool = True) -> str | None:
    """Everything that holds of a file; the text that it became, None where it is refused as it may be.

    `twice`: also that reading and splitting it again gives the same.
    """
    try:
        text = decoded(data)
    except UnreadableFileError:
        return None
    check_text(name, text, window, twice)
    for newline in ("\r\n", "\r"):
        assert decoded(codecs.BOM_UTF8 + text.replace("\n", newline).encode()) == text
    return text


def check_text(name: str, text: str, window: int, twice: bool = True) -> SplitDocument:
    """Everything that holds of a document."""
    reading = READERS[name](text)
    assert reading.text == text
    check_blocks(reading)
    document = Document(name, "T", text, "", reading.blocks)
    found = split(SourceFile(document, ""), words, window)
    check_split(document, found)
    if twice:
        assert split(SourceFile(replace(document, blocks=READERS[name](text).blocks), ""), words, window) == found
    check_nothing_is_lost(reading, found, hidden_in(name, text))
    return found


def check_blocks(reading: Reading) -> None:
    """Slices of the text, in order and apart, what can be quoted inside each."""
    for block in reading.blocks:
        assert 0 <= block.start <= block.body.start <= block.body.end <= block.end <= len(reading.text), block
        cells = [cell for row in (block.header, *block.rows) for cell in row]
        assert all(block.start <= cell.start <= cell.end <= block.end for cell in cells), block
    assert all(before.end <= block.start for before, block in pairwise(reading.blocks))


def check_split(document: Document, found: SplitDocument, indented: bool = False) -> None:
    """Passages in order, apart and inside their section; evidence in order, apart and inside its passage.

    `indented`: code may begin with the spaces before its first line, as it does in what is no text file.
    """
    text = document.text
    assert len(found.passages) == len(found.evidence)
    assert all(before.end <= section.start for before, section in pairwise(found.sections))
    assert all(before.end <= passage.start for before, passage in pairwise(found.passages))
    for passage, items in zip(found.passages, found.evidence, strict=True):
        _check_slice(text, passage.start, passage.end, indented)
        assert passage.id == f"{document.id}#{passage.start}-{passage.end}"
        homes = [section for section in found.sections if section.start <= passage.start < section.end]
        assert [(section.headings, section.source) for section in homes] == [(passage.headings, passage.source)]
        assert passage.end <= homes[0].end
        assert items
        assert all(before.end <= item.start for before, item in pairwise(items))
        for item in items:
            _check_slice(text, item.start, item.end, indented)
            assert passage.start <= item.start < item.end <= passage.end
            assert item.passage_id == passage.id
            assert evidence_text(item, passage, document).strip()
        assert index_text(passage, document, items).strip()


def _check_slice(text: str, start: int, end: int, indented: bool) -> None:
    assert 0 <= start < end <= len(text)
    part = text[start:end]
    assert part.strip()
    assert part == (part.rstrip() if indented else part.strip())


def check_nothing_is_lost(reading: Reading, found: SplitDocument, hidden: Sequence[Span]) -> None:
    """Every letter and digit stands in a passage, in a heading, in a table's head, in what names a section's source,
    or where nobody would see it.
    """
    kept = bytearray(len(reading.text))
    spans = [(passage.start, passage.end) for passage in found.passages]
    spans += [(block.start, block.end) for block in reading.blocks if block.kind == "heading"]
    spans += [(block.start, _head_end(reading.text, block.start)) for block in reading.blocks if block.kind == "table"]
    spans += _source_paragraphs(reading, found)
    for start, end in (*spans, *hidden):
        kept[start:end] = b"\1" * (end - start)
    lost = [i for i in range(len(kept)) if not kept[i] and _WORD_CHARACTER.match(reading.text, i)]
    assert not lost, (lost[:5], reading.text[lost[0] : lost[0] + 40])


def _source_paragraphs(reading: Reading, found: SplitDocument) -> Iterator[tuple[int, int]]:
    """The last block of each section that names a source: it says what the section has kept, and is in no passage."""
    for section in (section for section in found.sections if section.source):
        last = [block for block in reading.blocks if section.start <= block.start < section.end][-1]
        said = reading.text[last.body.start : last.body.end]
        assert said.startswith(("Source:", "Sources:"))
        kept = (section.source or "").replace(">", "").split()
        assert "".join(kept) == "".join(said.partition(":")[2].replace(">", "").split())
        assert not any(passage.end > last.start and passage.start < last.end for passage in found.passages)
        yield last.start, last.end


def _head_end(text: str, start: int) -> int:
    """The end of a table's second line."""
    end = text.find("\n", text.find("\n", start) + 1)
    return len(text) if end < 0 else end


def hidden_in(name: str, text: str) -> tuple[Span, ...]:
    """What a document says to programs alone."""
    front_matter = read_front_matter(text).span
    if name == "a.txt":
        return (front_matter, *_fence_lines(text))
    comments = comment_spans(text, front_matter.end)
    visible = without(text, comments)
    tags = (Span(*match.span()) for match in _TAG.finditer(visible))
    return (front_matter, *comments, *_hidden_lines(visible), *tags)


def _fence_lines(text: str) -> Iterator[Span]:
    return (span for span in line_spans(text) if text.startswith(("```", "~~~"), span.start))


def _hidden_lines(text: str) -> Iterator[Span]:
    """Definitions of links with the lines that they may go on to, list marks and fences' information."""
    for match in _HIDDEN_MARKDOWN.finditer(text):
        end = text.find("\n", match.end())
        end = len(text) if end < 0 else end
        if match[0].rstrip().endswith(":"):
            end = next((m.start() for m in re.finditer(r"\n[ \t>]*\n|\Z", text[end:])), 0) + end
        yield Span(match.start(), end)
