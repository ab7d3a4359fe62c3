"""Sentences: every cut in its place, and none inside an abbreviation."""

import pytest

from roleqa.ingest.sentences import sentence_spans

CASES = [
    pytest.param(["One is here.", "Two is there!", "Is three?"], id="plain"),
    pytest.param(["He met Lt. Col. Smith.", "Then Maj. Gen. Jones spoke."], id="ranks"),
    pytest.param(["Flt. Lt. Ames and Wg. Cdr. Boyd flew.", "They landed."], id="ranks-that-the-library-cuts"),
    pytest.param(["J. R. Smith wrote it.", "Dr. Who read it."], id="initials-and-titles"),
    pytest.param(["See Art. 7.", "It is short."], id="article"),
    pytest.param(["See para. 3.", "It is longer."], id="paragraph-number-at-the-end"),
    pytest.param(["Under para. 3. of the act it is void.", "So it was."], id="number-with-a-stop-inside"),
    pytest.param(["See Sec. 4 and Arts. 3 and 4.", "Cf. Art. 41(2)."], id="numbers-of-sections"),
    pytest.param(["Ship No. 5 left.", "They said no.", "All agreed."], id="number-or-no"),
    pytest.param(["The U.S. Army is large.", "The U.K. has one."], id="countries"),
    pytest.param(["Some, e.g. cooks, i.e. Ann, stay.", "Others go."], id="latin"),
    pytest.param(["It cost 3.5 million.", "Version 1.2.3 is out."], id="decimals"),
    pytest.param(["1. The first rule.", "2. The second one."], id="numbers-lead-what-follows"),
    pytest.param(["He said \u201cGo. Now.\u201d", "They went."], id="quotation"),
    pytest.param(["**Rank.**", "Officers are *majors.*", "They serve."], id="emphasis-closes-behind-the-stop"),
    pytest.param(["It is so.[^1]", "It was so.[12]", "Then not."], id="note-numbers-stay-with-their-sentence"),
    pytest.param(["Read [Art. 7](http://x.org/a.b?c=d).", "Then [this.](y)"], id="links"),
    pytest.param(["Wait... what?", "Yes."], id="dots"),
    pytest.param(["..."], id="only-dots"),
    pytest.param(["Caf\u00e9 closed.", "\U0001f389\U0001f389 Great, \u00e9t\u00e9 is over. \U0001f389"], id="emoji"),
    pytest.param(["\u65e5\u672c\u8a9e\u3067\u3059\u3002"], id="full-width-stop"),
    pytest.param(["\u0427\u0442\u043e?", "\u0414\u0430."], id="cyrillic"),
    pytest.param(["No stop at all"], id="no-stop"),
]


@pytest.mark.parametrize("sentences", CASES)
def test_sentences(sentences: list[str]) -> None:
    text = " ".join(sentences)
    assert [text[start:end] for start, end in sentence_spans(text)] == sentences


@pytest.mark.parametrize("sentences", CASES)
def test_sentences_of_a_part(sentences: list[str]) -> None:
    text = "\U0001f600 Before. " + "  ".join(sentences) + " After it."
    spans = sentence_spans(text, 10, len(text) - 10)
    assert [text[start:end] for start, end in spans] == sentences


def test_a_line_break_is_a_space() -> None:
    text = "The Lt.\nCol. Smith was\nhere. And para.\n3 of it."
    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "The Lt.\nCol. Smith was\nhere.",
        "And para.\n3 of it.",
    ]


@pytest.mark.parametrize("space", ["\u00a0", "\x85", "\u2028", "\u3000", "\t", "\x0b"])
def test_any_white_space_is_a_space(space: str) -> None:
    text = f"It is of type T {space}. Then{space}Lt.{space}Ames spoke. {space}"
    spans = sentence_spans(text)
    assert [text[start:end] for start, end in spans] == [
        f"It is of type T {space}.",
        f"Then{space}Lt.{space}Ames spoke.",
    ]


@pytest.mark.parametrize("text", ["", " ", "\n\t \n"])
def test_nothing_but_white_space(text: str) -> None:
    assert sentence_spans(text) == ()


def test_a_text_far_longer_than_a_stretch() -> None:
    sentences = [f"Rule {i} is so, (as Lt. Ames said." for i in range(5000)]
    text = " ".join(sentences)
    assert len(text) > 150_000
    assert [text[start:end] for start, end in sentence_spans(text)] == sentences
