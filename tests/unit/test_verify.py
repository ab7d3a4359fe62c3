"""Verifying an index: damage of every kind is found, named, and refused at load."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fakes import OverlapReader, WordEncoder
from roleqa import assistant as assistant_module
from roleqa.assistant import Assistant, build_index, verify_index
from roleqa.cli import main
from roleqa.errors import IndexDamagedError, IndexMismatchError, IndexMissingError, RoleqaError
from roleqa.index.evidence_store import EvidenceStore
from roleqa.index.faiss_store import FaissStore
from roleqa.index.layout import GenerationFolder, IndexFolder
from roleqa.index.library import load_library
from roleqa.index.manifest import Manifest, sha256
from roleqa.index.record_file import RecordFile, write_records
from roleqa.index.verify import Inspection
from roleqa.settings import Settings

FILES = (
    "blocks.jsonl",
    "blocks.jsonl.npy",
    "bm25/passages.npy",
    "bm25/peaks.npy",
    "bm25/rows.npy",
    "bm25/scores.npy",
    "bm25/starts.npy",
    "bm25/terms.txt",
    "bm25/terms.txt.npy",
    "documents.jsonl",
    "documents.jsonl.npy",
    "evidence.npy",
    "evidence.starts.npy",
    "manifest.json",
    "passages.jsonl",
    "passages.jsonl.npy",
    "texts.txt",
    "texts.txt.npy",
    "topics.json",
    "vectors.faiss",
    "vocabulary.json",
)


@pytest.fixture
def folder(settings: Settings) -> GenerationFolder:
    build_index(settings, encoder=WordEncoder())
    return IndexFolder(settings.index).live()


def verify(settings: Settings) -> Inspection:
    return verify_index(settings, encoder=WordEncoder())


def load(settings: Settings) -> Assistant:
    return Assistant.load(settings, encoder=WordEncoder(), reader=OverlapReader())


def test_a_whole_index_is_whole(settings: Settings, folder: GenerationFolder) -> None:
    found = verify(settings)
    assert found == Inspection(folder.path.name, (), "", files=21, documents=1, passages=4, evidence=10, encoded=14)
    assert found.to_dict()["whole"] is True


def test_these_are_the_files(folder: GenerationFolder) -> None:
    assert sorted(file.relative_to(folder.path).as_posix() for file in (*folder.files(), folder.manifest)) == list(FILES)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("bit", [0, 3, 7])
def test_a_flipped_bit_is_named_and_refused(
    settings: Settings, folder: GenerationFolder, name: str, place: float, bit: int
) -> None:
    file = folder.path / name
    content = bytearray(file.read_bytes())
    content[round(place * (len(content) - 1))] ^= 1 << bit
    file.write_bytes(content)
    found = verify(settings)
    assert [damage.file for damage in found.damages] == [name]
    assert found.remedy == f"roleqa build --full --index {settings.index}"
    with pytest.raises(IndexDamagedError, match=rf"{name}.*run: roleqa build --full"):
        load(settings)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_and_a_cut_file_are_named(settings: Settings, folder: GenerationFolder, name: str) -> None:
    file = folder.path / name
    file.write_bytes(file.read_bytes()[:-1])
    assert [damage.file for damage in verify(settings).damages] == [name]
    file.unlink()
    with pytest.raises(RoleqaError, match="CURRENT names .* which is not there; run: roleqa build" if name == "manifest.json" else name):
        load(settings)
    if name != "manifest.json":
        assert [(damage.file, damage.reason) for damage in verify(settings).damages] == [(name, "is missing")]


def test_all_that_is_damaged_is_named_at_once(settings: Settings, folder: GenerationFolder) -> None:
    folder.vectors.write_bytes(b"")
    folder.documents.unlink()
    found = verify(settings)
    assert {damage.file for damage in found.damages} == {"vectors.faiss", "documents.jsonl"}
    assert found.summary.startswith(f"generation {folder.path.name} is damaged in ")


def test_current_is_verified(settings: Settings, folder: GenerationFolder) -> None:
    (settings.index / "CURRENT").write_text(f"{folder.path.name}\v")
    assert [damage.file for damage in verify(settings).damages] == ["CURRENT"]


def test_a_manifest_of_another_generation_is_not_this_one_s(settings: Settings, folder: GenerationFolder) -> None:
    moved = folder.path.rename(folder.path.with_name("20010101T000000000000Z"))
    (settings.index / "CURRENT").write_text(f"{moved.name}\n")
    assert [damage.file for damage in verify(settings).damages] == ["manifest.json"]


def reseal(folder: GenerationFolder, **changes: Any) -> None:
    """Gives the files, as they are now, the checksums that go with them."""
    manifest = Manifest.load(folder.manifest)
    files = {name: sha256(folder.path / name) for name in manifest.files}
    sizes = {name: (folder.path / name).stat().st_size for name in manifest.files}
    replace(manifest, files=files, sizes=sizes, **changes).save(folder.manifest)


def wrong_vectors(folder: GenerationFolder) -> None:
    rows = FaissStore.load(folder.vectors).embeddings()
    FaissStore.build(rows[::-1]).save(folder.vectors)


def wrong_evidence(folder: GenerationFolder) -> None:
    rows = np.load(folder.evidence)
    EvidenceStore(rows[::-1], np.load(folder.path / "evidence.starts.npy")).save(folder.evidence)


def wrong_passage(folder: GenerationFolder) -> None:
    *lines, last = RecordFile(folder.passages)
    write_records(folder.passages, (*lines, json.dumps(json.loads(last) | {"end": 10_000}).encode()))


def wrong_evidence_offsets(folder: GenerationFolder) -> None:
    first, *lines = map(json.loads, RecordFile(folder.passages))
    first["evidence"][0][0] = 0
    write_records(folder.passages, (json.dumps(line).encode() for line in (first, *lines)))


def wrong_vocabulary(folder: GenerationFolder) -> None:
    words = json.loads(folder.vocabulary.read_text())
    folder.vocabulary.write_text(json.dumps(words | {"zeppelin": "zeppelin"}))


def other_words(folder: GenerationFolder) -> None:
    """The documents say something else than BM25, the vocabulary and the embeddings have heard."""
    write_records(folder.texts, [text.replace(b"lamp", b"moth") for text in RecordFile(folder.texts)])


@pytest.mark.parametrize(
    ("spoil", "files"),
    [
        (wrong_vectors, {"vectors.faiss"}),
        (wrong_evidence, {"evidence.npy"}),
        (wrong_passage, {"passages.jsonl"}),
        (wrong_evidence_offsets, {"passages.jsonl", "bm25", "vocabulary.json", "vectors.faiss", "evidence.npy"}),
        (wrong_vocabulary, {"vocabulary.json"}),
        (other_words, {"bm25", "vocabulary.json", "vectors.faiss", "evidence.npy"}),
    ],
)
def test_what_is_wrong_under_right_checksums_is_found(
    settings: Settings, folder: GenerationFolder, spoil: Callable[[GenerationFolder], None], files: set[str]
) -> None:
    spoil(folder)
    reseal(folder)
    assert {damage.file for damage in verify(settings).damages} == files


def test_counts_are_held_against_the_manifest(settings: Settings, folder: GenerationFolder) -> None:
    reseal(folder, passages=5)
    (damage,) = verify(settings).damages
    assert "holds 4 passages, not 5" in damage.reason


def test_another_encoder_cannot_verify(settings: Settings, folder: GenerationFolder) -> None:
    with pytest.raises(IndexMismatchError, match="made by the encoder words, the one in use is other.*ROLEQA_ENCODER"):
        verify_index(settings, encoder=WordEncoder("other"))


def test_no_index_cannot_be_verified(settings: Settings) -> None:
    with pytest.raises(IndexMissingError, match="roleqa build"):
        verify(settings)


def test_verifying_never_writes(settings: Settings, folder: GenerationFolder) -> None:
    before = {path: path.stat().st_mtime_ns for path in settings.index.rglob("*")}
    verify(settings)
    assert {path: path.stat().st_mtime_ns for path in settings.index.rglob("*")} == before


def test_documents_that_load_alone_are_checked_too(settings: Settings, folder: GenerationFolder) -> None:
    other_words(folder)
    with pytest.raises(IndexDamagedError, match=r"texts\.txt.* is not what was written"):
        load_library(settings.index)


def test_the_command(
    settings: Settings, folder: GenerationFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(assistant_module, "load_encoder", lambda _: WordEncoder())
    arguments = ["verify", "--index", str(settings.index)]
    assert main(arguments) == 0
    assert capsys.readouterr().out.startswith(f"Generation {folder.path.name} is whole: 21 files, 1 documents, 4 passages")
    folder.vectors.unlink()
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert said.out == "Damaged  vectors.faiss: is missing\n"
    assert "is damaged in vectors.faiss; run: roleqa build --full" in said.err
    assert main([*arguments, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["damages"] == [{"file": "vectors.faiss", "reason": "is missing"}]


def test_a_folder_whose_name_is_no_utf_8_can_be_a_corpus(settings: Settings, tmp_path: Path) -> None:
    odd = settings.corpus.rename(tmp_path / "caf\udce9")
    settings = settings.model_copy(update={"corpus": odd})
    build_index(settings, encoder=WordEncoder())
    assert not build_index(settings, encoder=WordEncoder()).built
    assert verify(settings).is_whole
