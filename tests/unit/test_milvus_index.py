"""An index whose vectors are in Milvus (Milvus Lite): built, switched, rolled back, moved, and without its server."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from fakes import OverlapReader, WordEncoder
from roleqa import doctor
from roleqa.assistant import Assistant, build_index, verify_index
from roleqa.cli import main
from roleqa.errors import BuildCancelledError, IndexDamagedError, SettingsError, StoreError
from roleqa.index import milvus_rows, milvus_store, vectors
from roleqa.index.layout import IndexFolder
from roleqa.index.milvus_collections import Collection
from roleqa.index.milvus_server import MilvusServer
from roleqa.index.rollback import roll_back
from roleqa.index.vectors import place_of
from roleqa.settings import Settings
from roleqa.types import silent

QUESTIONS = ("Who lights the lamp?", "How long is the pilot's leave?", "When are wages settled?", "What is a zeppelin?")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> MilvusServer:
    return MilvusServer(str(tmp_path_factory.mktemp("milvus") / "lite.db"))


@pytest.fixture
def milvus(settings: Settings, server: MilvusServer, request: pytest.FixtureRequest) -> Settings:
    """Settings of an index in Milvus, below a name of the test's own."""
    name = request.node.name[:99]
    return settings.model_copy(update={"store": "milvus", "uri": server.uri, "collection": name})


def build(settings: Settings, **options: bool) -> str:
    return build_index(settings, encoder=WordEncoder(), **options).generation


def load(settings: Settings) -> Assistant:
    return Assistant.load(settings, encoder=WordEncoder(), reader=OverlapReader())


def change(settings: Settings, text: str) -> None:
    (settings.corpus / "more.md").write_text(f"# More\n\n{text}\n", encoding="utf-8")


def named(settings: Settings, server: MilvusServer) -> list[str]:
    return sorted(name for name in server.call("list_collections") if name.startswith(f"{settings.collection}_"))


def live(settings: Settings) -> str:
    return Collection.load(IndexFolder(settings.index).live().milvus).name


def said(settings: Settings) -> list[object]:
    assistant = load(settings)
    answers = [assistant.ask(question).to_dict() for question in QUESTIONS]
    for answer in answers:
        del answer["index"], answer["seconds"]
    return answers


def test_answers_are_those_of_faiss_word_for_word(milvus: Settings, settings: Settings, tmp_path: Path) -> None:
    build(milvus)
    flat = settings.model_copy(update={"index": tmp_path / "flat"})
    build(flat)
    assert said(milvus) == said(flat)
    for mode in ("dense", "hybrid", "rerank"):
        hits = [[(hit.passage, round(hit.score, 5)) for hit in load(one).search("pilot leave", mode=mode)] for one in (milvus, flat)]
        assert hits[0] == hits[1] != []


def test_status_and_build_say_which_store_answers(
    milvus: Settings, server: MilvusServer, capsys: pytest.CaptureFixture[str]
) -> None:
    from roleqa.report import print_build, print_status

    report = build_index(milvus, encoder=WordEncoder())
    print_build(report)
    status = load(milvus).status()
    print_status(status)
    out = capsys.readouterr().out
    assert out.count("milvus, FLAT (") == 2
    assert f"Store       Milvus at {server.uri}, collection {live(milvus)}\n" in out
    assert status.to_dict()["store"] == status.store
    assert status.to_dict()["vectors"]["recall"] == 1.0


def test_nothing_of_the_vectors_is_in_the_generation_but_their_keys(milvus: Settings) -> None:
    build(milvus)
    names = {file.name for file in IndexFolder(milvus.index).live().files()}
    assert {"vectors.milvus.json", "vectors.keys.npy", "vectors.order.npy"} <= names
    assert not {"vectors.faiss", "vectors.npy"} & names


def test_the_alias_follows_what_is_live_and_old_collections_go(milvus: Settings, server: MilvusServer) -> None:
    seen = []
    for edition in range(4):
        change(milvus, f"Edition {edition} of the tide tables is out.")
        build(milvus)
        assert server.collection_of(milvus.collection) == live(milvus)
        seen.append(live(milvus))
    assert len(set(seen)) == 4
    assert named(milvus, server) == sorted(seen[-2:])


def test_what_is_sent_is_told_and_can_be_stopped(milvus: Settings, server: MilvusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(milvus_rows, "_SENT", 2 * 4 * 512)  # two rows at once
    told = []
    build_index(milvus, encoder=WordEncoder(), progress=lambda *step: told.append(step))
    assert [step for step in told if step[0] == "storing"] == [("storing", 0, 4), ("storing", 2, 4)]
    change(milvus, "The tide tables are out.")
    before = live(milvus)

    def stop(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("storing", 2):
            raise BuildCancelledError("stopped")

    with pytest.raises(BuildCancelledError):
        build_index(milvus, encoder=WordEncoder(), progress=stop)
    assert live(milvus) == before
    told.clear()
    build_index(milvus, encoder=WordEncoder(), progress=lambda *step: told.append(step))
    assert [step for step in told if step[0] == "storing"] == [("storing", 2, 5), ("storing", 4, 5)]
    assert len(named(milvus, server)) == 2


def test_rollback_moves_the_alias_back(milvus: Settings, server: MilvusServer) -> None:
    build(milvus)
    first = live(milvus)
    change(milvus, "The tide tables are out.")
    build(milvus)
    roll_back(milvus.index, place_of(milvus))
    assert server.collection_of(milvus.collection) == first == live(milvus)
    assert not load(milvus).ask("Which tide tables?").answered


def test_no_rollback_to_a_collection_that_is_gone(milvus: Settings, server: MilvusServer) -> None:
    build(milvus)
    first = live(milvus)
    change(milvus, "The tide tables are out.")
    second = build(milvus)
    server.call("drop_collection", first)
    with pytest.raises(IndexDamagedError, match=f"go back to is damaged: Milvus at .* has no collection {first}"):
        roll_back(milvus.index, place_of(milvus))
    assert IndexFolder(milvus.index).live_name() == second


def test_unchanged_documents_are_carried_over_from_the_server_bit_for_bit(milvus: Settings) -> None:
    build(milvus)
    change(milvus, "The tide tables are out.")
    encoder = WordEncoder()
    report = build_index(milvus, encoder=encoder)
    assert (report.encoded, report.kept) == (1, 1)
    carried = load(milvus).retriever.index.vectors.embeddings()
    build(milvus, full=True)
    assert np.array_equal(load(milvus).retriever.index.vectors.embeddings(), carried)


def test_a_build_without_settings_stays_where_the_index_is(milvus: Settings, settings: Settings) -> None:
    build(milvus)
    plain = settings.model_copy(update={"collection": milvus.collection})
    change(settings, "The tide tables are out.")
    assert build_index(plain, encoder=WordEncoder()).vectors.store == "milvus"
    assert load(plain).ask("What is out?").answered


def test_an_index_moves_into_milvus_and_out_again(milvus: Settings, settings: Settings, server: MilvusServer) -> None:
    build(settings)
    answers = said(settings)
    moved = build_index(milvus, encoder=(encoder := WordEncoder()))
    assert (moved.built, moved.vectors.store, encoder.encoded) == (True, "milvus", [])
    assert said(milvus) == answers
    out = milvus.model_copy(update={"store": "faiss"})
    back = build_index(out, encoder=encoder)
    assert (back.built, back.vectors.store, encoder.encoded) == (True, "faiss", [])
    assert said(out) == answers
    assert len(named(milvus, server)) == 1  # to roll back to
    build(out, full=True)
    assert named(milvus, server) == []
    assert server.collection_of(milvus.collection) is None


def test_a_build_that_was_stopped_is_gone_on_with(milvus: Settings, server: MilvusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    build(milvus)
    first = live(milvus)
    change(milvus, "The tide tables are out.")
    with monkeypatch.context() as patch:
        patch.setattr("roleqa.index.write.check_generation", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            build(milvus)
    (left,) = set(named(milvus, server)) - {first}
    assert live(milvus) == first == server.collection_of(milvus.collection)
    sent = []
    call = MilvusServer.call
    monkeypatch.setattr(MilvusServer, "call", lambda self, name, *rest, **named: sent.append(name) or call(self, name, *rest, **named))
    build(milvus)
    assert live(milvus) == left
    assert "upsert" not in sent
    assert load(milvus).ask("What is out?").answered


def test_what_is_left_of_a_stopped_build_goes_when_nothing_is_to_be_built(milvus: Settings, server: MilvusServer) -> None:
    build(milvus)
    left = f"{milvus.collection}_20260102T030405000000Z_512"
    milvus_store.MilvusStore.build(server, left, np.eye(512, dtype=np.float32)[:4], silent)
    assert named(milvus, server) == sorted((left, live(milvus)))
    assert not build_index(milvus, encoder=WordEncoder()).built
    assert named(milvus, server) == [live(milvus)]


def test_the_name_of_another_index_is_left_alone(milvus: Settings, server: MilvusServer, tmp_path: Path) -> None:
    build(milvus)
    other = milvus.model_copy(update={"index": tmp_path / "other"})
    encoder = WordEncoder()
    with pytest.raises(StoreError, match=rf"the name {milvus.collection} .* another index's.*ROLEQA_COLLECTION"):
        build_index(other, encoder=encoder)
    assert encoder.encoded == []
    assert server.collection_of(milvus.collection) == live(milvus)


def test_machines_send_their_shares_and_one_publishes(
    milvus: Settings, server: MilvusServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):  # so that each share has some
        (milvus.corpus / f"tide-{number}.txt").write_text(f"The tide of day {number} is high.\n", encoding="utf-8")
    sent: list[str] = []
    call = MilvusServer.call
    monkeypatch.setattr(MilvusServer, "call", lambda self, name, *rest, **named: sent.append(name) or call(self, name, *rest, **named))
    for is_first in (True, False):  # the second time nothing is encoded, and what is sent changes nothing
        shares = [tmp_path / "1", tmp_path / "2"]
        for number, share in enumerate(shares, start=1):
            own, encoder = milvus.model_copy(update={"index": share}), WordEncoder()
            report = build_index(own, encoder=encoder, share=f"{number}/2")
            assert (report.vectors.store, report.built, bool(encoder.encoded)) == ("faiss", is_first, is_first)
            assert IndexFolder(share).live().vectors.is_file()
        assert server.collection_of(milvus.collection) is None
        assert sent.count("upsert") == 2
        sent.clear()
    report = build_index(milvus, encoder=WordEncoder(), gather=shares)
    assert (report.encoded, report.vectors.store) == (0, "milvus")
    assert "upsert" not in sent
    assert [name for name in server.call("list_collections") if name.startswith(milvus.collection)] == [live(milvus)]
    assert server.collection_of(milvus.collection) == live(milvus)
    assert load(milvus).ask("How is the tide of day 3?").answered


def test_a_share_says_at_once_that_its_server_is_away(milvus: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MilvusServer.__init__, "__defaults__", ("", 0.2))
    encoder = WordEncoder()
    with pytest.raises(StoreError, match="does not answer"):
        build_index(milvus.model_copy(update={"uri": "http://127.0.0.1:1"}), encoder=encoder, share="1/2")
    assert encoder.encoded == []


def test_a_copy_of_the_index_answers_from_the_same_server(milvus: Settings, tmp_path: Path) -> None:
    build(milvus)
    shutil.copytree(milvus.index, tmp_path / "copy")
    assert said(milvus.model_copy(update={"index": tmp_path / "copy"})) == said(milvus)


def test_a_lost_collection_is_named_and_built_anew(milvus: Settings, server: MilvusServer) -> None:
    build(milvus)
    lost = live(milvus)
    server.call("drop_alias", milvus.collection)
    server.call("drop_collection", lost)
    with pytest.raises(IndexDamagedError, match=f"has no collection {lost}; run: roleqa build --full"):
        load(milvus)
    report = build_index(milvus, encoder=WordEncoder())
    assert report.reason.startswith("the generation before is damaged: Milvus at")
    assert load(milvus).ask(QUESTIONS[0]).answered


def test_verify_finds_what_the_server_has_lost(milvus: Settings, server: MilvusServer) -> None:
    build(milvus)
    assert verify_index(milvus, encoder=WordEncoder()).is_whole
    row = load(milvus).retriever.index.vectors.embeddings(2, 3)[0]
    server.call("delete", live(milvus), ids=[milvus_rows.key_of(row).decode()])
    found = verify_index(milvus, encoder=WordEncoder())
    assert [damage.reason.partition(" of Milvus")[0] for damage in found.damages] == [f"collection {live(milvus)}"]


@pytest.fixture
def away(milvus: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An index whose server has gone."""
    build(milvus)
    for file in IndexFolder(milvus.index).live().path.glob("vectors.milvus.json"):
        assert json.loads(file.read_text())["uri"] == milvus.uri
    monkeypatch.setattr(MilvusServer.__init__, "__defaults__", ("", 0.2))
    monkeypatch.setattr(vectors, "_PATIENCE", 0.2)
    return milvus.model_copy(update={"uri": "http://127.0.0.1:1"})


def test_without_its_server_an_index_says_so(away: Settings) -> None:
    before = IndexFolder(away.index).live_name()
    change(away, "The tide tables are out.")
    for attempt in (load, build, lambda settings: verify_index(settings, encoder=WordEncoder())):
        with pytest.raises(StoreError, match=r"Milvus at http://127\.0\.0\.1:1 does not answer .*; start it"):
            attempt(away)
    assert IndexFolder(away.index).live_name() == before


def test_the_doctor_asks_the_server(away: Settings, server: MilvusServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_PATIENCE", 0.2)
    (found,) = doctor._store(away.model_copy(update={"uri": None}))
    assert found == doctor.Check("store", "ok", f"Milvus at {server.uri} answers")
    (found,) = doctor._store(away)
    assert (found.state, found.remedy.partition(",")[0]) == ("problem", "start it")
    assert list(doctor._store(away.model_copy(update={"index": away.index / "none", "store": None}))) == []


def test_a_switch_that_finds_no_server_is_tried_again(milvus: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    build(milvus)
    assistant = load(milvus)
    change(milvus, "The tide tables are out.")
    build(milvus)
    with monkeypatch.context() as patch:
        patch.setattr(vectors, "MilvusServer", lambda *_: (_ for _ in ()).throw(StoreError("Milvus is away")))
        with pytest.raises(StoreError, match="Milvus is away"):
            assistant.refresh()
    assert "the generation before goes on answering" in assistant.status().problems[0].reason
    assert assistant.ask(QUESTIONS[0]).answered
    assert assistant.refresh()
    assert assistant.ask("What is out?").answered
    assert assistant.status().problems == ()


def test_an_index_can_leave_a_server_that_is_away_for_good(away: Settings, caplog: pytest.LogCaptureFixture) -> None:
    home = away.model_copy(update={"store": "faiss"})
    assert build_index(home, full=True, encoder=WordEncoder()).vectors.store == "faiss"
    assert load(home).ask(QUESTIONS[0]).answered
    assert "its server was not put in order" in caplog.text


def test_a_server_that_goes_away_while_it_answers(milvus: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    build(milvus)
    assistant = load(milvus)
    first = assistant.ask(QUESTIONS[0])
    store = assistant.retriever.index.vectors
    client, store._server._patience = store._server._client, 0.2
    monkeypatch.setattr(store._server, "_client", MilvusServer.__new__(MilvusServer))
    from pymilvus.exceptions import MilvusException

    def refuse(*_: object, **__: object) -> None:
        raise MilvusException(2, "connection refused")

    store._server._client.search = refuse
    with pytest.raises(StoreError, match="does not answer .connection refused."):
        assistant.ask(QUESTIONS[0])
    monkeypatch.setattr(store._server, "_client", client)
    assert assistant.ask(QUESTIONS[0]).citations == first.citations


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"store": "milvus"}, "the store milvus needs the address of a server: --uri"),
        ({"uri": "http://localhost:19530"}, "is of no use to the store faiss; add --store milvus"),
    ],
)
def test_store_and_address_go_together(settings: Settings, given: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        build(settings.model_copy(update=given))


@pytest.mark.parametrize(("name", "value"), [("uri", "http://ada:secret@host:19530"), ("collection", "1st"), ("store", "lance")])
def test_settings_that_cannot_be_used(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings(**{name: value})


def test_the_password_is_shown_nowhere() -> None:
    settings = Settings(token="ada:secret")
    assert "secret" not in f"{settings!r}{settings}{place_of(settings)!r}"
    assert place_of(settings).token == "ada:secret"


def test_the_command_says_what_is_missing(capsys: pytest.CaptureFixture[str], settings: Settings) -> None:
    assert main(["build", "--corpus", str(settings.corpus), "--index", str(settings.index), "--store", "milvus"]) == 1
    assert "--uri http://HOST:19530" in capsys.readouterr().err
