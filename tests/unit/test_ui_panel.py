"""The corpus panel: figures, age, changes and troubles."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape

import pytest

from roleqa.types import BuildReport, CorpusChanges, Generation, Problem, Role, Status
from roleqa.ui.panel import (
    MAX_TOPICS,
    exact_time,
    render_index,
    render_overview,
    render_report,
    render_status,
    time_since,
)

NOW = datetime(2026, 3, 4, 12, 0, 0, tzinfo=UTC)


def make_status(
    stale: bool = False, changes: CorpusChanges | None = None, problems: tuple[Problem, ...] = ()
) -> Status:
    return Status(
        generation=Generation("20260304T115500Z", "2026-03-04T11:55:00+00:00", stale),
        corpus="/home/ada/corpus",
        documents=1234,
        passages=1,
        evidence=7,
        encoder="packaged",
        reader="other",
        roles=(Role("a", "A"),),
        changes=changes or CorpusChanges(),
        problems=problems,
    )


def words(html: str) -> str:
    """The text a reader sees, elements apart by one space."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


@pytest.mark.parametrize(
    ("built_at", "said"),
    [
        ("2026-03-04T12:00:00+00:00", "just now"),
        ("2026-03-04T11:59:01Z", "just now"),
        ("2026-03-04T12:00:09Z", "just now"),  # a clock that is a little ahead
        ("2026-03-04T11:59:00Z", "1 minute ago"),
        ("2026-03-04T11:00:01Z", "59 minutes ago"),
        ("2026-03-04T13:00:00+02:00", "1 hour ago"),
        ("2026-03-03T12:00:01Z", "23 hours ago"),
        ("2026-03-03T12:00:00Z", "1 day ago"),
        ("2026-02-02T12:00:01Z", "29 days ago"),
        ("2026-02-02T12:00:00", "on 2 February 2026"),
        ("when the wind was right", "when the wind was right"),
    ],
)
def test_how_long_ago(built_at: str, said: str) -> None:
    assert time_since(built_at, NOW) == said


def test_the_exact_time_is_in_utc() -> None:
    assert exact_time("2026-03-04T13:05:06+02:00") == "4 March 2026, 11:05:06 UTC"
    assert exact_time("2026-03-04T13:05:06") == "4 March 2026, 13:05:06 UTC"
    assert exact_time("no time") == "no time"


def test_the_status_says_how_much_and_how_old() -> None:
    html = render_status(make_status(), NOW)
    assert words(html) == "Up to date Documents 1,234 Passages 1 Built 5 minutes ago"
    assert 'title="4 March 2026, 11:55:00 UTC"' in html
    assert 'datetime="2026-03-04T11:55:00+00:00"' in html


def test_the_index_says_where_and_with_what() -> None:
    assert words(render_index(make_status())) == (
        "Index 20260304T115500Z Folder /home/ada/corpus Encoder packaged Reader other"
    )


def test_changed_files_are_listed_by_what_became_of_them() -> None:
    changes = CorpusChanges(added=("new.md",), changed=("a.md", "b.md"), removed=("old.md",))
    assert words(render_status(make_status(changes=changes), NOW)) == (
        "Changed since the last build Documents 1,234 Passages 1 Built 5 minutes ago "
        "Added new.md Changed a.md b.md Removed old.md"
    )


def test_a_stale_index_is_never_called_up_to_date() -> None:
    assert "Up to date" not in words(render_status(make_status(stale=True), NOW))


def test_unreadable_files_come_with_their_reason() -> None:
    html = render_status(make_status(problems=(Problem("scan.md", "not UTF-8"),)), NOW)
    assert words(html).endswith("Could not be read scan.md not UTF-8")


def test_a_long_list_is_cut_and_says_so() -> None:
    changes = CorpusChanges(added=tuple(f"{number}.md" for number in range(1020)))
    assert words(render_status(make_status(changes=changes), NOW)).endswith("6.md 7.md and 1,012 more")


def test_hostile_names_come_out_as_text() -> None:
    hostile = '"><img src=x onerror=alert(1)>${1}'
    status = Status(
        Generation(hostile, hostile, True),
        hostile,
        1,
        1,
        1,
        hostile,
        hostile,
        changes=CorpusChanges((hostile,), (hostile,), (hostile,)),
        problems=(Problem(hostile, hostile),),
    )
    for html in (render_status(status, NOW), render_index(status)):
        assert "<img" not in html
        assert hostile in words(html)


def test_the_report_says_what_the_rebuild_did() -> None:
    report = BuildReport("g", documents=2, passages=41, evidence=90, encoded=1200, seconds=2.44)
    assert words(render_report(report)) == (
        "The new index answers now. 2 documents, 41 passages, 1,200 of them encoded anew, in 2.4 s."
    )


def test_a_rebuild_that_changed_nothing_says_so() -> None:
    report = BuildReport("g", documents=1, passages=1, evidence=1, encoded=0, seconds=0.5, built=False)
    assert words(render_report(report)) == (
        "Nothing has changed: the index answers as before. 1 document, 1 passage, nothing had to be encoded anew, in 0.5 s."
    )


def test_the_overview_says_what_is_covered_how_much_and_how_old() -> None:
    status = replace(make_status(), topics=("Fees", "<b>Hours</b>"))
    assert words(render_overview(status, NOW)) == (
        "Sources open here Click the number of a quote, such as [1], to see it in its place in the document. "
        "What the documents cover Fees <b>Hours</b> 1,234 documents, 1 passage, indexed 5 minutes ago Up to date"
    )
    assert "Changed since the last build" in render_overview(replace(status, changes=CorpusChanges(("a",))), NOW)


def test_the_overview_of_a_large_corpus_names_some_topics_and_counts_the_rest() -> None:
    html = render_overview(replace(make_status(), topics=tuple(f"t{n}" for n in range(MAX_TOPICS + 1200))), NOW)
    assert html.count("<li") == MAX_TOPICS + 1
    assert "and 1,200 more" in html
    assert "What the documents cover" not in render_overview(make_status(), NOW)


def test_a_rebuild_of_everything_says_why() -> None:
    report = BuildReport("g", documents=2, passages=41, evidence=90, encoded=41, seconds=2.0, reason="there was no index")
    assert "Nothing was carried over: there was no index." in words(render_report(report))
