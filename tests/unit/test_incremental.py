"""Bringing an index up to date: only what changed is split and encoded, and the result is that of building it anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from fakes import WordEncoder
from roleqa.assistant import build_index
from roleqa.errors import CorpusError
from roleqa.index import content
from roleqa.index.layout import GenerationFolder, IndexFolder
from roleqa.index.load import load_index
from roleqa.settings import Settings
from roleqa.types import CorpusChanges

FERRY = "# Ferry\n\nThe ferry sails at noon. It carries goats.\n\n## Fares\n\nA goat travels free.\n"
BUOYS = "# Buoys\n\nA buoy is painted red.\n"


@pytest.fixture
def built(settings: Settings) -> Settings:
    """An index of three documents."""
    (settings.corpus / "ferry.md").write_text(FERRY)
    (settings.corpus / "buoys.md").write_text(BUOYS)
    build_index(settings, encoder=WordEncoder())
    return settings


def live(settings: Settings) -> GenerationFolder:
    return IndexFolder(settings.index).live()


def files(folder: GenerationFolder) -> dict[str, bytes]:
    return {file.relative_to(folder.path).as_posix(): file.read_bytes() for file in folder.files()}


def assert_as_built_anew(settings: Settings) -> None:
    """Whether the live generation's files are, byte for byte, what --full makes of the corpus."""
    made = files(live(settings))
    build_index(settings, full=True, encoder=WordEncoder())
    assert files(live(settings)) == made


@pytest.fixture
def split_ids(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that are split from here on."""
    split: list[str] = []
    original = content.split

    def noted(source, *rest):
        split.append(source.document.id)
        return original(source, *rest)

    monkeypatch.setattr(content, "split", noted)
    return split


def test_only_the_changed_document_is_split_and_encoded(built: Settings, split_ids: list[str]) -> None:
    (built.corpus / "ferry.md").write_text(FERRY.replace("noon", "dawn"))
    encoder = WordEncoder()
    report = build_index(built, encoder=encoder)
    assert split_ids == ["ferry.md"]
    assert (report.encoded, report.kept, report.built, report.reason) == (1, 2, True, "")
    assert encoder.encoded == ["Ferry\nThe ferry sails at dawn. It carries goats.", "The ferry sails at dawn."]
    assert_as_built_anew(built)


def test_nothing_changed_is_nothing_to_do(
    built: Settings, split_ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roleqa.index.build.load_generation", lambda _: pytest.fail("loaded"))
    before = {path: path.stat().st_mtime_ns for path in built.index.rglob("*") if not path.name.startswith(".lock")}
    encoder = WordEncoder()
    report = build_index(built, encoder=encoder)
    assert (report.built, report.encoded, report.kept, report.documents) == (False, 0, 3, 3)
    assert (report.generation, report.changes) == (live(built).path.name, CorpusChanges())
    assert (split_ids, encoder.encoded) == ([], [])
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(list((built.index / "generations").iterdir())) == 1


def test_full_builds_though_nothing_changed(built: Settings, split_ids: list[str]) -> None:
    before = live(built).path.name
    report = build_index(built, full=True, encoder=WordEncoder())
    assert report.built
    assert report.generation != before
    assert report.reason == "--full was asked for"
    assert len(split_ids) == 3


def test_a_renamed_document_is_encoded_under_its_new_name_from_what_is_known(built: Settings) -> None:
    (built.corpus / "ferry.md").rename(built.corpus / "zebra crossing.md")
    encoder = WordEncoder()
    report = build_index(built, encoder=encoder)
    assert (report.encoded, encoder.encoded, report.kept) == (0, [], 2)
    index = load_index(built.index, "words")
    assert list(index.documents) == ["buoys.md", "harbour.md", "zebra crossing.md"]
    assert index.passages[-1].id.startswith("zebra crossing.md#")
    assert_as_built_anew(built)


def test_a_name_that_titles_a_document_and_a_format_that_reads_it_otherwise_count(built: Settings) -> None:
    (built.corpus / "plain.txt").write_text("No heading here, *just* text.\n")
    build_index(built, encoder=WordEncoder())
    (built.corpus / "plain.txt").rename(built.corpus / "other-name.md")
    build_index(built, encoder=WordEncoder())
    document = load_index(built.index, "words").documents["other-name.md"]
    assert document.title == "Other name"
    assert_as_built_anew(built)


def test_a_copy_is_not_encoded(built: Settings) -> None:
    shutil.copy(built.corpus / "ferry.md", built.corpus / "below.md")
    encoder = WordEncoder()
    assert (build_index(built, encoder=encoder).encoded, encoder.encoded) == (0, [])
    assert_as_built_anew(built)


def test_a_removed_document_costs_nothing(built: Settings, split_ids: list[str]) -> None:
    (built.corpus / "buoys.md").unlink()
    encoder = WordEncoder()
    report = build_index(built, encoder=encoder)
    assert (encoder.encoded, split_ids, report.changes.removed) == ([], [], ("buoys.md",))
    assert set(load_index(built.index, "words").documents) == {"ferry.md", "harbour.md"}
    assert_as_built_anew(built)


def test_new_roles_alone_make_a_generation_without_encoding(built: Settings, split_ids: list[str]) -> None:
    (built.corpus / "roles.toml").unlink()
    encoder = WordEncoder()
    assert build_index(built, encoder=encoder).built
    assert (encoder.encoded, split_ids) == ([], [])
    assert load_index(built.index, "words").manifest.roles == ()


def test_a_passage_does_not_take_the_coarser_embedding_of_evidence(settings: Settings) -> None:
    """The same words are first a sentence of a passage, then a passage of their own."""
    (settings.corpus / "a.md").write_text("The ferry sails at noon every day. It carries goats and hay.\n")
    build_index(settings, encoder=WordEncoder())
    (settings.corpus / "a.md").write_text("The ferry sails at noon every day.\n")
    build_index(settings, encoder=WordEncoder())
    exact = WordEncoder().encode_query("The ferry sails at noon every day.")
    assert np.array_equal(load_index(settings.index, "words").vectors.embeddings()[0], exact)
    assert_as_built_anew(settings)


def test_a_new_problem_is_news(built: Settings) -> None:
    (built.corpus / "bad.txt").write_bytes(b"caf\xe9")
    assert [problem.file for problem in build_index(built, encoder=WordEncoder()).problems] == ["bad.txt"]
    again = build_index(built, encoder=WordEncoder())
    assert (again.built, [problem.file for problem in again.problems]) == (False, ["bad.txt"])
    (built.corpus / "bad.txt").unlink()
    assert build_index(built, encoder=WordEncoder()).problems == ()


def test_strict_and_empty_are_errors_of_an_index_brought_up_to_date_too(built: Settings) -> None:
    (built.corpus / "bad.txt").write_bytes(b"caf\xe9")
    with pytest.raises(CorpusError, match=r"1 of the files.*\n.*bad\.txt"):
        build_index(built.model_copy(update={"strict": True}), encoder=WordEncoder())
    for file in built.corpus.glob("*.md"):
        file.unlink()
    with pytest.raises(CorpusError, match=r"there is no document in.*\n.*bad\.txt"):
        build_index(built, encoder=WordEncoder())


def test_a_corpus_that_moved_is_followed(built: Settings, tmp_path: Path) -> None:
    moved = built.corpus.rename(tmp_path / "moved")
    report = build_index(built.model_copy(update={"corpus": moved}), encoder=WordEncoder())
    assert (report.built, report.encoded, report.kept) == (True, 0, 3)
    assert load_index(built.index, "words").manifest.corpus == str(moved.resolve())


def test_what_was_encoded_in_another_precision_is_encoded_anew_but_still_asked(built: Settings) -> None:
    coarse = WordEncoder()
    coarse.precision = "coarse"
    report = build_index(built, encoder=coarse)
    assert (report.kept, report.encoded, report.reason) == (0, 7, "the precision was exact and is coarse")
    assert load_index(built.index, "words").manifest.precision == "coarse"
    assert not build_index(built, encoder=coarse).built


def test_a_damaged_generation_is_not_carried_over(built: Settings) -> None:
    file = live(built).texts
    file.write_bytes(file.read_bytes().replace(b"goat", b"boat"))
    report = build_index(built, encoder=WordEncoder())
    assert report.kept == 0
    assert "texts.txt is not what was written" in report.reason
    assert_as_built_anew(built)


def test_documents_without_text_are_one_clear_error(settings: Settings) -> None:
    (settings.corpus / "harbour.md").write_text("# A heading\n")
    with pytest.raises(CorpusError, match="headings at most"):
        build_index(settings, encoder=WordEncoder())


def test_documents_of_signs_alone_can_be_built(settings: Settings) -> None:
    (settings.corpus / "harbour.md").write_text("\U0001f600 !!! \U0001f600\n")
    build_index(settings, encoder=WordEncoder())
    assert load_index(settings.index, "words").bm25.search("keeper", 5) == ()


def test_what_is_encoded_in_slices_is_what_is_encoded_at_once(built: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {file.name: file.read_bytes() for file in live(built).path.iterdir() if file.is_file() and file.name != "manifest.json"}
    told: list[tuple[str, int, int]] = []
    monkeypatch.setattr("roleqa.index.embed.AT_ONCE", 3)
    build_index(built, full=True, encoder=WordEncoder(), progress=lambda *step: told.append(step))
    assert {name: (live(built).path / name).read_bytes() for name in made} == made
    encoding = [step[1:] for step in told if step[0] == "encoding"]
    total = encoding[0][1]
    assert encoding == [(0, total), *((min(done, total), total) for done in range(3, total + 3, 3))]
