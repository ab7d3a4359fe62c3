"""The Corpus tab's events on a real corpus folder: what each click does to it, says of it, and refuses to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest
from gradio.blocks import BlockFunction

from fakes import WordEncoder
from html_tree import HOSTILE, Element, parse
from roleqa.assistant import Assistant, build_index
from roleqa.index.catalog import Entry
from roleqa.types import BuildReport, CorpusChanges, Generation, Problem
from roleqa.ui.access import Access
from roleqa.ui.corpus_news import (
    Additions,
    Refused,
    render_additions,
    render_conflicts,
    render_outcome,
    render_removal,
    render_step,
)
from roleqa.ui.corpus_tab import Waiting, connect_corpus, split_opener
from roleqa.ui.documents import MOST_LISTED, readable_size, render_documents
from roleqa.ui.layout import Corpus
from roleqa.ui.rebuild import Outcome, Step

GENERATION = Generation("g1", "2026-01-01T00:00:00+00:00", stale=False)
NOBODY = Access(frozenset(), "Only an admin can.")


class Tab:
    """The tab of an assistant, whose events are called as the page calls them."""

    def __init__(self, assistant: Assistant, access: Access = Access()) -> None:  # noqa: B008
        async def build() -> gr.Blocks:
            with gr.Blocks(analytics_enabled=False) as app:
                self.corpus = Corpus.build(split_opener(assistant))
                connect_corpus(app, self.corpus, assistant, access)
            return app

        # Inside an event loop: outside one, Gradio makes several of its own and leaves them open.
        self.app = asyncio.run(build())
        self.request = cast(gr.Request, SimpleNamespace(username=None))

    def event(self, component: Any, trigger: str = "click") -> BlockFunction:
        (found,) = (fn for fn in self.app.fns.values() if (component._id, trigger) in fn.targets)
        return found

    def call(self, component: Any, trigger: str, *arguments: Any) -> Any:
        return cast(Callable[..., Any], self.event(component, trigger).fn)(*arguments)

    def look(self, shown: str = "") -> list[Any]:
        look = next(fn.fn for fn in self.app.fns.values() if fn.name == "look")
        return cast(Callable[..., list[Any]], look)(shown, self.request)

    def upload(self, *paths: Path, waiting: tuple[Waiting, ...] = ()) -> list[Any]:
        files = [str(path) for path in paths]
        return cast(list[Any], self.call(self.corpus.upload, "upload", files, waiting, self.request))

    def remove(self, document: Any) -> list[Any]:
        event = gr.EventData(None, {"document": document})
        return cast(list[Any], self.call(self.corpus.documents, "remove", self.request, event))

    def rebuild(self) -> list[list[Any]]:
        async def run() -> list[list[Any]]:
            handler = cast(Callable[..., Any], self.event(self.corpus.rebuild).fn)
            return [seen async for seen in handler(self.request)]

        return asyncio.run(run())


@pytest.fixture
def tab(assistant: Assistant) -> Tab:
    return Tab(assistant)


@pytest.fixture
def uploads(tmp_path: Path) -> Callable[..., Path]:
    def make(name: str, data: bytes = b"# New\n\nNew.\n") -> Path:
        folder = tmp_path / "uploads" / str(len(list(tmp_path.rglob("*"))))
        folder.mkdir(parents=True)
        (folder / name).write_bytes(data)
        return folder / name

    return make


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_look_lists_the_documents_and_writes_them_only_where_they_differ(tab: Tab, corpus: Path) -> None:
    status, index, documents, shown, rebuild = tab.look()
    assert "Up to date" in status
    assert "Encoder" in index
    assert documents == shown
    assert rebuild["variant"] == "secondary"
    (row,) = parse(documents).all("li")
    assert row.one("h3").text == "Keepers and pilots"
    assert row.one("span", "badge").text == "Indexed"
    assert tab.look(shown)[2] == gr.skip()
    (corpus / "harbour.md").write_text("Changed.")
    status, _, documents, shown, rebuild = tab.look(shown)
    assert parse(documents).one("span", "badge").text == "Changed since"
    assert rebuild["variant"] == "primary"
    assert "Changed since the last build" in status
    assert "harbour.md" not in status  # its badge says so


def test_what_is_no_document_is_named_by_the_status(tab: Tab, corpus: Path) -> None:
    (corpus / "roles.toml").unlink()
    status, *_, rebuild = tab.look()
    assert parse(status).one("div", "files").text == "Removedroles.toml"
    assert rebuild["variant"] == "primary"


def test_uploads_are_added_and_the_temporary_files_deleted(
    tab: Tab, corpus: Path, uploads: Callable[..., Path]
) -> None:
    one, two, bad = uploads("one.md"), uploads(".two.TXT"), uploads("bad.md", b"\0")
    report, waiting, conflicts, choices = tab.upload(one, two, bad)
    assert names(corpus) == ["harbour.md", "one.md", "roles.toml", "two.txt"]
    added, refused = parse(report).all("p")
    assert added.text == "Added one.md, two.txt. Rebuild the index to answer from it."
    assert refused.text == "Not added: bad.md: it holds binary data, not text: remove it or save it as text"
    assert (waiting, conflicts, choices["visible"]) == ((), "", False)
    assert not any(path.parent.exists() for path in (one, two, bad))


@pytest.mark.parametrize(
    ("choice", "there", "said"),
    [
        ("replace", ["harbour.md", "roles.toml"], "Added harbour.md. Rebuild the index to answer from it."),
        ("keep_both", ["harbour-2.md", "harbour.md", "roles.toml"], "Added harbour-2.md. Rebuild the index to answer from it."),
        ("drop", ["harbour.md", "roles.toml"], "Nothing was changed."),
    ],
)
def test_a_name_that_is_taken_is_asked_about(
    tab: Tab, corpus: Path, uploads: Callable[..., Path], choice: str, there: list[str], said: str
) -> None:
    before = (corpus / "harbour.md").read_text()
    upload = uploads("Harbour.md")
    report, waiting, conflicts, choices = tab.upload(upload)
    assert (corpus / "harbour.md").read_text() == before
    assert parse(report).text == "harbour.md is there already. Say below what to do."
    assert waiting == (Waiting("harbour.md", str(upload)),)
    assert parse(conflicts).one("li").text == "harbour.md (to keep both, it is added as harbour-2.md)"
    assert choices["visible"] is True
    report, waiting, conflicts, choices = tab.call(getattr(tab.corpus, choice), "click", waiting, tab.request)
    assert (waiting, conflicts, choices["visible"]) == ((), "", False)
    assert parse(report).text == said
    assert names(corpus) == there
    assert ((corpus / "harbour.md").read_text() == before) is (choice != "replace")
    assert not upload.exists()


def test_a_second_upload_leaves_the_first_question_open(tab: Tab, uploads: Callable[..., Path]) -> None:
    waiting = tab.upload(uploads("harbour.md"))[1]
    _, waiting, conflicts, choices = tab.upload(uploads("new.md"), waiting=waiting)
    assert [file.name for file in waiting] == ["harbour.md"]
    assert choices["visible"] is True
    assert len(parse(conflicts).all("li")) == 1


def test_an_upload_that_is_gone_is_one_message(tab: Tab, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    report = tab.upload(folder / "gone.md")[0]
    assert "Not added: gone.md" in parse(report).text


def test_a_document_is_removed_and_that_is_said(tab: Tab, corpus: Path) -> None:
    report, *others = tab.remove("harbour.md")
    assert parse(report).text == "Removed harbour.md. What the index holds of it goes with the next rebuild."
    assert others == [gr.skip()] * 3
    assert names(corpus) == ["roles.toml"]
    assert "removed already" in tab.remove("harbour.md")[0]
    assert "there is no" in parse(tab.remove("../index/CURRENT")[0]).text
    assert "there is no" in parse(tab.remove(None)[0]).text


def test_a_rebuild_is_watched_to_its_report(tab: Tab, corpus: Path) -> None:
    (corpus / "new.md").write_text("# New\n\nNew.\n")
    *steps, (bar, report, rebuild, cancel) = tab.rebuild()
    for _, _, hidden, shown in steps:
        assert (hidden["visible"], shown["visible"]) == (False, True)
    assert bar == ""
    assert "The new index answers now." in report
    assert parse(report).one("div", "files").text == "Addednew.md"
    assert (rebuild["visible"], cancel["visible"]) == (True, False)
    assert "Up to date" in tab.look()[0]


def test_who_may_not_changes_nothing(assistant: Assistant, corpus: Path, uploads: Callable[..., Path]) -> None:
    tab = Tab(assistant, NOBODY)
    before, live = names(corpus), assistant.status().generation.id
    waiting = (Waiting("harbour.md", str(uploads("harbour.md"))),)
    done = [tab.upload(uploads("new.md"))[0], tab.remove("harbour.md")[0], tab.rebuild()[-1][1]]
    done += [tab.call(button, "click", waiting, tab.request)[0] for button in (tab.corpus.replace, tab.corpus.keep_both)]
    assert [parse(said).text for said in done] == [NOBODY.reason] * 5
    assert names(corpus) == before
    assert assistant.status().generation.id == live
    assert [button.text for button in parse(tab.look()[2]).all("button")] == ["Passages of harbour.md"]


def test_no_event_is_an_interface_for_programs(tab: Tab) -> None:
    assert {fn.api_visibility for fn in tab.app.fns.values()} == {"private"}


# What is shown.


def row(entry: Entry, removable: bool = True) -> Element:
    return parse(render_documents([entry], GENERATION, removable)).one("li")


def test_a_document_is_shown_with_its_facts_and_what_can_be_done() -> None:
    shown = row(Entry("a/b.md", "Title", "changed", 3456, passages=2))
    assert [fact.text for fact in shown.one("p", "facts").children if isinstance(fact, Element)] == [
        "a/b.md",
        "3.5 kB",
        "2 passages",
        "indexed 1 January 2026, 00:00:00 UTC",
    ]
    assert [button.text for button in shown.all("button")] == ["Passages of a/b.md", "Remove a/b.md"]
    assert {button.attributes["data-document"] for button in shown.all("button")} == {"a/b.md"}
    assert [button.text for button in row(Entry("a.md", "A", "added", 1)).all("button")] == ["Remove a.md"]
    assert row(Entry("a.md", "A", "removed", 1, 1, is_file=False)).all("button", "remove") == []
    assert row(Entry("a.pdf", "A", "unreadable", 1, reason="not read")).one("p", "reason").text == "not read"


def test_news_come_first_and_a_long_list_ends_in_a_count() -> None:
    entries = [Entry(f"{i:03}.md", f"T{i}", "indexed", 1, 1) for i in range(MOST_LISTED + 1)]
    tree = parse(render_documents([*entries, Entry("z.md", "Z", "added", 1)], GENERATION, True))
    assert tree.all("h3")[0].text == "Z"
    assert len(tree.all("li")) == MOST_LISTED
    assert tree.one("p", "aside").text == "and 2 more"
    assert "no document yet" in parse(render_documents([], GENERATION, True)).text


@pytest.mark.parametrize("size_said", [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (9949, "9.9 kB"), (9950, "10 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"), (50_000_000, "50 MB")])
def test_a_size_is_readable(size_said: tuple[int, str]) -> None:
    assert readable_size(size_said[0]) == size_said[1]


def test_a_step_is_a_bar_with_its_name() -> None:
    bar, said = render_step(Step("encoding", 40, 1213))
    tree = parse(bar)
    assert tree.one("p").text == "Encoding what is new40 of 1,213"
    assert tree.one("progress").attributes == {"aria-label": "Rebuild", "max": "1213", "value": "40"}
    assert "goes on answering" in said
    paced = render_step(Step("encoding", 400, 5200, seconds=8.0))[0]
    assert parse(paced).one("span", "counted").text == "400 of 5,200, 50 a second, about 2 minutes left"
    assert "second" not in render_step(Step("encoding", 1, 5200, seconds=0.1))[0]
    assert "value" not in parse(render_step(Step("reading"))[0]).one("progress").attributes
    assert parse(render_step(Step("encoding", 40, 50, cancelling=True))[0]).one("p").text.startswith("Cancelling")


def test_an_outcome_is_a_report_or_why_there_is_none() -> None:
    report = BuildReport("g", 1, 2, 3, 2, 0.5, (Problem("b.md", "empty"),), CorpusChanges(("a.md",), ("c.md",), ("d.md",)))
    lists = [files.text for files in parse(render_outcome(Outcome(report))).all("div", "files")]
    assert lists == ["Addeda.md", "Changedc.md", "Removedd.md", "Could not be readb.md empty"]
    failed = parse(render_outcome(Outcome(error="No <documents>.")))
    assert failed.one("div", "notice").text == "No <documents>."
    assert "The index from before goes on answering." in failed.text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_name_becomes_markup(hostile: str) -> None:
    shown = (
        render_documents([Entry(hostile, hostile, "unreadable", 1, 1, hostile)], GENERATION, True),
        render_additions(Additions((hostile,), (Refused(hostile, hostile),), ((hostile, "/tmp/x"),))),
        render_conflicts([(hostile, hostile)]),
        render_removal(hostile),
        render_outcome(Outcome(error=hostile)),
    )
    for html in shown:
        tree = parse(html)
        assert hostile in tree.text
        assert not {element.tag for element in tree.all()} & {"script", "img", "form", "iframe", "style", "a", "input"}


def test_a_document_that_is_built_anew_is_listed_anew(tab: Tab, assistant: Assistant, corpus: Path) -> None:
    shown = tab.look()[3]
    build_index(assistant.settings, encoder=WordEncoder())
    assert tab.look(shown)[2] == gr.skip()  # that one is not answered from yet
    tab.rebuild()
    assert parse(tab.look(shown)[3]).one("li").attributes["data-state"] == "indexed"
