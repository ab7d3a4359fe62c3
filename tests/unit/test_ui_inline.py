"""Markup inside a line: which characters are marks, and how the words between them look."""

import time
from itertools import pairwise

import pytest

from roleqa.ui.inline import styled


def looks(text: str) -> list[tuple[str, str]]:
    return [(text[start:end], look) for start, end, look in styled(text, 0, len(text)) if start < end]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Bring a **valid pass** along.", [("**", "syntax"), ("valid pass", "strong"), ("**", "syntax")]),
        ("the *book*", [("*", "syntax"), ("book", "emphasis"), ("*", "syntax")]),
        ("type `hours` now", [("`", "syntax"), ("hours", "code"), ("`", "syntax")]),
        ("[rules](http://x.example/)", [("[", "syntax"), ("rules", "label"), ("](http://x.example/)", "syntax")]),
        ("![map](map.png)", [("![", "syntax"), ("map", "label"), ("](map.png)", "syntax")]),
        ("said\n> again", [("\n> ", "syntax")]),
        ("2 * 3 * 4 and a*b*c", []),
        ("** not bold **", []),
        ("snake_case_name and [see] (this)", []),
    ],
)
def test_marks_and_the_words_between_them(text: str, found: list[tuple[str, str]]) -> None:
    assert looks(text) == found


def test_spans_are_in_order_apart_and_inside() -> None:
    text = "a **b** `c` *d* [e](f)\n> g"
    spans = [(start, end) for start, end, _ in styled(text, 2, 20)]
    assert spans == sorted(spans)
    assert all(2 <= start <= end <= 20 for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


@pytest.mark.parametrize("mark", ["*", "**", "`", "[", "![", "](", "\n>", "**a ", "[a](", "*a"])
def test_many_marks_that_close_nothing_cost_little(mark: str) -> None:
    started = time.perf_counter()
    list(styled(mark * 20_000, 0, 20_000 * len(mark)))
    assert time.perf_counter() - started < 2
