"""A file becomes a document, a document its sections and passages, a passage its evidence."""

from roleqa.ingest.corpus import CorpusReading, SourceFile, corpus_hashes, read_corpus
from roleqa.ingest.match_text import evidence_text, index_text
from roleqa.ingest.split import SplitDocument, split

__all__ = [
    "CorpusReading",
    "SourceFile",
    "SplitDocument",
    "corpus_hashes",
    "evidence_text",
    "index_text",
    "read_corpus",
    "split",
]
