"""The words of the corpus, as it writes them: what misspelt questions are mended against."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from roleqa.errors import IndexDamagedError
from roleqa.index.terms import fold
from roleqa.index.word_rows import WordRows

Vocabulary = dict[str, str]
# Of more words, the most frequent: every serving process holds them, and of the rest most are slips themselves.
MOST = 100_000


def build_vocabulary(texts: WordRows) -> Vocabulary:
    """Folded words and how they are written most often, in lower case where they ever are; most frequent first.

    They are MOST at most.
    """
    written: dict[str, Counter[str]] = {}
    for word, count in zip(texts.words, texts.counts.tolist(), strict=True):
        if word.isalpha():
            written.setdefault(fold(word), Counter())[word] = count
    counts = {folded: sum(forms.values()) for folded, forms in written.items()}
    return {
        folded: min(written[folded], key=lambda form: (not form.islower(), -written[folded][form], form))
        for folded in sorted(counts, key=lambda folded: (-counts[folded], folded))[:MOST]
    }


def save_vocabulary(file: Path, vocabulary: Vocabulary) -> None:
    file.write_text(json.dumps(vocabulary, ensure_ascii=False) + "\n", encoding="utf-8")


def load_vocabulary(file: Path) -> Vocabulary:
    """Raises IndexDamagedError."""
    try:
        vocabulary: Vocabulary = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise IndexDamagedError(f"{file} cannot be read") from error
    return vocabulary
