"""What several commands share: their options, and how they print JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roleqa.settings import Settings
from roleqa.terminal import to_json

Corpus = Annotated[Path | None, typer.Option(help="Folder of the documents. [default: corpus]", show_default=False)]
Index = Annotated[Path | None, typer.Option(help="Folder of the index. [default: index]", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]


def settings_from(**flags: Any) -> Settings:
    """Settings in which a flag that was given wins over everything else."""
    return Settings(**{name: value for name, value in flags.items() if value is not None})


def print_json(data: Any) -> None:
    typer.echo(to_json(data, indent=2))
