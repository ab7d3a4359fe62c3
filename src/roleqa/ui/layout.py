"""The components of the page, and where they stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import NamedString

from roleqa.ui.markup import Html, element, text
from roleqa.ui.record_bar import render_record_bar

TITLE = "roleqa"
TAGLINE = "Answers in your documents\u2019 own words, each with its source."
WELCOME = """## Ask the documents
Every answer is quoted word for word, with its document and section.
Where the documents do not answer, you are told so."""
# How often, in seconds, an open page looks whether the corpus has changed.
LOOK_EVERY = 30
# How often, in seconds, it looks how an evaluation gets on, while one is running.
LOOK_AT_RUN_EVERY = 1
# The role filter's value for a question that may be about any role.
ANY_ROLE = ""

# The page shows for itself that it is at work; none of its events is an interface for programs.
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

ASSETS = Path(__file__).parent / "assets"

# Hands a click on a suggestion to Python as the question it stands for; the keyboard goes on in the question box.
CHOOSE_QUESTION = """
element.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    trigger("choose", {question: button.dataset.question});
    document.querySelector("#question textarea").focus();
});
"""

# What is written into it is read out once nothing else is.
ANNOUNCE = """element.setAttribute("role", "status");"""

# Answers the call of a link with the source that it leads to, as HTML.
OpenSource = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page that events read or write."""

    chat: Chat
    source: Source
    corpus: Corpus
    quality: Quality
    account: gr.HTML

    @classmethod
    def build(
        cls, open_source: OpenSource, open_passages: Callable[[Any], str], on_record: list[Callable[..., Any]]
    ) -> Page:
        with gr.Row(elem_id="top"):
            header = element("header", element("h1", text(TITLE)), element("p", text(TAGLINE)))
            html_component(header, elem_id="title")
            account = html_component(elem_id="account")
            fresh = gr.Button("New conversation", elem_id="fresh", scale=0, min_width=80)
        with gr.Tabs(elem_id="tabs"):
            # Not only once they are chosen: an event may write to any of them.
            with gr.Tab("Chat", elem_id="chat-tab", render_children=True), gr.Row(elem_id="desk"):
                with gr.Column(elem_id="chat", scale=1, min_width=320):
                    chat = Chat.build(fresh, on_record)
                with gr.Column(elem_id="side", scale=1, min_width=320):
                    source = Source.build(open_source)
            with gr.Tab("Corpus", elem_id="corpus-tab", render_children=True), gr.Row(elem_id="corpus"):
                corpus = Corpus.build(open_passages)
            with gr.Tab("Quality", elem_id="quality-tab", render_children=True) as tab, gr.Column(elem_id="quality"):
                quality = Quality.build(tab)
        return cls(chat, source, corpus, quality, account)


@dataclass(frozen=True, slots=True)
class Chat:
    """The conversation and what a question is asked with."""

    conversation: gr.Chatbot
    suggestions: gr.HTML
    role: gr.Radio
    box: gr.Textbox
    ask: gr.Button
    fresh: gr.Button
    turns: gr.State
    record: gr.HTML

    @classmethod
    def build(cls, fresh: gr.Button, on_record: list[Callable[..., Any]]) -> Chat:
        html_component(element("h2", text("Conversation")), elem_id="conversation-title")
        record = cls._record(on_record)
        conversation = gr.Chatbot(
            elem_id="conversation",
            label="Conversation",
            show_label=False,
            container=False,
            scale=1,
            height="100%",
            layout="panel",
            buttons=[],
            group_consecutive_messages=False,
            autoscroll=False,
            placeholder=WELCOME,
        )
        suggestions = html_component(elem_id="suggestions", js_on_load=CHOOSE_QUESTION)
        role = gr.Radio(
            [("All roles", ANY_ROLE)],
            value=ANY_ROLE,
            elem_id="role",
            label="Ask about",
            container=False,
            visible=False,
        )
        with gr.Row(elem_id="composer"):
            box = gr.Textbox(
                elem_id="question",
                label="Your question",
                show_label=False,
                container=False,
                scale=1,
                placeholder="Ask a question",
                lines=1,
                max_lines=6,
                autofocus=True,
            )
            ask = gr.Button("Ask", elem_id="ask", variant="primary", scale=0, min_width=80)
        return cls(conversation, suggestions, role, box, ask, fresh, gr.State(()), record)

    @staticmethod
    def _record(functions: list[Callable[..., Any]]) -> gr.HTML:
        """Its value is the open conversation as data, which its script keeps; no HTML is ever made of that."""
        return gr.HTML(
            html_template=render_record_bar(),
            elem_id="record",
            js_on_load=(ASSETS / "record.js").read_text(encoding="utf-8"),
            server_functions=functions,
            apply_default_css=False,
        )


@dataclass(frozen=True, slots=True)
class Source:
    """The document that was quoted, opened at the quote; while none is, what the documents cover."""

    overview: gr.HTML

    @classmethod
    def build(cls, open_source: OpenSource) -> Source:
        overview = html_component(elem_id="overview")
        # Always there and never written to by Python: its script fills it with what `open_source` says.
        shell = element("section", id="source", aria_label="Source", hidden="")
        script = (ASSETS / "source.js").read_text(encoding="utf-8")
        gr.HTML(
            shell,
            elem_id="source-frame",
            js_on_load=script,
            server_functions=[open_source],
            apply_default_css=False,
        )
        return cls(overview)


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is answered from: its documents, adding and removing them, and building the index anew.

    `shown` is what `documents` shows; `waiting` are the uploads that `conflicts` asks about, with its `choices`.
    """

    status: gr.HTML
    rebuild: gr.Button
    cancel: gr.Button
    upload: gr.UploadButton
    notice: gr.HTML
    progress: gr.HTML
    report: gr.HTML
    choices: gr.Column
    conflicts: gr.HTML
    replace: gr.Button
    keep_both: gr.Button
    drop: gr.Button
    index: gr.HTML
    documents: gr.HTML
    shown: gr.State
    waiting: gr.State
    timer: gr.Timer

    @property
    def listing(self) -> list[Any]:
        """What a look at the corpus writes to."""
        return [self.status, self.index, self.documents, self.shown, self.rebuild]

    @classmethod
    def build(cls, open_passages: Callable[[Any], str]) -> Corpus:
        with gr.Column(elem_id="corpus-side", scale=1, min_width=300):
            html_component(element("h2", text("Corpus")), elem_id="corpus-title")
            status = html_component(elem_id="status")
            notice = html_component(elem_id="not-admin")
            with gr.Row(elem_id="corpus-buttons"):
                # Without `file_types`, as Gradio shows the name of another type of file as markup.
                upload = gr.UploadButton("Add documents", elem_id="add-documents", file_count="multiple", scale=0)
                _leave_no_files(upload)
                rebuild = gr.Button("Rebuild index", elem_id="rebuild", variant="secondary", scale=0)
                cancel = gr.Button("Cancel rebuild", elem_id="cancel-rebuild", visible=False, scale=0)
            progress = html_component(elem_id="progress")
            report = html_component(elem_id="report", js_on_load=ANNOUNCE)
            with gr.Column(elem_id="conflicts", visible=False) as choices:
                conflicts = html_component(elem_id="conflicting")
                with gr.Row():
                    replace = gr.Button("Replace", elem_id="replace", scale=0)
                    keep_both = gr.Button("Keep both", elem_id="keep-both", scale=0)
                    drop = gr.Button("Do not add", elem_id="drop", scale=0)
            index = html_component(elem_id="index")
        with gr.Column(elem_id="corpus-main", scale=2, min_width=300):
            documents = gr.HTML(
                elem_id="documents",
                js_on_load=(ASSETS / "corpus.js").read_text(encoding="utf-8"),
                server_functions=[open_passages],
                apply_default_css=False,
            )
        return cls(
            status=status,
            rebuild=rebuild,
            cancel=cancel,
            upload=upload,
            notice=notice,
            progress=progress,
            report=report,
            choices=choices,
            conflicts=conflicts,
            replace=replace,
            keep_both=keep_both,
            drop=drop,
            index=index,
            documents=documents,
            shown=gr.State(""),
            waiting=gr.State(()),
            timer=gr.Timer(LOOK_EVERY),
        )


@dataclass(frozen=True, slots=True)
class Quality:
    """How well the index answers, and the button that measures it anew."""

    tab: gr.Tab
    hint: gr.HTML
    run: gr.Button
    upload: gr.UploadButton
    cancel: gr.Button
    said: gr.HTML
    progress: gr.HTML
    report: gr.HTML
    timer: gr.Timer

    @classmethod
    def build(cls, tab: gr.Tab) -> Quality:
        html_component(element("h2", text("Quality")), elem_id="quality-title")
        hint = html_component(elem_id="evaluation-hint")
        with gr.Row(elem_id="evaluation-buttons"):
            run = gr.Button("Run evaluation", elem_id="evaluate", scale=0, visible=False)
            upload = gr.UploadButton("Upload and run", elem_id="upload-questions", scale=0, visible=False)
            _leave_no_files(upload)
            cancel = gr.Button("Cancel evaluation", elem_id="cancel-evaluation", scale=0, visible=False)
        return cls(
            tab=tab,
            hint=hint,
            run=run,
            upload=upload,
            cancel=cancel,
            said=html_component(elem_id="evaluation-said", js_on_load=ANNOUNCE),
            progress=html_component(elem_id="evaluation-progress"),
            report=html_component(elem_id="evaluation"),
            timer=gr.Timer(LOOK_AT_RUN_EVERY, active=False),
        )


def _leave_no_files(upload: gr.UploadButton) -> None:
    """By itself it leaves an empty file behind for each that it hands on."""
    upload._process_single_file = lambda f: NamedString(f.path)  # type: ignore


def html_component(value: Html | None = None, elem_id: str | None = None, js_on_load: str | None = None) -> gr.HTML:
    """HTML of our own, with our own look."""
    return gr.HTML(value, elem_id=elem_id, js_on_load=js_on_load, apply_default_css=False)
