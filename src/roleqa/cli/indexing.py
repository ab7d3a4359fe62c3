"""The commands that make an index and look after it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from roleqa.cli.options import Corpus, Index, Json, print_json, settings_from
from roleqa.cli.watching import keep_built
from roleqa.errors import BundleError, IndexDamagedError
from roleqa.report import (
    print_build,
    print_inspection,
    print_rollback,
    print_status,
    print_verification,
    show_progress,
)
from roleqa.settings import Settings
from roleqa.stop import Stop


def build(
    corpus: Corpus = None,
    index: Index = None,
    full: Annotated[bool, typer.Option("--full", help="Split and encode every document anew.")] = False,
    store: Annotated[
        Literal["faiss", "milvus"] | None,
        typer.Option(help="Where to keep the vectors. [default: as before; faiss at first]", show_default=False),
    ] = None,
    uri: Annotated[
        str | None, typer.Option(help="Address of the Milvus server. [default: as before]", show_default=False)
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at a file that cannot be read.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for another build that is running.")] = 0,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, and build again when the documents change. Ctrl-C stops it.")
    ] = False,
    share: Annotated[
        str, typer.Option(help="Build this part of the documents only: 1/3, 2/3 and 3/3 on three machines.")
    ] = "1/1",
    gather: Annotated[
        list[Path] | None,
        typer.Option(help="Index folder of a share, of which nothing is encoded again. May be repeated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read the documents and build the index that questions are answered from.

    The index in use goes on answering until the new one is complete. Only what has changed is split and encoded again.
    """
    from roleqa.assistant import build_index

    settings = settings_from(corpus=corpus, index=index, store=store, uri=uri, strict=strict or None)
    whole = iter((full,))  # of a watched corpus, only the first time

    def build_once(stop: Stop | None = None) -> None:
        with show_progress() as progress:
            told = stop.cancelling(progress) if stop else progress
            report = build_index(
                settings, full=next(whole, False), wait=wait, progress=told, share=share, gather=gather or ()
            )
        print_json(report.to_dict()) if as_json else print_build(report)
        sys.stdout.flush()

    keep_built(settings, build_once) if watch else build_once()


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
    """Check every file of the index, and that what it holds is what the documents give.

    With --bundle, say instead which quotes of an exported conversation still stand in the documents as indexed now.
    """
    settings = settings_from(index=index)
    _verify_bundle(bundle, settings, as_json) if bundle else _verify_index(settings, as_json)


def _verify_index(settings: Settings, as_json: bool) -> None:
    from roleqa.assistant import verify_index

    found = verify_index(settings)
    print_json(found.to_dict()) if as_json else print_inspection(found)
    if not found.is_whole:
        raise IndexDamagedError(found.summary, found.remedy)


def _verify_bundle(bundle: Path, settings: Settings, as_json: bool) -> None:
    from roleqa.bundle import check, read
    from roleqa.index.library import load_library

    checked = check.verify(read.read_file(bundle), load_library(settings.index))
    print_json(checked.to_dict()) if as_json else print_verification(checked)
    if not checked.stands:
        raise BundleError(f"{checked.summary}; ask again what the documents say now")


def rollback(index: Index = None, as_json: Json = False) -> None:
    """Have the generation before answer again, in place of the last build. A second time undoes it."""
    from roleqa.index.rollback import roll_back
    from roleqa.index.vectors import place_of

    settings = settings_from(index=index)
    done = roll_back(settings.index, place_of(settings))
    print_json(done.to_dict()) if as_json else print_rollback(done)
