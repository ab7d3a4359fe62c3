"""What several commands share: their options, and how they print JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from roleqa.settings import Settings

Corpus = Annotated[Path | None, typer.Option(help="Folder of the documents. [default: corpus]", show_default=False)]
Index = Annotated[Path | None, typer.Option(help="Folder of the index. [default: index]", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]


def settings_from(**flags: Any) -> Settings:
    """Settings in which a flag that was given wins over everything else."""
    return Settings(**{name: value for name, value in flags.items() if value is not None})


def print_json(data: Any) -> None:
    json.dump(data, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")
