"""The archives that Word and Excel save, looked over before anything in them is read: a few bytes may hold a flood."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from roleqa.errors import UnreadableFileError

# In bytes once unpacked: as XML, a text takes up ten times its length; beside it stand pictures.
MAX_XML = 60_000_000
MAX_UNPACKED = 400_000_000
MAX_ENTRIES = 5_000
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_XML = (".xml", ".rels")
_BROKEN = "it is broken ({}): save it anew from the program that made it"


def open_archive(data: bytes, kind: str) -> zipfile.ZipFile:
    """The archive that a file of the `kind` (a suffix) is, found to be of bounded size and without entities.

    Raises:
        UnreadableFileError: it is protected, broken, or larger than a document may be.
    """
    if data.startswith(_OLD_OFFICE):
        raise UnreadableFileError(f"it is protected by a password or of an older format: save it as {kind} without one")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
        if any(entry.flag_bits & 1 for entry in entries):
            raise UnreadableFileError("it is protected by a password: save it without one")
        xml = [entry for entry in entries if entry.filename.lower().endswith(_XML)]
        _check_sizes(entries, xml)
        for entry in xml:
            # No program writes a document type into these: it is there to be expanded without end.
            if b"<!DOCTYPE" in archive.read(entry).replace(b"\0", b"").upper():
                raise UnreadableFileError(_BROKEN.format(f"{entry.filename} declares a document type"))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError, RuntimeError) as error:
        raise UnreadableFileError(_BROKEN.format(error)) from error
    return archive


def _check_sizes(entries: list[zipfile.ZipInfo], xml: list[zipfile.ZipInfo]) -> None:
    """What is unpacked is never longer than an entry says that it is."""
    sizes = (
        (len(entries), MAX_ENTRIES, "files in it"),
        (sum(entry.file_size for entry in xml), MAX_XML, "bytes of text and markup in it"),
        (sum(entry.file_size for entry in entries), MAX_UNPACKED, "bytes in it once unpacked"),
    )
    for size, limit, what in sizes:
        if size > limit:
            said = f"there are {size:,} {what}, over the limit of {limit:,}"
            raise UnreadableFileError(f"{said}: split it into several files")


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
