"""The last report of an index, read back from where `roleqa.evaluate.save` left it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from roleqa.errors import ReportError
from roleqa.evaluate.results import HEADLINE, Figures, Provenance, Timing
from roleqa.evaluate.save import DARK_PLOT, JSON_FILE, LIGHT_PLOT


@dataclass(frozen=True, slots=True)
class SavedQuestion:
    """What became of one labelled question, as far as a report tells. The fields are those of a Result."""

    query_id: str
    kind: str
    group: str
    question: str
    history: tuple[str, ...]
    resolved_question: str
    answerable: bool
    answered: bool
    confidence: float
    best_right: bool
    complete: bool
    first_quote: str | None
    gold_quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SavedReport:
    """A report as it was kept."""

    provenance: Provenance
    groups: Mapping[str, Figures]
    questions: tuple[SavedQuestion, ...]
    timing: Timing

    @property
    def headline(self) -> tuple[SavedQuestion, ...]:
        """The questions of the half to report."""
        return tuple(question for question in self.questions if question.group == HEADLINE)


def load_report(folder: Path) -> SavedReport | None:
    """The report in a folder, None where there is none.

    Raises:
        ReportError: there is one that cannot be read.
    """
    file = folder / JSON_FILE
    try:
        report = _adapter().validate_json(file.read_bytes())
        _ = report.groups[HEADLINE], report.timing.groups[HEADLINE]
    except FileNotFoundError:
        return None
    except (OSError, ValidationError, KeyError) as error:
        raise ReportError(
            f"{file} cannot be read; it may be damaged or of another version of roleqa. Run the evaluation again."
        ) from error
    return report


def load_plots(folder: Path, name: str) -> tuple[bytes, bytes] | None:
    """A plot of the report in a folder, as PNG for light and for dark; None where there is none."""
    try:
        light, dark = ((folder / pattern.format(name)).read_bytes() for pattern in (LIGHT_PLOT, DARK_PLOT))
    except OSError:
        return None
    return light, dark


@cache
def _adapter() -> TypeAdapter[SavedReport]:
    return TypeAdapter(SavedReport)
