"""The components of the page, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from roleqa.ui.markup import Html, element, text

TITLE = "roleqa"
TAGLINE = "Answers in your documents\u2019 own words, each with its source."
WELCOME = """## Ask the documents
Every answer is quoted word for word, with its document and section.
Where the documents do not answer, you are told so."""
# How often, in seconds, an open page looks whether the corpus has changed.
LOOK_EVERY = 30

# Hands a click on an example to Python as the question it shows; the keyboard goes on in the question box.
CHOOSE_EXAMPLE = """
element.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    trigger("choose", {question: button.textContent});
    document.querySelector("#question textarea").focus();
});
"""


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page that events read or write."""

    chat: Chat
    corpus: Corpus

    @classmethod
    def build(cls) -> Page:
        with gr.Row(elem_id="top"):
            header = element("header", element("h1", text(TITLE)), element("p", text(TAGLINE)))
            html_component(header, elem_id="title")
            fresh = gr.Button("New conversation", elem_id="fresh", scale=0, min_width=80)
        with gr.Row(elem_id="page"):
            with gr.Column(elem_id="chat", scale=3, min_width=320):
                chat = Chat.build(fresh)
            with gr.Column(elem_id="corpus", scale=1, min_width=280):
                corpus = Corpus.build()
        return cls(chat, corpus)


@dataclass(frozen=True, slots=True)
class Chat:
    """The conversation and what a question is asked with."""

    conversation: gr.Chatbot
    examples: gr.HTML
    box: gr.Textbox
    ask: gr.Button
    fresh: gr.Button
    turns: gr.State

    @classmethod
    def build(cls, fresh: gr.Button) -> Chat:
        html_component(element("h2", text("Conversation")), elem_id="conversation-title")
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
        examples = html_component(elem_id="examples", js_on_load=CHOOSE_EXAMPLE)
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
        return cls(conversation, examples, box, ask, fresh, gr.State(()))


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is answered from, and the button that builds it anew."""

    status: gr.HTML
    rebuild: gr.Button
    report: gr.HTML
    index: gr.HTML
    timer: gr.Timer

    @classmethod
    def build(cls) -> Corpus:
        html_component(element("h2", text("Corpus")), elem_id="corpus-title")
        return cls(
            status=html_component(elem_id="status"),
            rebuild=gr.Button("Rebuild index", elem_id="rebuild", variant="secondary"),
            report=html_component(elem_id="report"),
            index=html_component(elem_id="index"),
            timer=gr.Timer(LOOK_EVERY),
        )


def html_component(
    value: Html | None = None, elem_id: str | None = None, js_on_load: str | None = None
) -> gr.HTML:
    """HTML of our own, with our own look."""
    return gr.HTML(value, elem_id=elem_id, js_on_load=js_on_load, apply_default_css=False)
