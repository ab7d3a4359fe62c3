"""Building on several machines: each encodes its share of the documents, and one gathers what they made."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from roleqa.errors import IndexMismatchError, SettingsError
from roleqa.index.content import Part, parts_of
from roleqa.index.load import load_index
from roleqa.index.manifest import Recipe
from roleqa.stores import StorePlace


@dataclass(frozen=True, slots=True)
class Share:
    """The documents of which a hash of the id, divided by `of`, leaves `number` - 1."""

    number: int = 1
    of: int = 1

    @classmethod
    def from_text(cls, text: str) -> Share:
        """From "2/3". Raises SettingsError."""
        found = re.fullmatch(r"([1-9]\d{0,5})/([1-9]\d{0,5})", text)
        if not found or int(found[1]) > int(found[2]):
            raise SettingsError(f"{text!r} is no share; write --share 1/3, 2/3 and 3/3 on three machines")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def __contains__(self, document_id: str) -> bool:
        digest = hashlib.sha256(document_id.encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8]) % self.of == self.number - 1


ALL = Share()


def gathered(folders: Sequence[Path], recipe: Recipe, token: str) -> Iterator[Part]:
    """The documents of other indexes, with the embeddings that their builds have made.

    Raises:
        IndexMissingError, IndexDamagedError, StoreError: one of them cannot be read.
        IndexMismatchError: one was made by another encoder, precision, window or splitter.
    """
    for path in folders:
        index = load_index(path, recipe.encoder, StorePlace(token=token))
        if difference := index.manifest.recipe.difference(recipe):
            raise IndexMismatchError(
                f"the index in {path} is not as this build would make it: {difference}; build it again"
            )
        yield from parts_of(index).values()
