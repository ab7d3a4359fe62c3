"""The archives that Word and Excel save: what is read of one is bounded, as a few bytes may hold a flood."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from roleqa.errors import UnreadableFileError
from roleqa.ingest.limits import MAX_ENTRIES, PIECE_BYTES, Limits

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BROKEN = "it is broken ({}): save it again from the program that made it"
_ERRORS = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError, RuntimeError)


def open_archive(data: bytes, kind: str) -> Archive:
    """The archive that a file of the `kind` (a suffix) is.

    Raises:
        UnreadableFileError: it is protected, broken, or of more files than a document may be.
    """
    if data.startswith(_OLD_OFFICE):
        raise UnreadableFileError(f"it is protected by a password or of an older format: save it as {kind} without one")
    try:
        archive = Archive(data)
    except _ERRORS as error:
        raise UnreadableFileError(_BROKEN.format(error)) from error
    entries = archive.infolist()
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableFileError("it is protected by a password: save it without one")
    if len(entries) > MAX_ENTRIES:
        said = f"there are {len(entries):,} files in it, over the limit of {MAX_ENTRIES:,}"
        raise UnreadableFileError(f"{said}: split it into several files")
    return archive


class Archive(zipfile.ZipFile):
    """An archive whose parts count for what they are read as, whatever they are called: markup.

    What all readings of parts unpack is bounded, those of the same part included, and so are the tags in it. Pictures
    count for nothing, as nobody opens them.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self._limits = Limits.of(len(data))
        self._unpacked = self._tags = 0
        self._tags_of: dict[str, int] = {}  # the parts that have been looked through

    def open(self, name: str | zipfile.ZipInfo, *_: object, **__: object) -> IO[bytes]:
        """The bytes of a part.

        Raises:
            KeyError: there is no such part.
            UnreadableFileError: it is broken, declares a document type, or is more than may be read of the archive.
        """
        entry = name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)
        self._unpacked += entry.file_size  # what is unpacked is never longer than an entry says
        self._limits.check(self._unpacked, self._limits.unpacked, "bytes of text and markup in it")
        try:
            with super().open(entry) as file:
                part = file.read()
        except _ERRORS as error:
            raise UnreadableFileError(_BROKEN.format(error)) from error
        if entry.filename not in self._tags_of:
            self._tags_of[entry.filename] = self._checked(entry.filename, part)
        self._tags += self._tags_of[entry.filename]
        self._limits.check(self._tags, self._limits.tags, "tags of markup in it")
        return io.BytesIO(part)

    def _checked(self, name: str, part: bytes) -> int:
        """How many tags a part has. Raises UnreadableFileError where it is none that a program would write."""
        # No program writes a document type into these: it is there to be expanded without end.
        if b"<!DOCTYPE" in part.replace(b"\0", b"").upper():
            raise UnreadableFileError(_BROKEN.format(f"{name} declares a document type"))
        tags = part.count(b"<")
        self._limits.check(tags, self._limits.tags, "tags of markup in it")
        longest = max(PIECE_BYTES, self._limits.characters)
        self._limits.check(max(map(len, part.split(b"<"))), longest, f"bytes in a single tag or text of {name}")
        return tags


def xml_part(archive: zipfile.ZipFile, name: str) -> Any:
    """The root element of a part; None where there is no such part.

    Raises:
        UnreadableFileError: it is no XML.
    """
    from lxml import etree

    if name not in archive.namelist():
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        # One standard, two names: what is saved as "strict" says the other.
        text = archive.read(name).replace(
            b"http://purl.oclc.org/ooxml/wordprocessingml/main",
            b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        )
        return etree.fromstring(text, parser)
    except (etree.LxmlError, ValueError) as error:
        raise UnreadableFileError(_BROKEN.format(error)) from error


def children(element: Any, *tags: str) -> Iterator[Any]:
    """The elements directly inside that have one of the tags."""
    return (child for child in element if child.tag in tags)
