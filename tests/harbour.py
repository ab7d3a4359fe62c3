"""A small corpus about two made-up roles, and an assistant on it that needs no model."""

from __future__ import annotations

from pathlib import Path

from fakes import OverlapReader, WordEncoder
from roleqa.assistant import Assistant, build_index
from roleqa.settings import Settings

LIGHTHOUSES = """# Keepers and pilots

## Duties

A lighthouse keeper lights the lamp at dusk. A harbour pilot boards arriving ships.

## Terms

| Topic | Lighthouse Keeper | Harbour Pilot |
| --- | --- | --- |
| Leave | Six weeks in winter | Four weeks in summer |
| Uniform | Grey oilskin | Blue jacket |

## Pay

The harbour pilot is paid for each ship. Wages are settled in March.
"""

ROLES = """
[[role]]
id = "keeper"
name = "Lighthouse Keeper"
aliases = ["keeper", "LK"]

[[role]]
id = "pilot"
name = "Harbour Pilot"
aliases = ["pilot", "HP", "harbor pilot"]
"""


def write_corpus(folder: Path) -> Path:
    """A corpus folder with one document and two roles."""
    folder.mkdir()
    (folder / "harbour.md").write_text(LIGHTHOUSES, encoding="utf-8")
    (folder / "roles.toml").write_text(ROLES, encoding="utf-8")
    return folder


def make_assistant(settings: Settings) -> Assistant:
    """Builds the index, and loads it, with models that count words."""
    encoder = WordEncoder()
    build_index(settings, encoder=encoder)
    return Assistant.load(settings, encoder=encoder, reader=OverlapReader())
