"""How likely it is that the documents answer: a logistic regression over a few signals.

After Gisserot-Boukhlef et al. 2024, "Towards Trustworthy Reranking" (arXiv 2402.12997): abstention judged
from the reranker's own scores. The packaged numbers, confidence.json, say what they were fitted on; an index
may bring its own, fitted on its user's labelled questions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from roleqa.errors import CalibrationError
from roleqa.index.load import Index
from roleqa.question.topic import topic_words
from roleqa.retrieve.evidence import coverage, term_weights
from roleqa.retrieve.search import Reading

# The name of an index's own calibration, in the index folder.
CALIBRATION_FILE = "confidence.json"


@dataclass(frozen=True, slots=True)
class Signals:
    """What the confidence is judged from: the best evidence's logit, and what it lacks.

    `topic_missing`: how much of the question's topic, by inverse document frequency and from 0 to 1, neither the
    evidence nor the heading above it has a word of.
    """

    logit: float
    topic_missing: float


def signals(index: Index, reading: Reading) -> Signals:
    """The signals of a reading that found evidence."""
    best = reading.evidence[0]
    topic = term_weights(index, " ".join(topic_words(reading.query, index.manifest.roles)))
    own = " ".join((*index.passages[best.row].headings[-1:], best.candidate.body))
    return Signals(logit=best.logit, topic_missing=1.0 - coverage(topic, own) if topic else 0.0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted model: a weight for each signal, and the confidence below which an answer is refused.

    `reranker` is the fingerprint of the cross-encoder whose logits it was fitted to; `fitted_on` says, in
    words, on which questions.
    """

    intercept: float
    weights: Mapping[str, float]
    threshold: float
    reranker: str
    fitted_on: str

    def __post_init__(self) -> None:
        if set(self.weights) != set(Signals.__slots__):
            raise ValueError(f"weights for {sorted(self.weights)}; the signals are {sorted(Signals.__slots__)}")

    def confidence(self, found: Signals) -> float:
        """The probability, from 0 to 1, that the best evidence answers the question."""
        logit = self.intercept + sum(self.weights[name] * value for name, value in asdict(found).items())
        return round(1 / (1 + math.exp(-max(-60.0, min(60.0, logit)))), 6)

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
            reranker=str(data["reranker"]),
            fitted_on=str(data["fitted_on"]),
        )


def load_calibration(folder: Path, reranker: str) -> Calibration:
    """The index folder's own calibration where it has one for this reranker, else the packaged one.

    Raises:
        CalibrationError: the folder's own cannot be read.
    """
    file = folder / CALIBRATION_FILE
    try:
        own = Calibration.from_json(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return packaged_calibration()
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CalibrationError(
            f"{file} is no calibration ({error}); remove it, or fit it anew: roleqa eval --questions FILE --calibrate"
        ) from error
    return own if own.reranker == reranker else packaged_calibration()


@lru_cache(maxsize=1)
def packaged_calibration() -> Calibration:
    """The calibration that comes with the packaged reranker."""
    return Calibration.from_json(files("roleqa.answer").joinpath("confidence.json").read_text(encoding="utf-8"))


def confidence(index: Index, reading: Reading, calibration: Calibration) -> float:
    """The probability, from 0 to 1, that the best evidence answers the question; 0 where there is none."""
    return calibration.confidence(signals(index, reading)) if reading.evidence else 0.0
