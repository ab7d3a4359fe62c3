"""The real encoder, reader, FAISS and BM25 on the shipped corpus and on text as published."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from servers import ENVIRONMENT, REPOSITORY

from roleqa import Assistant, Settings, build_index
from roleqa.evaluate.judge import first_quote_right
from roleqa.evaluate.questions import LabelledQuestion, load_questions
from roleqa.models.encoder import SentenceEncoder

QUESTIONS = REPOSITORY / "tests" / "eval" / "questions.jsonl"

# Laid out as articles are published: bare headings, no blank lines, a table without outer pipes, an empty last heading.
PUBLISHED = """\
A Canal Engineer keeps a waterway in repair, and a Lock Keeper passes boats through it. The two work for one authority.
Table of Duties
Topic | Canal Engineer | Lock Keeper |
---|---|---|
Usual Grade | Senior staff, grade five or above | Junior staff, often grade two |
Shift | Office hours, on call for floods | From first light until the last boat |
Training and Certificates
Canal Engineers study hydrology for three years before they are licensed. Lock Keepers learn on the job, and pass a test
Pay and Housing
The Lock Keeper lives rent-free in the lock cottage. The Canal Engineer is paid a salary, and finds a house of their own.
Canal Engineer vs Lock Keeper Infographic
"""
ROLES = """
[[role]]
id = "engineer"
name = "Canal Engineer"
[[role]]
id = "keeper"
name = "Lock Keeper"
"""


@pytest.fixture(scope="module")
def shipped(shipped_index: Path, encoder: SentenceEncoder) -> Assistant:
    return Assistant.load(Settings(corpus=REPOSITORY / "corpus", index=shipped_index), encoder=encoder)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, encoder: SentenceEncoder) -> Assistant:
    folder = tmp_path_factory.mktemp("published")
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "canal.txt").write_text(PUBLISHED, encoding="utf-8")
    (corpus / "roles.toml").write_text(ROLES, encoding="utf-8")
    settings = Settings(corpus=corpus, index=folder / "index")
    build_index(settings, encoder=encoder)
    return Assistant.load(settings, encoder=encoder)


def labelled(assistant: Assistant, kinds: Sequence[str]) -> list[LabelledQuestion]:
    documents = assistant.retriever.index.documents
    return [question for question in load_questions(QUESTIONS, documents) if question.kind in kinds]


def test_direct_questions_are_answered_by_the_right_quote_first(shipped: Assistant) -> None:
    questions = labelled(shipped, ["direct"])
    wrong = [item.question for item in questions if not first_quote_right(item, shipped.ask(item.question))]
    assert len(questions) >= 25
    assert len(wrong) <= 0.2 * len(questions), wrong  # published: 0.15, and twice its binomial error is 0.07


def test_what_is_far_from_the_corpus_is_refused(shipped: Assistant) -> None:
    questions = labelled(shipped, ["unanswerable-far"])
    answered = [item.question for item in questions if shipped.ask(item.question).answered]
    assert len(questions) >= 30
    assert answered == []


def test_every_quote_is_the_document_character_for_character(shipped: Assistant) -> None:
    texts = {file.name: file.read_text(encoding="utf-8") for file in (REPOSITORY / "corpus").glob("*.md")}
    shown = 0
    for item in load_questions(QUESTIONS, shipped.retriever.index.documents)[::12]:
        answer = shipped.ask(item.question)
        for citation in (*answer.citations, *answer.closest):
            text = texts[citation.passage.document_id]
            assert text[citation.evidence.start : citation.evidence.end] == citation.quote
            assert citation.source in text
            shown += 1
    assert shown >= 60


@pytest.mark.parametrize(
    ("question", "quote", "row", "column"),
    [
        ("What grade does a lock keeper usually have?", "Junior staff, often grade two", "Usual Grade", "Lock Keeper"),
        ("Which grade is a canal engineer?", "Senior staff, grade five or above", "Usual Grade", "Canal Engineer"),
        ("What shift does the lock keeper work?", "From first light until the last boat", "Shift", "Lock Keeper"),
        ("What are the canal engineer's hours?", "Office hours, on call for floods", "Shift", "Canal Engineer"),
        ("Who lives in the lock cottage?", "The Lock Keeper lives rent-free in the lock cottage.", None, None),
    ],
)
def test_text_as_published_is_answered_from(
    published: Assistant, question: str, quote: str, row: str | None, column: str | None
) -> None:
    first = published.ask(question).citations[0]
    assert (first.quote, first.evidence.row, first.evidence.column) == (quote, row, column)


def test_text_as_published_has_its_sections_and_cells(published: Assistant) -> None:
    index = published.retriever.index
    assert [passage.headings for passage in index.passages] == [
        (), ("Table of Duties",), ("Table of Duties",), ("Training and Certificates",), ("Pay and Housing",),
    ]  # fmt: skip
    assert "Infographic" not in " ".join(index.text(passage, "canal.txt") for passage in index.passages)


def test_bfloat16_passages_lie_where_float32_queries_do(encoder: SentenceEncoder) -> None:
    texts = ["A lock keeper lives in the cottage.", "Hydrology is studied for three years. " * 8, "x"]
    passages = encoder.encode_passages(texts)
    assert passages.shape == (3, 384)
    assert np.allclose(np.linalg.norm(passages, axis=1), 1, atol=1e-5)
    for text, passage in zip(texts, passages, strict=True):
        assert float(encoder.encode_query(text) @ passage) > 0.999


def test_the_window_is_counted_as_the_model_counts(encoder: SentenceEncoder) -> None:
    assert encoder.window == 254
    assert encoder.count_tokens("") == 0
    assert encoder.count_tokens("the keeper") == 2
    assert encoder.count_tokens("word " * 1000) == 1000


def test_the_words_that_answer_are_a_slice_of_the_quote(published: Assistant) -> None:
    first = published.ask("Who lives rent-free in the lock cottage?").citations[0]
    assert first.quote == "The Lock Keeper lives rent-free in the lock cottage."
    assert "Lock Keeper" in first.parts[1]
    assert first.answer
    assert PUBLISHED[first.answer.start : first.answer.end] == first.parts[1]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "roleqa", *arguments]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)


def test_the_command_from_folder_to_answer(tmp_path: Path) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    (corpus / "canal.txt").write_text(PUBLISHED, encoding="utf-8")
    built = run("build", "--corpus", str(corpus), "--index", str(index), "--json")
    assert (built.returncode, json.loads(built.stdout)["passages"]) == (0, 5), built.stderr
    asked = run("ask", "--index", str(index), "--json", "What grade does a lock keeper usually have?")
    assert (asked.returncode, asked.stderr) == (0, "")
    first = json.loads(asked.stdout)["citations"][0]
    assert (first["quote"], first["row"], first["column"]) == (
        "Junior staff, often grade two", "Usual Grade", "Lock Keeper",
    )  # fmt: skip
    assert PUBLISHED[first["start"] : first["end"]] == first["quote"]


def test_the_command_s_help_loads_no_library_of_models() -> None:
    code = "import sys, roleqa.cli; roleqa.cli.main(['--help']); print(sorted(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    loaded = said.stdout.splitlines()[-1]
    assert "'typer'" in loaded
    for library in ("torch", "sentence_transformers", "faiss", "onnxruntime", "gradio", "numpy", "markdown_it"):
        assert f"'{library}'" not in loaded
