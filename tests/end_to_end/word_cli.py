"""`roleqa` with models that count words: word_cli.py ARGUMENTS."""

from __future__ import annotations

import sys

from fakes import OverlapReader, WordEncoder
from roleqa import assistant
from roleqa.cli import main

if __name__ == "__main__":
    assistant.load_encoder = lambda _: WordEncoder()  # type: ignore[assignment]
    assistant.load_reader = lambda *_: OverlapReader()  # type: ignore[assignment]
    sys.exit(main())
