"""No regular expression takes more time than a text is long: each of them is known, with what would cost it most."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import patterns
from patterns import SOURCE, text_of
from roleqa.ingest.comments import comment_spans

# What each pattern finds hardest, repeated: it begins to match at many places, or in many ways, and never does. A pair has
# in front what has to come first. Behind each comes a character that no pattern expects.
WORST: dict[str, tuple[str | tuple[str, str], ...]] = {
    "bundle/markdown.py:_BACKTICKS": ("`", "` "),
    "bundle/markdown.py:_LEADING": ("1", "-", "="),
    "bundle/markdown.py:_LINE_END": ("\r", "\r\n", "\n\r"),
    "bundle/markdown.py:_MARK": (":", "www", "w.", "\\`*_[]{}"),
    "index/share.py:Share.from_text": ("1", ("1/", "1"), "1/"),
    "index/terms.py:_POSSESSIVE": ("'", "'s", "\u2019s"),
    "index/terms.py:_SPELLINGS": ("oe", "ou", "our", "ae", "lll", "ise", "yses", "ogue", "amme", "nce", "tre"),
    "index/terms.py:_WORD": ("a'", "a\u2019\u0300", "\u0300", "a\u200b\u2060", "a'a"),
    "ingest/abbreviations.py:_BORDER": ("(", ")\n", "a"),
    "ingest/abbreviations.py:_SHORT": ("(", "(A", "(ABCDEFGHIJ", "(A-/&.", "()"),
    "ingest/abbreviations.py:_long_form": ("a ", " ", "a"),
    "ingest/bare_headings.py:_LETTER": ("1", "_", " "),
    "ingest/comments.py:_BLANK_LINE": ("\n \t", "\n", ("\n", " "), "\n\x01"),
    "ingest/comments.py:_OPENING": ("`", "``", "<!-", "\n> >", ("\n", " >"), "~~", "<!--"),
    "ingest/comments.py:_TICKS": ("`", "` "),
    "ingest/comments.py:_VISIBLE": ("\n", "a", "a\n"),
    "ingest/docx.py:_CODE": ("source ", "code", "preformatted", ("macro ", " "), "html "),
    "ingest/evidence.py:_QUOTE_MARK": (">", "> ", (">", " "), " >"),
    "ingest/extract.py:_SPACE": (" ", " a", "\n\t", "\u2028"),
    "ingest/extract.py:_UNSEEN": ("\x00", "\u00ad", "\ue000", "a"),
    "ingest/file_names.py:_DEVICE": ("con", "lpt", ("con", " "), "com1"),
    "ingest/file_names.py:safe_name": ("/", "\\/", "a"),
    "ingest/front_matter.py:_BLOCK": ("---\n", "--- \t", ("---\n", "---"), ("---\n", "\n--- "), ("---\n", "\n...\t"), ("---", " ")),
    "ingest/front_matter.py:_COMMENT": (" #", "#", " ", "\n#"),
    "ingest/front_matter.py:_ENTRY": ("A", "A -", "A: ", ("A:", " "), ("A:", " \t")),
    "ingest/front_matter.py:_LIST_ITEM": (" ", "\t", "- ", (" -", " ")),
    "ingest/html.py:_CHARSET": ("<meta", "<meta charset", ("<meta ", "charset "), ("<meta charset=", " "), "<meta charset ="),
    "ingest/html.py:_HIDING": ("display", "display ", ("display", " "), "display: ", ("visibility:", " "), "visibility :"),
    "ingest/html.py:_PARAGRAPH_END": ("\v", " ", "\v ", ("\v", " "), ("\v\v", " "), "\v a"),
    "ingest/lines.py:_BULLET": ("- ", ("-", " "), "-"),
    "ingest/lines.py:_CLOSERS": (")", "]1[", "[)", "]a^[", ("]", "a"), "x)\"", ")]1["),
    "ingest/lines.py:_DIGITS": ("1", "1 "),
    "ingest/lines.py:_FENCE": ("`", "~", "``"),
    "ingest/lines.py:_MARKED": ("#", ("#", " "), ("######", " \t"), "# "),
    "ingest/lines.py:_NUMBER": ("1.", "1.1", ("1.", " "), ("(i)", "\t"), "(iv", "1)"),
    "ingest/lines.py:_RULE": ("- ", "-", ("-", " "), "-\t ", "* *\t"),
    "ingest/lines.py:_UNDERLINE": ("=", "-", "=-"),
    "ingest/markdown.py:_FOOTNOTE": ("[^", "\n[^a", "\n[^a]", ("\n[^", "a"), ("\n[^a]:", " "), "[^a]: "),
    "ingest/markdown.py:_HARD_BREAK": ("  ", " ", "\\", "  \\", "\n\\"),
    "ingest/markdown.py:_LEADING_MARKS": ("> ", "- ", "1. ", "1.", " ", "12)", ">\t* 1."),
    "ingest/markdown.py:_MARKERS": ("> ", "- ", "1. ", "1.", "12", " ", "*+-", "1) > "),
    "ingest/markdown.py:_QUOTE": (">", " ", "> "),
    "ingest/markdown.py:_TAG": ("<", ("<a", " "), "<a", "</a", ("<a>", " "), ("</", "a")),
    "ingest/markdown.py:_TASK": ("[ ]", ("[x]", " "), "[x] "),
    "ingest/markup.py:_FOOTNOTE": ("[^", "[^a", "[", ("[^", "a"), "[^a]"),
    "ingest/markup.py:_MARKUP": ("*", "a", "[&<"),
    "ingest/markup.py:_QUOTE_MARKER": ("\n ", "\n> ", ("\n", " "), ("\n", "> "), ("\n>", "\t"), "\n\n>"),
    "ingest/markup.py:_REFERENCE": ("[", "[a", "[a]", "[a][", ("[", "a"), ("[a][", "b"), "]["),
    "ingest/passages.py:_BETWEEN_BLOCKS": (" ", ">", "\\", " >\\"),
    "ingest/passages.py:_LINE_END": ("\n", "a"),
    "ingest/passages.py:_SPACE": (" ", "a"),
    "ingest/pdf_blocks.py:_HYPHEN": ("a", "-", "a-"),
    "ingest/pdf_blocks.py:_WORD": ("a", "a-", "-", "a--", "1"),
    "ingest/pdf_blocks.py:_WORD_START": ("a", "_1"),
    "ingest/pdf_furniture.py:_DIGITS": ("1", "1a"),
    "ingest/pdf_furniture.py:_PAGE_NUMBER": (" ", ("page", " "), ("(", " "), ("1", " "), ("1)", " "), ("1 of", " "), ("-", "\t "), "1 "),
    "ingest/pdf_layout.py:_LEADER": (".", ". ", "\u2026_", ".....", "..... ", ".....1", "_ _."),
    "ingest/pdf_layout.py:_UNKNOWN": ("(cid:", "(cid:1", ("(cid:", "1"), "(cid"),
    "ingest/pdf_looks.py:BULLET": ("- ", ("-", " "), "(iv", ("1.", " "), "a)"),
    "ingest/pdf_looks.py:Looks.is_heading": ("a1", "a_", "1"),
    "ingest/pdf_looks.py:_NOTE": ("1", ("1", " "), ("*", " ")),
    "ingest/pdf_looks.py:_NUMBERED": ("1.", "1", ("1.", " "), "11.1", ("1.1)", " ")),
    "ingest/pdf_looks.py:_depth": ("1", "1."),
    "ingest/sentences.py:_CLOSING": ("[^a]", "*", "[a]", "[^", "[^^]", ("[", "a"), "*[^a]_~`", "[[a]"),
    "ingest/sentences.py:_ENUMERATOR": ("1", ("(1", ")"), ("1", "].)"), "(1)"),
    "ingest/sentences.py:_NUMBER": ("(", "IVX", ("[", "IV"), "1"),
    "ingest/sentences.py:_NUMBERED": ("art", "arts.", "p", "vol ", "para", "c."),
    "ingest/sentences.py:_NUMBER_END": ("1", "1.", "1.)"),
    "ingest/sentences.py:_SPACE": (" ", "a", "\u00a0"),
    "ingest/sentences.py:_TITLE": ("Mr", "Mr.", "Col ", "R", "Capt"),
    "ingest/sentences.py:_WORD": ("1", "_", " "),
    "ingest/sheets.py:_MERGED": ("<mergeCell ", "<mergeCell ref", ("<mergeCell ", "ref="), "<a", ("<", "a"), '<mergeCell ref="A1:', ("<mergeCell ", " "), "<mergeCell\t>"),
    "ingest/sheets.py:_SAID": ("sep=", "sep=;", "\ufeff"),
    "ingest/source_line.py:_OPENING": ("Source", "Source:", "Source: ", ("Sources:", " "), "Sources:\n"),
    "ingest/source_line.py:_QUOTE_MARKS": ("\n ", "\n> ", ("\n", " "), ("\n", ">\t"), "\n\t>"),
    "ingest/tables.py:_DELIMITER_CELL": ("-", ":-", (":", "-"), "-:"),
    "ingest/tables.py:_PIPE": ("|", "\\|", "\\"),
    "ingest/word_styles.py:_HEADING": ("heading ", "heading 1"),
    "ingest/word_styles.py:_LIST_LEVEL": ("list ", ("list ", "2"), ("list ", "a"), "list 5"),
    "question/comparison.py:_CUE": ("compar", ("compar", "a"), "which ", "side by ", "differ", "who is "),
    "question/comparison.py:_ROLES_AT_LARGE": ("role", "the", "each_", "posts"),
    "question/expectation.py:_ASKS_FOR_LIST": (" ", "please ", "!", (" ", "list"), "which ", "what "),
    "question/expectation.py:_ASKS_FOR_PLURAL": ("what ", "what a ", ("what ", "a"), ("what ", "a-"), "which a a ", "which is ", "what a-s "),
    "question/expectation.py:_ASKS_WHAT": ("wha", "what_", "who"),
    "question/follow_up.py:_ADDS_TO": (" ", "at", ("at", " "), " at"),
    "question/follow_up.py:_ASKS_WORD": ("wha", "how_", "when"),
    "question/follow_up.py:_OPENERS": (" ", "and", ("and", " "), ("and", ", "), " ,", "what about", " an", "a "),
    "question/follow_up.py:_OTHER": ("the ", "the other", "the others ", "the other one_"),
    "question/follow_up.py:_PLURAL": ("the", "they_"),
    "question/follow_up.py:_POSSESSIVE": ("the", "his_", "her"),
    "question/follow_up.py:_SUBJECT": ("the ", "the role_", "he", "the lat"),
    "question/follow_up.py:_THING": ("it", "thi", "these_"),
    "question/follow_up.py:_VERB": ("i", "is_", "shoul", "ha"),
    "question/follow_up.py:_WHERE_STATED": ("say", "state", "quote_"),
    "question/query.py:_ASKS_WHAT_IT_STANDS_FOR": ("stand ", "stands fo", "short ", "mean", "abbrevia", "acrony"),
    "question/query.py:_SURROGATE": ("a", "\ue000"),
    "question/roles.py:_CLAUSE_END": (",", ", ", " ", ", an", " whil", ";"),
    "question/roles.py:_JOINED": (" ", ",", ", ", ("and", " "), ("and the", " "), ("and ", "a"), "\t\n", ("and a", " "), (",", " ")),
    "question/roles.py:_OPENING_PHRASE": (" ", "!", ("like ", "a"), "like ", ("for", " "), " unlike"),
    "ui/inline.py:_MARKUP": ("`", "` a", "*", "**", "*a", "**a ", "[", "[a]", "[a](", ("[a](", "b"), "![a", "\n", "\n ", ("\n", " "), ("\n", "> "), "a*"),
    "training/augment.py:_NAME": ("a A", "a Aa", ", Aa A"),
    "training/augment.py:_NUMBER": ("1", "1,", "1."),
    "ui/links.py:_NUMBER": ("1",),
    "ui/users.py:_NAME": ("a", "a.", "@"),
}  # fmt: skip
# Made while the program runs, of what they look for; tried by the function that makes them, or never given a text.
MADE = {
    "ingest/comments.py:_fence_close": "tried below",
    "index/milvus_collections.py:_unused": "looks through the names that a server gives its collections",
}
# Of processor time, for one text: what is linear takes a fiftieth of it.
MOST_SECONDS = 1.0


def test_every_regular_expression_is_known() -> None:
    assert set(patterns.found()) == WORST.keys() | MADE.keys()


@pytest.mark.parametrize("file", sorted(SOURCE.rglob("*.py")), ids=lambda file: file.relative_to(SOURCE).as_posix())
def test_none_is_made_in_another_way(file: Path) -> None:
    """Only `re.compile(...)` and its sisters are found in the source: under another name none would be."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.module not in ("re", "regex")
        elif isinstance(node, ast.Import):
            assert all(alias.name != "regex" and (alias.name != "re" or alias.asname is None) for alias in node.names)


def took(cases: list[tuple[str, str, str]]) -> dict[tuple[str, str, str], float]:
    """The seconds of each case, all tried by one process whose processor time is bounded."""
    lines = "".join(json.dumps((*case, "\x01")) + "\n" for case in cases)
    done = subprocess.run([sys.executable, patterns.__file__], input=lines, capture_output=True, text=True, check=False)
    said = done.stdout.splitlines()
    if done.returncode:
        pytest.fail(f"{said[-1] if said else 'nothing'} came last: {done.returncode} {done.stderr[-500:]}")
    return dict(zip(cases, map(float, said[1::2]), strict=True))


def cases_of(worst: dict[str, tuple[str | tuple[str, str], ...]]) -> list[tuple[str, str, str]]:
    return [(name, *(("", one) if isinstance(one, str) else one)) for name, repeats in worst.items() for one in repeats]


def test_none_takes_longer_than_the_text_is_long() -> None:
    slow = {case: seconds for case, seconds in took(cases_of(WORST)).items() if seconds > MOST_SECONDS}
    assert not slow


def test_one_that_does_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the marks behind a sentence once were, each of which could be read in two ways."""
    (tmp_path / "odd.py").write_text('import re\nMARKS = re.compile(r"(?:[*]|\\[\\^?[^\\]\\s]{1,40}\\])+(?=\\s)")\nMARKS.match("")\n')
    script = "import sys, patterns; from pathlib import Path; patterns.SOURCE = Path(sys.argv[1]); patterns._module = lambda file: file.stem; patterns.MOST_SECONDS = 1; patterns.main()"
    paths = f"{tmp_path}:{Path(patterns.__file__).parent}"
    line = json.dumps(("odd.py:MARKS", "", "[^a]", "\x01")) + "\n"
    monkeypatch.setenv("PYTHONPATH", paths + ":" + str(SOURCE.parent))
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], input=line, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ['["odd.py:MARKS", "[^a]"]']
    assert done.returncode < 0


@pytest.mark.timeout(60)
@pytest.mark.parametrize("repeated", ["\n```", "\n```a", "\n~~~\n> ", "\n> ```\n", "`\n```", "\n```\n ```"])
def test_fences_that_never_close_are_read_in_time(repeated: str) -> None:
    assert comment_spans(text_of("", repeated, "\x01")) == ()
