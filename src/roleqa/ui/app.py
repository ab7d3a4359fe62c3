"""The chat: what each click on the page asks of the assistant."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import gradio as gr

from roleqa.errors import BusyError, RoleqaError
from roleqa.types import Role, Status
from roleqa.ui.access import Access
from roleqa.ui.account import connect_account
from roleqa.ui.api import ApiBlocks, connect_api
from roleqa.ui.conversation import Turn, history, messages
from roleqa.ui.corpus_tab import connect_corpus, split_opener
from roleqa.ui.examples import Suggestion, example_questions, spread
from roleqa.ui.export import exporter
from roleqa.ui.feedback import rater
from roleqa.ui.follow_ups import follow_ups
from roleqa.ui.history import kept, not_opened, recorded, restored
from roleqa.ui.layout import ANY_ROLE, QUIET, TITLE, Chat, Page, html_component
from roleqa.ui.markup import EMPTY, Html, element, foreign, join, text
from roleqa.ui.panel import render_overview
from roleqa.ui.quality import connect_quality
from roleqa.ui.render import render_error
from roleqa.ui.service import Service
from roleqa.ui.source import open_source

if TYPE_CHECKING:
    from roleqa.assistant import Assistant

# What one kind of click on any page may have done at once. Questions have a line of their own.
CONCURRENCY = 8
# Events of all pages and calls that Gradio has not begun with; more get a 503 of its own.
MOST_EVENTS = 1000
# Seconds between looks for uploads that nobody has done anything with, and how old those are that go.
UPLOADS_KEPT = (600, 3600)
# How many of the corpus' topics a refusal names, and how many questions it offers.
TOPICS_NAMED = 12
EXAMPLES_AFTER_REFUSAL = 3

UNEXPECTED = "Something went wrong that should not have. Ask again; the terminal that serves this page says more."

log = logging.getLogger(__name__)

Turns = tuple[Turn, ...]


def build_app(
    assistant: Assistant,
    access: Access = Access(),  # noqa: B008 (it is frozen)
    service: Service | None = None,
) -> gr.Blocks:
    """The chat over `assistant`, ready for `roleqa.ui.serve` to launch; `access` says who may change the index."""
    service = service or Service(assistant)

    def open_link(link: str) -> str:
        return open_source(assistant.document, str(link))

    app = ApiBlocks(title=TITLE, analytics_enabled=False, fill_height=True, delete_cache=UPLOADS_KEPT)
    with app:
        connect_api(service)
        page = Page.build(open_link, split_opener(assistant), [exporter(assistant), rater(assistant)])
        _connect_chat(page.chat, service)
        changes = connect_corpus(app, page.corpus, assistant, access, service.rebuild)
        _connect_refresh(app, page, assistant, changes)
        connect_quality(page.quality, service, access)
        for_admins = [page.corpus.rebuild, page.corpus.upload]
        connect_account(app, access, page.account, page.corpus.notice, for_admins)
    app.queue(default_concurrency_limit=CONCURRENCY, max_size=MOST_EVENTS)
    return app


def _connect_chat(chat: Chat, service: Service) -> None:
    assistant = service.assistant
    outputs = [chat.conversation, chat.turns, chat.box, chat.record]

    async def ask(question: str, turns: Turns, role: str) -> AsyncIterator[tuple[Any, ...]]:
        async for step in _ask(service, question, turns, role):
            yield step

    async def choose(turns: Turns, role: str, event: gr.EventData) -> AsyncIterator[tuple[Any, ...]]:
        async for step in _ask(service, str(event.question), turns, role):
            yield step

    def suggest(turns: Turns) -> Any:
        return _next_questions(assistant, turns)

    def start_afresh() -> tuple[Any, ...]:
        return [], (), "", "", _begin(assistant)

    def reopen(event: gr.EventData) -> tuple[Any, ...]:
        return _reopen(assistant, str(event.bundle))

    # Questions wait in the service's line, which is bounded, and not for Gradio.
    asking: dict[str, Any] = {"outputs": outputs, "concurrency_limit": None, **QUIET}
    asked = [
        gr.on([chat.box.submit, chat.ask.click], ask, [chat.box, chat.turns, chat.role], **asking),
        chat.suggestions.choose(choose, [chat.turns, chat.role], **asking),
    ]
    for event in asked:
        # In an event of its own: until one has ended, the next question could not be asked.
        event.then(suggest, [chat.turns], chat.suggestions, **QUIET)
    # An answer that is still awaited belongs to the conversation that is left.
    chat.fresh.click(start_afresh, None, [*outputs, chat.suggestions], cancels=asked, **QUIET)
    chat.record.reopen(reopen, None, [*outputs, chat.suggestions], cancels=asked, **QUIET)


def _connect_refresh(app: gr.Blocks, page: Page, assistant: Assistant, changes: Sequence[Any]) -> None:
    """Keeps what the chat says of the corpus up to date: when the page loads, and after each of the `changes`."""
    chat = page.chat
    inputs = [chat.turns, chat.role]
    outputs = [page.source.overview, chat.suggestions, chat.role]

    def refresh(turns: Turns, role: str) -> tuple[Any, ...]:
        return _refresh(assistant, turns, role)

    app.load(refresh, inputs, outputs, **QUIET)
    for event in changes:
        event.then(refresh, inputs, outputs, **QUIET)


async def _ask(service: Service, question: str, turns: Turns, role: str) -> AsyncIterator[tuple[Any, ...]]:
    """Yields (conversation, turns, box, record): at once with the question, then with its answer."""
    if not question.strip():
        yield gr.skip(), gr.skip(), gr.skip(), gr.skip()
        return
    longest = service.assistant.settings.max_question_length
    shown = question if len(question) <= longest else f"{question[:longest]}\N{HORIZONTAL ELLIPSIS}"
    yield _show((*turns, Turn(shown))), gr.skip(), "", gr.skip()
    turn = await _answered(service, question, turns, role if role != ANY_ROLE else None)
    # A question that failed goes back into its box, to be mended or tried again.
    box = question if turn.error else gr.skip()
    turns = (*turns, replace(turn, question=shown))
    # What is shown is what is kept and exported, from the same moment on.
    yield _show(turns), turns, box, kept(turns)


async def _answered(service: Service, question: str, turns: Turns, role: str | None) -> Turn:
    try:
        return await service.in_turn("chat", lambda: _answer(service, question, turns, role))
    except BusyError as error:
        return Turn(question, None, (), str(error), role)


def _answer(service: Service, question: str, turns: Turns, role: str | None) -> Turn:
    assistant = service.assistant
    roles: tuple[Role, ...] = ()
    try:
        roles = assistant.retriever.index.manifest.roles
        answer = service.ask("chat", question, history(turns), role)
        topics = () if answer.answered else tuple(spread(assistant.status().topics, TOPICS_NAMED))
        return recorded(Turn(question, answer, roles, role=role, topics=topics), assistant)
    except RoleqaError as error:
        return Turn(question, None, roles, str(error), role)
    except Exception:
        log.exception("a question of the chat failed")
        return Turn(question, None, roles, UNEXPECTED, role)


def _reopen(assistant: Assistant, bundle: str) -> tuple[Any, ...]:
    """A conversation that the browser kept, shown anew, or why it cannot be; what stands in the question box stays."""
    try:
        topics = spread(assistant.status().topics, TOPICS_NAMED)
        turns = restored(bundle, assistant, tuple(topics))
    except RoleqaError as error:
        return gr.skip(), gr.skip(), gr.skip(), not_opened(error), gr.skip()
    return _show(turns), turns, gr.skip(), kept(turns), _next_questions(assistant, turns)


def _next_questions(assistant: Assistant, turns: Turns) -> Any:
    """What stands beside the evidence of the last answer; after a refusal, what can be asked at all."""
    turn = turns[-1] if turns else Turn("")
    if turn.answer is None:
        return gr.skip()
    if not turn.answer.answered:
        roles = [role for role in turn.roles if turn.role in (None, role.id)]
        return _chips("Try asking", example_questions(turn.topics, roles)[:EXAMPLES_AFTER_REFUSAL])
    asked = [turn.question for turn in turns]
    return _chips("Ask next", follow_ups(turn.answer, assistant.document, turn.roles, asked))


def _show(turns: Sequence[Turn]) -> list[gr.ChatMessage]:
    """As components, since the chat would read text as Markdown; HTML of our own it leaves alone."""
    return [gr.ChatMessage(role=role, content=html_component(html)) for role, html in messages(turns)]


def _refresh(assistant: Assistant, turns: Turns, role: str) -> tuple[Any, ...]:
    """What the page says of the corpus; its suggestions only until the conversation brings its own."""
    try:
        status = assistant.status()
    except RoleqaError as error:
        return render_error(str(error)), gr.skip(), gr.skip()
    examples = gr.skip() if turns else _examples(status)
    choice = _role_choice(status.roles, role)
    return render_overview(status, datetime.now(UTC)), examples, choice


def _role_choice(roles: Sequence[Role], chosen: str) -> dict[str, Any]:
    """The role filter for these roles, hidden where there are none; a choice that is gone becomes all roles."""
    choices = [("All roles", ANY_ROLE), *((role.name, role.id) for role in roles)]
    update: dict[str, Any] = gr.update(choices=choices, visible=bool(roles))
    return update if chosen in {value for _, value in choices} else {**update, "value": ANY_ROLE}


def _begin(assistant: Assistant) -> Html:
    try:
        return _examples(assistant.status())
    except RoleqaError:
        return EMPTY  # why, the panel says


def _examples(status: Status) -> Html:
    return _chips("Example questions", example_questions(status.topics, status.roles))


def _chips(name: str, suggestions: Sequence[Suggestion]) -> Html:
    if not suggestions:
        return EMPTY
    buttons = (
        element(
            "li",
            foreign("button", item.label, type="button", data_question=item.question, title=item.question),
        )
        for item in suggestions
    )
    return join(element("h3", text(name)), element("ul", *buttons, aria_label=name))
