"""Adding and removing documents: names made safe, nothing overwritten or followed unasked, nothing half written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from roleqa.errors import CorpusError, DocumentExistsError, UnreadableFileError
from roleqa.ingest import corpus as reader
from roleqa.ingest.corpus import read_corpus
from roleqa.ingest.corpus_files import add_document, document_name, free_name, remove_document
from roleqa.ingest.file_names import MAX_NAME_BYTES, numbered, safe_name, same_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("notes.md", "notes.md"),
        ("Notes on travel (2).MD", "Notes on travel (2).md"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\boot.txt", "boot.txt"),
        ("C:\\temp\\a.md", "a.md"),
        ("/etc/shadow", "shadow"),
        ("..", "document"),
        (".hidden.md", "hidden.md"),
        ("...md", "md"),
        (".md", "md"),
        ("-rf.md", "rf.md"),
        ("a\0b\n.md", "ab.md"),
        ("re\u202efdp.md", "refdp.md"),
        ("zero\u200bwidth.md", "zerowidth.md"),
        ("lone\ud800.md", "lone.md"),
        ("cafe\u0301.md", "caf\u00e9.md"),
        ("e\u200d\u0301.md", "\u00e9.md"),
        ("<img src=x onerror=alert(1)>.md", "img src=x onerror=alert(1).md"),
        ('a"b|c?d*e:f.md', "a-b-c-d-e-f.md"),
        ("  many   spaces . md", "many spaces. md"),
        ("trailing. .md", "trailing.md"),
        ("con.md", "document-con.md"),
        ("NUL.txt", "document-NUL.txt"),
        ("com1.notes.md", "document-com1.notes.md"),
        ("lpt\u00b9.md", "document-lpt\u00b9.md"),
        ("conduct.md", "conduct.md"),
        ("\u5bfe\u9023\u7d61.md", "\u5bfe\u9023\u7d61.md"),
        ("x" * 300 + ".md", "x" * (MAX_NAME_BYTES - 3) + ".md"),
        ("\u00e9" * 300 + ".txt", "\u00e9" * 58 + ".txt"),
        ("a." + "x" * 40, "a." + "x" * 40),
        ("", "document"),
    ],
)
def test_a_hostile_name_becomes_a_safe_one(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_names_that_some_system_takes_for_one() -> None:
    assert same_name("Notes.md", "notes.MD")
    assert same_name("caf\u00e9.md", "CAFE\u0301.md")
    assert not same_name("notes.md", "notes.txt")
    assert numbered("notes.md", 2) == "notes-2.md"
    assert numbered("x" * 117 + ".md", 10) == "x" * 114 + "-10.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "harbour.md").write_text("# Harbour\n\nOld.\n")
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "upload"
    file.write_text("# New\n\nSomething new.\n")
    return file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_document_is_added_under_a_safe_name(folder: Path, source: Path) -> None:
    assert add_document(folder, "../New \u202erules.MD", source) == "New rules.md"
    assert names(folder) == ["New rules.md", "harbour.md"]
    assert (folder / "New rules.md").read_bytes() == source.read_bytes()
    assert (folder / "New rules.md").stat().st_mode & 0o777 == 0o644
    assert [document.title for document in read_corpus(folder).documents] == ["New", "Harbour"]


@pytest.mark.parametrize("name", ["harbour.md", "HARBOUR.md", "x/harbour.md", " harbour .md"])
def test_a_document_is_never_overwritten_unasked(folder: Path, source: Path, name: str) -> None:
    with pytest.raises(DocumentExistsError, match="harbour.md is there already") as caught:
        add_document(folder, name, source)
    assert caught.value.existing == "harbour.md"
    assert (folder / "harbour.md").read_text() == "# Harbour\n\nOld.\n"
    assert add_document(folder, name, source, replace=True) == "harbour.md"
    assert (folder / "harbour.md").read_bytes() == source.read_bytes()
    assert names(folder) == ["harbour.md"]


def test_one_that_comes_between_the_look_and_the_writing_stays(
    folder: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roleqa.ingest.corpus_files._namesake", lambda *_: None)
    with pytest.raises(DocumentExistsError):
        add_document(folder, "harbour.md", source)
    assert (folder / "harbour.md").read_text() == "# Harbour\n\nOld.\n"
    assert names(folder) == ["harbour.md"]


def test_where_the_file_system_has_no_links_it_is_renamed(
    folder: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert add_document(folder, "new.md", source) == "new.md"
    with pytest.raises(DocumentExistsError):
        add_document(folder, "new.md", source)
    assert names(folder) == ["harbour.md", "new.md"]


def test_a_new_name_is_offered(folder: Path) -> None:
    assert free_name(folder, "harbour.md") == "harbour-2.md"
    (folder / "Harbour-2.md").touch()
    assert free_name(folder, "harbour.md") == "harbour-3.md"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xff\xfea\0", "UTF-16"),
        (b"text\0text", "binary"),
        (b"caf\xe9", "not UTF-8"),
        (b" \n", "empty"),
    ],
)
def test_what_cannot_be_read_is_not_added(folder: Path, source: Path, data: bytes, why: str) -> None:
    source.write_bytes(data)
    for replace in (False, True):
        with pytest.raises(UnreadableFileError, match=why):
            add_document(folder, "harbour.md" if replace else "new.md", source, replace=replace)
    assert names(folder) == ["harbour.md"]
    assert (folder / "harbour.md").read_text() == "# Harbour\n\nOld.\n"


def test_what_is_too_large_is_not_added(folder: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 1_000_000)
    source.write_bytes(b"a" * 1_000_001)
    with pytest.raises(UnreadableFileError, match="over the limit of 1 MB"):
        add_document(folder, "new.md", source)
    assert names(folder) == ["harbour.md"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("plan.rst", ".rst files are not read: save it as .md or .txt"),
        ("run.exe", ".exe files"),
        ("roles.toml", ".toml files"),
        ("notes", "without a suffix"),
        (".md", "without a suffix"),
        ("notes.md/..", "without a suffix"),
    ],
)
def test_only_what_is_read_has_a_name_here(name: str, why: str) -> None:
    with pytest.raises(UnreadableFileError, match=why):
        document_name(name)


def test_a_link_is_neither_read_nor_replaced(folder: Path, source: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("secret")
    (folder / "link.md").symlink_to(secret)
    with pytest.raises(CorpusError, match="link.md is a link or a folder"):
        add_document(folder, "link.md", source, replace=True)
    assert secret.read_text() == "secret"
    upload = tmp_path / "upload-link"
    upload.symlink_to(secret)
    with pytest.raises(CorpusError, match="cannot be written"):
        add_document(folder, "new.md", upload)
    (folder / "folder.md").mkdir()
    with pytest.raises(CorpusError, match="folder.md is a link or a folder"):
        add_document(folder, "folder.md", source, replace=True)
    assert names(folder) == ["folder.md", "harbour.md", "link.md"]


def test_a_pipe_is_not_waited_for(folder: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(UnreadableFileError, match="not a regular file"):
        add_document(folder, "new.md", pipe)
    assert names(folder) == ["harbour.md"]


def test_a_folder_that_is_gone_is_one_error(tmp_path: Path, source: Path) -> None:
    with pytest.raises(CorpusError, match="cannot be opened"):
        add_document(tmp_path / "none", "new.md", source)


def test_a_document_is_removed(folder: Path) -> None:
    below = folder / "below"
    below.mkdir()
    (below / "deep.txt").write_text("Deep.")
    (folder / "plan.pdf").write_bytes(b"%PDF")
    remove_document(folder, "below/deep.txt")
    remove_document(folder, "plan.pdf")
    assert names(folder) == ["below", "harbour.md"]
    assert names(below) == []
    with pytest.raises(CorpusError, match="removed already"):
        remove_document(folder, "plan.pdf")


@pytest.mark.parametrize("id", ["../secret.md", "/etc/passwd", "", ".", "..", "roles.toml", ".git/x.md", "below/../harbour.md"])
def test_only_what_is_listed_is_removed(folder: Path, tmp_path: Path, id: str) -> None:
    (tmp_path / "secret.md").write_text("secret")
    (folder / "roles.toml").touch()
    (folder / ".git").mkdir()
    (folder / ".git" / "x.md").touch()
    with pytest.raises(CorpusError, match="there is no"):
        remove_document(folder, id)
    assert names(folder) == [".git", "harbour.md", "roles.toml"]
    assert (tmp_path / "secret.md").exists()


def test_links_are_not_followed_to_remove_what_they_lead_to(folder: Path, tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    (away / "kept.md").write_text("kept")
    (folder / "link.md").symlink_to(away / "kept.md")
    (folder / "linked").symlink_to(away)
    for id in ("link.md", "linked"):
        with pytest.raises(CorpusError, match="no file of its own"):
            remove_document(folder, id)
    with pytest.raises(CorpusError, match="there is no"):
        remove_document(folder, "linked/kept.md")
    assert names(away) == ["kept.md"]
    assert (folder / "link.md").is_symlink()


def test_a_corpus_behind_a_link_is_a_corpus(folder: Path, tmp_path: Path, source: Path) -> None:
    linked = tmp_path / "linked"
    linked.symlink_to(folder)
    add_document(linked, "new.md", source)
    remove_document(linked, "harbour.md")
    assert names(folder) == ["new.md"]


def test_the_corpus_may_be_named_from_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "upload").write_text("# Lamps\n\nThey burn oil.\n")
    monkeypatch.chdir(tmp_path)
    assert add_document(Path("corpus"), "lamps.md", Path("upload")) == "lamps.md"
    assert list(read_corpus(Path("corpus")).documents)
    remove_document(Path("corpus"), "lamps.md")
    assert not list((tmp_path / "corpus").iterdir())
