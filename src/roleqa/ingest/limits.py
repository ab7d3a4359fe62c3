"""How much a document may hold: each part of it takes time and memory, and a file may have been made to take both."""

from __future__ import annotations

# The longest document, in bytes, and the most lines and table cells in one: each of them takes memory of its own.
MAX_BYTES = 20_000_000
MAX_PARTS = 500_000
