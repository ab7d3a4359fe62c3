"""How likely it is that the documents answer: a logistic regression over a few signals.

Abstention judged from the reader's own margins, after Kamath, Jia and Liang 2020,
"Selective Question Answering under Domain Shift" (arXiv 2006.09462). The packaged numbers, confidence.json, say what
they were fitted on; an index may bring its own, fitted on its user's labelled questions.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from roleqa.errors import CalibrationError
from roleqa.retrieve.search import Reading
from roleqa.types import Certainty

# The name of an index's own calibration, in the index folder.
CALIBRATION_FILE = "confidence.json"
FIT = "roleqa eval --questions FILE --calibrate"

# Where a calibration says nothing else.
STATED, LIKELY = 0.85, 0.6

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Signals:
    """What the confidence is judged from: the reader's margin for the best evidence, and its largest for any.

    They differ where the evidence that ranks first, by the guess as well, is not the one that the reader prefers.
    """

    margin: float
    largest_margin: float


def signals(reading: Reading) -> Signals:
    """The signals of a reading that found evidence."""
    return Signals(reading.evidence[0].margin, max(item.margin for item in reading.evidence))


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted model: a weight for each signal, and the confidence below which an answer is refused.

    From `stated` on the documents state what is quoted, from `likely` on they likely do: the least confidences at which
    the share of right answers was as `evaluate.calibrate` wants it. `reader` is the fingerprint of the reader whose
    margins it was fitted to; `fitted_on` says, in words, on which questions.
    """

    intercept: float
    weights: Mapping[str, float]
    threshold: float
    reader: str
    fitted_on: str
    stated: float = STATED
    likely: float = LIKELY

    def __post_init__(self) -> None:
        if set(self.weights) != set(Signals.__slots__):
            raise ValueError(f"weights for {sorted(self.weights)}; the signals are {sorted(Signals.__slots__)}")

    def confidence(self, found: Signals) -> float:
        """The probability, from 0 to 1, that the best evidence answers the question."""
        logit = self.intercept + sum(self.weights[name] * value for name, value in asdict(found).items())
        return round(1 / (1 + math.exp(-max(-60.0, min(60.0, logit)))), 6)

    def certainty(self, confidence: float) -> Certainty:
        """What a confidence means, in a word."""
        if confidence >= self.stated:
            return "stated"
        return "likely" if confidence >= self.likely else "related"

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Raises ValueError, TypeError or KeyError where the text is no calibration."""
        data = json.loads(text)
        return cls(
            intercept=float(data["intercept"]),
            weights={str(name): float(weight) for name, weight in data["weights"].items()},
            threshold=float(data["threshold"]),
            reader=str(data["reader"]),
            fitted_on=str(data["fitted_on"]),
            stated=float(data.get("stated", STATED)),
            likely=float(data.get("likely", LIKELY)),
        )


def load_calibration(folder: Path, reader: str) -> Calibration:
    """The index folder's own calibration where it has one for this reader, else the packaged one.

    Raises:
        CalibrationError: the folder's own cannot be read.
    """
    file = folder / CALIBRATION_FILE
    try:
        text = file.read_text(encoding="utf-8")
        fitted_to = _fitted_to(text)
        if fitted_to != reader:
            log.warning("%s was fitted to another reader (%s) and is passed over; run: %s", file, fitted_to, FIT)
            return packaged_calibration()
        return Calibration.from_json(text)
    except FileNotFoundError:
        return packaged_calibration()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CalibrationError(
            f"{file} is no calibration ({error}); remove it, or fit it again: {FIT}"
        ) from error


def _fitted_to(text: str) -> str:
    """The reader that a calibration was fitted to; the reranker, in one of version 0.1.0."""
    data = json.loads(text)
    return str(data.get("reader") or data["reranker"])


@lru_cache(maxsize=1)
def packaged_calibration() -> Calibration:
    """The calibration that comes with the packaged reader."""
    return Calibration.from_json(files("roleqa.answer").joinpath("confidence.json").read_text(encoding="utf-8"))


def confidence(reading: Reading, calibration: Calibration) -> float:
    """The probability, from 0 to 1, that the best evidence answers the question; 0 where there is none."""
    return calibration.confidence(signals(reading)) if reading.evidence else 0.0
