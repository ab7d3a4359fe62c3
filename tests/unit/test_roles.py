"""Role mentions in a text, and which role a piece of evidence speaks of."""

from __future__ import annotations

from pathlib import Path

import pytest

from roleqa.errors import RolesError
from roleqa.ingest.roles import read_roles
from roleqa.question.look_alikes import as_it_looks
from roleqa.question.roles import evidence_roles, find_mentions, mentioned_roles, refers_back, subjects
from roleqa.types import Document, Evidence, Passage, Role

ROLES = (
    Role("keeper", "Lighthouse Keeper", ("keeper", "LK", "gardien de phare")),
    Role("pilot", "Harbour Pilot", ("pilot", "HP", "pil\u00f4t\u00e9")),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("the lighthouse keeper", ["lighthouse keeper"], id="name"),
        pytest.param("LIGHTHOUSE-KEEPERS", ["LIGHTHOUSE-KEEPERS"], id="case, hyphen, plural"),
        pytest.param("a harbor pilot's day", ["harbor pilot's"], id="american, possessive"),
        pytest.param("an LK and two HPs", ["LK", "HPs"], id="abbreviations"),
        pytest.param("LKS, lks and HP's", ["lks", "HP's"], id="another abbreviation"),
        pytest.param("AN LK AND TWO HPS", ["LK", "HPS"], id="all in capitals"),
        pytest.param("two KEEPERS of LK", ["KEEPERS", "LK"], id="a word in capitals"),
        pytest.param("le Gardien de Phare dort", ["Gardien de Phare"], id="three words"),
        pytest.param("a pilote is a PIL\u00d4T\u00c9", ["pilote", "PIL\u00d4T\u00c9"], id="accents"),
        pytest.param("lighthouse harbour keeping", [], id="parts are no mention"),
        pytest.param("a lighthouse, a keeper", ["keeper"], id="alias where the name is torn"),
        pytest.param("", [], id="empty"),
    ],
)
def test_mentions(text: str, expected: list[str]) -> None:
    assert [text[mention.start : mention.end] for mention in find_mentions(text, ROLES)] == expected


# The Cyrillic and Greek letters among them look Latin.
@pytest.mark.parametrize(
    ("name", "role"),
    [
        pytest.param("p\u0456l\u043et", "pilot", id="cyrillic i and o"),
        pytest.param("\u0420\u0406LO\u0422", "pilot", id="cyrillic capitals"),
        pytest.param("k\u03b5\u03b5p\u03b5r", "keeper", id="greek"),
        pytest.param("\uff4b\uff45\uff45\uff50\uff45\uff52", "keeper", id="full width"),
        pytest.param("\U0001d424\U0001d41e\U0001d41e\U0001d429\U0001d41e\U0001d42b", "keeper", id="bold"),
        pytest.param("pi\u200blot", "pilot", id="zero-width space"),
        pytest.param("pi\ufefflot", "pilot", id="zero-width no-break space"),
        pytest.param("pi\u2066lo\u2069t", "pilot", id="isolates"),
        pytest.param("\u202epilot\u202c", "pilot", id="overrides around it"),
        pytest.param("pi\ufe0flo\U000e0101ts", "pilot", id="variation selectors, plural"),
        pytest.param("Lightho\u03c5se K\u0435eper", "keeper", id="two words"),
        pytest.param("L\u039a", "keeper", id="abbreviation"),
    ],
)
def test_a_name_is_read_as_it_looks(name: str, role: str) -> None:
    assert mentioned_roles(f"What does a {name} do?", ROLES) == (role,)


def test_a_name_in_its_own_letters_is_left_alone() -> None:
    roles = (Role("cook", "\u041a\u043e\u043a", ()), Role("coke", "Kok", ()))
    assert mentioned_roles("\u041a\u041e\u041a, \u043a\u043e\u043a", roles) == ("cook",)
    assert mentioned_roles("kok", roles) == ("coke",)
    assert mentioned_roles("\u043f\u0438\u043b\u043e\u0442", ROLES) == ()
    assert as_it_looks("\u043f\u0438\u043b\u043e\u0442") == "\u043f\u0438\u043b\u043e\u0442"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("A pilot greets the keeper.", ["pilot"], id="the first"),
        pytest.param("Pilots and the old keepers share a boat.", ["pilot", "keeper"], id="joined"),
        pytest.param("A pilot, keeper or guest may land.", ["pilot", "keeper"], id="joined by a comma"),
        pytest.param("A pilot works for keepers.", ["pilot"], id="not joined"),
        pytest.param("Unlike a keeper, a pilot sails.", ["pilot"], id="opening phrase"),
        pytest.param("For keepers and pilots alike, rope is dear.", ["keeper", "pilot"], id="nothing but an opening phrase"),
        pytest.param("The keeper stays ashore, while the pilot sails.", ["keeper", "pilot"], id="two clauses"),
        pytest.param("The keeper stays; a pilot leaves the keeper.", ["keeper", "pilot"], id="semicolon"),
        pytest.param("Rope is dear.", [], id="none"),
    ],
)  # fmt: skip
def test_subjects(text: str, expected: list[str]) -> None:
    assert list(subjects(text, ROLES)) == expected


def test_mentioned_roles_in_order_once_each() -> None:
    assert mentioned_roles("HP or keeper, pilot or LK", ROLES) == ("pilot", "keeper")
    assert mentioned_roles("HP or keeper", ()) == ()


def about(text: str, *evidence: Evidence, headings: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    document = Document("d.md", "D", text, "")
    passage = Passage("d.md#0", "d.md", headings, 0, len(text))
    return list(evidence_roles(document, passage, evidence, ROLES))


def sentences(text: str) -> list[Evidence]:
    found, start = [], 0
    for part in text.split("|"):
        found.append(Evidence("p", start, start + len(part), "sentence"))
        start += len(part) + 1
    return found


def test_a_cell_speaks_of_its_column_then_of_its_row() -> None:
    cell = Evidence("p", 0, 5, "cell", row="Pilot pay", column="Lighthouse Keeper")
    turned = Evidence("p", 0, 5, "cell", row="Harbour Pilot", column="Leave")
    assert about("weeks", cell, turned) == [("keeper",), ("pilot",)]


def test_a_sentence_speaks_of_what_it_names() -> None:
    text = "A keeper waits.|Keeper and pilot meet.|The sea is calm."
    assert about(text, *sentences(text)) == [("keeper",), ("keeper", "pilot"), ()]


def test_a_pronoun_takes_the_sentence_before_along() -> None:
    text = "A keeper waits.|He sleeps.|It rains here.|Ships pass."
    assert about(text, *sentences(text)) == [("keeper",), ("keeper",), ("keeper",), ()]


def test_lead_in_and_nearest_heading() -> None:
    item = Evidence("p", 0, 4, "item", lead_in="A pilot needs:")
    plain = Evidence("p", 0, 4, "sentence")
    headings = ("Keeper", "Keeper and pilot", "Pay")
    assert about("Rope", item, headings=headings) == [("pilot",)]
    assert about("Rope", plain, headings=headings) == [("keeper", "pilot")]


def test_refers_back() -> None:
    assert [refers_back(text) for text in ("They rest.", "\u201cIts lamp.", "The lamp.", "...")] == [
        True,
        True,
        False,
        False,
    ]


def write(folder: Path, text: str) -> Path:
    (folder / "roles.toml").write_text(text, encoding="utf-8")
    return folder


def test_roles_are_read_in_order(tmp_path: Path) -> None:
    folder = write(tmp_path, '[[role]]\nid="b"\nname="B"\naliases=["bee"]\n[[role]]\nid="a"\nname="A"\n')
    assert read_roles(folder) == (Role("b", "B", ("bee",)), Role("a", "A", ()))


def test_no_file_no_roles(tmp_path: Path) -> None:
    assert read_roles(tmp_path) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[[role]", "cannot be read", id="not TOML"),
        pytest.param('[[role]]\nname="A"', "needs id", id="no id"),
        pytest.param('[[role]]\nid="a"\nname=" "', "needs name", id="blank name"),
        pytest.param('[[role]]\nid="a"\nname="A"\nalias=["x"]', "no key 'alias'", id="unknown key"),
        pytest.param('[[role]]\nid="a"\nname="A"\naliases="x"', "must be a list", id="aliases not a list"),
        pytest.param(
            '[[role]]\nid="a"\nname="A"\n[[role]]\nid="a"\nname="B"', "two roles have the id 'a'", id="same id"
        ),
        pytest.param('[[role]]\nid="a"\nname="A"\n[[role]]\nid="b"\nname="a"', "'a' names both", id="same name"),
        pytest.param('role = "a"', "[[role]] tables", id="not tables"),
    ],
)
def test_bad_roles_are_one_clear_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RolesError) as caught:
        read_roles(write(tmp_path, text))
    assert message in str(caught.value)
    assert "roles.toml" in str(caught.value)
