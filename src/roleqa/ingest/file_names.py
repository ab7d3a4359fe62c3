"""A name that someone gives a document becomes one that it is safe to give a file, on any system."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

# In bytes of UTF-8, suffix included. File systems take 255; people read less.
MAX_NAME_BYTES = 120
UNNAMED = "document"

# Characters that some file system does not take, and such as nobody sees: a name must be what it looks like.
_FORBIDDEN = frozenset('<>:"|?*')
_UNSEEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
# Windows opens a device by these names, whatever suffix they have.
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])(?![^.\s])", re.IGNORECASE)


def safe_name(name: str) -> str:
    """The name of a file for a document called `name`: no folder, nothing unseen, never hidden, of bounded length.

    A name that is safe already is returned as it is. The suffix is kept, in lower case.
    """
    last = re.split(r"[/\\]", name)[-1]
    path = PurePosixPath(_seen(last))
    suffix = path.suffix.lower() if path.suffix.isascii() and len(path.suffix) <= 16 else ""
    stem = path.name.removesuffix(path.suffix) if suffix else path.name
    stem = _trimmed(stem, MAX_NAME_BYTES - len(suffix))
    if _DEVICE.match(stem):
        stem = _trimmed(f"{UNNAMED}-{stem}", MAX_NAME_BYTES - len(suffix))
    return (stem or UNNAMED) + suffix


def numbered(name: str, number: int) -> str:
    """The name with a number behind its stem, for another document of that name."""
    path = PurePosixPath(name)
    mark = f"-{number}"
    return _trimmed(path.stem, MAX_NAME_BYTES - len(mark) - len(path.suffix)) + mark + path.suffix


def same_name(one: str, other: str) -> bool:
    """Whether some file system would take both names for one."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


def _seen(name: str) -> str:
    """In composed form, without what is unseen; what is forbidden becomes a hyphen."""
    kept = "".join(
        "-" if letter in _FORBIDDEN else letter
        for letter in unicodedata.normalize("NFC", " ".join(name.split()))
        if unicodedata.category(letter) not in _UNSEEN_CATEGORIES
    )
    # What was taken out may have stood between spaces, or between letters that compose.
    return unicodedata.normalize("NFC", " ".join(kept.split())).strip(" .-")


def _trimmed(stem: str, most_bytes: int) -> str:
    """As much of a stem as fits; no dot or space at its end, where some systems drop them."""
    cut = stem.encode("utf-8")[:most_bytes].decode("utf-8", "ignore")
    return cut.strip(" .-")
