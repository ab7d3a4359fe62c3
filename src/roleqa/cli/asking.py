"""The commands that ask an index."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from roleqa.cli.options import Index, Json, print_json, settings_from
from roleqa.report import print_answer, print_hits


def ask(
    question: Annotated[str, typer.Argument(help="The question, in quotation marks.")],
    index: Index = None,
    role: Annotated[str | None, typer.Option(help="Ask about this role only (its id in roles.toml).")] = None,
    as_json: Json = False,
) -> None:
    """Answer a question with quotes from the documents, or say that they don't answer it."""
    from roleqa.assistant import Assistant

    answer = Assistant.load(settings_from(index=index)).ask(question, role=role)
    print_json(answer.to_dict()) if as_json else print_answer(answer)


def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    index: Index = None,
    top_k: Annotated[int | None, typer.Option(help="How many passages. [default: 5]", show_default=False)] = None,
    mode: Annotated[
        Literal["dense", "bm25", "hybrid", "rerank"],
        typer.Option(help="By meaning, by keywords, by both, or by the best quote."),
    ] = "rerank",
    as_json: Json = False,
) -> None:
    """List the passages that fit a query best."""
    from roleqa.assistant import Assistant

    settings = settings_from(index=index, top_k=top_k)
    hits = Assistant.load(settings).search(query, mode=mode)
    print_json([hit.to_dict() for hit in hits]) if as_json else print_hits(hits)
