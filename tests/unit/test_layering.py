"""The house's rules, read off the imports: which way they point, and what may load only when it is used."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import roleqa

SOURCE = Path(roleqa.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
# Data flows in this order; a module imports from its own stage and those before it.
STAGES = ("text", "ingest", "models", "index", "question", "retrieve", "answer", "assistant", "stop", "watch", "evaluate", "bundle", "feedback", "doctor", "temporary", "terminal", "report", "ui", "cli", "training")
VOCABULARY = {"blocks", "files", "protocols", "stores", "types", "errors", "settings"}
HEAVY = {"torch", "sentence_transformers", "transformers", "faiss", "onnxruntime", "gradio", "bm25s", "sklearn", "matplotlib", "pymilvus", "grpc"}
# What reads a format is loaded by its reader.
FORMATS = {"lxml", "docx", "openpyxl", "pdfplumber", "pdfminer"}


def stage_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def at_import_time(tree: ast.Module) -> Iterator[str]:
    """What is imported when the module is, leaving out `if TYPE_CHECKING:` and function bodies."""
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imports(ast.Module([node], []))
        elif isinstance(node, ast.If) and not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            pending += node.body + node.orelse
        elif isinstance(node, ast.Try | ast.ClassDef):
            pending += node.body


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(SOURCE).as_posix())
def test_imports_point_upstream(file: Path) -> None:
    own = file.relative_to(SOURCE).with_suffix("").parts[0]
    allowed = set(STAGES[: STAGES.index(own) + 1]) if own in STAGES else set()
    if own in ("__init__", "__main__"):
        return
    if own == "training":
        allowed -= {"ui", "cli"}
    found = {stage_of(name) for name in imports(ast.parse(file.read_text())) if name.startswith("roleqa.")}
    assert found <= allowed | VOCABULARY


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(SOURCE).as_posix())
def test_heavy_libraries_load_on_first_use(file: Path) -> None:
    found = {name.split(".")[0] for name in at_import_time(ast.parse(file.read_text()))}
    # The page is made of Gradio throughout, and is itself imported only by `roleqa serve`.
    allowed = {"gradio"} if file.relative_to(SOURCE).parts[0] == "ui" else set()
    assert found & (HEAVY | FORMATS) <= allowed


def test_text_question_and_ingest_know_no_models() -> None:
    for stage in ("text", "ingest", "question"):
        for file in (SOURCE / stage).glob("*.py"):
            assert not {name.split(".")[0] for name in imports(ast.parse(file.read_text()))} & HEAVY, file


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(SOURCE).as_posix())
def test_no_module_outgrows_a_reader(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 320
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno <= 50, node.name


def test_whatever_is_no_module_is_packaged() -> None:
    project = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["roleqa"]
    data = [file.relative_to(SOURCE) for file in SOURCE.rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")]
    assert len(data) > 10
    assert [file for file in data if not any(file.name == pattern or file.match(pattern) for pattern in patterns)] == []


def test_every_public_name_is_there() -> None:
    for name in roleqa.__all__:
        assert getattr(roleqa, name).__name__ == name
