"""The chat: what each click on the page asks of the assistant."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import gradio as gr

from roleqa.errors import RoleqaError
from roleqa.types import Status
from roleqa.ui.conversation import Turn, history, messages
from roleqa.ui.examples import example_questions
from roleqa.ui.layout import TITLE, Chat, Page, html_component
from roleqa.ui.markup import Html, element, foreign, join, text
from roleqa.ui.panel import render_index, render_report, render_status
from roleqa.ui.render import render_error

if TYPE_CHECKING:
    from roleqa.assistant import Assistant

# Questions answered at once; more wait their turn. Rebuilding has a group of its own and holds up none.
ASK_CONCURRENCY = 8

# The page shows for itself that it is at work; none of its events is an interface for programs.
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

UNEXPECTED = (
    "Something went wrong that should not have. Ask again; the terminal that serves this page says more."
)

log = logging.getLogger(__name__)

Turns = tuple[Turn, ...]


def build_app(assistant: Assistant) -> gr.Blocks:
    """The chat over `assistant`, ready for `roleqa.ui.serve` to launch."""
    app = gr.Blocks(title=TITLE, analytics_enabled=False, fill_height=True)
    with app:
        page = Page.build()
        _connect_chat(page.chat, assistant)
        _connect_corpus(app, page, assistant)
    app.queue(default_concurrency_limit=ASK_CONCURRENCY)
    return app


def _connect_chat(chat: Chat, assistant: Assistant) -> None:
    outputs = [chat.conversation, chat.turns, chat.box, chat.examples]

    def ask(question: str, turns: Turns) -> Iterator[tuple[Any, ...]]:
        yield from _ask(assistant, question, turns)

    def choose(turns: Turns, event: gr.EventData) -> Iterator[tuple[Any, ...]]:
        yield from _ask(assistant, str(event.question), turns)

    def start_afresh() -> tuple[Any, ...]:
        return [], (), "", gr.update(visible=True)

    asking: dict[str, Any] = {
        "outputs": outputs,
        "concurrency_id": "ask",
        "concurrency_limit": ASK_CONCURRENCY,
        **QUIET,
    }
    gr.on([chat.box.submit, chat.ask.click], ask, [chat.box, chat.turns], **asking)
    chat.examples.choose(choose, [chat.turns], **asking)
    chat.fresh.click(start_afresh, None, outputs, **QUIET)


def _connect_corpus(app: gr.Blocks, page: Page, assistant: Assistant) -> None:
    outputs = [page.corpus.status, page.corpus.index, page.chat.examples]

    def refresh() -> tuple[Any, ...]:
        return _refresh(assistant)

    def rebuild(progress: gr.Progress = gr.Progress()) -> Html:  # noqa: B008 (how Gradio is asked for one)
        return _rebuild(assistant, progress)

    app.load(refresh, None, outputs, **QUIET)
    page.corpus.timer.tick(refresh, None, outputs, **QUIET)
    page.corpus.rebuild.click(
        rebuild,
        None,
        page.corpus.report,
        concurrency_id="rebuild",
        concurrency_limit=1,
        api_visibility="private",
    ).then(refresh, None, outputs, **QUIET)


def _ask(assistant: Assistant, question: str, turns: Turns) -> Iterator[tuple[Any, ...]]:
    """Yields (conversation, turns, box, examples): at once with the question, then with its answer."""
    if not question.strip():
        yield gr.skip(), gr.skip(), gr.skip(), gr.skip()
        return
    yield _show((*turns, Turn(question))), gr.skip(), "", gr.update(visible=False)
    try:
        answer = assistant.ask(question, history(turns))
        turn = Turn(question, answer, assistant.status().roles)
    except RoleqaError as error:
        turn = Turn(question, error=str(error))
    except Exception:
        log.exception("no answer to %r", question)
        turn = Turn(question, error=UNEXPECTED)
    # A question that failed goes back into its box, to be mended or tried again.
    box = question if turn.error else gr.skip()
    yield _show((*turns, turn)), (*turns, turn), box, gr.skip()


def _show(turns: Sequence[Turn]) -> list[gr.ChatMessage]:
    """As components, since the chat would read text as Markdown; HTML of our own it leaves alone."""
    return [gr.ChatMessage(role=role, content=html_component(html)) for role, html in messages(turns)]


def _refresh(assistant: Assistant) -> tuple[Any, ...]:
    try:
        status = assistant.status()
    except RoleqaError as error:
        return render_error(str(error)), gr.skip(), gr.skip()
    return render_status(status, datetime.now(UTC)), render_index(status), _examples(status)


def _examples(status: Status) -> Html:
    questions = example_questions(status.topics, status.roles)
    buttons = (element("li", foreign("button", question, type="button")) for question in questions)
    return element("ul", *buttons, aria_label="Example questions")


def _rebuild(assistant: Assistant, progress: gr.Progress) -> Html:
    share = 0.0

    def show(stage: str, done: int, total: int) -> None:
        nonlocal share
        share = done / total if total else share  # a stage of unknown length leaves the bar where it is
        progress(share, desc=stage.capitalize())

    try:
        return render_report(assistant.rebuild(show))
    except RoleqaError as error:
        return join(render_error(str(error)), element("p", text("The index from before goes on answering.")))
