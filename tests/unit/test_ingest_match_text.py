"""What is matched: headings and headers in front, Markdown taken out."""

import pytest

from roleqa.ingest.markup import plain
from roleqa.ingest.match_text import evidence_text, headings_text, index_text, match_text
from roleqa.types import Document, Evidence, Passage

PLAIN = [
    pytest.param("No marks.", "No marks.", id="nothing-to-do"),
    pytest.param("**Bold**, *slanted*, _so_ and ~~struck~~.", "Bold, slanted, so and struck.", id="emphasis"),
    pytest.param("2 * 3 * 4 and a_b_c", "2 * 3 * 4 and a_b_c", id="no-emphasis"),
    pytest.param("See [Art. 7](http://x.org/a_b) there.", "See Art. 7 there.", id="link"),
    pytest.param("See [Art. 7][vienna] there.", "See Art. 7 there.", id="link-by-reference"),
    pytest.param("An ![old map](map.png) hangs.", "An old map hangs.", id="image"),
    pytest.param("Go to <http://x.org>.", "Go to http://x.org.", id="bare-link"),
    pytest.param("Type `ls -l` or ``a`b``.", "Type ls -l or a`b.", id="code"),
    pytest.param("It <b>is</b><br>so.", "It is so.", id="tags"),
    pytest.param("Fish &amp; chips &copy; &#233;", "Fish & chips \u00a9 \u00e9", id="entities"),
    pytest.param("a \\| b \\* c", "a | b * c", id="escapes"),
    pytest.param("It is so.[^1]", "It is so.", id="note"),
    pytest.param("One\n> two\n  > > three", "One two three", id="marks-of-a-quote"),
    pytest.param(" One\n\n two\t\u00a0three ", "One two three", id="white-space"),
    pytest.param("[unclosed *marks `everywhere", "[unclosed *marks `everywhere", id="marks-that-mark-nothing"),
    pytest.param("*" * 5000, "*" * 5000, id="marks-without-words"),
    pytest.param("", "", id="empty"),
]


@pytest.mark.parametrize(("text", "expected"), PLAIN)
def test_plain(text: str, expected: str) -> None:
    assert plain(text) == expected


HEADINGS = [
    pytest.param((), "", id="none"),
    pytest.param(("Crew", "Pay"), "Crew > Pay", id="path"),
    pytest.param(("Crew " * 40, "Pay"), "Pay", id="the-root-goes-first"),
    pytest.param(("x" * 100, "y" * 97), "x" * 100 + " > " + "y" * 97, id="just-fits"),
    pytest.param(("x" * 101, "y" * 97), "y" * 97, id="just-does-not"),
    pytest.param(("Pay " * 100,), ("Pay " * 50).strip(), id="the-leaf-is-cut"),
]


@pytest.mark.parametrize(("headings", "expected"), HEADINGS)
def test_headings_text(headings: tuple[str, ...], expected: str) -> None:
    assert headings_text(headings) == expected


TEXT = "One *is*. Two. - three `4`  5\n6"
DOCUMENT = Document("a.md", "A", TEXT, "")
PASSAGE = Passage("p", "a.md", ("Crew", "Pay"), 0, len(TEXT))
BARE = Passage("p", "a.md", (), 0, len(TEXT))


def test_index_text_joins_the_evidence() -> None:
    pieces = (Evidence("p", 0, 9, "sentence"), Evidence("p", 10, 14, "sentence"), Evidence("p", 17, 26, "item"))
    assert index_text(PASSAGE, DOCUMENT, pieces) == "Crew > Pay\nOne is. Two. three 4"
    assert index_text(BARE, DOCUMENT, pieces) == "One is. Two. three 4"


def test_index_text_of_a_row() -> None:
    cells = (Evidence("p", 0, 9, "cell", row="Rank", column="Cook"), Evidence("p", 10, 14, "cell", row="Rank"))
    assert index_text(PASSAGE, DOCUMENT, cells) == "Crew > Pay\nRank; Cook: One is.; Two."


def test_index_text_keeps_the_marks_of_code() -> None:
    assert index_text(BARE, DOCUMENT, (Evidence("p", 17, len(TEXT), "code"),)) == "three `4` 5 6"


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        pytest.param(Evidence("p", 0, 9, "sentence"), "Crew > Pay\nOne is.", id="sentence"),
        pytest.param(Evidence("p", 10, 14, "item", lead_in="Duties are:"), "Crew > Pay\nDuties are: Two.", id="item"),
        pytest.param(
            Evidence("p", 0, 9, "cell", row="Rank", column="Cook"), "Crew > Pay\nRank | Cook: One is.", id="cell"
        ),
        pytest.param(Evidence("p", 0, 9, "cell", column="Cook"), "Crew > Pay\nCook: One is.", id="cell-without-row"),
    ],
)
def test_evidence_text(evidence: Evidence, expected: str) -> None:
    assert evidence_text(evidence, PASSAGE, DOCUMENT) == expected


def test_evidence_text_without_headings() -> None:
    assert evidence_text(Evidence("p", 10, 14, "sentence"), BARE, DOCUMENT) == "Two."


ROW = "| Leave | Six *weeks* | | Four |"
LIST = "The duties are:\n\n- to [light](x.md) it\n- to ring\n"


def located(passage: Passage, text: str, pieces: tuple[Evidence, ...]) -> tuple[str, list[str]]:
    """The text that is read, and what stands where each piece is said to stand."""
    found = match_text(passage, Document("a.md", "A", text, ""), pieces)
    return found.text, [found.text[start:end] for start, end in found.spans]


def piece(text: str, words: str, **more: str) -> Evidence:
    start = text.index(words)
    kind = "cell" if text == ROW else "item"
    return Evidence("p", start, start + len(words), kind, **more)


def test_each_piece_is_found_again_without_the_label_before_it() -> None:
    cells = (
        piece(ROW, "Leave", column="Topic"),
        piece(ROW, "Six *weeks*", row="Leave", column="Keeper"),
        piece(ROW, "Four", row="Leave"),
    )
    assert located(PASSAGE, ROW, cells) == (
        "Crew > Pay\nTopic: Leave; Keeper: Six weeks; Four",
        ["Leave", "Six weeks", "Four"],
    )


def test_a_row_that_goes_on_in_another_passage_begins_with_its_name() -> None:
    cells = (piece(ROW, "Six *weeks*", row="Leave", column="Keeper"), piece(ROW, "Four", row="Leave", column="Pilot"))
    assert located(PASSAGE, ROW, cells) == (
        "Crew > Pay\nLeave; Keeper: Six weeks; Pilot: Four",
        ["Six weeks", "Four"],
    )


def test_a_list_that_begins_a_passage_follows_its_introduction() -> None:
    items = (
        piece(LIST, "to [light](x.md) it", lead_in="The duties are:"),
        piece(LIST, "to ring", lead_in="The duties are:"),
    )
    assert located(BARE, LIST, items) == ("The duties are: to light it to ring", ["to light it", "to ring"])
    introduction = Evidence("p", 0, len("The duties are:"), "sentence")
    assert located(BARE, LIST, (introduction, *items)) == (
        "The duties are: to light it to ring",
        ["The duties are:", "to light it", "to ring"],
    )


def test_a_passage_without_evidence_is_its_headings() -> None:
    assert located(PASSAGE, "", ()) == ("Crew > Pay\n", [])
