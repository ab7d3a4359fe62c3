"""Reads and splits texts made by chance, and stops at nothing: fuzz.py EXECUTIONS [--seed N] [--keep FOLDER].

A text is put together from the pieces that documents are made of, or is a slice of a real or kept document changed
here and there; it is read as Markdown or as plain text and split. Each is one execution, after which everything in
tests/invariants.py must hold. What breaks it is made shorter, printed, and kept as a file.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

from invariants import READERS, check_bytes  # noqa: E402 - the path comes first

CASES = TESTS / "fuzz_cases"
CORPUS = TESTS.parent / "corpus"
LONGEST = 320
WINDOWS = (1, 4, 8, 12, 20, 40, 60, 60, 200, 200)
# So many of the texts are read and split a second time, to see that it gives the same.
TWICE = 0.1

SCRAPS = (
    "# ", "## ", "###### ", "#", "- ", "* ", "+ ", "-", "  - ", "    ", "   ", "\t", "1. ", "2) ", "3.2 ", "(a) ", "iv) ", "10. ",
    "> ", ">", ">>", "```", "````", "~~~", "```py", "`", "``", "|", " | ", "||", "---|---", "|---|:-:|", "|-|", "\\|", "\\", "\\\n",
    "---", "===", "***", "* * *", "___", "- - -", "<!--", "-->", "<!-->", "<!--->", "<!-- f1 -->", "--!>", "<div>", "</p>", "<br>",
    "<br/>", "<pre>", "</pre>", "<script>", "</script>", "<?", "?>", "<!A", "<![CDATA[", "]]>", "<a href='", "<", ">", "&amp;", "&#x3c;",
    "[a](b)", "[a]: b", "[a]: <b> 'c'", "[a]:\n", "[^1]: c", "[^1]", "![x](y)", "[", "]", "](", "**", "*", "_", "__", "~~", "[ ] ",
    "[x] ", "---\n", "...\n", "title: T\n", "title: 'T\n", "sources:\n", "- s\n", "source: [a, b]\n", "key: v # c\n", "\n", "\n", "\n",
    "\n\n", "  \n", " ", " ", "  ", ". ", ".", "! ", "? ", ": ", "; ", ", ", "(", ")", '"', "'", "\u201c", "\u201d", "\u2019", "\u2026", "\u2013 ",
    "\u2022 ", "Duties", "Pay and Leave", "the officer reports", "Lt. Col. Ames", "para. 3", "e.g. ", "U.S. ", "1961", "No. 5", "Rules of Engagement (ROE)",
    "x" * 30, "x" * 90, "word " * 12, "word " * 30 + ".", "A sentence of some words ends here. ", "caf\u00e9", "cafe\u0301", "\u0301", "\U0001f600",
    "\U0001f468\u200d\U0001f469", "\u200d", "\u200b", "\u202e", "\u2066", "\u200f", "\u65e5\u672c\u3002", "\u0627\u0644", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e",
    "\x1f", "\x85", "\u2028", "\u2029", "\u00a0", "\u3000", "\u1680", "\ufeff", "\ufffd", "\uffff", "\x07", "\x1b[31m", "\x7f", "\r", "\r\n", "\u00ad", "\u0130", "\u1e9e", "\ufb01",
    "{{x}}", "${x}", "%s", "{0}", "$$x$$", "\\(x\\)", "<script>alert(1)</script>", "Ignore previous instructions.",
)  # fmt: skip
PREFIXES = ("", "", "", "", "# ", "## ", "- ", "- ", "  - ", "1. ", "> ", "> - ", "    ", "| ", "* ", "\t", "   ", ">", "```", "Duties")
ENDINGS = ("\n", "\n", "\n", "\n\n", "\n\n", " |\n", ".\n", ":\n", "  \n", "\\\n", "\r\n")
RAW = (b"\xff", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80", b"\xf0\x9f", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xc0\x80")


def texts(chance: random.Random, seeds: list[str]) -> Iterator[bytes]:
    """Texts without end: soups of pieces, lines as a document has them, and changed slices of documents."""
    makers: tuple[Callable[[], str], ...] = (
        lambda: _soup(chance),
        lambda: _lines(chance),
        lambda: _changed(chance, chance.choice(seeds)),
    )
    while True:
        data = chance.choice(makers)()[:LONGEST].encode("utf-8", "surrogatepass")
        if chance.random() < 0.01:
            at = chance.randrange(len(data) + 1)
            data = data[:at] + chance.choice(RAW) + data[at:]
        yield data


def _soup(chance: random.Random) -> str:
    return "".join(chance.choices(SCRAPS, k=chance.randrange(1, 36)))


def _lines(chance: random.Random) -> str:
    kinds = chance.sample(PREFIXES, 4)
    return "".join(
        chance.choice(kinds) + "".join(chance.choices(SCRAPS, k=chance.randrange(4))) + chance.choice(ENDINGS)
        for _ in range(chance.randrange(1, 14))
    )


def _changed(chance: random.Random, seed: str) -> str:
    start = chance.randrange(max(1, len(seed) - 50))
    text = seed[start : start + chance.randrange(20, LONGEST)] if chance.random() < 0.9 else seed
    for _ in range(chance.randrange(1, 6)):
        first, last = sorted((chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)))
        last = min(last, first + 40)
        piece = text[first:last]
        text = chance.choice(
            (
                text[:first] + chance.choice(SCRAPS) + text[first:],
                text[:first] + text[last:],
                text[:last] + piece * chance.randrange(1, 4) + text[last:],
                text[:first] + chance.choice(SCRAPS) + text[last:],
                text[:first] + piece[::-1] + text[last:],
            )
        )
    return text


def shortest(data: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """The data with everything taken out that it also fails without."""
    size = max(1, len(data) // 2)
    while size:
        at = 0
        while at < len(data):
            shorter = data[:at] + data[at + size :]
            if fails(shorter):
                data = shorter
            else:
                at += size
        size //= 2
    return data


def failure(name: str, data: bytes, window: int, twice: bool = True) -> tuple[str, str] | None:
    """Where something is wrong with how a text is read and what, None where nothing is."""
    try:
        check_bytes(name, data, window, twice)
    except Exception as error:  # whatever is raised is the finding
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{Path(place.filename).name}:{place.lineno} {name}", f"{type(error).__name__}: {error}"[:300]
    return None


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("executions", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=CASES)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    kept = [file for folder in (CORPUS, CASES) if folder.is_dir() for file in sorted(folder.glob("*.[mt][dx]*"))]
    seeds = [file.read_bytes().decode("utf-8", "replace") for file in kept]
    started, done, found = time.monotonic(), 0, set[str]()
    for data in texts(chance, seeds):
        for name in READERS:
            window = chance.choice(WINDOWS)
            done += 1
            wrong = failure(name, data, window, twice=chance.random() < TWICE)
            if wrong and wrong[0] not in found:
                found.add(wrong[0])
                _keep(given.keep, name, data, window, wrong[0])
        if done % 20_000 < 2:
            print(f"{done:,} executions, {len(found)} found, {time.monotonic() - started:,.0f} s", flush=True)
        if done >= given.executions:
            break
    print(f"{done:,} executions with seed {given.seed}: {len(found)} found, {time.monotonic() - started:,.0f} s")
    return bool(found)


def _keep(folder: Path, name: str, data: bytes, window: int, place: str) -> None:
    data = shortest(data, lambda shorter: (failure(name, shorter, window) or ("",))[0] == place)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{hashlib.sha256(data).hexdigest()[:10]}-window-{window}{Path(name).suffix}"
    file.write_bytes(data)
    print(f"{file.name}: {data!r}\n  {place} {failure(name, data, window)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
