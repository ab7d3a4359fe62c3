"""Thumbs below answers: what they are called, and what becomes of a click."""

import json
from pathlib import Path
from typing import Any

import pytest

from exchanges import ID, cite, exchange
from html_tree import parse
from roleqa.assistant import MAX_HISTORY, Assistant
from roleqa.bundle.write import to_keep
from roleqa.feedback.store import FILE, MAX_COMMENT, load_feedback
from roleqa.settings import Settings
from roleqa.types import Answer, Generation
from roleqa.ui.conversation import Turn, messages
from roleqa.ui.feedback import UNEXPECTED, WHERE, rater, render_feedback

EXCHANGE = exchange(cite("Open at nine."))


def rate(assistant: Assistant, verdict: Any, comment: Any = None, bundle: str | None = None) -> dict[str, Any]:
    return rater(assistant)(
        json.dumps({"bundle": to_keep((EXCHANGE,)) if bundle is None else bundle, "verdict": verdict, "comment": comment})
    )


@pytest.mark.parametrize(
    ("answered", "names"), [(True, ["Right", "Wrong"]), (False, ["Rightly not answered", "Wrongly not answered"])]
)
def test_each_button_has_a_name_and_is_not_pressed_yet(answered: bool, names: list[str]) -> None:
    block = parse(render_feedback("a" * 32, answered)).one("div", "feedback")
    thumbs = [button for button in block.all("button") if "data-verdict" in button.attributes]
    assert [thumb.attributes["aria-label"] for thumb in thumbs] == names
    assert [thumb.attributes["data-verdict"] for thumb in thumbs] == ["up", "down"]
    assert {thumb.attributes["aria-pressed"] for thumb in thumbs} == {"false"}
    assert block.attributes["data-turn"] == "a" * 32
    assert block.one("textarea").attributes["maxlength"] == str(MAX_COMMENT)
    assert "hidden" in block.one("div", "comment").attributes
    assert all(picture.attributes["aria-hidden"] == "true" for picture in block.all("svg"))
    assert not any(name.startswith("on") for item in block.all() for name in item.attributes)


def test_answers_can_be_rated_and_errors_cannot() -> None:
    answer = Answer("Why?", "Why?", "refusal", "No.", 0.1, Generation("g", "2026", False), 0.1)
    shown = "".join(html for _, html in messages((Turn("Why?", answer, id=ID), Turn("x", error="Too long.", id=ID))))
    assert len(parse(shown).all("div", "feedback")) == 1


def test_a_verdict_is_kept_and_taken_back(assistant: Assistant, settings: Settings) -> None:
    assert rate(assistant, "up") == {"said": WHERE}
    assert rate(assistant, "down", "No.") == {"said": f"Comment saved. {WHERE}"}
    assert [(item.verdict, item.comment) for item in load_feedback(settings.index)] == [("down", "No.")]
    assert rate(assistant, None) == {"said": "Taken back."}
    assert load_feedback(settings.index) == ()


def test_the_answer_is_the_last_and_the_questions_before_it_its_history(assistant: Assistant, settings: Settings) -> None:
    before = [exchange(cite("A"), question=f"{number}?", id=f"{number:032x}") for number in range(1, 12)]
    rate(assistant, "up", bundle=to_keep((*before, EXCHANGE)))
    (kept,) = load_feedback(settings.index)
    assert kept.question == EXCHANGE.answer.question
    assert kept.history == tuple(f"{number}?" for number in range(12 - MAX_HISTORY, 12))


@pytest.mark.parametrize(
    ("verdict", "comment", "bundle"),
    [("sideways", None, None), ("up", 7, None), ("up", None, "{}"), ("up", "x" * (MAX_COMMENT + 1), None)],
)
def test_what_cannot_be_kept_is_told(
    assistant: Assistant, settings: Settings, verdict: Any, comment: Any, bundle: str | None
) -> None:
    made = rate(assistant, verdict, comment, bundle)
    assert set(made) == {"error"}
    assert made["error"].startswith("Not kept: ")
    assert not (settings.index / FILE).exists()


def test_a_damaged_database_is_one_message(assistant: Assistant, settings: Settings) -> None:
    (settings.index / FILE).write_bytes(b"x" * 4096)
    said = rate(assistant, "up")["error"]
    assert said.startswith("Not kept: ")
    assert "is damaged" in said
    assert "\n" not in said


def test_even_a_fault_of_our_own_is_told(assistant: Assistant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("roleqa.ui.feedback.save_feedback", fail)
    assert rate(assistant, "up") == {"error": UNEXPECTED}
