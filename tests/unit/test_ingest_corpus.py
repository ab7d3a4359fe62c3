"""The corpus folder: what is read, in which order, and what is said of what cannot be."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from roleqa.errors import CorpusError
from roleqa.ingest import corpus as module
from roleqa.ingest.corpus import corpus_hashes, read_corpus
from roleqa.ingest.readers import KINDS, SAVE_AS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus with one good document."""
    corpus = tmp_path / "documents"
    corpus.mkdir()
    (corpus / "good.md").write_text("# Good\n\nText.\n", encoding="utf-8")
    return corpus


def write(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def problems(folder: Path) -> dict[str, str]:
    return {problem.file: problem.reason for problem in read_corpus(folder).problems}


def test_documents_in_the_order_of_their_ids(folder: Path) -> None:
    for name in ("b/two.txt", "a.md", "b/One.MD", "b.md", "B.md"):
        write(folder, name, b"Text.")
    ids = [document.id for document in read_corpus(folder).documents]
    assert ids == ["B.md", "a.md", "b.md", "b/One.MD", "b/two.txt", "good.md"]


def test_what_no_one_takes_for_a_document_is_passed_over(folder: Path) -> None:
    for name in ("roles.toml", ".hidden.md", ".git/a.md", "map.png", "a.md~", "notes"):
        write(folder, name, b"Text.")
    reading = read_corpus(folder, strict=True)
    assert [document.id for document in reading.documents] == ["good.md"]


def test_a_document(folder: Path) -> None:
    data = b"\xef\xbb\xbf---\r\ntitle: Pay\r\nsources: [Act, Code]\r\n---\r\nOne.\rTwo.\r\n"
    write(folder, "pay.md", data)
    source = read_corpus(folder).files[1]
    assert source.document.id == "pay.md"
    assert source.document.title == "Pay"
    assert source.document.source == "Act; Code"
    assert source.document.text == "---\ntitle: Pay\nsources: [Act, Code]\n---\nOne.\nTwo.\n"
    assert source.sha256 == hashlib.sha256(data).hexdigest()
    assert [source.document.text[block.start : block.end] for block in source.document.blocks] == ["One.\nTwo."]


TITLES = [
    pytest.param("a.md", "---\ntitle: Front\n---\n# Head\n", "Front", id="front-matter"),
    pytest.param("a.md", "## Sub\n\n# *Head*\n", "Head", id="first-top-heading"),
    pytest.param("a.txt", "Head\n====\n\nText.\n", "Head", id="underlined-heading"),
    pytest.param("role-comparison_2.txt", "Text.", "Role comparison 2", id="name-of-the-file"),
    pytest.param("NATO-terms.md", "## Sub\n", "NATO terms", id="capitals-stay"),
]


@pytest.mark.parametrize(("name", "text", "title"), TITLES)
def test_title(tmp_path: Path, name: str, text: str, title: str) -> None:
    write(tmp_path, name, text.encode())
    assert [document.title for document in read_corpus(tmp_path).documents] == [title]


UNREADABLE = [
    pytest.param(b"", "it is empty: write something in it or remove it", id="empty"),
    pytest.param(b" \r\n\t\n", "it is empty: write something in it or remove it", id="white-space"),
    pytest.param(b"\xef\xbb\xbf", "it is empty: write something in it or remove it", id="only-a-bom"),
    pytest.param(b"caf\xe9", "it is not UTF-8 (byte 4): save it as UTF-8", id="latin-1"),
    pytest.param("caf\u00e9".encode()[:-1], "it is not UTF-8 (byte 4): save it as UTF-8", id="cut-short"),
    pytest.param("Text.".encode("utf-16"), "it is UTF-16, not UTF-8: save it as UTF-8", id="utf-16"),
    pytest.param(b"Te\0xt", "it holds binary data, not text: remove it or save it as text", id="binary"),
]


@pytest.mark.parametrize(("data", "reason"), UNREADABLE)
def test_an_unreadable_file_is_named_and_the_rest_is_read(folder: Path, data: bytes, reason: str) -> None:
    write(folder, "bad.txt", data)
    reading = read_corpus(folder)
    assert [document.id for document in reading.documents] == ["good.md"]
    assert [(problem.file, problem.reason) for problem in reading.problems] == [("bad.txt", reason)]
    assert list(corpus_hashes(folder)) == ["good.md"]


@pytest.mark.parametrize("name", ["a.epub", "b/a.RTF", "a.doc"])
def test_a_format_that_is_not_read_is_named(folder: Path, name: str) -> None:
    write(folder, name, b"%PDF")
    suffix = Path(name).suffix.lower()
    assert problems(folder) == {name: f"{suffix} files are not read: save it as {SAVE_AS[suffix]}"}


def link_out(folder: Path) -> None:
    (folder.parent / "secret.txt").write_text("Secret.", encoding="utf-8")
    (folder / "odd.txt").symlink_to("../secret.txt")


def link_to_itself(folder: Path) -> None:
    (folder / "odd.txt").symlink_to("odd.txt")


def link_to_nothing(folder: Path) -> None:
    (folder / "odd.txt").symlink_to("nothing.txt")


def link_to_folder(folder: Path) -> None:
    (folder / "odd.txt").symlink_to(folder, target_is_directory=True)


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "odd.txt")


ODD_FILES = [
    pytest.param(link_out, "it is a link that leads out of the corpus: put the file itself there", id="link-out"),
    pytest.param(link_to_itself, "it cannot be opened", id="link-to-itself"),
    pytest.param(link_to_nothing, "it cannot be opened (No such file or directory)", id="link-to-nothing"),
    pytest.param(link_to_folder, "links to folders are not followed", id="link-to-folder"),
    pytest.param(pipe, "it is not a regular file: put one in its place or remove it", id="pipe"),
]


@pytest.mark.parametrize(("make", "reason"), ODD_FILES)
def test_an_odd_file_is_named(folder: Path, make: Callable[[Path], None], reason: str) -> None:
    make(folder)
    found = problems(folder)
    assert list(found) == ["odd.txt"]
    assert found["odd.txt"].startswith(reason)


def test_a_link_inside_the_corpus_is_read(folder: Path) -> None:
    (folder / "also.md").symlink_to("good.md")
    assert [document.id for document in read_corpus(folder).documents] == ["also.md", "good.md"]


def test_a_corpus_behind_a_link_is_read(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder, target_is_directory=True)
    assert [document.id for document in read_corpus(link).documents] == ["good.md"]


def test_a_file_without_permission_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "shut.md", b"Text.")

    def refuse(path: str, flags: int) -> int:
        if path.endswith("shut.md"):
            raise PermissionError(13, "Permission denied", path)
        return os.open(path, flags)

    monkeypatch.setattr(module, "_open_without_waiting", refuse)
    assert problems(folder) == {"shut.md": "it cannot be opened (Permission denied)"}


def test_a_folder_that_cannot_be_opened_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, "shut/a.md", b"Text.")
    scan = os.scandir

    def refuse(path: Path) -> object:
        if path.name == "shut":
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert problems(folder) == {"shut": "the folder cannot be opened"}


def test_a_file_over_the_limit_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1_000_000)
    write(folder, "big.txt", b"x" * 2_000_000)
    assert problems(folder) == {"big.txt": "it is 2 MB long, over the limit of 1 MB: split it into several files"}


def test_a_name_that_is_not_utf_8_is_named(folder: Path) -> None:
    try:
        (folder / os.fsdecode(b"caf\xe9.md")).write_text("Text.", encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert problems(folder) == {"caf\\xe9.md (not UTF-8)": "its name is not UTF-8: rename it"}


def test_an_odd_name_is_an_id(folder: Path) -> None:
    write(folder, 'it\'s "new"\nline.txt', b"Text.")
    assert [document.id for document in read_corpus(folder).documents] == ["good.md", 'it\'s "new"\nline.txt']


def test_strict_names_every_file(folder: Path) -> None:
    write(folder, "a.txt", b"")
    write(folder, "b\n.rst", b"%PDF")
    with pytest.raises(CorpusError) as error:
        read_corpus(folder, strict=True)
    assert str(error.value) == (
        f"2 of the files in {folder} cannot be read:\n"
        "  'a.txt': it is empty: write something in it or remove it\n"
        "  'b\\n.rst': .rst files are not read: save it as .md or .txt"
    )


def test_no_folder(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    message = f"there is no folder {missing}: create it, or name another with --corpus"
    for read in (read_corpus, corpus_hashes):
        with pytest.raises(CorpusError) as error:
            read(missing)
        assert str(error.value) == message


def test_a_file_for_a_folder(folder: Path) -> None:
    with pytest.raises(CorpusError, match="is not a folder: name the folder that holds the documents"):
        read_corpus(folder / "good.md")


def test_no_document(tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as error:
        read_corpus(tmp_path)
    assert str(error.value) == (
        f"there is no document in {tmp_path}: add {KINDS} files, or name another folder with --corpus"
    )


def test_no_readable_document_says_why(tmp_path: Path) -> None:
    write(tmp_path, "a.md", b"")
    with pytest.raises(CorpusError, match=r"there is no document .*\n  'a.md': it is empty"):
        read_corpus(tmp_path)


def test_hashes_are_those_of_the_documents_and_show_a_change(folder: Path) -> None:
    write(folder, "b/two.txt", b"Text.")
    write(folder, "bad.txt", b"\xff")
    before = corpus_hashes(folder)
    assert before == {source.document.id: source.sha256 for source in read_corpus(folder).files}
    write(folder, "b/two.txt", b"Text!")
    after = corpus_hashes(folder)
    assert {name for name in after if after[name] != before[name]} == {"b/two.txt"}


def test_a_title_and_sources_are_bounded(folder: Path) -> None:
    sources = ", ".join(["s" * 400] * 60)
    write(folder, "long.md", f"---\ntitle: {'t' * 400}\nsources: [{sources}]\n---\nText.\n".encode())
    document = read_corpus(folder).documents[1]
    assert document.title == "t" * 300 + "\u2026"
    assert document.source == "; ".join(["s" * 300 + "\u2026"] * 50)


def test_what_grows_while_it_is_read_is_over_the_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1_000_000)
    monkeypatch.setattr(module.os, "fstat", lambda _: os.stat_result((0o100644, 0, 0, 0, 0, 0, 0, 0, 0, 0)))
    write(folder, "big.txt", b"x" * 1_000_001)
    assert problems(folder)["big.txt"] == "it is 1 MB long, over the limit of 1 MB: split it into several files"


@pytest.mark.parametrize(("lines", "cells"), [(11, 0), (0, 11), (6, 5)])
def test_a_file_of_too_many_parts_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, lines: int, cells: int
) -> None:
    monkeypatch.setattr("roleqa.ingest.readers.MAX_PARTS", 10)
    write(folder, "long.txt", b"x" + b"\r\n" * lines + b"|" * cells)
    reason = "it has 11 lines and table cells, over the limit of 10: split it into several files"
    assert problems(folder) == {"long.txt": reason}
    assert list(corpus_hashes(folder)) == ["good.md"]
