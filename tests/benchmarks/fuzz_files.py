"""Reads files made by chance of every format that is no plain text: fuzz_files.py [--seconds N] [--seed N] [FORMAT]...

A file is a good one, or one that was made to take all there is, with its markup changed here and there: elements doubled,
dropped, nested and renamed, numbers made large, bytes lost. It is read as it would be by the process that reads files, within
the limits for its size, and split: it either becomes a document that everything in tests/invariants.py holds of, or it is
refused with one clear error. What does neither is printed and kept as a file. Each format has its seconds of processor time.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import logging
import random
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

import hostile_files as made  # noqa: E402 - the path comes first
from article import FORMATS, article  # noqa: E402
from invariants import check_blocks, check_split, words  # noqa: E402
from roleqa.errors import UnreadableFileError  # noqa: E402
from roleqa.ingest.corpus import SourceFile  # noqa: E402
from roleqa.ingest.limits import Limits  # noqa: E402
from roleqa.ingest.readers import PARSERS  # noqa: E402
from roleqa.ingest.split import split  # noqa: E402
from roleqa.types import Document  # noqa: E402

KINDS = (".html", ".docx", ".xlsx", ".pdf", ".csv")
MOST_MEMORY = 4_000_000_000
LONGEST = 300_000
WINDOW = 40
_TAG = re.compile(rb"<[^<>]{0,200}>")
_NUMBER = re.compile(rb"\d{1,9}")
NUMBERS = (b"0", b"-1", b"1", b"255", b"65536", b"1048577", b"2147483648", b"99999999999999999999", b"1e9", b"NaN", b"", b"\xd9\xa3")
SCRAPS = {
    ".html": (b"<table>", b"<tr>", b"<td colspan=9>", b"</td>", b"<h1>", b"</h2>", b"<ul>", b"<li>", b"<ol start=7>", b"<pre>", b"<br>", b"<main>", b"<nav>", b"<header>", b"<section hidden>", b"<p style='display:none'>", b"&amp;", b"&#0;", b"&#xD800;", b"<!--", b"-->", b"<![CDATA[", b"<svg>", b"<template>", b"\x0b", b"</body>", b"<html>", b"<meta charset=utf-7>", b"\xff", b"<caption>", b"<h2 role=heading aria-level=99>"),
    ".csv": (b",", b";", b"\t", b"|", b'"', b'""', b"\n", b"\r\n", b"\r", b"sep=;\n", b"\xef\xbb\xbf", b"\xe9", b"=1+1", b"\x00", b'a,"b\nc"', b",,,,,,,,"),
    ".pdf": (b"endobj", b"stream\n", b"endstream", b"<<", b">>", b"[", b"]", b"(", b")", b" R", b" 0 R", b"/Kids", b"/Parent", b"/Filter/FlateDecode", b"/Length 9", b"BT ", b" ET", b" Tj ", b" Td ", b" cm ", b" re ", b"q ", b"Q ", b"/Rotate 90", b"trailer", b"xref", b"%%EOF", b"/Encrypt 3 0 R"),
    ".docx": (b"<w:p>", b"</w:p>", b"<w:p/>", b"<w:r><w:t>x</w:t></w:r>", b"<w:tbl>", b"</w:tbl>", b"<w:tr>", b"<w:tc>", b'<w:gridSpan w:val="9"/>', b"<w:sdt>", b"<w:del>", b"<w:txbxContent>", b"&amp;", b"<!-- -->", b"<?a?>", b"<w:vMerge/>", b'<w:footnoteReference w:id="1"/>', b'<w:pStyle w:val="Heading1"/>', b"<w:tab/>", b"<w:br/>", b'<w:outlineLvl w:val="3"/>', b'<w:ilvl w:val="8"/>'),
    ".xlsx": (b"<row>", b"</row>", b"<row/>", b'<row r="9">', b"<c/>", b"<c><v>1</v></c>", b'<c t="s"><v>0</v></c>', b'<c t="e"><v>#N/A</v></c>', b'<c t="b"><v>1</v></c>', b'<c t="d"><v>2024</v></c>', b'<c r="XFD1"/>', b'<mergeCell ref="A1:B9"/>', b'<mergeCell ref="B9:A1"/>', b"<f>1</f>", b"<is><t>x</t></is>", b"&amp;", b"<!-- -->", b's="1"', b't="inlineStr"'),
}  # fmt: skip


class TooSlowError(Exception):
    """A file has taken longer than one of its size may."""


def seeds(kind: str) -> list[bytes]:
    """Files to change: one of each sort that people have, and small ones of those that people make to do harm."""
    if kind == ".pdf":  # an article takes long to draw, and those that do harm as long as they may
        drawn = made.TEXT * 3 + b"".join(made.LINE % (n, n, n, n) for n in (60, 160, 260)) + b"0 0 4 4 re f /X Do\n"
        return [made.pdf(drawn, 2, [made.form(b"q " + made.TEXT, 6), made.form(made.TEXT, 5)], b"/XObject<</X 5 0 R>>")]
    hostile = (maker for name, maker in made.MAKERS.items() if name.endswith(kind))
    small = [data for data in (maker() for maker in hostile) if len(data) < 5_000]
    return [good(kind)] * max(1, len(small)) + small


def good(kind: str) -> bytes:
    """A file as people have them: for documents an article, for tables one of a few ranks."""
    if kind in FORMATS:
        return FORMATS[kind](article())
    rows = [("Name", "Rank", "Since"), *((f"Officer {n}", "Colonel" if n % 3 else "Major", f"{1990 + n}") for n in range(20))]
    if kind == ".csv":
        return "\n".join(map(",".join, rows)).encode()
    cells = "".join(f'<row r="{y}">{"".join(map(_cell, row))}</row>' for y, row in enumerate(rows, start=1))
    strings = "<si><t>Major</t></si><si><r><t>Colo</t></r><r><t>nel</t></r></si>"
    styles = '<numFmts count="1"><numFmt numFmtId="164" formatCode="0%"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    return made.xlsx(cells, strings=strings, styles=styles, after=made.merges("A3:A5", "B7:C8"), sheets=2)


def _cell(text: str) -> str:
    if text in ("Major", "Colonel"):
        return f'<c t="s"><v>{int(text == "Colonel")}</v></c>'
    return f'<c s="1"><v>{text}</v></c>' if text.isdecimal() else f'<c t="inlineStr"><is><t>{text}</t></is></c>'


def files(kind: str, chance: random.Random, known: list[bytes]) -> Iterator[bytes]:
    """Files of the kind without end, each made of one that is known."""
    change = _changed_archive if kind in (".docx", ".xlsx") else _changed
    while True:
        yield change(kind, chance, chance.choice(known))


def _changed_archive(kind: str, chance: random.Random, data: bytes) -> bytes:
    """The archive with some of its parts changed, which are those that say what stands in it, mostly."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist() if entry.file_size < LONGEST}
    for name in chance.choices(sorted(parts), k=chance.randrange(1, 3)) if parts else ():
        parts[name] = _changed(kind, chance, parts[name])
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    packed = stream.getvalue()
    return _damaged(chance, packed) if chance.random() < 0.05 else packed


def _changed(kind: str, chance: random.Random, data: bytes) -> bytes:
    for _ in range(chance.randrange(1, 8)):
        data = chance.choice((_with_scrap, _with_number, _with_other_tag, _damaged, _repeated))(chance, data, kind)[:LONGEST]
    return data


def _with_scrap(chance: random.Random, data: bytes, kind: str) -> bytes:
    at = chance.randrange(len(data) + 1)
    if (tags := list(_TAG.finditer(data, at, at + 500))) and chance.random() < 0.7:
        at = tags[0].end()
    return data[:at] + chance.choice(SCRAPS[kind]) * chance.choice((1, 1, 1, 3, 40)) + data[at:]


def _with_number(chance: random.Random, data: bytes, kind: str = "") -> bytes:
    numbers = list(_NUMBER.finditer(data))
    if not numbers:
        return data
    number = chance.choice(numbers)
    return data[: number.start()] + chance.choice(NUMBERS) + data[number.end() :]


def _with_other_tag(chance: random.Random, data: bytes, kind: str = "") -> bytes:
    tags = list(_TAG.finditer(data))
    if not tags:
        return data
    one, other = chance.choice(tags), chance.choice(tags)
    return data[: one.start()] + chance.choice((b"", other[0], other[0] + one[0])) + data[one.end() :]


def _damaged(chance: random.Random, data: bytes, kind: str = "") -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + bytes(chance.choices(range(256), k=chance.randrange(3))) + data[at + chance.randrange(8) :]


def _repeated(chance: random.Random, data: bytes, kind: str = "") -> bytes:
    first = chance.randrange(len(data) + 1)
    last = first + chance.randrange(200)
    return data[:last] + data[first:last] * chance.choice((1, 2, 30)) + data[last:]


def failure(kind: str, data: bytes) -> tuple[str, str] | None:
    """Where something is wrong with how a file is read, and what; None where nothing is."""
    signal.signal(signal.SIGVTALRM, _too_slow)
    signal.setitimer(signal.ITIMER_VIRTUAL, Limits.of(len(data), kind).seconds)
    try:
        reading = PARSERS[kind](data)
        check_blocks(reading)
        document = Document(f"a{kind}", "T", reading.text, "", reading.blocks, reading.pages)
        check_split(document, split(SourceFile(document, ""), words, WINDOW), indented=True)
    except UnreadableFileError as error:
        return None if 10 < len(str(error)) < 400 and "\n" not in str(error) else (f"message {kind}", str(error)[:300])
    except TooSlowError:
        return None if kind == ".pdf" else (f"slow {kind}", f"{len(data)} bytes")  # a PDF may draw a page for long
    except Exception as error:  # whatever is raised is the finding
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{Path(place.filename).name}:{place.lineno} {kind}", f"{type(error).__name__}: {error}"[:300]
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return None


def _too_slow(number: int, frame: FrameType | None) -> None:
    raise TooSlowError


def fuzz(kind: str, seconds: float, seed: int, found: Callable[[str, str, bytes], None]) -> int:
    """Reads files of a kind for so long, of processor time; returns how many. Each new failure is `found` once."""
    chance, known, seen, done = random.Random(f"{seed}{kind}"), seeds(kind), set[str](), 0
    end = time.process_time() + seconds
    for data in files(kind, chance, known):
        if time.process_time() > end:
            break
        done += 1
        wrong = failure(kind, data)
        if wrong and wrong[0] not in seen:
            seen.add(wrong[0])
            found(*wrong, data)
    return done


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="FORMAT", help=f"of {', '.join(KINDS)}; all of them without")
    parser.add_argument("--seconds", type=float, default=60, help="of processor time for each format")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "roleqa-fuzz")
    given = parser.parse_args()
    logging.disable()  # a library warns of each odd thing
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    count = 0

    def found(place: str, what: str, data: bytes) -> None:
        nonlocal count
        count += 1
        given.keep.mkdir(parents=True, exist_ok=True)
        file = given.keep / f"{hashlib.sha256(data).hexdigest()[:10]}{place.rpartition(' ')[2]}"
        file.write_bytes(data)
        print(f"{file}: {len(data):,} bytes\n  {place} {what}", flush=True)

    for kind in given.kinds or KINDS:
        done = fuzz(kind, given.seconds, given.seed, found)
        print(f"{kind}: {done:,} files with seed {given.seed}, {count} found so far", flush=True)
    return bool(count)


if __name__ == "__main__":
    sys.exit(main())
