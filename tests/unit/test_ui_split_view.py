"""How a document was split, as the page shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes import OverlapReader, WordEncoder
from html_tree import HOSTILE, Element, parse
from roleqa.assistant import Assistant, build_index
from roleqa.settings import Settings
from roleqa.ui.corpus_tab import split_opener
from roleqa.ui.split_view import GONE, LONGEST, SHOWN


def opened(assistant: Assistant, wanted: object) -> Element:
    return parse(split_opener(assistant)(wanted))


def built(settings: Settings, text: str) -> Assistant:
    for file in settings.corpus.iterdir():
        file.unlink()
    (settings.corpus / "a.md").write_text(text, encoding="utf-8")
    encoder = WordEncoder(window=2000)
    build_index(settings, encoder=encoder)
    return Assistant.load(settings, encoder=encoder, reader=OverlapReader())


def test_prose_is_a_block_with_its_pieces_in_turn(assistant: Assistant) -> None:
    tree = opened(assistant, {"document": "harbour.md", "first": 0})
    assert tree.one("p", "legend").text.startswith("4 passages.")
    first, _, last = tree.all("section")
    assert first.one("h4").text == "Passage 1"
    assert first.one("span", "path").text == "Keepers and pilots \u203a Duties"
    # Its headings are read with it: 5 words with what stands between them, and 14 of its own.
    assert first.one("span", "measure").text == "19 tokens, 83 characters, 2 pieces"
    assert first.one("div", "text").text == (
        "A lighthouse keeper lights the lamp at dusk. A harbour pilot boards arriving ships."
    )
    assert [(piece.attributes["class"], piece.text) for piece in first.all("span", "piece")] == [
        ("piece a", "A lighthouse keeper lights the lamp at dusk."),
        ("piece b", "A harbour pilot boards arriving ships."),
    ]
    assert last.one("h4").text == "Passage 4"


def test_the_rows_of_a_table_are_rows(assistant: Assistant) -> None:
    rows = opened(assistant, {"document": "harbour.md"}).all("section")[1]
    assert rows.one("h4").text == "Passages 2 to 3"
    heads, *found = [[cell.text for cell in row.all() if cell.tag in ("th", "td")] for row in rows.all("tr")]
    assert heads == ["Topic", "Lighthouse Keeper", "Harbour Pilot", "Tokens"]
    assert [row[:3] for row in found] == [
        ["Leave", "Six weeks in winter", "Four weeks in summer"],
        ["Uniform", "Grey oilskin", "Blue jacket"],
    ]


def test_a_long_document_is_shown_a_part_at_a_time(settings: Settings) -> None:
    number = 2 * SHOWN + 3
    assistant = built(settings, "".join(f"# Head {i}\n\nText {i}.\n\n" for i in range(number)))
    tree = opened(assistant, {"document": "a.md", "first": 0})
    assert len(tree.all("section")) == SHOWN
    more = tree.one("button", "more")
    assert more.text == f"Show {SHOWN} more of {number - SHOWN}"
    assert more.attributes["data-first"] == str(SHOWN)
    last = opened(assistant, {"document": "a.md", "first": 2 * SHOWN})
    assert [section.one("h4").text for section in last.all("section")] == [f"Passage {number - i}" for i in (2, 1, 0)]
    assert last.all("button") == []
    assert last.all("p", "legend") == []


def test_a_list_is_shown_by_its_items_and_nothing_is_left_out(settings: Settings) -> None:
    assistant = built(settings, "# Packing\n\nTake these:\n\n- a torch\n- a map\n")
    text = opened(assistant, {"document": "a.md"}).one("div", "text")
    assert text.text == "Take these:\n\n- a torch\n- a map"
    assert [piece.text for piece in text.all("span", "piece")] == ["Take these:", "a torch", "a map"]


def test_a_piece_without_end_is_cut(settings: Settings) -> None:
    assistant = built(settings, "# Head\n\n```\n" + "x" * 3 * LONGEST + "\n```\n")
    longest = max(len(piece.text) for piece in opened(assistant, {"document": "a.md"}).all("span", "piece"))
    assert longest == LONGEST + 1


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nothing_in_a_document_becomes_markup(settings: Settings, hostile: str) -> None:
    assistant = built(settings, f"# Head {hostile}\n\nSay {hostile} twice.\n\n| A | B {hostile} |\n| - | - |\n| {hostile} | c {hostile} |\n")
    tree = opened(assistant, {"document": "a.md"})
    assert not {element.tag for element in tree.all()} & {"script", "img", "form", "iframe", "style", "a", "input"}


@pytest.mark.parametrize("wanted", [None, "a.md", {}, {"document": "../a.md"}, {"document": ["a.md"]}, {"document": "harbour.md", "first": "0"}])
def test_what_is_not_in_the_index_is_not_shown(assistant: Assistant, wanted: object) -> None:
    assert opened(assistant, wanted).one("p", "notice").text == GONE


def test_a_first_that_is_out_of_range_shows_what_there_is(assistant: Assistant) -> None:
    assert opened(assistant, {"document": "harbour.md", "first": 99}).all("section") == []
    assert len(opened(assistant, {"document": "harbour.md", "first": -5}).all("section")) == 3


def test_only_the_index_is_read(assistant: Assistant, corpus: Path) -> None:
    (corpus / "harbour.md").unlink()
    assert len(opened(assistant, {"document": "harbour.md"}).all("section")) == 3
