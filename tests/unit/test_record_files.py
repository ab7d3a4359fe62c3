"""What is read from disk by row is what was written, and what is damaged says so when it is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from documents import written
from roleqa.errors import IndexDamagedError
from roleqa.index import documents as documents_module
from roleqa.index import record_file
from roleqa.index.documents import Documents, save_documents
from roleqa.index.layout import GenerationFolder
from roleqa.index.passages import EvidenceRows, PassageFile, Passages, save_passages
from roleqa.index.record_file import RecordFile, load_array, save_array, table_of, write_records
from roleqa.types import Document, Evidence, Passage

RECORDS = (b"lamp", b"", "caf\u00e9\n".encode(), b"\0" * 40)
PASSAGES = [Passage(f"p{row}", "a.md", ("Pay", f"Part {row}"), row, row + 9, "Act 7" if row % 2 else None) for row in range(5)]
EVIDENCE = [tuple(Evidence(f"p{row}", row, row + at, "cell", "Leave", None, "So:") for at in range(row)) for row in range(5)]
ROWS = {"b/pay.md": range(3), "c.txt": range(3, 5)}


@pytest.fixture(autouse=True, params=["kept", "read"])
def _in_memory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files are kept in memory, others read by record: both are tried."""
    monkeypatch.setattr(record_file, "IN_MEMORY", 10**9 if request.param == "kept" else 0)


def library(folder: Path) -> tuple[GenerationFolder, dict[str, Document]]:
    made = (
        written("c.txt", "C", "The keeper lights\u2028the lamp.\n"),
        written("b/pay.md", "Pay", "# Pay\n\n- caf\u00e9 \U0001f600\n- tea\n\n| a | b |\n| - | - |\n| c | d |\n", "Act 7"),
        written("a.md", "A", ""),
    )
    documents = {document.id: document for document in made}
    save_documents(GenerationFolder(folder), documents, ROWS)
    return GenerationFolder(folder), documents


def test_records_come_back_by_row_and_no_further(tmp_path: Path) -> None:
    write_records(tmp_path / "records", RECORDS)
    file = RecordFile(tmp_path / "records")
    assert tuple(file) == RECORDS
    assert file[1:3] == RECORDS[1:3]
    assert (len(file), file[3]) == (4, RECORDS[3])
    for row in (4, -1):
        with pytest.raises(IndexError):
            file[row]


def test_records_that_are_read_several_at_once_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_records(tmp_path / "records", RECORDS)
    file = RecordFile(tmp_path / "records")
    for at_once in (1, 2, 3):
        monkeypatch.setattr(record_file, "_AT_ONCE", at_once)
        assert tuple(file) == RECORDS
    assert (file[2:2], file[3:1], file[::2], file[-2:]) == ((), (), RECORDS[::2], RECORDS[-2:])


def test_records_stay_readable_when_their_file_is_taken_away(tmp_path: Path) -> None:
    write_records(tmp_path / "records", RECORDS)
    file = RecordFile(tmp_path / "records")
    for path in (tmp_path / "records", table_of(tmp_path / "records")):
        path.unlink()
    assert tuple(file) == RECORDS


def test_every_flipped_bit_of_a_record_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "records"
    write_records(path, RECORDS)
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        with pytest.raises(IndexDamagedError, match=r"record \d of .*records is not what was written.*roleqa build --full"):
            tuple(RecordFile(path))


def test_a_table_that_lies_is_noticed(tmp_path: Path) -> None:
    write_records(tmp_path / "records", RECORDS)
    table = np.load(table_of(tmp_path / "records"))
    for row in range(len(table)):
        for start in (-1, int(table[row, 0]) + 1, 2**62):
            spoilt = table.copy()
            spoilt[row, 0] = start
            save_array(table_of(tmp_path / "records"), spoilt)
            with pytest.raises(IndexDamagedError, match="is not what was written"):
                tuple(RecordFile(tmp_path / "records"))


@pytest.mark.parametrize("rows", [np.zeros(3, np.int32), np.zeros((3, 2)), np.zeros((2, 2), np.int64)])
def test_another_kind_of_array_is_refused(tmp_path: Path, rows: np.ndarray) -> None:
    save_array(tmp_path / "rows.npy", rows)
    with pytest.raises(IndexDamagedError, match="another kind"):
        load_array(tmp_path / "rows.npy", np.int64)


def test_documents_are_those_that_were_written_in_the_order_of_their_ids(tmp_path: Path) -> None:
    folder, documents = library(tmp_path)
    found = Documents(folder)
    assert dict(found) == documents
    assert list(found) == ["a.md", "b/pay.md", "c.txt"]
    assert found["b/pay.md"].blocks == documents["b/pay.md"].blocks
    assert documents["b/pay.md"] == found["b/pay.md"]
    assert [found.title(id) for id in found] == ["A", "Pay", "C"]
    assert [found.rows(id) for id in found] == [range(0), range(3), range(3, 5)]


@pytest.mark.parametrize("id", ["", "a", "a.md ", "b", "zzz", "b/pay"])
def test_a_document_that_is_not_there_is_not_found(tmp_path: Path, id: str) -> None:
    found = Documents(library(tmp_path)[0])
    assert id not in found
    assert found.get(id) is None
    with pytest.raises(KeyError):
        found.rows(id)
    assert 7 not in found


def test_only_so_many_characters_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, documents = library(tmp_path)
    monkeypatch.setattr(documents_module, "KEPT", 40)
    found = Documents(folder)
    first = found["c.txt"]
    assert found["c.txt"] is first
    assert found["b/pay.md"] == documents["b/pay.md"]  # too long for both
    assert found["c.txt"] is not first
    assert found["c.txt"] == first


def test_passages_and_evidence_are_what_eager_tuples_would_be(tmp_path: Path) -> None:
    save_passages(tmp_path / "passages.jsonl", PASSAGES, EVIDENCE)
    file = PassageFile(tmp_path / "passages.jsonl")
    for found, expected in ((Passages(file), PASSAGES), (EvidenceRows(file), EVIDENCE)):
        assert list(found) == list(expected)
        assert [found[row] for row in range(-5, 5)] == [expected[row] for row in range(-5, 5)]
        for part in (slice(1, 3), slice(None, None, 2), slice(9, 12), slice(-2, None)):
            assert found[part] == tuple(expected[part])
        for row in (5, -6):
            with pytest.raises(IndexError):
                found[row]
