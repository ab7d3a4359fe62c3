"""Whatever a document is called, the file it becomes stays in its folder and is what it looks like."""

from __future__ import annotations

import unicodedata
from pathlib import Path, PureWindowsPath

from hypothesis import example, given, settings
from hypothesis import strategies as st

from roleqa.ingest.file_names import MAX_NAME_BYTES, numbered, safe_name, same_name

PARTS = st.sampled_from(["..", "/", "\\", ".", " ", "-", "\0", "\u202e", "\u200d", "\u0301", "con", "COM1", "\ud800", ".md", ".TXT", "\u00e9"])
NAMES = st.lists(st.one_of(PARTS, st.text(max_size=60)), max_size=8).map("".join)


@settings(max_examples=300, deadline=None)
@given(NAMES)
@example("con\u200d.md")
@example("\u200dcon.md")
@example(". con .md")
@example("a" * 118 + ". b.md")
def test_a_safe_name_is_safe(name: str) -> None:
    safe = safe_name(name)
    assert safe == Path(safe).name == PureWindowsPath(safe).name
    assert not safe.startswith((".", "-", " "))
    assert not safe.endswith((".", " "))
    assert len(safe.encode("utf-8")) <= MAX_NAME_BYTES
    assert unicodedata.is_normalized("NFC", safe)
    assert not {unicodedata.category(letter) for letter in safe} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not set(safe) & set('<>:"|?*')
    assert not PureWindowsPath(safe).is_reserved()
    assert safe_name(safe) == safe


@settings(max_examples=200, deadline=None)
@given(NAMES, st.integers(2, 10**6))
def test_a_numbered_name_is_safe_and_another(name: str, number: int) -> None:
    safe = safe_name(name + ".md")
    other = numbered(safe, number)
    assert safe_name(other) == other
    assert not same_name(other, safe) or safe.endswith(f"-{number}.md")
    assert Path(other).suffix == Path(safe).suffix
