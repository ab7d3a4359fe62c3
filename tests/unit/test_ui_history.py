"""Kept conversations: what the browser gets, what comes back, and that what was tampered with is shown for what it is."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import gradio as gr
import pytest

from exchanges import cite, exchange
from html_tree import HOSTILE, parse
from roleqa.assistant import Assistant, build_index
from roleqa.bundle.read import read_bundle
from roleqa.bundle.write import to_keep
from roleqa.errors import BundleError
from roleqa.settings import Settings
from roleqa.types import Answer
from roleqa.ui.app import build_app
from roleqa.ui.conversation import Turn, messages
from roleqa.ui.history import LONGEST_KEPT, MOST_KEPT, age_note, exchanges, kept, recorded, restored

LAMP = "When does the lighthouse keeper light the lamp?"
REFUSED = "Who mends broken umbrellas?"


def asked(assistant: Assistant, question: str) -> Turn:
    return recorded(Turn(question, assistant.ask(question)), assistant)


def answered(turn: Turn) -> Answer:
    assert turn.answer
    return turn.answer


def rebuilt(assistant: Assistant, settings: Settings, file: Path, old: str, new: str) -> Assistant:
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    build_index(settings, encoder=assistant.retriever.encoder)
    return Assistant.load(settings, encoder=assistant.retriever.encoder, reader=assistant.retriever.reader)


def test_an_answer_is_recorded_with_the_files_it_quotes(assistant: Assistant) -> None:
    turn = asked(assistant, LAMP)
    assert len(turn.id) == 32
    assert turn.asked_at.endswith("+00:00")
    assert [file.document for file in turn.files] == ["harbour.md"]
    switched = replace(answered(turn), index=replace(answered(turn).index, id="another"))
    assert recorded(Turn(LAMP, switched), assistant).files == ()


def test_what_is_kept_is_what_was_answered(assistant: Assistant) -> None:
    turns = (asked(assistant, LAMP), Turn("x", error="Too long."), asked(assistant, REFUSED))
    assert [item.to_dict() for item in read_bundle(kept(turns))] == [item.to_dict() for item in exchanges(turns)]
    assert [item.id for item in read_bundle(kept(turns))] == [turns[0].id, turns[2].id]
    assert [item.answer.question for item in exchanges(turns)] == [LAMP, REFUSED]
    assert kept(()) == kept((Turn("x", error="Too long."),)) == ""


def test_of_a_long_conversation_the_newest_is_kept_and_its_name(assistant: Assistant) -> None:
    turn = asked(assistant, LAMP)
    turns = tuple(replace(turn, id=f"{number:032x}") for number in range(MOST_KEPT + 20))
    ids = [int(item.id, 16) for item in read_bundle(kept(turns))]
    assert ids == [0, *range(21, MOST_KEPT + 20)]


def test_of_a_conversation_with_giant_answers_as_much_is_kept_as_fits(assistant: Assistant) -> None:
    giant = replace(answered(asked(assistant, LAMP)), text="x" * 300_000)
    turns = tuple(Turn(LAMP, giant, id=f"{number:032x}", asked_at="2026") for number in range(8))
    assert len(kept(turns)) <= LONGEST_KEPT
    assert [int(item.id, 16) for item in read_bundle(kept(turns))] == [0, 7]
    assert kept((Turn(LAMP, replace(giant, text="x" * LONGEST_KEPT), id="0" * 32, asked_at="2026"),)) == ""


def test_a_reopened_conversation_is_shown_as_it_was(assistant: Assistant) -> None:
    turns = (asked(assistant, LAMP), asked(assistant, "Compare the leave of keeper and pilot"), asked(assistant, REFUSED))
    again = restored(kept(turns), assistant, ("Duties",))
    roles = assistant.retriever.index.manifest.roles
    shown = [replace(turn, roles=roles, topics=again[i].topics) for i, turn in enumerate(turns)]
    assert [html for _, html in messages(again)] == [html for _, html in messages(shown)]
    assert [turn.topics for turn in again] == [(), (), ("Duties",)]
    assert {turn.note for turn in again} == {None}


def test_an_answer_of_an_earlier_index_says_so_and_whether_its_quotes_stand(
    assistant: Assistant, settings: Settings, corpus: Path
) -> None:
    turns = (asked(assistant, LAMP), asked(assistant, REFUSED))
    after = rebuilt(assistant, settings, corpus / "harbour.md", "March", "April")
    lamp, refused = restored(kept(turns), after, ())
    assert lamp.note == "Answered from an earlier index. Every quote still stands in the documents as they are now."
    assert refused.note
    assert refused.note.startswith("Answered from an earlier index. The documents have changed and may answer it now.")
    shown = parse(list(messages((lamp,)))[1][1])
    assert shown.one("p", "age").text == lamp.note

    after = rebuilt(after, settings, corpus / "harbour.md", "at dusk", "at sunset")
    lamp, _ = restored(kept(turns), after, ())
    assert lamp.note == (
        "Answered from an earlier index. No longer in the documents as quoted: [1]. Ask again for what they say now."
    )


def test_a_made_up_quote_is_told_from_a_real_one(assistant: Assistant) -> None:
    bundle = json.loads(kept((asked(assistant, LAMP),)))
    bundle["turns"][0]["answer"]["citations"][0]["quote"] = "A lighthouse keeper sleeps all night."
    (turn,) = restored(json.dumps(bundle), assistant, ())
    assert turn.note == "This is not what was answered: [1] does not stand in the documents."
    refusal = exchange(cite("Never said."), kind="refusal")
    generation = refusal.answer.index.id
    assert age_note(refusal, generation, {}) == "This is not what was answered: [1] does not stand in the documents."


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_comes_back_is_text_whatever_it_says(assistant: Assistant, hostile: str) -> None:
    quotes = (cite(hostile, document=hostile, row=hostile, column=hostile), cite(hostile, 0, 2, lead_in=hostile))
    answer = exchange(*quotes, question=hostile, resolved=f"{hostile}?", role=hostile)
    refusal = exchange(*quotes, kind="refusal", question=hostile, text=hostile)
    turns = restored(to_keep((answer, refusal)), assistant, (hostile,))
    tags = set()
    for _, html in messages(turns):
        page = parse(html)
        assert hostile in page.text
        tags |= {element.tag for element in page.all()}
        assert not any(name.startswith("on") for element in page.all() for name in element.attributes)
        hrefs = [element.attributes.get("href", "?") for element in page.all("a")]
        assert all(href.startswith("?") for href in hrefs)
    assert tags <= {
        "article", "div", "p", "span", "blockquote", "strong", "a", "q", "h3", "ul", "li",
        "button", "svg", "path", "label", "textarea",
    }  # fmt: skip


@pytest.fixture
def app(assistant: Assistant) -> gr.Blocks:
    async def build() -> gr.Blocks:
        return build_app(assistant)

    return asyncio.run(build())


def record(app: gr.Blocks) -> Any:
    (found,) = (block for block in app.blocks.values() if getattr(block, "elem_id", None) == "record")
    return found


def reopen(app: gr.Blocks, bundle: Any) -> tuple[Any, ...]:
    (fn,) = (fn for fn in app.fns.values() if fn.fn and (record(app)._id, "reopen") in fn.targets)
    return cast(Callable[..., Any], fn.fn)(gr.EventData(None, {"bundle": bundle}))


def test_reopening_brings_the_conversation_its_suggestions_and_its_record(
    app: gr.Blocks, assistant: Assistant
) -> None:
    turns = (asked(assistant, LAMP),)
    conversation, again, box, kept_again, suggestions = reopen(app, kept(turns))
    assert [message.role for message in conversation] == ["user", "assistant"]
    assert [turn.question for turn in again] == [LAMP]
    assert box == gr.skip()
    assert "Ask next" in suggestions
    assert kept_again == kept(turns)


@pytest.mark.parametrize("bundle", ["", "{}", "<script>alert(1)</script>", None, ["x"], 7])
def test_what_is_no_conversation_is_not_opened(app: gr.Blocks, bundle: Any) -> None:
    *others, said, suggestions = reopen(app, bundle)
    assert [*others, suggestions] == [gr.skip()] * 4
    assert json.loads(said)["error"].startswith("This conversation cannot be opened: it is no exported conversation")
    assert "<" not in said


def test_an_export_is_made_of_what_was_kept(app: gr.Blocks, assistant: Assistant) -> None:
    bundle = kept((asked(assistant, LAMP), asked(assistant, "Compare the leave of keeper and pilot")))
    made = record(app).export(json.dumps({"bundle": bundle, "form": "json"}))
    assert [item.answer for item in read_bundle(made["text"])] == [item.answer for item in read_bundle(bundle)]
    made = record(app).export(json.dumps({"bundle": bundle, "form": "markdown"}))
    assert made["text"].startswith("# Conversation\n")
    assert "### Harbour Pilot\n" in made["text"]


@pytest.mark.parametrize(
    "request_",
    ["", "[]", '{"bundle": "{}", "form": "markdown"}', '{"bundle": 1, "form": "json"}', '{"bundle": "", "form": "exe"}'],
)
def test_what_cannot_be_exported_is_told(app: gr.Blocks, request_: str) -> None:
    made = record(app).export(request_)
    assert set(made) == {"error"}
    assert made["error"].startswith("Not exported: ")


def test_a_bundle_error_reaches_the_caller(assistant: Assistant) -> None:
    with pytest.raises(BundleError):
        restored("{}", assistant, ())
