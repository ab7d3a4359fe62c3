"""Files that were made to take all the time and memory there is: each is built or refused soon, and nothing else is lost."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest

from fakes import WordEncoder
from hostile_files import MAKERS
from roleqa import Settings, build_index
from roleqa.ingest import bounded
from roleqa.ingest.limits import Limits

# Of processor time and memory, above what a process that builds has before.
MOST_SECONDS, MOST_BYTES = 10, 600_000_000
TIME = "seconds of processor time, the limit for a file of"
MEMORY = "MB of memory, the limit for a file of"
MARKUP = "bytes of text and markup in it, the limit for a file of"
TAGS = "tags of markup in it, the limit for a file of"
EMPTY_TOO = "cells, empty ones included, the limit for a file of"
# Why the others are refused; those that are not named are built.
REFUSED = {
    "footnotes.docx": "characters of text, the limit for a file of 1 kB",
    "merges-never-closed.xlsx": TAGS,
    "merges.xlsx": "cells in its merged ranges, the limit for a file of 2 kB",
    "merged-columns.xlsx": "cells in its merged ranges",
    "long-attribute.xlsx": MARKUP,
    "attribute.xlsx": "it has over 1,000,000 bytes in a single tag or text of xl/worksheets/sheet1.xml, the limit for a file of 6 kB",
    "picture.xlsx": "bytes in a single tag or text of xl/media/picture.png",
    "flood-in-a-picture.xlsx": MARKUP,
    "one-part-for-all-sheets.xlsx": TAGS,
    "long-strings.xlsx": "characters of text",
    "many-strings.xlsx": TAGS,
    "far-row.xlsx": EMPTY_TOO,
    "farther-row.xlsx": EMPTY_TOO,
    "last-rows.xlsx": EMPTY_TOO,
    "far-columns.xlsx": EMPTY_TOO,
    "farther-column.xlsx": "it is no workbook, or a broken one",
    "deep.xlsx": "it is no workbook, or a broken one",
    "empty-paragraphs.docx": MARKUP,
    "paragraphs.docx": "it has no text",
    "empty-rows.docx": "it has no text",
    "wide-cells.docx": "characters of text",
    "deep.docx": "it is broken",
    "one-note-again-and-again.docx": "characters of text",
    "boxes.docx": "it has no text",
    "long-text.docx": "bytes in a single tag or text of word/document.xml",
    "runs.docx": "it has no text",
    "tables-in-tables.html": "it has no text",
    "elements.html": "it has no text",
    "headings-in-headings.html": "it has no text",
    "nested-headers.html": "it has no text",
    "spans.html": "cells in a table",
    "wide-table.html": "cells in a table",
    "forms.pdf": TIME,
    "flood.pdf": MEMORY,
    "operators.pdf": MEMORY,
    "pages.pdf": TIME,
    "many-pages.pdf": "it has 2,001 pages, over the limit of 2,000",
    "letters.pdf": MEMORY,
    "dots.pdf": "it has no text",
    "deep.pdf": "it has no text",
    "wide-and-high.csv": "cells in a table",
}


def used() -> float:
    """Processor seconds of this process, and of those that it has waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def most_memory() -> int:
    """The most bytes of memory that this process has had since `forget_memory`."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def forget_memory() -> None:
    Path("/proc/self/clear_refs").write_text("5")


@pytest.mark.parametrize("name", MAKERS)
def test_a_file_made_to_do_harm_is_built_or_refused_soon(tmp_path: Path, name: str) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "good.md").write_text("# Lamp\n\nThe keeper lights the lamp at dusk.\n", encoding="utf-8")
    size = (corpus / name).write_bytes(MAKERS[name]())
    bounded.stop()
    forget_memory()
    memory, seconds = most_memory(), used()
    report = build_index(Settings(corpus=corpus, index=tmp_path / "index"), encoder=WordEncoder())
    bounded.stop()
    assert used() - seconds < MOST_SECONDS
    assert most_memory() - memory + Limits.of(size).memory < MOST_BYTES
    assert report.documents == 2 - len(report.problems)
    assert [problem.file for problem in report.problems] == ([name] if name in REFUSED else [])
    assert all(REFUSED[name] in problem.reason for problem in report.problems)
