"""Ask a folder of documents; get quotes you can check at a glance.

from roleqa import Assistant, Settings, build_index

build_index(Settings(corpus="corpus", index="index"))
answer = Assistant.load(Settings(index="index")).ask("Which clearance does a liaison officer need?")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from roleqa.assistant import Assistant, build_index
    from roleqa.errors import RoleqaError
    from roleqa.settings import Settings
    from roleqa.types import Answer, BuildReport, Citation, Hit, Status

_HOMES = {
    "Answer": "types",
    "Assistant": "assistant",
    "BuildReport": "types",
    "Citation": "types",
    "Hit": "types",
    "RoleqaError": "errors",
    "Settings": "settings",
    "Status": "types",
    "build_index": "assistant",
}

__all__ = [
    "Answer",
    "Assistant",
    "BuildReport",
    "Citation",
    "Hit",
    "RoleqaError",
    "Settings",
    "Status",
    "build_index",
]


def __getattr__(name: str) -> Any:
    """Loads a public name when it is first used, so that importing roleqa costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'roleqa' has no attribute {name!r}")
    return getattr(import_module(f"roleqa.{_HOMES[name]}"), name)
