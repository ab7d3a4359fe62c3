"""Feedback: what is kept, by how many writers at once, and what becomes a labelled question."""

import json
import multiprocessing
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from exchanges import INDEX, cite, exchange
from html_tree import HOSTILE
from roleqa.assistant import Assistant, build_index
from roleqa.bundle.check import Quoted
from roleqa.bundle.exchange import Exchange, new_id
from roleqa.errors import FeedbackError
from roleqa.evaluate.questions import LabelledQuestion, load_questions
from roleqa.feedback.labels import make_labels
from roleqa.feedback.store import FILE, MAX_COMMENT, load_feedback, save_feedback, withdraw_feedback
from roleqa.settings import Settings


@pytest.fixture
def index(tmp_path: Path) -> Path:
    folder = tmp_path / "an index?mode=ro#x%20y"
    folder.mkdir()
    return folder


def test_a_verdict_is_kept_with_what_was_asked_and_cited(index: Path) -> None:
    made = exchange(
        cite("Open at nine.", 20), cite("Two euros", 60, 2), resolved="When does it open?", role="clerk"
    )
    save_feedback(index, made, ("Where?",), "up", "Right.")
    (kept,) = load_feedback(index)
    assert (kept.question, kept.resolved_question, kept.history) == ("When?", "When does it open?", ("Where?",))
    assert (kept.verdict, kept.comment, kept.role, kept.kind) == ("up", "Right.", "clerk", "answer")
    assert (kept.confidence, kept.generation) == (0.75, INDEX.id)
    assert kept.citations == (Quoted("visits.md", 20, 33, "Open at nine."), Quoted("visits.md", 60, 69, "Two euros"))
    assert kept.time.endswith("+00:00")
    with closing(sqlite3.connect(index / FILE)) as connection:
        assert connection.execute("SELECT answered, typeof(confidence) FROM feedback").fetchall() == [(1, "real")]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_second_thought_takes_the_place_of_the_first_and_keeps_its_comment(index: Path) -> None:
    first, second = exchange(cite("A"), id="1" * 32), exchange(cite("B"), id="2" * 32, question="Who?")
    save_feedback(index, first, (), "up", "Good.")
    save_feedback(index, second, (), "up")
    save_feedback(index, first, (), "down")
    assert [(item.question, item.verdict, item.comment) for item in load_feedback(index)] == [
        ("Who?", "up", ""),
        ("When?", "down", "Good."),
    ]
    save_feedback(index, first, (), "down", "")
    assert load_feedback(index)[-1].comment == ""
    withdraw_feedback(index, first)
    assert [item.question for item in load_feedback(index)] == ["Who?"]


@pytest.mark.parametrize("hostile", [*HOSTILE, "'); DROP TABLE feedback; --", "\0", "\ud800", "\U0001f600 \u202e"])
def test_any_text_is_kept_as_it_is(index: Path, hostile: str) -> None:
    whole = hostile.encode("utf-8", "replace").decode()
    save_feedback(index, exchange(cite(whole, document=whole), question=whole), (whole,), "up", hostile)
    (kept,) = load_feedback(index)
    assert (kept.comment, kept.question, kept.history) == (whole, whole, (whole,))
    assert kept.citations == (Quoted(whole, 0, len(whole), whole),)


def test_a_comment_is_bounded(index: Path) -> None:
    save_feedback(index, exchange(cite("A")), (), "up", "x" * MAX_COMMENT)
    with pytest.raises(FeedbackError, match="the comment has 2,001 characters; at most 2,000 are kept"):
        save_feedback(index, exchange(cite("A")), (), "up", "x" * (MAX_COMMENT + 1))


def test_loading_makes_nothing(index: Path) -> None:
    with pytest.raises(FeedbackError, match="there is no feedback in .* yet"):
        load_feedback(index)
    assert list(index.iterdir()) == []


def _write_many(index: Path, number: int) -> None:
    for i in range(10):
        save_feedback(index, exchange(cite("A"), question=f"{number}-{i}", id=new_id()), (), "up")


def test_many_write_at_once(index: Path) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write_many, args=(index, number)) for number in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 6
    assert {item.question for item in load_feedback(index)} == {f"{n}-{i}" for n in range(6) for i in range(10)}


def refused(index: Path) -> str:
    with pytest.raises(FeedbackError) as loading:
        load_feedback(index)
    with pytest.raises(FeedbackError) as saving:
        save_feedback(index, exchange(cite("A")), (), "up")
    assert str(loading.value) == str(saving.value)
    return str(saving.value)


def test_a_damaged_file_is_told_and_left_alone(index: Path) -> None:
    (index / FILE).write_bytes(b"no database" * 100)
    assert "is damaged (file is not a database); move it away" in refused(index)
    assert (index / FILE).read_bytes() == b"no database" * 100


def test_a_file_of_a_later_version_is_left_alone(index: Path) -> None:
    with closing(sqlite3.connect(index / FILE)) as connection:
        connection.execute("PRAGMA user_version = 2")
    assert "has schema 2, this roleqa reads 1" in refused(index)


def test_what_cannot_be_opened_is_told(index: Path) -> None:
    (index / FILE).mkdir()
    assert "cannot be opened or written to" in refused(index)


def test_a_folder_that_is_gone_is_told(index: Path) -> None:
    (index / "file").touch()
    with pytest.raises(FeedbackError, match="cannot be made"):
        save_feedback(index / "file", exchange(cite("A")), (), "up")


def test_a_locked_file_is_told(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roleqa.feedback.store._PATIENCE", 0.05)
    save_feedback(index, exchange(cite("A")), (), "up")
    with closing(sqlite3.connect(index / FILE, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(FeedbackError, match="is in use by another program; close that, or try again"):
            save_feedback(index, exchange(cite("A")), (), "down")
        other.execute("ROLLBACK")
    assert [item.verdict for item in load_feedback(index)] == ["up"]


def test_a_file_that_may_not_be_written_to_is_told(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_feedback(index, exchange(cite("A")), (), "up")
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda name, **options: connect(name.replace("=rw", "=ro"), **options))
    with pytest.raises(FeedbackError, match=r"cannot be opened or written to \(attempt to write a readonly database\)"):
        save_feedback(index, exchange(cite("A")), (), "down")


@pytest.mark.parametrize(
    "edit",
    ["history = 'no JSON'", "citations = '[1]'", "citations = '[{\"html\": 1}]'", "kind = 'rumour'"],
)
def test_rows_that_were_not_written_here_are_told(index: Path, edit: str) -> None:
    save_feedback(index, exchange(cite("A")), (), "up")
    with closing(sqlite3.connect(index / FILE, isolation_level=None)) as connection:
        connection.execute(f"UPDATE feedback SET {edit}")
    with pytest.raises(FeedbackError, match="holds what was not written here"):
        load_feedback(index)


# Labelled questions


def ask(assistant: Assistant, question: str, history: tuple[str, ...] = (), role: str | None = None) -> Exchange:
    return Exchange(new_id(), "", role, assistant.ask(question, history, role), ())


def exported(settings: Settings, assistant: Assistant, file: Path) -> dict[str, LabelledQuestion]:
    documents = assistant.retriever.index.documents
    make_labels(load_feedback(settings.index), documents).save(file)
    return {question.question: question for question in load_questions(file, documents)}


LAMP = "When does the lighthouse keeper light the lamp?"
COMPARE = "Compare the leave of a lighthouse keeper and a harbour pilot"
REFUSED = "Who mends broken umbrellas?"


def test_what_was_liked_becomes_questions_that_the_evaluation_reads(
    assistant: Assistant, settings: Settings, tmp_path: Path
) -> None:
    asked: Iterable[tuple[str, tuple[str, ...]]] = ((LAMP, ()), (COMPARE, ()), (REFUSED, ()), ("And the pilot?", (LAMP,)))
    made = {question: ask(assistant, question, history) for question, history in asked}
    for question, history in asked:
        save_feedback(settings.index, made[question], history, "up")
    labelled = exported(settings, assistant, tmp_path / "labels.jsonl")
    text = assistant.retriever.index.documents["harbour.md"].text

    assert [text[gold.start : gold.end] for gold in labelled[LAMP].gold] == [made[LAMP].answer.citations[0].quote]
    assert (labelled[LAMP].kind, labelled[LAMP].answerable, labelled[LAMP].history) == ("direct", True, ())
    assert made[COMPARE].answer.kind == "comparison"
    assert len(labelled[COMPARE].gold) == len(made[COMPARE].answer.citations) >= 2
    assert labelled[COMPARE].kind == "comparison"
    assert (labelled[REFUSED].kind, labelled[REFUSED].answerable, labelled[REFUSED].gold) == ("unanswerable", False, ())
    assert labelled["And the pilot?"].history == (LAMP,)
    again = exported(settings, assistant, tmp_path / "again.jsonl")
    assert again == labelled
    assert len({question.query_id for question in labelled.values()}) == 4
    assert all(question.query_id.startswith("feedback-") for question in labelled.values())


def test_the_newest_verdict_on_a_question_counts(assistant: Assistant, settings: Settings) -> None:
    documents = assistant.retriever.index.documents
    for verdict, question in (("down", LAMP), ("up", f" {LAMP}"), ("up", REFUSED), ("down", REFUSED)):
        save_feedback(settings.index, ask(assistant, question), (), verdict)  # type: ignore[arg-type]
    made = make_labels(load_feedback(settings.index), documents)
    assert [label["question"].strip() for label in made.labels] == [LAMP]
    assert [(item.feedback.question, item.reason) for item in made.left_out] == [(REFUSED, "thumbs down")]
    assert made.counts == {"thumbs down": 1}


def test_what_a_label_cannot_say_is_left_out(assistant: Assistant, settings: Settings) -> None:
    save_feedback(settings.index, ask(assistant, "When is leave?", role="pilot"), (), "up")
    save_feedback(settings.index, ask(assistant, LAMP), (), "down", "Too short.")
    made = make_labels(load_feedback(settings.index), assistant.retriever.index.documents)
    assert made.labels == ()
    assert made.counts == {"asked about one role only": 1, "thumbs down": 1}
    assert made.to_dict()["left_out"][1]["comment"] == "Too short."
    assert json.loads(json.dumps(made.to_dict()))["labels"] == []


def test_a_quote_that_moved_is_found_and_one_that_is_gone_is_left_out(
    assistant: Assistant, settings: Settings, corpus: Path, tmp_path: Path
) -> None:
    pay = "When are wages settled?"
    for question in (LAMP, pay, COMPARE):
        save_feedback(settings.index, ask(assistant, question), (), "up")
    file = corpus / "harbour.md"
    text = file.read_text(encoding="utf-8")
    for old, new in (("# Keepers", "# All keepers"), ("Four weeks", "Five weeks"), ("at dusk", "at sunset")):
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    build_index(settings, encoder=assistant.retriever.encoder)
    after = Assistant.load(settings, encoder=assistant.retriever.encoder, reader=assistant.retriever.reader)
    labelled = exported(settings, after, tmp_path / "labels.jsonl")
    (gold,) = labelled[pay].gold
    assert text[gold.start : gold.end] == "Wages are settled in March."
    assert set(labelled) == {pay}
    left_out = make_labels(load_feedback(settings.index), after.retriever.index.documents).counts
    assert left_out == {"quote no longer in the documents": 2}


def test_a_quote_that_occurs_twice_is_told_apart_by_its_place(assistant: Assistant, settings: Settings) -> None:
    documents = assistant.retriever.index.documents
    text = documents["harbour.md"].text
    second = text.index("pilot", text.index("pilot") + 1)
    save_feedback(settings.index, exchange(cite("pilot", second, document="harbour.md")), (), "up")
    (label,) = make_labels(load_feedback(settings.index), documents).labels
    assert label["gold"] == [{"document": "harbour.md", "quote": "pilot", "start": second}]


def test_labels_that_cannot_be_written_are_told(assistant: Assistant, tmp_path: Path) -> None:
    with pytest.raises(FeedbackError, match="cannot be written to .*--output"):
        make_labels((), {}).save(tmp_path)
