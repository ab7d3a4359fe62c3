"""Building an index: what it holds, what is encoded again, and what a failure leaves behind."""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from fakes import WordEncoder
from roleqa.assistant import Assistant, build_index
from roleqa.errors import (
    BuildCancelledError,
    CorpusError,
    IndexBusyError,
    IndexDamagedError,
    IndexMismatchError,
    IndexMissingError,
    IndexWriteError,
    ModelError,
    RolesError,
)
from roleqa.index.changes import ChangeWatch, corpus_changes
from roleqa.index.layout import IndexFolder
from roleqa.index.load import Index, load_index
from roleqa.index.manifest import SCHEMA
from roleqa.ingest.match_text import index_text
from roleqa.settings import Settings
from roleqa.types import CorpusChanges, Problem, Role


def load(settings: Settings) -> Index:
    return load_index(settings.index, "words")


def test_an_index_holds_the_corpus(settings: Settings) -> None:
    report = build_index(settings, encoder=WordEncoder())
    index = load(settings)
    texts = [index.text(passage, passage.document_id) for passage in index.passages]
    assert texts == [
        "A lighthouse keeper lights the lamp at dusk. A harbour pilot boards arriving ships.",
        "Leave | Six weeks in winter | Four weeks in summer",
        "Uniform | Grey oilskin | Blue jacket",
        "The harbour pilot is paid for each ship. Wages are settled in March.",
    ]
    assert (report.documents, report.passages, report.evidence, report.encoded) == (1, 4, 10, 4)
    assert index.manifest.roles == (
        Role("keeper", "Lighthouse Keeper", ("keeper", "LK")),
        Role("pilot", "Harbour Pilot", ("pilot", "HP", "harbor pilot")),
    )
    assert index.manifest.generation == report.generation


def test_every_row_is_the_embedding_of_its_passage(settings: Settings) -> None:
    encoder = WordEncoder()
    build_index(settings, encoder=encoder)
    index = load(settings)
    for row, passage in enumerate(index.passages):
        text = index_text(passage, index.documents[passage.document_id], index.evidence[row])
        assert np.allclose(index.vectors.embeddings()[row], encoder.encode_query(text))


def test_unchanged_passages_are_not_encoded_again(settings: Settings) -> None:
    build_index(settings, encoder=WordEncoder())
    document = settings.corpus / "harbour.md"
    document.write_text(document.read_text().replace("in March", "in April"))
    encoder = WordEncoder()
    report = build_index(settings, encoder=encoder)
    assert report.encoded == 1
    assert [text for text in encoder.encoded if "in April" in text] == encoder.encoded
    fresh = load(settings).vectors.embeddings()
    assert build_index(settings, full=True, encoder=encoder).encoded == 4
    assert np.array_equal(load(settings).vectors.embeddings(), fresh)


def test_another_encoder_encodes_everything(settings: Settings) -> None:
    build_index(settings, encoder=WordEncoder())
    report = build_index(settings, encoder=WordEncoder("other"))
    assert (report.encoded, report.kept, report.reason) == (4, 0, "the encoder was words and is other")


def test_another_window_builds_everything_anew(settings: Settings) -> None:
    build_index(settings, encoder=WordEncoder())
    report = build_index(settings, encoder=WordEncoder(window=30))
    assert (report.encoded, report.kept, report.reason) == (4, 0, "the window was 60 and is 30")


def test_another_splitter_builds_everything_anew(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    build_index(settings, encoder=WordEncoder())
    monkeypatch.setattr("roleqa.index.manifest.SPLITTER", 7)
    report = build_index(settings, encoder=WordEncoder())
    assert (report.encoded, report.kept) == (4, 0)
    libraries = ", ".join(rf"{name} \S+" for name in ("lxml", "markdown-it-py", "openpyxl", "pdfminer.six", "pdfplumber", "sentencex"))
    assert re.fullmatch(rf"the splitter was \d+ \(.*\) and is 7 \({libraries}\)", report.reason)


def test_a_removed_document_is_gone(settings: Settings) -> None:
    (settings.corpus / "more.txt").write_text("The ferry sails at noon.\n")
    build_index(settings, encoder=WordEncoder())
    assert set(load(settings).documents) == {"harbour.md", "more.txt"}
    (settings.corpus / "more.txt").unlink()
    build_index(settings, encoder=WordEncoder())
    assert set(load(settings).documents) == {"harbour.md"}


def test_an_unreadable_file_is_reported_and_the_rest_is_built(settings: Settings) -> None:
    (settings.corpus / "bad.txt").write_bytes(b"caf\xe9")
    report = build_index(settings, encoder=WordEncoder())
    assert [problem.file for problem in report.problems] == ["bad.txt"]
    assert "not UTF-8" in report.problems[0].reason
    assert load(settings).manifest.problems == report.problems == (Problem("bad.txt", report.problems[0].reason),)


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        pytest.param(lambda corpus: (corpus / "harbour.md").unlink(), CorpusError, id="empty corpus"),
        pytest.param(lambda corpus: corpus.rename(corpus.with_name("gone")), CorpusError, id="no folder"),
        pytest.param(lambda corpus: (corpus / "roles.toml").write_text("["), RolesError, id="bad roles"),
    ],
)
def test_a_failed_build_leaves_the_live_generation(settings: Settings, spoil, error: type[Exception]) -> None:
    before = build_index(settings, encoder=WordEncoder()).generation
    spoil(settings.corpus)
    with pytest.raises(error):
        build_index(settings, encoder=WordEncoder())
    assert load(settings).manifest.generation == before


class BrokenEncoder(WordEncoder):
    def encode_passages(self, *_: object) -> np.ndarray:
        raise ModelError("no weights")


def test_an_encoder_that_fails_leaves_the_live_generation(settings: Settings) -> None:
    before = build_index(settings, encoder=WordEncoder()).generation
    with pytest.raises(ModelError):
        build_index(settings, full=True, encoder=BrokenEncoder())
    assert load(settings).manifest.generation == before


def test_strict_stops_at_an_unreadable_file(settings: Settings) -> None:
    (settings.corpus / "bad.txt").write_bytes(b"\x00")
    with pytest.raises(CorpusError, match=r"bad\.txt"):
        build_index(settings.model_copy(update={"strict": True}), encoder=WordEncoder())
    assert not (settings.index / "CURRENT").exists()


def test_one_build_at_a_time(settings: Settings) -> None:
    settings.index.mkdir()
    with FileLock(IndexFolder(settings.index).lock), pytest.raises(IndexBusyError, match="another build"):
        build_index(settings, encoder=WordEncoder())


def test_the_live_generation_and_the_one_before_are_kept(settings: Settings) -> None:
    built = [build_index(settings, full=True, encoder=WordEncoder()).generation for _ in range(4)]
    assert sorted(folder.name for folder in (settings.index / "generations").iterdir()) == built[-2:]
    assert (settings.index / "CURRENT").read_text().strip() == built[-1]


def test_progress_is_told(settings: Settings) -> None:
    told: list[tuple[str, int, int]] = []
    build_index(settings, encoder=WordEncoder(), progress=lambda *step: told.append(step))
    assert told == [
        ("reading", 0, 0),
        ("splitting", 1, 1),
        ("encoding", 0, 14),
        ("encoding", 14, 14),
        ("writing", 0, 0),
        ("switching", 0, 0),
    ]


@pytest.mark.parametrize("stage", ["reading", "splitting", "encoding", "writing", "switching"])
def test_a_cancelled_build_leaves_nothing_behind(settings: Settings, stage: str) -> None:
    live = build_index(settings, encoder=WordEncoder()).generation
    (settings.corpus / "new.md").write_text("# New\n\nNew.\n")

    def cancel(now: str, done: int, total: int) -> None:
        if now == stage:
            raise BuildCancelledError("enough")

    with pytest.raises(BuildCancelledError, match="enough"):
        build_index(settings, encoder=WordEncoder(), progress=cancel)
    assert load(settings).manifest.generation == live
    assert [folder.name for folder in (settings.index / "generations").iterdir()] == [live]
    assert build_index(settings, encoder=WordEncoder()).documents == 2


def test_a_build_that_cannot_be_switched_to_leaves_nothing_behind(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(IndexFolder, "publish", fail)
        with pytest.raises(IndexWriteError, match="cannot be written to"):
            build_index(settings, encoder=WordEncoder())
    assert not settings.index.exists()


def test_what_went_live_is_not_taken_away_whatever_fails_after(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: IndexFolder, keep: set[str | None]) -> None:
        raise OSError(errno.EIO, "no pruning")

    with monkeypatch.context() as patched:
        patched.setattr(IndexFolder, "_prune", fail)
        with pytest.raises(IndexWriteError, match="no pruning"):
            build_index(settings, encoder=WordEncoder())
    assert len(load(settings).passages) == 4


def test_a_build_reports_what_it_found_changed(settings: Settings) -> None:
    first = build_index(settings, encoder=WordEncoder())
    assert first.changes == CorpusChanges(added=("harbour.md", "roles.toml"))
    assert not build_index(settings, encoder=WordEncoder()).changes
    (settings.corpus / "harbour.md").write_text("# Harbour\n\nClosed.\n")
    (settings.corpus / "roles.toml").unlink()
    (settings.corpus / "new.txt").write_text("New.")
    report = build_index(settings, encoder=WordEncoder())
    assert report.changes == CorpusChanges(("new.txt",), ("harbour.md",), ("roles.toml",))
    assert report.to_dict()["changes"] == {"added": ("new.txt",), "changed": ("harbour.md",), "removed": ("roles.toml",)}


def test_the_same_corpus_gives_the_same_files(settings: Settings) -> None:
    first = IndexFolder(settings.index).generation(build_index(settings, encoder=WordEncoder()).generation)
    second = IndexFolder(settings.index).generation(build_index(settings, full=True, encoder=WordEncoder()).generation)
    names = [file.relative_to(first.path) for file in first.files()]
    assert names == [file.relative_to(second.path) for file in second.files()]
    assert len(names) >= 7
    for name in names:
        assert (first.path / name).read_bytes() == (second.path / name).read_bytes(), name


def test_nothing_built_yet(settings: Settings) -> None:
    with pytest.raises(IndexMissingError, match="roleqa build"):
        load(settings)


def test_another_encoder_is_one_clear_error(settings: Settings) -> None:
    build_index(settings, encoder=WordEncoder())
    with pytest.raises(IndexMismatchError, match="words.*other.*roleqa build") as caught:
        load_index(settings.index, "other")
    assert str(settings.index) in str(caught.value)


def spoil_manifest(settings: Settings, **changes: object) -> None:
    file = IndexFolder(settings.index).live().manifest
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_another_schema_is_one_clear_error(settings: Settings) -> None:
    build_index(settings, encoder=WordEncoder())
    spoil_manifest(settings, schema=99)
    with pytest.raises(IndexMismatchError, match=f"schema 99.*reads {SCHEMA}.*roleqa build --full"):
        load(settings)


@pytest.mark.parametrize("changes", [{"passages": 5}, {"dimensions": 3}, {"roles": 1}, {"surprise": 1}])
def test_an_inconsistent_manifest_is_damage(settings: Settings, changes: dict[str, object]) -> None:
    build_index(settings, encoder=WordEncoder())
    spoil_manifest(settings, **changes)
    with pytest.raises(IndexDamagedError, match="roleqa build --full"):
        load(settings)


@pytest.mark.parametrize("name", ["documents.jsonl", "passages.jsonl", "vectors.faiss", "manifest.json"])
def test_a_truncated_file_is_damage_and_a_build_mends_it(settings: Settings, name: str) -> None:
    build_index(settings, encoder=WordEncoder())
    file = IndexFolder(settings.index).live().path / name
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(IndexDamagedError, match="roleqa build --full"):
        load(settings)
    build_index(settings, encoder=WordEncoder())
    assert len(load(settings).passages) == 4


@pytest.mark.parametrize("name", ["", "nowhere", "../../elsewhere", "."])
def test_current_that_names_nothing(settings: Settings, name: str) -> None:
    build_index(settings, encoder=WordEncoder())
    (settings.index / "CURRENT").write_text(name)
    with pytest.raises(IndexMissingError, match="roleqa build"):
        load(settings)


def test_loading_never_writes(settings: Settings) -> None:
    build_index(settings, encoder=WordEncoder())
    before = {path: path.stat().st_mtime_ns for path in settings.index.rglob("*")}
    load(settings)
    assert {path: path.stat().st_mtime_ns for path in settings.index.rglob("*")} == before


def test_changes_since_the_build(settings: Settings) -> None:
    (settings.corpus / "old.txt").write_text("Old.")
    build_index(settings, encoder=WordEncoder())
    manifest = load(settings).manifest
    watch = ChangeWatch()
    assert not watch.changes(manifest)
    (settings.corpus / "new.txt").write_text("New.")
    (settings.corpus / "old.txt").unlink()
    (settings.corpus / "roles.toml").write_text("")
    for changes in (watch.changes(manifest), corpus_changes(manifest)):
        assert (changes.added, changes.changed, changes.removed) == (("new.txt",), ("roles.toml",), ("old.txt",))


def test_a_touched_file_is_no_change_and_a_corpus_elsewhere_neither(settings: Settings) -> None:
    build_index(settings, encoder=WordEncoder())
    manifest = load(settings).manifest
    document = settings.corpus / "harbour.md"
    document.write_text(document.read_text())
    assert not ChangeWatch().changes(manifest)
    settings.corpus.rename(settings.corpus.with_name("moved"))
    assert not ChangeWatch().changes(manifest)


def test_paths_with_spaces_and_accents(tmp_path: Path, corpus: Path) -> None:
    moved = corpus.rename(tmp_path / "m\u00e9s docum ents")
    settings = Settings(corpus=moved, index=tmp_path / "\u00edn dex")
    build_index(settings, encoder=WordEncoder())
    assert len(load(settings).passages) == 4


def test_topics_leave_out_headings_that_hold_only_a_table(assistant: Assistant) -> None:
    assert assistant.status().topics == ("Duties", "Pay", "Leave", "Uniform")
