"""What fuzzing has found stays mended, and what holds of its texts holds of others."""

from __future__ import annotations

import random
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import fuzz_files
from benchmarks.fuzz import CASES, failure, shortest, texts
from invariants import READERS, check_bytes, check_text
from roleqa.errors import UnreadableFileError
from roleqa.ingest.blocks import Reading
from roleqa.ingest.readers import decoded

# Called after the reader and the window that they were found with.
FOUND = sorted(CASES.iterdir())


@pytest.mark.parametrize("file", FOUND, ids=lambda file: file.name)
def test_what_was_found_is_mended(file: Path) -> None:
    window = int(file.stem.rpartition("-")[2])
    assert check_bytes(f"a{file.suffix}", file.read_bytes(), window) is not None


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_texts_made_by_chance_are_read_and_split(name: str, seed: int) -> None:
    for data in islice(texts(random.Random(seed), ["# A\n\nText here.\n"]), 3):
        assert failure(name, data, window=20) is None


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_become_text_or_one_error(data: bytes) -> None:
    try:
        text = decoded(data)
    except UnreadableFileError:
        return
    assert text.strip()
    assert "\r" not in text
    assert "\0" not in text


def test_what_fails_is_made_as_short_as_it_fails() -> None:
    assert shortest(b"some words before | and # behind", lambda data: b"|" in data and b"#" in data) == b"|#"


def test_what_is_lost_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    read = READERS["a.txt"]
    monkeypatch.setitem(READERS, "a.txt", lambda text: read(text.replace("lost", "    ")))
    check_text("a.txt", "Nothing is missing here.", window=20)
    assert failure("a.txt", b"This is lost here.", window=20)


# Of processor time, for each format: half a minute in all. `make fuzz` takes longer.
SECONDS = 5


@pytest.mark.parametrize("kind", fuzz_files.KINDS)
def test_files_made_by_chance_are_read_or_refused(kind: str) -> None:
    command = [sys.executable, fuzz_files.__file__, kind, "--seconds", str(SECONDS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert int(done.stdout.split()[1].replace(",", "")) > 20


def test_what_a_parser_lets_through_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    data = fuzz_files.good(".csv")
    assert fuzz_files.failure(".csv", data) is None

    def fails(data: bytes) -> Reading:
        raise KeyError("odd")

    monkeypatch.setitem(fuzz_files.PARSERS, ".csv", fails)
    place, what = fuzz_files.failure(".csv", data) or ("", "")
    assert (place.split(":")[0], what) == ("test_fuzzed.py", "KeyError: 'odd'")
