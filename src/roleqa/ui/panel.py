"""A Status or a BuildReport becomes HTML: what the chat answers from, and whether it is up to date."""

from __future__ import annotations

from datetime import UTC, datetime

from roleqa.types import BuildReport, CorpusChanges, Problem, Status
from roleqa.ui.markup import EMPTY, Html, element, foreign, join, text

# Longer lists end in "and n more", so that a large corpus cannot push the chat off the page.
MAX_FILES = 8

# So many topics fit beside an empty conversation.
MAX_TOPICS = 24

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def render_status(status: Status, now: datetime) -> Html:
    """How large the corpus is, how old its index, and what has changed since or could not be read."""
    built = element(
        "time",
        text(time_since(status.generation.built_at, now)),
        datetime=status.generation.built_at,
        title=exact_time(status.generation.built_at),
    )
    facts = element(
        "dl",
        _fact("Documents", text(f"{status.documents:,}")),
        _fact("Passages", text(f"{status.passages:,}")),
        _fact("Built", built, "wide"),
    )
    problem = foreign("p", status.corpus_problem) if status.corpus_problem else EMPTY
    return join(_freshness(status), problem, facts, _changes(status.changes), _problems(status.problems))


def render_overview(status: Status, now: datetime) -> Html:
    """What stands where sources will: how to open one, how much is answered from, and what it covers."""
    counts = f"{count(status.documents, 'document')}, {count(status.passages, 'passage')}"
    built = f"indexed {time_since(status.generation.built_at, now)}"
    how = "Click the number of a quote, such as [1], to see it in its place in the document."
    more = len(status.topics) - MAX_TOPICS
    rest = [element("li", text(f"and {more:,} more"), class_="aside")] if more > 0 else []
    topics = [foreign("li", topic) for topic in status.topics[:MAX_TOPICS]] + rest
    covered = join(element("h3", text("What the documents cover")), element("ul", *topics)) if topics else EMPTY
    return join(
        element("h2", text("Sources open here")),
        element("p", text(how)),
        element("div", covered, class_="covered"),
        element("p", text(f"{counts}, {built} "), _freshness(status, "span"), class_="aside"),
    )


def render_index(status: Status) -> Html:
    """Where the corpus lies, and which generation and models answer."""
    return element(
        "dl",
        _fact("Index", element("code", text(status.generation.id))),
        _fact("Folder", foreign("code", status.corpus)),
        _fact("Encoder", foreign("span", status.encoder)),
        _fact("Reader", foreign("span", status.reader)),
    )


def render_report(report: BuildReport) -> Html:
    """What a rebuild did."""
    done = f"{count(report.documents, 'document')}, {count(report.passages, 'passage')}"
    encoded = f"{report.encoded:,} of them encoded anew" if report.encoded else "nothing had to be encoded anew"
    outcome = "The new index answers now." if report.built else "Nothing has changed: the index answers as before."
    return element(
        "div",
        element("p", element("b", text(outcome))),
        element("p", text(f"{done}, {encoded}, in {report.seconds:.1f} s.")),
        element("p", text(f"Nothing was carried over: {report.reason}.")) if report.reason else EMPTY,
        _changes(report.changes),
        _problems(report.problems),
        class_="report",
    )


def exact_time(built_at: str) -> str:
    """An ISO 8601 time as a person reads it, in UTC; what is no time is returned as it is."""
    built = _parse(built_at)
    return f"{built.day} {built:%B %Y, %H:%M:%S} UTC" if built else built_at


def time_since(built_at: str, now: datetime) -> str:
    """How long before `now` that was, in the largest unit that fits; the date after 30 days."""
    built = _parse(built_at)
    if built is None:
        return built_at
    seconds = int((now - built).total_seconds())
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{count(seconds // _MINUTE, 'minute')} ago"
    if seconds < _DAY:
        return f"{count(seconds // _HOUR, 'hour')} ago"
    if seconds < 30 * _DAY:
        return f"{count(seconds // _DAY, 'day')} ago"
    return f"on {built.day} {built:%B %Y}"


def _parse(built_at: str) -> datetime | None:
    try:
        built = datetime.fromisoformat(built_at)
    except ValueError:
        return None
    return built.replace(tzinfo=UTC) if built.tzinfo is None else built.astimezone(UTC)


def count(number: int, noun: str) -> str:
    """The number with its noun: "1 passage", "1,234 passages"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _fact(name: str, value: Html, kind: str | None = None) -> Html:
    return element("div", element("dt", text(name)), element("dd", value), class_=kind)


def _freshness(status: Status, tag: str = "p") -> Html:
    if status.changes or status.generation.stale:
        return element(tag, text("Changed since the last build"), class_="badge stale")
    if status.corpus_problem:
        return element(tag, text("The documents' folder is out of reach"), class_="badge stale")
    return element(tag, text("Up to date"), class_="badge fresh")


def _changes(changes: CorpusChanges) -> Html:
    kinds = (("Added", changes.added), ("Changed", changes.changed), ("Removed", changes.removed))
    lists = (_files(name, [foreign("code", file) for file in files]) for name, files in kinds if files)
    return join(*lists)


def _problems(problems: tuple[Problem, ...]) -> Html:
    if not problems:
        return EMPTY
    entries = [join(foreign("code", problem.file), text(" "), foreign("span", problem.reason)) for problem in problems]
    return _files("Could not be read", entries, "files problems")


def _files(title: str, entries: list[Html], kind: str = "files") -> Html:
    more = len(entries) - MAX_FILES
    rest = [element("li", text(f"and {more:,} more"))] if more > 0 else []
    return element(
        "div",
        element("h3", text(title)),
        element("ul", *(element("li", entry) for entry in entries[:MAX_FILES]), *rest),
        class_=kind,
    )
