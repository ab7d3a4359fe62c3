"""Questions labelled as in SQuAD 2.0 become ours, a seeded sample of them, and an index of their documents.

A folder holds `corpus/` and `questions.jsonl`, a line a question: `query_id`, `question`, `document`, `answerable`,
`paragraph` ([start, end), the paragraph it was written for) and `answers`, each with `start` and `text`. Offsets
count characters of the document.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from roleqa import Settings, build_index
from roleqa.evaluate.questions import LabelledQuestion, load_questions
from roleqa.index.load import Index
from roleqa.protocols import Encoder

Label = Mapping[str, Any]


def to_labelled(label: Label) -> dict[str, Any]:
    """One line as one of our labelled questions: every span marked as an answer is gold, each once.

    A question without an answer was written for a paragraph that is near to answering it.
    """
    spans = dict.fromkeys((answer["start"], answer["text"]) for answer in label["answers"])
    return {
        "query_id": label["query_id"],
        "question": label["question"].strip(),
        "history": [],
        "answerable": label["answerable"],
        "kind": "direct" if label["answerable"] else "unanswerable-near",
        "gold": [{"document": label["document"], "quote": text, "start": start} for start, text in spans],
    }


def read_labels(folder: Path) -> tuple[Label, ...]:
    """All lines of a folder's `questions.jsonl`."""
    text = (folder / "questions.jsonl").read_text(encoding="utf-8")
    return tuple(json.loads(line) for line in text.splitlines() if line.strip())


def sample(labels: Sequence[Label], each: int, seed: int) -> tuple[Label, ...]:
    """`each` answerable questions and as many unanswerable ones (fewer where there are no more), by the seed."""
    draw = random.Random(seed)
    drawn: list[Label] = []
    for answerable in (True, False):
        pool = [label for label in labels if label["answerable"] is answerable]
        drawn += draw.sample(pool, min(each, len(pool)))
    return tuple(drawn)


def write_labelled(labels: Sequence[Label], file: Path) -> None:
    """The labels as a file of our labelled questions."""
    lines = (json.dumps(to_labelled(label), ensure_ascii=False) for label in labels)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def labelled_sample(folder: Path, index: Index, each: int, seed: int) -> tuple[LabelledQuestion, ...]:
    """A sample of a folder's questions, their gold looked up in the documents as indexed."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "questions.jsonl"
        write_labelled(sample(read_labels(folder), each, seed), file)
        return load_questions(file, index.documents)


def build(folder: Path, index: Path, encoder: Encoder | None = None) -> Settings:
    """Builds a folder's corpus into `index`, by the packaged encoder where none is given; the settings to open it."""
    settings = Settings(corpus=folder / "corpus", index=index)
    build_index(settings, encoder=encoder)
    return settings


def rows_with_gold(index: Index, question: LabelledQuestion) -> frozenset[int]:
    """The passages that hold a whole answer."""
    return frozenset(
        row
        for row, passage in enumerate(index.passages)
        if holds_gold(question, passage.document_id, passage.start, passage.end)
    )


def holds_gold(question: LabelledQuestion, document: str, start: int, end: int) -> bool:
    """Whether a span holds a whole answer, at the place where it is marked."""
    return any(gold.document == document and start <= gold.start and gold.end <= end for gold in question.gold)
