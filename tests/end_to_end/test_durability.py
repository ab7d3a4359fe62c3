"""What an index lives through, in small; tests/benchmarks/durability.py does the same on a larger scale."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import ENVIRONMENT

from benchmarks.durability import bring_up_to_date, fill_disks, flip_bytes, kill_builds
from roleqa import Settings, build_index
from roleqa.assistant import verify_index
from roleqa.index.layout import IndexFolder
from roleqa.models.encoder import SentenceEncoder

DOCUMENTS = {
    "canal.md": "# Canal\n\nA lock keeper passes boats through. The keeper lives in the cottage.\n\n## Pay\n\nRent is free.\n",
    "table.md": "# Terms\n\n| Topic | Keeper |\n| --- | --- |\n| Grade | Two |\n| Shift | From first light |\n",
    "notes.txt": "Engineers study hydrology for three years before they are licensed, and are then on call for floods.\n",
}


def test_builds_that_are_killed_leave_a_whole_index(tmp_path: Path) -> None:
    stages = kill_builds(tmp_path, kills=12, documents=15)
    assert stages.total() == 12
    assert len(stages) >= 2  # not always in the same place


def test_builds_that_run_out_of_room_say_so(tmp_path: Path) -> None:
    try:
        said = fill_disks(tmp_path, times=5)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"a small disk cannot be mounted here: {error.stderr.decode().strip()}")
    assert len(said) == 5
    assert all("is full: a new generation needs about" in line for line in said)


def test_every_flipped_byte_is_found_and_named(tmp_path: Path) -> None:
    flips, named, refused = flip_bytes(tmp_path)
    assert flips >= 30
    assert named == refused == flips


def test_an_unchanged_corpus_loads_no_model_and_a_changed_document_encodes_itself_alone(tmp_path: Path) -> None:
    figures = bring_up_to_date(tmp_path, documents=60)
    unchanged, changed, renamed = (figures[name] for name in ("unchanged", "changed", "renamed"))
    assert (unchanged["built"], unchanged["kept"], unchanged["torch"], unchanged["faiss"]) == (False, 60, False, False)
    assert (changed["encoded"], changed["kept"], changed["torch"]) == (2, 59, True)
    assert (renamed["encoded"], renamed["kept"], renamed["torch"]) == (0, 59, False)


@pytest.fixture
def two_threads(encoder: SentenceEncoder) -> Iterator[None]:
    """Has the model share its sums between two threads, as it does where the tests don't say otherwise."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_brought_up_to_date_is_built_anew_byte_for_byte(
    tmp_path: Path, encoder: SentenceEncoder, two_threads: None
) -> None:
    settings = Settings(corpus=tmp_path / "corpus", index=tmp_path / "index")
    settings.corpus.mkdir()
    for name, text in DOCUMENTS.items():
        (settings.corpus / name).write_text(text, encoding="utf-8")
    build_index(settings, encoder=encoder)
    (settings.corpus / "table.md").write_text(DOCUMENTS["table.md"].replace("Two", "Three, often four"), encoding="utf-8")
    (settings.corpus / "notes.txt").rename(settings.corpus / "about.txt")
    report = build_index(settings, encoder=encoder)
    assert (report.encoded, report.kept) == (1, 1)
    made = files(settings)
    assert verify_index(settings, encoder=encoder).is_whole
    build_index(settings, full=True, encoder=encoder)
    assert files(settings) == made


def files(settings: Settings) -> dict[str, bytes]:
    live = IndexFolder(settings.index).live()
    return {file.relative_to(live.path).as_posix(): file.read_bytes() for file in live.files()}


def test_splitting_loads_no_torch(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(DOCUMENTS["canal.md"], encoding="utf-8")
    code = (
        "import json, sys; from pathlib import Path; from roleqa.ingest import read_corpus, split;"
        "from roleqa.models.encoder import SentenceEncoder; encoder = SentenceEncoder();"
        "made = split(read_corpus(Path(sys.argv[1])).files[0], encoder.count_tokens, encoder.window);"
        "print(json.dumps([len(made.passages), encoder.window, 'torch' in sys.modules]))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, tmp_path], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    assert json.loads(said.stdout) == [2, 254, False]


def test_the_packaged_tokenizer_counts_as_the_model_s(encoder: SentenceEncoder) -> None:
    model = encoder._model
    assert encoder.window == model.max_seq_length - 2
    for text in (*DOCUMENTS.values(), "", "caf\u00e9 \u4e2d\u6587 \U0001f600", "\0a [SEP] b", "x" * 300):
        tokens = model.tokenizer(text, add_special_tokens=False, truncation=False)["input_ids"]
        assert encoder.count_tokens(text) == len(tokens)


def test_an_embedding_does_not_depend_on_what_is_encoded_beside_it(
    encoder: SentenceEncoder, two_threads: None
) -> None:
    texts = [part * times for times in (1, 4) for text in DOCUMENTS.values() for part in text.split("\n\n")]
    together = encoder.encode_passages(texts)
    for row in (0, 2, len(texts) - 1):
        assert (encoder.encode_passages([texts[row]])[0] == together[row]).all(), texts[row]
