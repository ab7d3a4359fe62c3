"""Documents built in shares by several processes, and gathered into what one build would have made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fakes import WordEncoder
from roleqa.assistant import build_index
from roleqa.cli import main
from roleqa.errors import CorpusError, IndexMismatchError, IndexMissingError, SettingsError
from roleqa.index.layout import IndexFolder
from roleqa.index.load import load_index
from roleqa.index.share import Share
from roleqa.settings import Settings

WORKER = (
    "import sys; from fakes import WordEncoder; from roleqa import Settings, build_index;"
    "build_index(Settings(corpus=sys.argv[1], index=sys.argv[2]), encoder=WordEncoder(), share=sys.argv[3])"
)


@pytest.fixture
def many(settings: Settings) -> Settings:
    for number in range(30):
        (settings.corpus / f"tide-{number}.md").write_text(f"# Tide {number}\n\nThe tide of day {number} is high.\n", encoding="utf-8")
    return settings


def files(settings: Settings) -> dict[str, bytes]:
    folder = IndexFolder(settings.index).live()
    return {file.name: file.read_bytes() for file in folder.files()}


def test_three_processes_build_what_one_would_have(many: Settings, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    shares = [tmp_path / f"share-{number}" for number in (1, 2, 3)]
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, str(many.corpus), str(folder), f"{number}/3"], env=environment)
        for number, folder in enumerate(shares, start=1)
    ]
    assert [worker.wait(timeout=120) for worker in workers] == [0, 0, 0]
    documents = [set(load_index(folder, "words").documents) for folder in shares]
    assert all(documents)
    assert sum(map(len, documents)) == len(set().union(*documents)) == 31
    encoder = WordEncoder()
    report = build_index(many, encoder=encoder, gather=shares)
    assert (report.documents, report.encoded, encoder.encoded) == (31, 0, [])
    alone = many.model_copy(update={"index": tmp_path / "alone"})
    build_index(alone, encoder=WordEncoder())
    assert files(many) == files(alone)


def test_what_no_share_has_is_encoded(many: Settings, tmp_path: Path) -> None:
    build_index(many.model_copy(update={"index": tmp_path / "share"}), encoder=WordEncoder(), share="1/2")
    (many.corpus / "new.md").write_text("# New\n\nThe harbour is open.\n", encoding="utf-8")
    of_share = len(load_index(tmp_path / "share", "words").passages)
    report = build_index(many, encoder=WordEncoder(), gather=[tmp_path / "share"])
    assert report.encoded == report.passages - of_share > 0


def test_a_document_is_in_one_share_whatever_it_holds(many: Settings) -> None:
    for of in (1, 2, 7):
        for id in ("harbour.md", "a/b.txt", "caf\u00e9.md", "\udcff.md"):
            assert sum(id in Share(number, of) for number in range(1, of + 1)) == 1


def test_a_share_of_another_recipe_is_refused(many: Settings, tmp_path: Path) -> None:
    share = many.model_copy(update={"index": tmp_path / "share"})
    build_index(share, encoder=WordEncoder(window=30), share="1/2")
    with pytest.raises(IndexMismatchError, match="the window was 30 and is 60; build it again"):
        build_index(many, encoder=WordEncoder(), gather=[share.index])
    build_index(share, encoder=WordEncoder("other"), share="1/2")
    with pytest.raises(IndexMismatchError, match="made by the encoder other"):
        build_index(many, encoder=WordEncoder(), gather=[share.index])
    with pytest.raises(IndexMissingError, match="there is no index in"):
        build_index(many, encoder=WordEncoder(), gather=[tmp_path / "none"])
    assert IndexFolder(many.index).live_name() is None


def test_a_share_without_documents_says_so(settings: Settings) -> None:
    held = 1 + int("harbour.md" in Share(2, 2))
    with pytest.raises(CorpusError, match=f"no document that can be read falls to the share {3 - held}/2"):
        build_index(settings, encoder=WordEncoder(), share=f"{3 - held}/2")
    assert build_index(settings, encoder=WordEncoder(), share=f"{held}/2").documents == 1


@pytest.mark.parametrize("text", ["", "0/3", "4/3", "1/0", "two", "1/3/5", "-1/3", "1.5/3"])
def test_no_share(text: str, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SettingsError, match="is no share; write --share 1/3"):
        Share.from_text(text)
    assert main(["build", "--corpus", str(settings.corpus), "--index", str(settings.index), "--share", "9/3"]) == 1
    assert "'9/3' is no share" in capsys.readouterr().err
