"""The chat: what each click on the page asks of the assistant."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import gradio as gr

from roleqa.errors import RoleqaError
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
from roleqa.ui.source import open_source

if TYPE_CHECKING:
    from roleqa.assistant import Assistant

# Questions answered at once; more wait their turn. Rebuilding has a group of its own and holds up none.
ASK_CONCURRENCY = 8
# Seconds between looks for uploads that nobody has done anything with, and how old those are that go.
UPLOADS_KEPT = (600, 3600)
# How many of the corpus' topics a refusal names, and how many questions it offers.
TOPICS_NAMED = 12
EXAMPLES_AFTER_REFUSAL = 3

UNEXPECTED = "Something went wrong that should not have. Ask again; the terminal that serves this page says more."

log = logging.getLogger(__name__)

Turns = tuple[Turn, ...]


def build_app(assistant: Assistant, access: Access = Access()) -> gr.Blocks:  # noqa: B008 (it is frozen)
    """The chat over `assistant`, ready for `roleqa.ui.serve` to launch; `access` says who may change the index."""

    def open_link(link: str) -> str:
        return open_source(assistant.document, str(link))

    app = ApiBlocks(title=TITLE, analytics_enabled=False, fill_height=True, delete_cache=UPLOADS_KEPT)
    with app:
        connect_api(assistant)
        page = Page.build(open_link, split_opener(assistant), [exporter(assistant), rater(assistant)])
        _connect_chat(page.chat, assistant)
        _connect_refresh(app, page, assistant, connect_corpus(app, page.corpus, assistant, access))
        connect_quality(page.quality, assistant, access)
        for_admins = [page.corpus.rebuild, page.corpus.upload]
        connect_account(app, access, page.account, page.corpus.notice, for_admins)
    app.queue(default_concurrency_limit=ASK_CONCURRENCY)
    return app


def _connect_chat(chat: Chat, assistant: Assistant) -> None:
    outputs = [chat.conversation, chat.turns, chat.box, chat.record]

    def ask(question: str, turns: Turns, role: str) -> Iterator[tuple[Any, ...]]:
        yield from _ask(assistant, question, turns, role)

    def choose(turns: Turns, role: str, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
        yield from _ask(assistant, str(event.question), turns, role)

    def suggest(turns: Turns) -> Any:
        return _next_questions(assistant, turns)

    def start_afresh() -> tuple[Any, ...]:
        return [], (), "", "", _begin(assistant)

    def reopen(event: gr.EventData) -> tuple[Any, ...]:
        return _reopen(assistant, str(event.bundle))

    asking: dict[str, Any] = {
        "outputs": outputs,
        "concurrency_id": "ask",
        "concurrency_limit": ASK_CONCURRENCY,
        **QUIET,
    }
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


def _ask(assistant: Assistant, question: str, turns: Turns, role: str) -> Iterator[tuple[Any, ...]]:
    """Yields (conversation, turns, box, record): at once with the question, then with its answer."""
    if not question.strip():
        yield gr.skip(), gr.skip(), gr.skip(), gr.skip()
        return
    yield _show((*turns, Turn(question))), gr.skip(), "", gr.skip()
    turn = _answered(assistant, question, turns, role if role != ANY_ROLE else None)
    # A question that failed goes back into its box, to be mended or tried again.
    box = question if turn.error else gr.skip()
    # What is shown is what is kept and exported, from the same moment on.
    yield _show((*turns, turn)), (*turns, turn), box, kept((*turns, turn))


def _answered(assistant: Assistant, question: str, turns: Turns, role: str | None) -> Turn:
    roles: tuple[Role, ...] = ()
    try:
        status = assistant.status()
        roles = status.roles
        answer = assistant.ask(question, history(turns), role)
        topics = () if answer.answered else tuple(spread(status.topics, TOPICS_NAMED))
        return recorded(Turn(question, answer, roles, role=role, topics=topics), assistant)
    except RoleqaError as error:
        return Turn(question, None, roles, str(error), role)
    except Exception:
        log.exception("no answer to %r", question)
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
    names = [role.name for role in turn.roles if role.id in turn.answer.roles]
    name = f"Ask next about the {names[0]}" if len(names) == 1 else "Compare next" if names else "Ask next"
    asked = [turn.question for turn in turns]
    return _chips(name, follow_ups(turn.answer, assistant.document, turn.roles, asked))


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
