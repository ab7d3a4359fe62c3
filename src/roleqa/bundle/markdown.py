"""A conversation as Markdown, to read and pass on. Nothing that was asked or quoted becomes markup."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from itertools import pairwise

from roleqa.bundle.exchange import CitedFile, Exchange
from roleqa.types import Answer, Citation

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# What means something wherever it stands, and what begins an address that some readers make a link of.
_MARK = re.compile(r"[\\`*_\[\]{}|~$#!^@&<>]|:(?=//)|(?<=\bwww)\.", re.IGNORECASE)
# What means something at the beginning of a line: the last of these letters is escaped.
_LEADING = re.compile(r"[-+=:]|\d{1,9}[.)]")
_LINE_END = re.compile(r"\r\n|\r|\n")
# What a formula of a spreadsheet begins with.
_FORMULA_MARKS = frozenset("=+-@")
_BACKTICKS = re.compile("`+")


def to_markdown(exchanges: Sequence[Exchange], role_names: Mapping[str, str], now: datetime) -> str:
    """The conversation, each quote with its place, and the hashes of the files quoted from."""
    blocks = [
        "# Conversation",
        f"Exported by roleqa {version('roleqa')} at {now.isoformat(timespec='seconds')}. Every quote stands "
        "character for character in its document as indexed; places are counted in characters.",
    ]
    for number, exchange in enumerate(exchanges, start=1):
        blocks += _exchange(number, exchange, role_names)
    blocks += _files(tuple(dict.fromkeys(file for exchange in exchanges for file in exchange.files)))
    return "\n\n".join(blocks) + "\n"


def _exchange(number: int, exchange: Exchange, role_names: Mapping[str, str]) -> Iterator[str]:
    answer = exchange.answer
    yield f"## {number}. {escape(answer.question)}"
    if answer.resolved_question != answer.question:
        yield f"Understood as: {escape(answer.resolved_question)}"
    if exchange.role:
        yield f"Only about: {escape(role_names.get(exchange.role, exchange.role))}"
    if answer.kind == "refusal":
        yield escape(answer.text)
        if answer.closest:
            yield "What came nearest, for you to judge; it is not an answer:"
        yield from map(_quote, answer.closest)
    else:
        yield from _quotes(answer, role_names)
        yield f"Confidence {answer.confidence:.2f}."
    stale = " (the documents had changed since)" if answer.index.stale else ""
    yield f"Asked at {escape(exchange.asked_at)}, answered from index {escape(answer.index.id)}{stale}."


def _quotes(answer: Answer, role_names: Mapping[str, str]) -> Iterator[str]:
    """All quotes; of a comparison first what is said of all the roles, then role by role."""
    cited = {citation.number: citation for citation in answer.citations}
    in_columns = {number for column in answer.columns for number in column.citations}
    yield from (_quote(citation) for citation in answer.citations if citation.number not in in_columns)
    for column in answer.columns:
        yield f"### {escape(role_names.get(column.role, column.role))}"
        quotes = [_quote(cited[number]) for number in column.citations if number in cited]
        yield from quotes or ["*not stated*"]


def _quote(citation: Citation) -> str:
    """A quotation: the words it cannot be understood without, the quote with its number, its place, its source."""
    evidence, number = citation.evidence, f"**[{citation.number}]**"
    context = " \u00b7 ".join(filter(None, (evidence.row, evidence.column))) or evidence.lead_in
    if evidence.kind == "code":
        lines = [escape(context or ""), "", *_fenced(citation.quote), "", number]
    else:
        said = _broken((*((escape(context),) if context else ()), *_lines_with_answer(citation)))
        lines = [*said[:-1], f"{said[-1]} {number}".lstrip()]
    page = (f"page {citation.page}",) if citation.page is not None else ()
    path = " \u203a ".join((citation.passage.document_id, *page, *citation.passage.headings))
    place = f"{escape(path)}, characters {evidence.start} to {evidence.end}"
    source = ("", f"Source: {escape(citation.source)}") if citation.source else ()
    return "\n".join(f"> {line}".rstrip(" ") for line in (*lines, "", place, *source))


def _files(files: Sequence[CitedFile]) -> Iterator[str]:
    if not files:
        return
    yield "## Files quoted from"
    rows = (f"| {_cell(file.document)} | {file.file_sha256} | {file.text_sha256} |" for file in files)
    yield "\n".join(
        ("| document | SHA-256 of the file | SHA-256 of its text as indexed |", "| --- | --- | --- |", *rows)
    )


def escape(text: str) -> str:
    """Text as one line of Markdown that shows it as it is."""
    return _escaped(" ".join(_LINE_END.split(text)))


def _lines_with_answer(citation: Citation) -> list[str]:
    """The lines of a quote as Markdown, its answering words bold where these lie in one line."""
    before, answer, after = citation.parts
    if not _can_be_bold(before, answer, after):
        return [_escaped(line) for line in _LINE_END.split(citation.quote)]
    *above, start = _LINE_END.split(before)
    end, *below = _LINE_END.split(after)
    line = f"{_escaped(start)}{' ' * start[-1:].isspace()}**{_MARK.sub(_escaped_mark, answer)}**"
    return [*map(_escaped, above), line + _MARK.sub(_escaped_mark, end.rstrip()), *map(_escaped, below)]


def _can_be_bold(before: str, answer: str, after: str) -> bool:
    """Whether asterisks around the words make them bold, which depends on the characters at both ends."""
    if not answer or answer != answer.strip() or _LINE_END.search(answer):
        return False
    starts = answer[0].isalnum() or not before[-1:].strip()
    ends = answer[-1].isalnum() or not after[:1].strip()
    return starts and ends


def _cell(name: str) -> str:
    """A name in a table: a spreadsheet that the table is pasted into must not take it for a formula."""
    first = unicodedata.normalize("NFKC", name.lstrip()[:1])
    return escape(f"'{name}" if first in _FORMULA_MARKS else name)


def _broken(lines: Sequence[str]) -> list[str]:
    """Lines of Markdown with their breaks kept: marked as such inside a paragraph, empty between two."""
    return [f"{line}\\" if line and after else line for line, after in pairwise((*lines, ""))]


def _escaped(line: str) -> str:
    """A line; white space before it would make it code, or be dropped."""
    body = line.strip()
    indent = "&nbsp;" * (len(line) - len(line.lstrip())) if body else ""
    leading = _LEADING.match(body)
    at = leading.end() if leading else 0
    head = f"{body[: at - 1]}\\{body[at - 1]}" if leading else ""
    return indent + head + _MARK.sub(_escaped_mark, body[at:])


def _escaped_mark(mark: re.Match[str]) -> str:
    return _ENTITIES.get(mark[0], f"\\{mark[0]}")


def _fenced(code: str) -> list[str]:
    """Code as it stands, between fences that none of its own can close."""
    fence = "`" * max(3, 1 + max(map(len, _BACKTICKS.findall(code)), default=0))
    return [fence, *_LINE_END.split(code), fence]
