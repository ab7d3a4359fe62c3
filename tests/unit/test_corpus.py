"""The shipped corpus and its labels: complete, well formed, and in step with each other."""

import json
import re
import tomllib
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fakes import WordEncoder
from roleqa.evaluate.questions import Gold, LabelledQuestion, load_questions
from roleqa.ingest.corpus import read_corpus
from roleqa.ingest.roles import read_roles
from roleqa.ingest.split import SplitDocument, split
from roleqa.question.roles import evidence_roles

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "corpus"
QUESTIONS = ROOT / "tests" / "eval" / "questions.jsonl"
TEXT = (CORPUS / "role-comparison.md").read_text(encoding="utf-8")
TEXTS = {file.name: file.read_text(encoding="utf-8") for file in sorted(CORPUS.glob("*.md"))}
ROLE_NAMES = ("Military Liaison Officer", "Defence Attaché")

# Heading -> the first and last fact number of the comparison covered under it, in document order.
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
# The numbers of the facts that were researched beyond the comparison; those that did not bear checking are left out.
RESEARCHED = frozenset(range(1, 201)) - {5, 9, 18, 19, 22, 23, 25, 157, 185, 186, 189}
FACTS = frozenset({f"S{number}" for number in range(1, 127)} | {f"F{number}" for number in RESEARCHED})
FACTS_COMMENT = re.compile(r"^<!-- facts: ((?:[FS]\d+ )+)-->$", re.MULTILINE)

# British spelling but for names and titles, which are spelt as they are.
AMERICAN = re.compile(
    r"\b(?:defense|center|theater|program|organiz\w*|recogniz\w*|synchroniz\w*|specializ\w*|analyz\w*|emphasiz\w*"
    r"|authoriz\w*|license|honor\w*|favor\w*|labor|behavior|color|fulfill|enroll|toward|gotten|gray)\b",
    re.IGNORECASE,
)
AMERICAN_NAMES = re.compile(
    r"(?:Department|Secretary) of Defense|[Pp]rincipal Defense official|(?:Senior )?Defense Official(?:/Defense Attaché)?"
    r"|Defense Attaché (?:Office|System|Service|Selection Panel)s?|Defense (?:Department|Intelligence Agency)"
    r"|Defense Language Institute|Defense Personnel Exchange Program|International Visits Program"
    r"|Cooperative Program Personnel|Foreign Liaison Officer Program|Coalition Coordination Center"
    r"|\"defense attaché\"|\| Defense attaché[^|]*"
)


@dataclass(frozen=True)
class Written:
    """A section as it stands in its file: its heading, the ids of its facts, its paragraphs without comments."""

    file: str
    heading: str
    facts: tuple[tuple[str, ...], ...]
    paragraphs: tuple[str, ...]


@cache
def written() -> tuple[Written, ...]:
    """Every section with text of its own."""
    found = []
    for file, text in TEXTS.items():
        body = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
        for heading, own in re.findall(r"^#{1,6} (.+?)\n(.*?)(?=^#{1,6} |\Z)", body, re.DOTALL | re.MULTILINE):
            facts = tuple(tuple(ids.split()) for ids in FACTS_COMMENT.findall(own))
            said = re.sub(r"<!--.*?-->", "", own, flags=re.DOTALL)
            paragraphs = tuple(part.strip() for part in re.split(r"\n\s*\n", said) if part.strip())
            if paragraphs or facts:
                found.append(Written(file, heading, facts, paragraphs))
    return tuple(found)


@cache
def indexed() -> tuple[SplitDocument, ...]:
    """Every document as it is indexed."""
    return tuple(split(file, WordEncoder().count_tokens, 180) for file in read_corpus(CORPUS, strict=True).files)


@cache
def spoken_of() -> dict[Gold, tuple[str, ...]]:
    """Every piece that can be quoted, with the ids of the roles that it speaks of."""
    known = read_roles(CORPUS)
    texts = {document.id: document for document in read_corpus(CORPUS).documents}
    return {
        Gold(passage.document_id, item.start, item.end): about
        for document in indexed()
        for passage, own in zip(document.passages, document.evidence, strict=True)
        for item, about in zip(own, evidence_roles(texts[passage.document_id], passage, own, known), strict=True)
    }


@cache
def labelled() -> tuple[LabelledQuestion, ...]:
    """The questions as an evaluation reads them."""
    return tuple(load_questions(QUESTIONS, {document.id: document for document in read_corpus(CORPUS).documents}))


def fold(text: str) -> str:
    """`text` without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def fact_comments() -> list[tuple[str, list[str]]]:
    """Each heading that a facts comment directly follows, with the ids of that comment."""
    pattern = r"^#{1,2} (.+)\n\n<!-- facts: (S.+) -->\n\n"
    return [(heading, ids.split()) for heading, ids in re.findall(pattern, TEXT, flags=re.MULTILINE)]


def table_rows() -> list[list[str]]:
    """The cells of every table line, the header first and the delimiter row left out."""
    lines = [line for line in TEXT.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if set("".join(row)) != {"-"}]


def roles() -> list[dict[str, Any]]:
    parsed = tomllib.loads((CORPUS / "roles.toml").read_text(encoding="utf-8"))
    assert set(parsed) == {"role"}
    return list(parsed["role"])


def questions() -> list[dict[str, Any]]:
    return [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]


def test_every_fact_is_covered() -> None:
    covered = {fact for section in written() for ids in section.facts for fact in ids}
    assert (covered - FACTS, FACTS - covered) == (set(), set())
    assert (len(RESEARCHED), len(FACTS)) == (189, 189 + 126)


def test_the_comparison_s_facts_are_covered_once_under_their_own_heading() -> None:
    expected = [(heading, [f"S{number}" for number in range(first, last + 1)]) for heading, first, last in FACTS_UNDER]
    assert fact_comments() == expected
    everywhere = Counter(fact for section in written() for ids in section.facts for fact in ids if fact[0] == "S")
    assert set(everywhere.values()) == {1}


def test_every_section_says_its_facts_once_and_in_a_comment_alone() -> None:
    assert [section for section in written() if len(section.facts) != 1] == []
    assert [section for section in written() if len(section.paragraphs) < 2] == []
    for file, text in TEXTS.items():
        assert text.count("<!--") == len(FACTS_COMMENT.findall(text)), file
        assert not re.search(r"\b[FS]\d+\b", FACTS_COMMENT.sub("", text)), file


def test_every_section_ends_on_its_source() -> None:
    for section in written():
        where = f"{section.file} / {section.heading}"
        assert re.fullmatch(r"Sources?: [^\n]+", section.paragraphs[-1]), where
        assert not [said for said in section.paragraphs[:-1] if re.match(r"Sources?:", said)], where


def test_every_passage_keeps_its_source_and_no_quote_is_one() -> None:
    named = {(section.file, section.paragraphs[-1].partition(": ")[2]) for section in written()}
    passages = [passage for document in indexed() for passage in document.passages]
    assert {(passage.document_id, passage.source) for passage in passages} == named
    for document in indexed():
        for passage, own in zip(document.passages, document.evidence, strict=True):
            quotes = [TEXTS[passage.document_id][item.start : item.end] for item in own]
            assert not [quote for quote in quotes if re.match(r"Sources?:|<!--", quote)], passage


def test_every_file_has_one_title_and_no_heading_twice() -> None:
    for file, text in TEXTS.items():
        assert re.fullmatch(r"[a-z]+(?:-[a-z]+)*\.md", file)
        assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1, file
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        assert len(headings) == len(set(headings)), file


def test_names_are_spelt_as_they_are_and_all_else_in_british() -> None:
    for section in written():
        said = "\n".join((section.heading, *section.paragraphs[:-1]))
        where = f"{section.file} / {section.heading}"
        assert AMERICAN.findall(AMERICAN_NAMES.sub("", said)) == [], where
        # "attached" and "Verteidigungsattaché" are other words; no "attache" goes without its accent.
        assert not re.search(r"attache(?!d\b)", "\n".join((section.heading, *section.paragraphs)), re.IGNORECASE), where
        assert said == unicodedata.normalize("NFC", said), where


def test_tables_are_whole() -> None:
    for file, text in TEXTS.items():
        for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()]
            assert len({len(row) for row in rows}) == 1, (file, table)
            assert all(cell for row in rows for cell in row), (file, table)
            assert set("".join(rows[1])) == {"-"}, (file, table)


def test_no_sentence_of_the_second_edition_opens_with_a_pronoun() -> None:
    """A sentence quoted alone still has to say whom it is about."""
    pronoun = re.compile(r"(?:he|she|it|they|his|her|its|their|this|these|that|those|such)\b", re.IGNORECASE)
    for section in written():
        for sentence in re.split(r"(?<=[.:])\s+|\n|\|", "\n".join(section.paragraphs[:-1])):
            assert not pronoun.match(sentence.strip("- ")), (section.file, section.heading, sentence)


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
def test_table_cells_stand_in_the_column_of_their_role(topic: str, liaison_officer: str, attache: str) -> None:
    cells = {row[0]: row[1:] for row in table_rows()}[topic]
    assert liaison_officer in cells[0]
    assert attache in cells[1]
    assert liaison_officer not in cells[1]


def test_every_prose_sentence_names_its_role() -> None:
    """A sentence quoted alone still has to say whom it is about."""
    body = re.sub(r"<!--.*?-->", "", TEXT.split("---\n", 2)[2])
    prose = [line for line in body.splitlines() if line and line[0] not in "#|-" and not line.startswith("Source")]
    sentences = [s for line in prose for s in re.split(r"(?<=\.)\s+", line)]
    assert len(sentences) > 60
    unnamed = [s for s in sentences if not re.search(r"liaison officer|attache|roles?\b", fold(s))]
    assert unnamed == []


def test_roles_have_unique_ids_and_the_names_of_the_table_columns() -> None:
    assert [role["id"] for role in roles()] == [
        "military-liaison-officer", "defence-attache", "exchange-officer", "foreign-area-officer", "military-observer",
    ]  # fmt: skip
    assert tuple(role["name"] for role in roles())[:2] == ROLE_NAMES
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
    stated = {kind: int(count) for kind, count in re.findall(r"^\| ([a-z-]+) \| (\d+) \|", readme, re.MULTILINE)}
    assert stated == Counter(question["kind"] for question in questions())
    assert f"holds {len(questions())} questions" in readme


def test_labelled_questions_are_unique() -> None:
    ids = Counter(question["query_id"] for question in questions())
    asked = Counter((fold(question["question"]), *question["history"]) for question in questions())
    assert [*(ids - Counter(set(ids))), *(asked - Counter(set(asked)))] == []


def test_every_gold_quote_is_in_its_document() -> None:
    gold = [(question["query_id"], item) for question in questions() for item in question["gold"]]
    assert {item["document"] for _, item in gold} == set(TEXTS)
    assert [query_id for query_id, item in gold if item["quote"] not in TEXTS[item["document"]]] == []


def test_every_gold_quote_is_a_piece_that_can_be_quoted() -> None:
    wrong = [question.query_id for question in labelled() for gold in question.gold if gold not in spoken_of()]
    assert wrong == []


def test_only_answerable_questions_have_gold() -> None:
    wrong = [q["query_id"] for q in questions() if q["answerable"] != bool(q["gold"])]
    assert wrong == []
    refusals = {q["kind"] for q in questions() if not q["answerable"]}
    assert refusals == {"unanswerable-near", "unanswerable-far"}


def test_comparison_gold_covers_two_roles() -> None:
    comparisons = [question for question in labelled() if question.kind == "comparison"]
    assert len(comparisons) >= 50
    for question in comparisons:
        covered = {role for gold in question.gold for role in spoken_of()[gold]}
        assert len(covered) >= 2, question
