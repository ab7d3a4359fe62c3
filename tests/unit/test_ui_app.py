"""The page's events: what they ask of the assistant, and that nothing a person wrote or read is lost."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest
from gradio.blocks import BlockFunction

from documents import written
from fakes import OverlapReader, WordEncoder
from html_tree import parse
from roleqa.assistant import Assistant
from roleqa.errors import IndexDamagedError, QuestionError
from roleqa.index.catalog import Entry
from roleqa.retrieve.search import Retriever
from roleqa.settings import Settings
from roleqa.types import (
    Answer,
    BuildReport,
    Citation,
    Document,
    Evidence,
    Generation,
    Passage,
    Progress,
    Role,
    Status,
)
from roleqa.ui.app import EXAMPLES_AFTER_REFUSAL, TOPICS_NAMED, UNEXPECTED, build_app
from roleqa.ui.conversation import Turn
from roleqa.ui.history import kept
from roleqa.ui.links import Link
from roleqa.ui.source import NOT_A_LINK

INDEX = Generation("g1", "2026-01-01T00:00:00+00:00", stale=False)
ROLES = (Role("keeper", "Keeper"), Role("clerk", "Clerk"))
TOPICS = tuple(f"Topic {number}" for number in range(40))
DOCUMENT = written("a.md", "A", "# Hours\n\nOpen at nine.\n\n# Fees\n\nTwo euros.\n", "")


@dataclass
class FakeIndex:
    """A generation of one document, which nobody searches."""

    manifest: Any
    documents: dict[str, Document]
    vectors: Any
    bm25: Any


class FakeAssistant:
    """Refuses every question but "Hours?", remembering what it was asked; fails where it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...], str | None]] = []
        self.error: Exception | None = None
        self.settings = Settings()
        manifest = SimpleNamespace(generation=INDEX.id, sources={DOCUMENT.id: "a" * 64}, roles=ROLES)
        store = SimpleNamespace(search=None)
        index: Any = FakeIndex(manifest, {DOCUMENT.id: DOCUMENT}, store, store)
        self.retriever = Retriever(index, WordEncoder(), OverlapReader(), self.settings)

    def with_retriever(self, retriever: Retriever) -> "FakeAssistant":
        assert retriever.index.documents is self.retriever.index.documents
        return self

    def ask(self, question: str, history: Sequence[str] = (), role: str | None = None) -> Answer:
        self.asked.append((question, tuple(history), role))
        if self.error:
            raise self.error
        if question == "Hours?":
            passage = Passage("p", "a.md", ("Hours",), 9, 22)
            cited = (
                Citation(1, Evidence("p", 9, 22, "sentence"), "Open at nine.", passage, "Open at nine.", None, 1.0),
            )
            roles = (role,) if role else ()
            return Answer(question, question, "answer", "", 0.9, INDEX, 0.1, roles=roles, citations=cited)
        return Answer(question, question, "refusal", f"No answer to {question}", 0.1, INDEX, 0.1)

    def document(self, document_id: str) -> Document | None:
        return DOCUMENT if document_id == DOCUMENT.id else None

    def status(self) -> Status:
        if isinstance(self.error, IndexDamagedError):
            raise self.error
        return Status(INDEX, "corpus", 1, 2, 3, "packaged", "packaged", ROLES, TOPICS)

    def catalog(self) -> tuple[Entry, ...]:
        return ()

    def rebuild(self, progress: Progress | None = None) -> BuildReport:
        raise AssertionError(f"nobody has asked for it, nor for {progress}")


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
    found = [fn for fn in app.fns.values() if fn.fn and any((id, trigger) in fn.targets for id in ids)]
    assert len(found) == 1
    return found[0]


def ask(app: gr.Blocks, question: str, turns: tuple[Turn, ...] = (), role: str = "") -> list[tuple[Any, ...]]:
    """What the page shows, step by step: (conversation, turns, box, record)."""
    handler = cast(Callable[..., Any], event(app, "ask").fn)

    async def steps() -> list[tuple[Any, ...]]:
        return [step async for step in handler(question, turns, role)]

    return asyncio.run(steps())


def suggestions_after(app: gr.Blocks, question: str, turns: tuple[Turn, ...] = (), role: str = "") -> Any:
    """What the page suggests once a question has been answered."""
    asked = next(index for index, fn in app.fns.items() if fn is event(app, "ask"))
    (suggest,) = (fn for fn in app.fns.values() if fn.trigger_after == asked)
    return cast(Callable[..., Any], suggest.fn)(ask(app, question, turns, role)[-1][1])


def html_of(messages: Sequence[gr.ChatMessage]) -> list[str]:
    return [cast(gr.HTML, message.content).value for message in messages]


def test_a_question_is_shown_at_once_and_then_answered(app: gr.Blocks, assistant: FakeAssistant) -> None:
    (shown, _, box, _), (answered, turns, _, record) = ask(app, "When?")
    assert [message.role for message in shown] == ["user"]
    assert "When?" in html_of(shown)[0]
    assert box == ""
    assert [message.role for message in answered] == ["user", "assistant"]
    assert "No answer to When?" in html_of(answered)[1]
    assert [(turn.question, turn.error, turn.roles) for turn in turns] == [("When?", None, ROLES)]
    assert record == kept(turns)
    assert assistant.asked == [("When?", (), None)]


def test_a_refusal_names_topics_and_offers_examples(app: gr.Blocks) -> None:
    covered = parse(html_of(ask(app, "When?")[-1][0])[1]).one("div", "covered")
    assert len(covered.all("li")) == TOPICS_NAMED
    suggestions = parse(suggestions_after(app, "When?"))
    assert suggestions.one("h3").text == "Try asking"
    questions = [button.attributes["data-question"] for button in suggestions.all("button")]
    assert len(questions) == EXAMPLES_AFTER_REFUSAL
    assert questions[0] == "Tell me about topic 0"


def test_after_a_refusal_of_one_role_no_example_compares(app: gr.Blocks) -> None:
    suggestions = parse(suggestions_after(app, "When?", role="clerk"))
    questions = [button.attributes["data-question"] for button in suggestions.all("button")]
    assert len(questions) == EXAMPLES_AFTER_REFUSAL
    assert all(question.startswith("Tell me about topic") for question in questions)


def test_after_an_answer_its_neighbours_are_suggested(app: gr.Blocks) -> None:
    suggestions = parse(suggestions_after(app, "Hours?"))
    chip = suggestions.one("button")
    assert (chip.text, chip.attributes["data-question"]) == ("Fees", "Tell me about fees")
    assert suggestions.one("h3").text == "Ask next"
    of_one_role = parse(suggestions_after(app, "Hours?", role="clerk"))
    assert of_one_role.one("button").attributes["data-question"] == "Tell me about fees"
    turns = ask(app, "And the fees?")[-1][1]
    assert suggestions_after(app, "Hours?", turns) == ""


def test_after_an_error_the_suggestions_stay(app: gr.Blocks, assistant: FakeAssistant) -> None:
    assistant.error = QuestionError("Too long.")
    assert suggestions_after(app, "When?") == gr.skip()


def test_a_follow_up_is_asked_with_the_questions_before_it(app: gr.Blocks, assistant: FakeAssistant) -> None:
    turns = ask(app, "When?")[-1][1]
    conversation = ask(app, "And where?", turns)[-1][0]
    assert assistant.asked[-1] == ("And where?", ("When?",), None)
    assert len(conversation) == 4


def test_a_question_is_asked_of_the_role_that_is_chosen(app: gr.Blocks, assistant: FakeAssistant) -> None:
    conversation, turns, _, _ = ask(app, "When?", role="clerk")[-1]
    assert assistant.asked == [("When?", (), "clerk")]
    assert turns[0].role == "clerk"
    assert "Only about: " in html_of(conversation)[0]
    assert "Clerk" in html_of(conversation)[0]


def test_an_error_is_one_message_and_the_question_goes_back_into_its_box(
    app: gr.Blocks, assistant: FakeAssistant
) -> None:
    turns = ask(app, "When?")[-1][1]
    assistant.error = QuestionError("Too long. <b>Shorten it.</b>")
    shown, after, box, _ = ask(app, "Why?", turns)[-1]
    assert box == "Why?"
    assert after[0] == turns[0]
    assert after[1] == Turn("Why?", None, ROLES, "Too long. <b>Shorten it.</b>")
    assert "Too long. &lt;b&gt;Shorten it.&lt;/b&gt;" in html_of(shown)[-1]


def test_even_a_fault_of_our_own_loses_nothing(app: gr.Blocks, assistant: FakeAssistant) -> None:
    assistant.error = ZeroDivisionError("secret")
    shown, turns, box, _ = ask(app, "Why?")[-1]
    assert box == "Why?"
    assert turns == (Turn("Why?", None, ROLES, UNEXPECTED),)
    assert "secret" not in html_of(shown)[-1]


@pytest.mark.parametrize("blank", ["", "   ", "\n"])
def test_a_blank_question_is_not_asked(app: gr.Blocks, assistant: FakeAssistant, blank: str) -> None:
    assert ask(app, blank) == [(gr.skip(), gr.skip(), gr.skip(), gr.skip())]
    assert assistant.asked == []


def refresh(app: gr.Blocks, turns: tuple[Turn, ...] = (), role: str = "") -> tuple[Any, ...]:
    handler = next(fn.fn for fn in app.fns.values() if fn.name == "refresh")
    shown = cast(Callable[..., tuple[Any, ...]], handler)(turns, role)
    assert len(shown) == 3
    return shown


def test_the_chat_shows_what_it_answers_from_or_why_it_cannot(app: gr.Blocks, assistant: FakeAssistant) -> None:
    overview, suggestions, role = refresh(app)
    assert "Up to date" in overview
    assert "Topic 3" in overview
    assert "Tell me about topic 0" in suggestions
    assert role["choices"] == [("All roles", ""), ("Keeper", "keeper"), ("Clerk", "clerk")]
    assert role["visible"] is True
    assert "value" not in role
    assistant.error = IndexDamagedError("vectors.faiss is missing. Run: roleqa build")
    overview, *others = refresh(app)
    assert "vectors.faiss is missing" in overview
    assert others == [gr.skip()] * 2


def test_suggestions_belong_to_the_conversation_once_there_is_one(app: gr.Blocks) -> None:
    assert refresh(app, (Turn("When?"),))[1] == gr.skip()


def test_a_chosen_role_is_kept_while_there_is_one_of_that_name(app: gr.Blocks) -> None:
    assert "value" not in refresh(app, role="clerk")[2]
    assert refresh(app, role="porter")[2]["value"] == ""


def test_without_roles_there_is_no_filter(
    app: gr.Blocks, assistant: FakeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = Status(INDEX, "corpus", 1, 2, 3, "packaged", "packaged")
    monkeypatch.setattr(assistant, "status", lambda: bare)
    *_, suggestions, role = refresh(app)
    assert role["visible"] is False
    assert suggestions == ""


def test_beginning_anew_brings_the_examples_back(app: gr.Blocks, assistant: FakeAssistant) -> None:
    afresh = cast(Callable[[], tuple[Any, ...]], event(app, "fresh").fn)
    conversation, turns, box, record, suggestions = afresh()
    assert (conversation, turns, box, record) == ([], (), "", "")
    assert parse(suggestions).one("h3").text == "Example questions"
    assistant.error = IndexDamagedError("vectors.faiss is missing. Run: roleqa build")
    assert afresh()[4] == ""


def test_links_are_opened_in_the_documents_of_the_index(app: gr.Blocks) -> None:
    (frame,) = (block for block in app.blocks.values() if getattr(block, "elem_id", None) == "source-frame")
    open_link = cast(Callable[[Any], str], cast(Any, frame).open_link)
    assert parse(open_link(Link("a.md", 9, 22).href)).one("mark").text == "Open at nine."
    assert parse(open_link({"document": "a.md"})).one("p", "notice").text == NOT_A_LINK


def test_asking_never_waits_for_a_rebuild(app: gr.Blocks) -> None:
    asking, rebuilding = event(app, "ask"), event(app, "rebuild")
    assert asking.concurrency_id != rebuilding.concurrency_id
    assert event(app, "question", "submit") is asking
    # Each waits for its own: questions in a line that is bounded, a rebuild for its end.
    for waiting in (asking, rebuilding, event(app, "suggestions", "choose")):
        assert waiting.concurrency_limit is None


def test_no_event_of_the_page_is_an_interface_for_programs(app: gr.Blocks) -> None:
    public = {fn.api_name for fn in app.fns.values() if fn.api_visibility != "private"}
    assert public == {"ask", "search", "status"}


def test_building_the_page_asks_nothing_and_reports_nothing(app: gr.Blocks, assistant: FakeAssistant) -> None:
    assert assistant.asked == []
    assert app.analytics_enabled is False
