"""Documents as a build would read them, made of a text."""

from __future__ import annotations

from pathlib import PurePosixPath

from roleqa.ingest.markdown import read_markdown
from roleqa.ingest.plain_text import read_plain_text
from roleqa.types import Document


def written(id: str, title: str, text: str, source: str = "") -> Document:
    """A document of that text, read as the suffix of its id says: Markdown, or plain text."""
    read = read_markdown if PurePosixPath(id).suffix == ".md" else read_plain_text
    return Document(id, title, text, source, read(text).blocks)
