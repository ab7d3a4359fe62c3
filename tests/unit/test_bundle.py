"""Conversations as JSON: what is written is read again, and what was never written here is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from exchanges import ASKED_AT, FILE, ID, INDEX, cite, exchange
from html_tree import HOSTILE
from roleqa.assistant import Assistant
from roleqa.bundle.exchange import cited_files
from roleqa.bundle.read import MAX_CHARACTERS, read_bundle, read_file
from roleqa.bundle.write import to_json, to_keep
from roleqa.errors import BundleError
from roleqa.types import Column

NOW = datetime(2026, 1, 3, tzinfo=UTC)
ANSWERED = exchange(
    cite("Open at nine.", 20, kind="item", lead_in="The archive is:"),
    cite("Two euros", 60, 2, row="Fee", column="Clerk"),
    kind="comparison",
    columns=(Column("clerk", "Two euros", (2,)), Column("keeper", None)),
    resolved="When does it open?",
    role="clerk",
)
REFUSED = exchange(cite("Open at nine.", 20), kind="refusal", question="Why?", id="f" * 32)


def test_what_is_kept_is_read_again_whole() -> None:
    assert read_bundle(to_keep((ANSWERED, REFUSED))) == (ANSWERED, REFUSED)


def test_what_a_quote_rests_on_is_kept_and_older_bundles_have_none() -> None:
    made = exchange(replace(cite("Open at nine.", 20), source="House rules"))
    written = to_json((made,), NOW)
    assert read_bundle(written)[0].answer == made.answer
    older = json.loads(written)
    del older["turns"][0]["answer"]["citations"][0]["source"]
    assert read_bundle(json.dumps(older))[0].answer.citations == (cite("Open at nine.", 20),)


def test_an_export_holds_everything_but_the_ids() -> None:
    written = to_json((ANSWERED, REFUSED), NOW)
    assert ID not in written
    first, second = read_bundle(written)
    assert (first.answer, first.files, first.asked_at, first.role) == (ANSWERED.answer, (FILE,), ASKED_AT, "clerk")
    assert second.answer == REFUSED.answer
    assert len({ID, "f" * 32, first.id, second.id}) == 4


@pytest.mark.parametrize("quote", ["=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1"])
def test_a_quote_that_looks_like_a_formula_stays_as_it_stands(quote: str) -> None:
    written = to_json((exchange(cite(quote)),), NOW)
    assert json.loads(written)["turns"][0]["answer"]["citations"][0]["quote"] == quote


def test_an_export_has_the_answer_in_the_form_of_every_other_interface() -> None:
    bundle = json.loads(to_json((ANSWERED,), NOW))
    assert (bundle["format"], bundle["version"]) == ("roleqa conversation", 1)
    assert bundle["exported_at"] == "2026-01-03T00:00:00+00:00"
    assert bundle["turns"][0]["files"] == [
        {"document": "visits.md", "file_sha256": "a" * 64, "text_sha256": "b" * 64}
    ]
    answer = ANSWERED.answer.to_dict()
    for citation, look in zip(answer["citations"], (("item", "The archive is:"), ("cell", None)), strict=True):
        citation["kind"], citation["lead_in"] = look
    assert bundle["turns"][0]["answer"] == answer
    assert answer["index"]["generation"] == INDEX.id


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_kept_as_it_is_and_never_looks_like_markup(hostile: str) -> None:
    made = exchange(cite(hostile, document=hostile, row=hostile), question=hostile, role=hostile, text=hostile)
    kept = to_keep((made,))
    assert "<" not in kept
    assert read_bundle(kept) == (made,)


def test_the_files_of_an_answer_are_those_it_quotes_by_their_hashes(assistant: Assistant) -> None:
    index = assistant.retriever.index
    answer = assistant.ask("When does the lighthouse keeper light the lamp?")
    (file,) = cited_files(answer, index.documents, index.manifest.sources)
    assert file.document == "harbour.md"
    assert file.file_sha256 == index.manifest.sources["harbour.md"]
    assert cited_files(answer, {}, index.manifest.sources) == ()


Tamper = Callable[[dict[str, Any]], object]


def _tampered(tamper: Tamper) -> str:
    bundle = json.loads(to_keep((ANSWERED,)))
    tamper(bundle)
    return json.dumps(bundle)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda bundle: bundle.update(format="something else"),
        lambda bundle: bundle.update(version=2),
        lambda bundle: bundle.update(turns=[]),
        lambda bundle: bundle.update(turns=bundle["turns"] * 501),
        lambda bundle: bundle["turns"][0].pop("answer"),
        lambda bundle: bundle["turns"][0].update(id="../../etc/passwd"),
        lambda bundle: bundle["turns"][0].update(asked_at="<img>"),
        lambda bundle: bundle["turns"][0]["answer"].update(question=["When?"]),
        lambda bundle: bundle["turns"][0]["answer"].update(kind="refusal"),
        lambda bundle: bundle["turns"][0]["answer"].update(citations=[]),
        lambda bundle: bundle["turns"][0]["answer"].update(confidence=7),
        lambda bundle: bundle["turns"][0]["answer"].update(confidence=float("nan")),
        lambda bundle: bundle["turns"][0]["answer"]["citations"][0].update(start=-1),
        lambda bundle: bundle["turns"][0]["answer"]["citations"][0].update(end="5"),
        lambda bundle: bundle["turns"][0]["answer"]["citations"][0].update(end=10**40),
        lambda bundle: bundle["turns"][0]["answer"]["citations"][0].update(quote=""),
        lambda bundle: bundle["turns"][0]["answer"]["citations"][0].update(quote={"html": "<b>"}),
        lambda bundle: bundle["turns"][0]["answer"]["citations"][0].update(quote="\ud800"),
        lambda bundle: bundle["turns"][0]["answer"]["citations"][0].update(kind="script"),
        lambda bundle: bundle["turns"][0]["files"][0].update(text_sha256="no hash"),
    ],
)
def test_what_was_never_written_here_is_refused(tamper: Tamper) -> None:
    with pytest.raises(BundleError, match="it is no exported conversation"):
        read_bundle(_tampered(tamper))


@pytest.mark.parametrize("data", ["", "null", "[]", "{}", "<html>", "[" * 100_000, '{"turns": 1' + "0" * 5_000 + "}"])
def test_what_is_no_conversation_at_all_is_refused(data: str) -> None:
    with pytest.raises(BundleError, match="it is no exported conversation"):
        read_bundle(data)


def test_what_is_too_long_is_not_even_read() -> None:
    with pytest.raises(BundleError, match="longer than 4,000,000 characters"):
        read_bundle(" " * (MAX_CHARACTERS + 1))


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / "conversation.json"
    with pytest.raises(BundleError, match=r"conversation\.json cannot be used: .*No such file"):
        read_file(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(BundleError, match="cannot be used: .*utf-8"):
        read_file(file)
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(BundleError, match="Export a conversation as JSON in the chat"):
        read_file(file)
    with file.open("wb") as stream:
        stream.truncate(16_000_001)
    with pytest.raises(BundleError, match="longer than"):
        read_file(file)
    file.write_text(to_json((REFUSED,), NOW), encoding="utf-8")
    assert read_file(file)[0].answer == REFUSED.answer
