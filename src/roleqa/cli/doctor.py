"""The command that looks at the machine."""

from __future__ import annotations

from typing import Annotated

import typer

from roleqa.cli.options import Corpus, Index, Json, print_json, settings_from
from roleqa.errors import DoctorError
from roleqa.report import print_diagnosis


def doctor(
    corpus: Corpus = None,
    index: Index = None,
    port: Annotated[
        int | None, typer.Option(help="Port that the chat is to listen on. [default: 7860]", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Say whether this machine has all that is needed, and what to do about what is missing."""
    from roleqa.doctor import examine

    found = examine(settings_from(corpus=corpus, index=index, port=port))
    print_json(found.to_dict()) if as_json else print_diagnosis(found)
    if found.problems:
        raise DoctorError(f"not well: {', '.join(found.problems)}; what to do stands beside each problem")
