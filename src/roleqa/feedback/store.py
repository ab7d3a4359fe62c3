"""What people think of answers: kept in SQLite beside the index, and sent nowhere."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock
from pydantic import TypeAdapter

from roleqa.bundle.check import Quoted
from roleqa.bundle.exchange import Exchange
from roleqa.errors import FeedbackError
from roleqa.types import AnswerKind

Verdict = Literal["up", "down"]

FILE = "feedback.sqlite"
# In characters.
MAX_COMMENT = 2_000
# Raised whenever the table changes.
_SCHEMA = 1
# How long, in seconds, to wait for others who write.
_PATIENCE = 5.0
_MEND = "move it away, and the next feedback begins a new one"

_TABLE = """
CREATE TABLE IF NOT EXISTS feedback (
    row INTEGER PRIMARY KEY AUTOINCREMENT, -- the newest is the highest
    answer TEXT NOT NULL UNIQUE,
    time TEXT NOT NULL, -- ISO 8601, UTC
    verdict TEXT NOT NULL CHECK (verdict IN ('up', 'down')),
    comment TEXT NOT NULL,
    question TEXT NOT NULL,
    resolved_question TEXT NOT NULL,
    history TEXT NOT NULL, -- JSON: the questions before it
    role TEXT,
    kind TEXT NOT NULL,
    answered INTEGER NOT NULL,
    confidence REAL NOT NULL,
    generation TEXT NOT NULL,
    citations TEXT NOT NULL -- JSON: document, start, end, text
) STRICT
"""
_SAVE = """
INSERT OR REPLACE INTO feedback (
    answer, time, verdict, comment, question, resolved_question, history, role, kind, answered, confidence,
    generation, citations
) VALUES (
    :answer, :time, :verdict, coalesce(:comment, (SELECT comment FROM feedback WHERE answer = :answer), ''),
    :question, :resolved_question, :history, :role, :kind, :answered, :confidence, :generation, :citations
)
"""


@dataclass(frozen=True, slots=True)
class Feedback:
    """A verdict on an answer, which was asked for after `history` and, where `role` is given, of that role only."""

    time: str
    verdict: Verdict
    comment: str
    question: str
    resolved_question: str
    history: tuple[str, ...]
    role: str | None
    kind: AnswerKind
    confidence: float
    generation: str
    citations: tuple[Quoted, ...]


_ROW = TypeAdapter(Feedback)


def save_feedback(
    index: Path, exchange: Exchange, history: Sequence[str], verdict: Verdict, comment: str | None = None
) -> None:
    """Keeps what a person thinks of an answer, in place of what they thought of it before; None keeps the comment.

    Raises:
        FeedbackError: the comment is too long, or the database cannot be written to.
    """
    if comment is not None and len(comment) > MAX_COMMENT:
        raise FeedbackError(f"the comment has {len(comment):,} characters; at most {MAX_COMMENT:,} are kept")
    answer = exchange.answer
    values = {
        "answer": exchange.id,
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "verdict": verdict,
        "comment": None if comment is None else _storable(comment),
        "question": answer.question,
        "resolved_question": answer.resolved_question,
        "history": json.dumps(list(history), ensure_ascii=False),
        "role": exchange.role,
        "kind": answer.kind,
        "answered": answer.answered,
        "confidence": answer.confidence,
        "generation": answer.index.id,
        "citations": json.dumps([asdict(Quoted.of(item)) for item in answer.citations], ensure_ascii=False),
    }
    with _writing(index) as connection:
        connection.execute(_SAVE, values)


def withdraw_feedback(index: Path, exchange: Exchange) -> None:
    """Forgets what was thought of an answer. Raises FeedbackError."""
    with _writing(index) as connection:
        connection.execute("DELETE FROM feedback WHERE answer = ?", (exchange.id,))


def load_feedback(index: Path) -> tuple[Feedback, ...]:
    """All feedback, the oldest first.

    Raises:
        FeedbackError: there is none yet, or it cannot be read.
    """
    file = index / FILE
    if _schema(file) == 0:
        raise FeedbackError(f"there is no feedback in {index} yet; give some in the chat: roleqa serve")
    with _connected(file, "ro") as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("SELECT * FROM feedback ORDER BY row").fetchall()
    try:
        return tuple(map(_feedback, rows))
    except (ValueError, TypeError, KeyError) as error:
        raise FeedbackError(f"{file} holds what was not written here; {_MEND}") from error


def _feedback(row: sqlite3.Row) -> Feedback:
    """Raises ValueError for a row that was not written here."""
    values = dict(row)
    return _ROW.validate_python(
        {**values, "history": json.loads(values["history"]), "citations": json.loads(values["citations"])}
    )


@contextmanager
def _writing(index: Path) -> Iterator[sqlite3.Connection]:
    """A transaction in the index's feedback, which is made where there is none."""
    file = index / FILE
    if _schema(file) == 0:
        _make(file)
    with _connected(file, "rw") as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")


def _make(file: Path) -> None:
    """Makes the table. One process at a time: SQLite lets a journal be changed by nobody else but one."""
    try:
        with FileLock(file.with_name(f".{FILE}.lock"), timeout=_PATIENCE), _connected(file, "rwc") as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(f"BEGIN IMMEDIATE; {_TABLE}; PRAGMA user_version = {_SCHEMA}; COMMIT;")
    except OSError as error:  # a lock that is not given in time is one too
        raise FeedbackError(f"{file} cannot be made ({error}); see to the folder's permissions") from error


def _schema(file: Path) -> int:
    """The schema of the database, 0 where there is none yet. Raises FeedbackError for one that is not known here."""
    if not file.exists():
        return 0
    with _connected(file, "ro") as connection:
        (schema,) = connection.execute("PRAGMA user_version").fetchone()
    if schema not in (0, _SCHEMA):
        raise FeedbackError(f"{file} has schema {schema}, this roleqa reads {_SCHEMA}; {_MEND}")
    return int(schema)


@contextmanager
def _connected(file: Path, mode: Literal["ro", "rw", "rwc"]) -> Iterator[sqlite3.Connection]:
    try:
        address = _address(file, mode)
        with closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE, isolation_level=None)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise FeedbackError(_explained(file, error)) from error


def _address(file: Path, mode: Literal["ro", "rw", "rwc"]) -> str:
    """The database for SQLite, which makes files beside it even to read: on a disk that is full or read-only it cannot.

    There it is read as it lies, unless somebody else writes to it, whose newest feedback lies in a file of its own.
    """
    address = f"{file.absolute().as_uri()}?mode={mode}"
    if mode != "ro":
        return address
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE)) as connection:
            connection.execute("PRAGMA user_version")
    except sqlite3.OperationalError:
        if not _size(file.with_name(f"{FILE}-wal")):
            return f"{address}&immutable=1"
    return address


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _explained(file: Path, error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"{file} is in use by another program; close that, or try again"
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_PERM")):
        return f"{file} cannot be opened or written to ({error}); see to the folder's permissions and free space"
    return f"{file} is damaged ({error}); {_MEND}"


def _storable(text: str) -> str:
    """Text without halves of letters, which a browser can send and no file can hold."""
    return text.encode("utf-8", "replace").decode()
