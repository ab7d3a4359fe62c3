"""A link becomes the view of its document: the quote marked in its place, the outline above, the text around."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from roleqa.blocks import Span, page_at
from roleqa.ingest.source_line import source_block, source_text
from roleqa.types import Document
from roleqa.ui.links import Link, check_of, parse_link
from roleqa.ui.markup import EMPTY, Html, element, foreign, text
from roleqa.ui.parts import Part, part_at, parts_of
from roleqa.ui.prose import Prose

# How many characters of a document are shown around a part; longer ones are read on from there, part by part.
WINDOW = 40_000

NOT_A_LINK = "This link leads to no place in a document. Links are copied from an opened source."
NOT_HERE = "There is no such document in the index. It may have been renamed or removed since the link was made."
CHANGED = (
    "The document has changed since it was quoted: those words no longer stand at this place, so nothing is "
    "marked. Ask again for an answer from the document as it is."
)
PAST_THE_END = "This link leads past the end of the document, so nothing is marked."
UNSEEN = "What this link leads to is not part of the text, so nothing is marked."
NEAREST = "Not an answer: only what came nearest to the question."


@dataclass(frozen=True, slots=True)
class _View:
    """A document opened at a part, with what may be marked in it and what has to be said about that."""

    document: Document
    parts: tuple[Part, ...]
    here: int
    marked: Span
    said: str = ""

    def heads(self, part: Part) -> bool:
        """Whether a part is shown with its heading: the document's own title stands above all of them already."""
        return bool(part.title) and part.title != self.document.title


def open_source(find: Callable[[str], Document | None], query: str) -> Html:
    """The document that a link leads to, opened at its place; or why that cannot be shown.

    `find` looks a document up in the index: nothing else is ever read, whatever the link says.
    """
    link = parse_link(query)
    if link is None:
        return _message(NOT_A_LINK)
    document = find(link.document)
    if document is None:
        return _message(NOT_HERE, foreign("code", link.document))
    view = _view(document, link)
    kind = "source closest" if link.closest else "source"
    return element("article", _head(view, link), _outline(view), _page(view), class_=kind)


def _message(said: str, *more: Html) -> Html:
    title = element("h2", text("No source to show"), tabindex="-1")
    return element("article", element("header", _tools(None), title), _notice(said), *more, class_="source missing")


def _view(document: Document, link: Link) -> _View:
    parts = parts_of(document)
    here = part_at(parts, link.start)
    if link.end > len(document.text) or link.start > len(document.text):
        said = CHANGED if link.check else PAST_THE_END
    elif link.check and check_of(document.text[link.start : link.end]) != link.check:
        said = CHANGED
    else:
        return _View(document, parts, here, Span(link.start, link.end))
    return _View(document, parts, here, Span(0, 0), said)


def _head(view: _View, link: Link) -> Html:
    """What is open, where it came from, and what must be known about the mark."""
    document = view.document
    # A link to a quote that is gone is not passed on, one to where it stood is.
    kept = Link(document.id, min(link.start, len(document.text))) if view.said else link
    quoted = view.marked.start < view.marked.end
    notices = [view.said] if view.said else [NEAREST] if link.closest and quoted else []
    return element(
        "header",
        _tools(kept),
        element("p", foreign("span", document.id), _place(view, link), class_="file"),
        foreign("h2", document.title, tabindex="-1"),
        _origin(view),
        *map(_notice, notices),
    )


def _place(view: _View, link: Link) -> Html:
    """The page that is open, where the document has pages and the link still leads to one."""
    page = None if view.said else page_at(view.document.pages, link.start)
    return text(f", page {page}") if page is not None else EMPTY


def _origin(view: _View) -> Html:
    """Where the open section comes from, or else its document."""
    blocks = view.parts[view.here].blocks if view.parts else ()
    own = source_block(view.document.text, blocks)
    named = f"Source: {source_text(view.document.text, own)}" if own else view.document.source
    return foreign("p", named, class_="origin") if named else EMPTY


def _notice(said: str) -> Html:
    return element("p", text(said), class_="notice")


def _tools(link: Link | None) -> Html:
    """The way back, and the link to pass on; what is copied is said on the button itself."""
    back = element("span", text("Back"), class_="word")
    tools = [element("button", back, type="button", class_="close", aria_label="Back: close source")]
    if link:
        name = text("Copy link")
        tools.append(element("button", name, type="button", class_="copy", data_link=link.href, aria_live="polite"))
    return element("div", *tools, class_="tools")


def _outline(view: _View) -> Html:
    """The headings, the current one marked, between steps to the part before and the part after it."""
    if not any(part.heading for part in view.parts):
        return EMPTY
    top = min(part.level for part in view.parts)
    entries = (_entry(view, i, part, part.level - top) for i, part in enumerate(view.parts))
    summary = element("summary", foreign("span", _title(view, view.parts[view.here]), class_="here"))
    listed = element("details", summary, element("ol", *entries))
    before = _step(-1, "Previous section", "\u2191")
    after = _step(1, "Next section", "\u2193")
    return element("nav", listed, before, after, class_="outline", aria_label="Sections of the document")


def _entry(view: _View, i: int, part: Part, depth: int) -> Html:
    return element(
        "li",
        foreign(
            "a",
            _title(view, part),
            href=Link(view.document.id, part.start).href,
            data_part=_part_id(part),
            aria_current="location" if i == view.here else None,
        ),
        class_=f"depth-{min(depth, 5)}",
    )


def _step(by: int, name: str, arrow: str) -> Html:
    return element("button", text(arrow), type="button", data_step=str(by), aria_label=name, title=name)


def _title(view: _View, part: Part) -> str:
    return part.title or (view.document.title if part.heading is None else "\u2026")


def _part_id(part: Part) -> str:
    return f"part-{part.start}"


def _page(view: _View) -> Html:
    """The part with the quote, whole, and of those before and after it as many as WINDOW holds."""
    first, last = _window(view.document, view.parts, view.here)
    prose = Prose(view.document.text, view.marked)
    top = min((part.level for part in view.parts if view.heads(part)), default=1)
    sections = [_section(view, prose, i, top) for i in range(first, last)]
    unseen = not view.said and view.marked.start < view.marked.end and not any("<mark" in part for part in sections)
    return element(
        "div",
        _notice(UNSEEN) if unseen else EMPTY,
        _more(view, first - 1, "Earlier sections") if first else EMPTY,
        *sections,
        _more(view, last, "Later sections") if last < len(view.parts) else EMPTY,
        class_="page",
        tabindex="0",
        role="region",
        aria_label="Text of the document",
    )


def _section(view: _View, prose: Prose, i: int, top: int) -> Html:
    """A part below its heading; `top` is the level of the highest ones."""
    part = view.parts[i]
    heading = foreign(f"h{min(3 + part.level - top, 6)}", part.title) if view.heads(part) else EMPTY
    body = element("div", prose.render(part.blocks), class_="text") if part.blocks else EMPTY
    return element("section", heading, body, id=_part_id(part), class_="here" if i == view.here else None)


def _more(view: _View, i: int, name: str) -> Html:
    href = Link(view.document.id, view.parts[i].start).href
    return element("p", element("a", text(name), href=href), class_="more")


def _window(document: Document, parts: Sequence[Part], here: int) -> tuple[int, int]:
    """The parts to show, first and past the last: `here`, and alternately those after and before it that fit."""
    ends = [*(part.start for part in parts[1:]), len(document.text)]
    lengths = [end - part.start for part, end in zip(parts, ends, strict=False)]
    after = list(accumulate(lengths[here:]))
    before = list(accumulate(reversed(lengths[:here])))
    own = after[0] if after else 0
    room = max(0, WINDOW - own) // 2
    last = here + max(1, sum(total - own <= room for total in after))
    first = here - sum(total <= room for total in before)
    return first, min(last, len(parts))
