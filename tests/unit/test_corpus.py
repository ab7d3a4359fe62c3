"""The shipped corpus and its labels: complete, well formed, and in step with each other."""

import json
import re
import tomllib
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "corpus"
TEXT = (CORPUS / "role-comparison.md").read_text(encoding="utf-8")
ROLE_NAMES = ("Military Liaison Officer", "Defence Attaché")

# Heading -> the first and last fact number covered under it, in document order.
FACTS_UNDER = (
    ("Military Liaison Officer and Defence Attaché compared", 1, 9),
    ("Comparison table", 10, 29),
    ("Overview of the two roles", 30, 38),
    ("Key responsibilities and duties", 39, 48),
    ("Required skills and qualifications", 49, 62),
    ("Reporting structure", 63, 69),
    ("Geographic and operational scope", 70, 76),
    ("Interaction with the host nation and foreign entities", 77, 86),
    ("Career progression and training", 87, 97),
    ("Security clearance and legal requirements", 98, 107),
    ("Challenges and work environment", 108, 117),
    ("Impact on international defence relations", 118, 126),
)


def fold(text: str) -> str:
    """`text` without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def fact_comments() -> list[tuple[str, list[str]]]:
    """Each heading that a facts comment directly follows, with the ids of that comment."""
    pattern = r"^#{1,2} (.+)\n\n<!-- facts: (.+) -->\n\n"
    return [(heading, ids.split()) for heading, ids in re.findall(pattern, TEXT, flags=re.MULTILINE)]


def table_rows() -> list[list[str]]:
    """The cells of every table line, the header first and the delimiter row left out."""
    lines = [line for line in TEXT.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if set("".join(row)) != {"-"}]


def lead_ins() -> dict[str, str]:
    """Each list item with the sentence that introduces its list."""
    pairs: dict[str, str] = {}
    lead_in = ""
    for line in TEXT.splitlines():
        if line.endswith(":"):
            lead_in = line
        elif line.startswith("- "):
            pairs[line[2:]] = lead_in
    return pairs


def roles() -> list[dict[str, Any]]:
    parsed = tomllib.loads((CORPUS / "roles.toml").read_text(encoding="utf-8"))
    assert set(parsed) == {"role"}
    return list(parsed["role"])


def questions() -> list[dict[str, Any]]:
    lines = (ROOT / "tests" / "eval" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_every_fact_is_covered_once_under_its_own_heading() -> None:
    expected = [
        (heading, [f"S{number}" for number in range(first, last + 1)]) for heading, first, last in FACTS_UNDER
    ]
    assert fact_comments() == expected
    assert len([fact for _, ids in expected for fact in ids]) == 126


def test_facts_are_named_nowhere_but_in_those_comments() -> None:
    assert TEXT.count("<!--") == len(FACTS_UNDER)
    assert not re.search(r"\bS\d+\b", re.sub(r"<!--.*?-->", "", TEXT))


def test_every_heading_has_its_facts() -> None:
    headings = re.findall(r"^#+ (.+)$", TEXT, flags=re.MULTILINE)
    assert headings == [heading for heading, _, _ in FACTS_UNDER]


def test_front_matter_names_title_and_sources() -> None:
    opening, front_matter, _ = TEXT.split("---\n", 2)
    assert opening == ""
    assert front_matter.splitlines() == [
        "title: Military Liaison Officer and Defence Attaché compared",
        "sources:",
        '  - "Military Liaison Officer vs Defense Attaché (published comparison article)"',
    ]


def test_table_has_seven_topics_and_a_column_for_each_role() -> None:
    header, *rows = table_rows()
    assert header == ["Topic", *ROLE_NAMES]
    assert [row[0] for row in rows] == [
        "Primary function",
        "Reporting line",
        "Location",
        "Key responsibilities",
        "Military rank",
        "Focus area",
        "Duration of assignment",
    ]
    assert all(len(row) == 3 and all(row) for row in rows)


@pytest.mark.parametrize(
    ("topic", "liaison_officer", "attache"),
    [
        ("Reporting line", "operational military command", "national defence ministry"),
        ("Military rank", "Major", "Colonel"),
        ("Location", "joint command", "embassy"),
        ("Duration of assignment", "short-term", "Longer-term"),
    ],
)
def test_table_cells_stand_in_the_column_of_their_role(
    topic: str, liaison_officer: str, attache: str
) -> None:
    cells = {row[0]: row[1:] for row in table_rows()}[topic]
    assert liaison_officer in cells[0]
    assert attache in cells[1]
    assert liaison_officer not in cells[1]


def test_every_prose_sentence_names_its_role() -> None:
    """A sentence quoted alone still has to say whom it is about."""
    body = re.sub(r"<!--.*?-->", "", TEXT.split("---\n", 2)[2])
    prose = [line for line in body.splitlines() if line and line[0] not in "#|-"]
    sentences = [s for line in prose for s in re.split(r"(?<=[.:])\s+", line)]
    assert len(sentences) > 60
    unnamed = [s for s in sentences if not re.search(r"liaison officer|attache|roles?\b", fold(s))]
    assert unnamed == []


def test_roles_have_unique_ids_and_the_names_of_the_table_columns() -> None:
    assert [role["id"] for role in roles()] == ["military-liaison-officer", "defence-attache"]
    assert tuple(role["name"] for role in roles()) == ROLE_NAMES
    assert all(set(role) == {"id", "name", "aliases"} for role in roles())


def test_no_spelling_is_listed_twice_or_shared_between_roles() -> None:
    spellings = [fold(spelling) for role in roles() for spelling in (role["name"], *role["aliases"])]
    assert [spelling for spelling, count in Counter(spellings).items() if count > 1] == []


@pytest.mark.parametrize(
    ("spelling", "role_id"),
    [
        ("MLO", "military-liaison-officer"),
        ("LNO", "military-liaison-officer"),
        ("liaison officer", "military-liaison-officer"),
        ("DA", "defence-attache"),
        ("DATT", "defence-attache"),
        ("defense attache", "defence-attache"),
        ("military attaché", "defence-attache"),
    ],
)
def test_common_names_are_aliases_of_their_role(spelling: str, role_id: str) -> None:
    owners = [role["id"] for role in roles() if fold(spelling) in map(fold, role["aliases"])]
    assert owners == [role_id]


def test_readme_counts_the_labelled_questions_of_each_kind() -> None:
    readme = (ROOT / "tests" / "eval" / "README.md").read_text(encoding="utf-8")
    stated = {
        kind: int(count) for kind, count in re.findall(r"^\| ([a-z-]+) \| (\d+) \|", readme, re.MULTILINE)
    }
    assert stated == Counter(question["kind"] for question in questions())
    assert f"holds {len(questions())} questions" in readme


def test_labelled_questions_are_unique() -> None:
    ids = Counter(question["query_id"] for question in questions())
    asked = Counter((fold(question["question"]), *question["history"]) for question in questions())
    assert [*(ids - Counter(set(ids))), *(asked - Counter(set(asked)))] == []


def test_every_gold_quote_is_in_its_document() -> None:
    gold = [(question["query_id"], item) for question in questions() for item in question["gold"]]
    assert {item["document"] for _, item in gold} == {"role-comparison.md"}
    assert [query_id for query_id, item in gold if item["quote"] not in TEXT] == []


def test_only_answerable_questions_have_gold() -> None:
    wrong = [q["query_id"] for q in questions() if q["answerable"] != bool(q["gold"])]
    assert wrong == []
    refusals = {q["kind"] for q in questions() if not q["answerable"]}
    assert refusals == {"unanswerable-near", "unanswerable-far"}


def test_comparison_gold_covers_both_roles() -> None:
    """Each comparison has gold for either role: a text that names it, a cell or a list item of it."""
    columns = list(zip(*table_rows(), strict=True))
    leads = lead_ins()
    for question in (q for q in questions() if q["kind"] == "comparison"):
        quotes = [item["quote"] for item in question["gold"]]
        named = [fold(quote + leads.get(quote, "")) for quote in quotes]
        assert any("liaison officer" in text for text in named) or set(quotes) & set(columns[1]), question
        assert any("attache" in text for text in named) or set(quotes) & set(columns[2]), question
