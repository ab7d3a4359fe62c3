"""Serves a chat whose rebuilds wait for a file to appear: gated_server.py CORPUS INDEX GATE.

Its answers wait while there is a file called HELD beside the gate.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fakes import OverlapReader, WordEncoder
from roleqa import Assistant, Settings, build_index
from roleqa.protocols import PieceReading
from roleqa.types import MatchText
from roleqa.ui.serve import serve

HELD = "held"


class GatedEncoder(WordEncoder):
    """Encodes passages only once the gate is there."""

    def __init__(self, gate: Path) -> None:
        super().__init__()
        self.gate = gate

    def encode_passages(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        if progress:
            progress(0)
        while not self.gate.exists():
            time.sleep(0.05)
        return super().encode_passages(texts, progress)


class HeldReader(OverlapReader):
    """Answers nothing while the file is there."""

    def __init__(self, held: Path) -> None:
        super().__init__()
        self.held = held

    def read(self, question: str, passages: Sequence[MatchText]) -> list[tuple[PieceReading, ...]]:
        while self.held.exists():
            time.sleep(0.05)
        return super().read(question, passages)


def main(corpus: Path, index: Path, gate: Path) -> None:
    settings = Settings(corpus=corpus, index=index)
    build_index(settings, encoder=WordEncoder())
    assistant = Assistant.load(settings, encoder=GatedEncoder(gate), reader=HeldReader(gate.with_name(HELD)))
    serve(assistant, "127.0.0.1", 0, on_ready=lambda url: print(url, flush=True))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
