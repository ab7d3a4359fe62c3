"""The commands that make an index and look after it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from roleqa.cli.options import Corpus, Index, Json, print_json, settings_from
from roleqa.errors import BundleError
from roleqa.report import print_build, print_status, print_verification, show_progress


def build(
    corpus: Corpus = None,
    index: Index = None,
    full: Annotated[bool, typer.Option("--full", help="Encode every passage anew.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at a file that cannot be read.")] = False,
    as_json: Json = False,
) -> None:
    """Read the documents and build the index that questions are answered from.

    The index in use goes on answering until the new one is complete. Unchanged passages are not encoded again.
    """
    from roleqa.assistant import build_index

    settings = settings_from(corpus=corpus, index=index, strict=strict or None)
    with show_progress() as progress:
        report = build_index(settings, full=full, progress=progress)
    print_json(report.to_dict()) if as_json else print_build(report)


def status(index: Index = None, as_json: Json = False) -> None:
    """Say what the index holds, when it was built, and whether the documents changed since."""
    from roleqa.assistant import Assistant

    found = Assistant.load(settings_from(index=index)).status()
    print_json(found.to_dict()) if as_json else print_status(found)


def verify(
    bundle: Annotated[
        Path | None, typer.Option(help="A conversation, exported from the chat as JSON.", show_default=False)
    ] = None,
    index: Index = None,
    as_json: Json = False,
) -> None:
    """Say which quotes of an exported conversation still stand in the documents as they are indexed now."""
    from roleqa.bundle import check, read
    from roleqa.index.library import load_library

    if bundle is None:
        raise BundleError("nothing to verify; name a conversation that was exported as JSON: --bundle FILE")
    checked = check.verify(read.read_file(bundle), load_library(settings_from(index=index).index))
    print_json(checked.to_dict()) if as_json else print_verification(checked)
    if not checked.stands:
        raise BundleError(f"{checked.summary}; ask again what the documents say now")
