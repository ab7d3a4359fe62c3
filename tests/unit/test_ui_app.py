"""The page's events: what they ask of the assistant, and that nothing a person wrote or read is lost."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

import gradio as gr
import pytest
from gradio.blocks import BlockFunction

from roleqa.assistant import Assistant
from roleqa.errors import CorpusError, IndexDamagedError, QuestionError
from roleqa.types import Answer, BuildReport, Generation, Progress, Role, Status
from roleqa.ui.app import UNEXPECTED, build_app
from roleqa.ui.conversation import Turn

INDEX = Generation("g1", "2026-01-01T00:00:00+00:00", stale=False)
ROLES = (Role("keeper", "Keeper"),)


class FakeAssistant:
    """Refuses every question, remembering what it was asked; fails where it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.error: Exception | None = None

    def ask(self, question: str, history: Sequence[str] = (), role: str | None = None) -> Answer:
        assert role is None
        self.asked.append((question, tuple(history)))
        if self.error:
            raise self.error
        return Answer(question, question, "refusal", f"No answer to {question}", 0.1, INDEX, 0.1)

    def status(self) -> Status:
        if isinstance(self.error, IndexDamagedError):
            raise self.error
        return Status(INDEX, "corpus", 1, 2, 3, "packaged", "packaged", ROLES)

    def rebuild(self, progress: Progress | None = None) -> BuildReport:
        if self.error:
            raise self.error
        assert progress
        progress("reading", 0, 0)
        progress("encoding", 1, 2)
        progress("writing", 0, 0)
        return BuildReport("g2", 1, 2, 3, 2, 0.1)


@pytest.fixture
def assistant() -> FakeAssistant:
    return FakeAssistant()


@pytest.fixture
def app(assistant: FakeAssistant) -> gr.Blocks:
    async def build() -> gr.Blocks:
        return build_app(cast(Assistant, assistant))

    # Inside an event loop: outside one, Gradio makes several of its own and leaves them open.
    return asyncio.run(build())


def event(app: gr.Blocks, element_id: str, trigger: str = "click") -> BlockFunction:
    """The handler behind one component's event."""
    ids = [block._id for block in app.blocks.values() if getattr(block, "elem_id", None) == element_id]
    found = [fn for fn in app.fns.values() if any((id, trigger) in fn.targets for id in ids)]
    assert len(found) == 1
    return found[0]


def ask(app: gr.Blocks, question: str, turns: tuple[Turn, ...] = ()) -> list[tuple[Any, ...]]:
    handler = cast(Callable[..., Any], event(app, "ask").fn)
    return list(handler(question, turns))


def html_of(messages: Sequence[gr.ChatMessage]) -> list[str]:
    return [cast(gr.HTML, message.content).value for message in messages]


def test_a_question_is_shown_at_once_and_then_answered(app: gr.Blocks, assistant: FakeAssistant) -> None:
    (shown, _, box, examples), (answered, turns, _, _) = ask(app, "When?")
    assert [message.role for message in shown] == ["user"]
    assert "When?" in html_of(shown)[0]
    assert box == ""
    assert examples["visible"] is False
    assert [message.role for message in answered] == ["user", "assistant"]
    assert "No answer to When?" in html_of(answered)[1]
    assert [(turn.question, turn.error, turn.roles) for turn in turns] == [("When?", None, ROLES)]
    assert assistant.asked == [("When?", ())]


def test_a_follow_up_is_asked_with_the_questions_before_it(app: gr.Blocks, assistant: FakeAssistant) -> None:
    turns = ask(app, "When?")[-1][1]
    answered = ask(app, "And where?", turns)[-1][0]
    assert assistant.asked[-1] == ("And where?", ("When?",))
    assert len(answered) == 4


def test_an_error_is_one_message_and_the_question_goes_back_into_its_box(
    app: gr.Blocks, assistant: FakeAssistant
) -> None:
    turns = ask(app, "When?")[-1][1]
    assistant.error = QuestionError("Too long. <b>Shorten it.</b>")
    shown, after, box, _ = ask(app, "Why?", turns)[-1]
    assert box == "Why?"
    assert after[0] == turns[0]
    assert after[1] == Turn("Why?", error="Too long. <b>Shorten it.</b>")
    assert "Too long. &lt;b&gt;Shorten it.&lt;/b&gt;" in html_of(shown)[-1]


def test_even_a_fault_of_our_own_loses_nothing(app: gr.Blocks, assistant: FakeAssistant) -> None:
    assistant.error = ZeroDivisionError("secret")
    shown, turns, box, _ = ask(app, "Why?")[-1]
    assert box == "Why?"
    assert turns == (Turn("Why?", error=UNEXPECTED),)
    assert "secret" not in html_of(shown)[-1]


@pytest.mark.parametrize("blank", ["", "   ", "\n"])
def test_a_blank_question_is_not_asked(app: gr.Blocks, assistant: FakeAssistant, blank: str) -> None:
    assert ask(app, blank) == [(gr.skip(), gr.skip(), gr.skip(), gr.skip())]
    assert assistant.asked == []


def test_the_panel_shows_the_status_or_why_there_is_none(app: gr.Blocks, assistant: FakeAssistant) -> None:
    refresh = cast(
        Callable[[], tuple[Any, ...]], next(fn.fn for fn in app.fns.values() if fn.name == "refresh")
    )
    status, index, examples = refresh()
    assert "Up to date" in status
    assert "g1" in index
    assert "What does the Keeper do?" in examples
    assistant.error = IndexDamagedError("vectors.faiss is missing. Run: roleqa build")
    status, index, examples = refresh()
    assert "vectors.faiss is missing" in status
    assert index == examples == gr.skip()


def test_a_rebuild_reports_what_it_did_or_what_stopped_it(app: gr.Blocks, assistant: FakeAssistant) -> None:
    calls: list[tuple[Any, str]] = []
    rebuild = cast(Callable[..., str], event(app, "rebuild").fn)

    def progress(done: Any, desc: str) -> None:
        calls.append((done, desc))

    assert "The new index answers now." in rebuild(progress)
    assert calls == [(0.0, "Reading"), (0.5, "Encoding"), (0.5, "Writing")]
    assistant.error = CorpusError("No documents in <corpus>.")
    report = rebuild(progress)
    assert "No documents in &lt;corpus&gt;." in report
    assert "The index from before goes on answering." in report


def test_asking_never_waits_for_a_rebuild(app: gr.Blocks) -> None:
    asking, rebuilding = event(app, "ask"), event(app, "rebuild")
    assert asking.concurrency_id != rebuilding.concurrency_id
    assert asking.concurrency_limit > 1
    assert rebuilding.concurrency_limit == 1
    assert event(app, "question", "submit") is asking
    assert event(app, "examples", "choose").concurrency_id == asking.concurrency_id


def test_no_event_of_the_page_is_an_interface_for_programs(app: gr.Blocks) -> None:
    assert {fn.api_visibility for fn in app.fns.values()} == {"private"}


def test_building_the_page_asks_nothing_and_reports_nothing(app: gr.Blocks, assistant: FakeAssistant) -> None:
    assert assistant.asked == []
    assert app.analytics_enabled is False
