"""The Corpus tab's events: looking at the documents, adding and removing them, and building the index anew."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from roleqa.errors import DocumentExistsError, RoleqaError
from roleqa.ingest.corpus_files import add_document, document_name, free_name, remove_document
from roleqa.types import CorpusChanges, Status
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
from roleqa.ui.documents import render_documents
from roleqa.ui.layout import QUIET, Corpus
from roleqa.ui.markup import EMPTY
from roleqa.ui.panel import render_index, render_status
from roleqa.ui.rebuild import Outcome, Rebuild, Step
from roleqa.ui.render import render_error
from roleqa.ui.split_view import open_split

if TYPE_CHECKING:
    from roleqa.assistant import Assistant

# Files are added and removed one after the other, whoever asks.
ONE_AT_A_TIME: dict[str, Any] = {"concurrency_id": "files", "concurrency_limit": 1, **QUIET}


@dataclass(frozen=True, slots=True)
class Waiting:
    """An uploaded file whose name another document has, until someone says what to do."""

    name: str
    path: str


Conflicts = tuple[Waiting, ...]


def split_opener(assistant: Assistant) -> Callable[[Any], str]:
    """What the page calls to show how a document was split."""

    def open_passages(wanted: Any) -> str:
        retriever = assistant.retriever
        return open_split(retriever.index, retriever.encoder.count_tokens, wanted)

    return open_passages


def connect_corpus(
    app: gr.Blocks, corpus: Corpus, assistant: Assistant, access: Access, job: Rebuild | None = None
) -> list[Any]:
    """Connects the tab; returns the events after which the rest of the page may be out of date."""
    job = job or Rebuild(assistant.rebuild)
    look = _connect_listing(app, corpus, assistant, access)
    built = _connect_rebuild(app, corpus, job, access)
    changed = _connect_files(corpus, assistant, access)
    for event in (*built, *changed):
        event.then(look, [corpus.shown], corpus.listing, **QUIET)
    return [*built, *changed]


def _connect_listing(app: gr.Blocks, corpus: Corpus, assistant: Assistant, access: Access) -> Callable[..., Any]:
    def look(shown: str, request: gr.Request) -> list[Any]:
        return _look(assistant, access.admin_allowed(request.username), shown)

    app.load(look, [corpus.shown], corpus.listing, **QUIET)
    return look


def _look(assistant: Assistant, admin: bool, shown: str) -> list[Any]:
    """Status, index, documents, what is shown of them, and the button that stands out where there is news."""
    try:
        status = assistant.status()
        entries = assistant.catalog()
    except RoleqaError as error:
        return [render_error(str(error)), *[gr.skip()] * 4]
    documents = render_documents(entries, status.generation, admin)
    # Written only where it differs: what someone has opened in it stays open.
    listed = gr.skip() if documents == shown else documents
    news = bool(status.changes) or any(entry.state in ("added", "changed", "removed") for entry in entries)
    rebuild = gr.update(variant="primary" if news else "secondary")
    others = _without(status, {entry.id for entry in entries})
    return [render_status(others, datetime.now(UTC)), render_index(status), listed, documents, rebuild]


def _without(status: Status, listed: set[str]) -> Status:
    """The status, of the changes only those of files that are not listed as documents."""
    kinds = (status.changes.added, status.changes.changed, status.changes.removed)
    changes = CorpusChanges(*(tuple(id for id in kind if id not in listed) for kind in kinds))
    return replace(status, changes=changes, problems=())


def _connect_rebuild(app: gr.Blocks, corpus: Corpus, job: Rebuild, access: Access) -> list[Any]:
    async def rebuild(request: gr.Request) -> AsyncIterator[list[Any]]:
        try:
            access.check_admin(request.username)
        except RoleqaError as error:
            yield [EMPTY, render_error(str(error)), gr.skip(), gr.skip()]
            return
        async for seen in job.run():
            yield _progress(seen, admin=True)

    async def watch(request: gr.Request) -> AsyncIterator[list[Any]]:
        yield [gr.skip()] * 4
        async for seen in job.watch():
            yield _progress(seen, access.admin_allowed(request.username))

    def cancel(request: gr.Request) -> None:
        if access.admin_allowed(request.username):
            job.cancel()

    outputs = [corpus.progress, corpus.report, corpus.rebuild, corpus.cancel]
    watching: dict[str, Any] = {"concurrency_limit": None, "trigger_mode": "once", **QUIET}
    corpus.cancel.click(cancel, None, None, concurrency_limit=None, **QUIET)
    # A page that is opened, or looked at, while another has a rebuild running shows that too.
    watched = gr.on([app.load, corpus.timer.tick], watch, None, outputs, **watching)
    return [corpus.rebuild.click(rebuild, None, outputs, **watching), watched]


def _progress(seen: Step | Outcome, admin: bool) -> list[Any]:
    """Progress, report, and which of the two buttons is there."""
    running = isinstance(seen, Step)
    buttons = [
        gr.update(visible=not running),
        gr.update(visible=running and admin, interactive=not (isinstance(seen, Step) and seen.cancelling)),
    ]
    if isinstance(seen, Outcome):
        return [EMPTY, render_outcome(seen), *buttons]
    bar, said = render_step(seen)
    return [bar, said, *buttons]


def _connect_files(corpus: Corpus, assistant: Assistant, access: Access) -> list[Any]:
    folder = assistant.settings.corpus

    def guarded(change: Callable[[], list[Any]], request: gr.Request) -> list[Any]:
        try:
            access.check_admin(request.username)
            return change()
        except RoleqaError as error:
            return [render_error(str(error)), *[gr.skip()] * 3]

    def upload(paths: list[str] | None, waiting: Conflicts, request: gr.Request) -> list[Any]:
        files = [Waiting(Path(path).name, path) for path in paths or ()]
        return guarded(lambda: _added(_add(folder, files), waiting, folder), request)

    def overwrite(waiting: Conflicts, request: gr.Request) -> list[Any]:
        return guarded(lambda: _added(_add(folder, waiting, replace=True), (), folder), request)

    def keep_both(waiting: Conflicts, request: gr.Request) -> list[Any]:
        return guarded(lambda: _added(_add(folder, waiting, rename=True), (), folder), request)

    def drop(waiting: Conflicts, request: gr.Request) -> list[Any]:
        return guarded(lambda: _added(_drop(waiting), (), folder), request)

    def remove(request: gr.Request, event: gr.EventData) -> list[Any]:
        def change() -> list[Any]:
            document = str((event._data or {}).get("document", ""))
            remove_document(folder, document)
            return [render_removal(document), *[gr.skip()] * 3]

        return guarded(change, request)

    outputs = [corpus.report, corpus.waiting, corpus.conflicts, corpus.choices]
    uploaded = corpus.upload.upload(upload, [corpus.upload, corpus.waiting], outputs, **ONE_AT_A_TIME)
    answers = ((corpus.replace, overwrite), (corpus.keep_both, keep_both), (corpus.drop, drop))
    decided = [button.click(handler, [corpus.waiting], outputs, **ONE_AT_A_TIME) for button, handler in answers]
    removed = corpus.documents.remove(remove, None, outputs, **ONE_AT_A_TIME)
    return [uploaded, *decided, removed]


def _added(done: Additions, waiting: Conflicts, folder: Path) -> list[Any]:
    """Report, what waits for an answer, the question about it, and whether there is one."""
    waiting = (*waiting, *(Waiting(name, path) for name, path in done.waiting))
    offers = [(file.name, free_name(folder, file.name)) for file in waiting]
    return [render_additions(done), waiting, render_conflicts(offers), gr.update(visible=bool(waiting))]


def _add(folder: Path, files: Conflicts | list[Waiting], replace: bool = False, rename: bool = False) -> Additions:
    added: list[str] = []
    refused: list[Refused] = []
    waiting: list[tuple[str, str]] = []
    for file in files:
        try:
            name = document_name(file.name)
            name = free_name(folder, name) if rename else name
            added.append(add_document(folder, name, Path(file.path), replace=replace))
        except DocumentExistsError as error:
            waiting.append((error.existing, file.path))
            continue
        except RoleqaError as error:
            refused.append(Refused(file.name, str(error)))
        _forget(file.path)
    return Additions(tuple(added), tuple(refused), tuple(waiting))


def _drop(waiting: Conflicts) -> Additions:
    for file in waiting:
        _forget(file.path)
    return Additions(dropped=tuple(file.name for file in waiting))


def _forget(path: str) -> None:
    """Deletes an upload, and the folder that Gradio made for it."""
    uploaded = Path(path)
    uploaded.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # it is gone already, or another upload is in it
        uploaded.parent.rmdir()
