"""How much a document may hold and take: a file may have been made to take all the time and memory there is.

What a few bytes can become is bounded by how many bytes they are: an archive of a few kilobytes that unpacks to a
million paragraphs was made by no one who writes documents.
"""

from __future__ import annotations

from dataclasses import dataclass

from roleqa.errors import UnreadableFileError

# The longest document, in bytes, and the most lines and table cells in one: each of them takes memory of its own.
MAX_BYTES = 20_000_000
MAX_PARTS = 500_000
MAX_PAGES = 2_000
MAX_ENTRIES = 5_000  # files in an archive
# A single tag or text of an archive may be so long, whatever the size of the file: parsers hold it in one piece.
PIECE_BYTES = 1_000_000
# What a file may take of processor time, a megabyte of it, on top of FIRST_SECONDS: several times what documents take.
# A page of a PDF is drawn, an archive is unpacked; the rest is read as it stands.
FIRST_SECONDS = 5
SECONDS_PER_MEGABYTE = {".pdf": 40, ".docx": 20, ".xlsx": 20}
OTHER_SECONDS_PER_MEGABYTE = 4
MAX_SECONDS = 240
# A process that answers nothing and uses no processor for so long hangs; one that is asked nothing for so long ends.
HANG_SECONDS = 120
IDLE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading a file of so many bytes may take, and what may come of it.

    `seconds` are of processor time, so that a busy machine refuses nothing; `memory` is in bytes, above what the
    process that reads has before. `unpacked` are the bytes of an archive that are read, `tags` those of its markup,
    both as often as they are read, which a sheet is three times. `cells` are those of a workbook that are passed over,
    empty ones included, and `merged` those that merged cells fill.
    """

    size: int
    seconds: float
    memory: int
    unpacked: int
    tags: int
    cells: int
    merged: int
    characters: int
    parts: int

    @classmethod
    def of(cls, size: int, suffix: str = "") -> Limits:
        """The limits for a file of `size` bytes; its seconds are by its suffix."""
        seconds = SECONDS_PER_MEGABYTE.get(suffix, OTHER_SECONDS_PER_MEGABYTE) * size / 1e6
        return cls(
            size=size,
            seconds=min(FIRST_SECONDS + seconds, MAX_SECONDS),
            memory=min(320_000_000 + 100 * size, 3_000_000_000),
            unpacked=min(20_000_000 + 100 * size, 180_000_000),
            tags=min(600_000 + 9 * size, 20_000_000),
            cells=min(2_000_000 + 10 * size, 10_000_000),
            merged=min(500_000 + 3 * size, 2_000_000),
            characters=min(100_000 + 16 * size, MAX_BYTES),
            parts=min(50_000 + size // 4, MAX_PARTS),
        )

    @property
    def answer_bytes(self) -> int:
        """The longest JSON that a process may send of what it has read."""
        return 100_000 + 24 * self.characters + 200 * self.parts

    def check(self, count: int, limit: int, what: str) -> None:
        """Raises UnreadableFileError where there are more than `limit` of `what`."""
        if count > limit:
            raise self.exceeded(f"it has over {limit:,} {what}")

    def exceeded(self, problem: str) -> UnreadableFileError:
        """The error that names a limit which a file of this size exceeds."""
        limit = "the limit" if self.size >= MAX_BYTES else f"the limit for a file of {_written(self.size)}"
        return UnreadableFileError(f"{problem}, {limit}: split it into several files")

    def too_much_memory(self) -> UnreadableFileError:
        """The error for a file that memory does not suffice for."""
        return self.exceeded(f"reading it takes over {self.memory // 1_000_000:,} MB of memory")


def _written(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000))} kB"


# Those of the longest document.
LARGEST = Limits.of(MAX_BYTES)
