"""How likely it is that the documents answer: a logistic regression over a few signals.

After Gisserot-Boukhlef et al. 2024, "Towards Trustworthy Reranking" (arXiv 2402.12997): abstention judged
from the reranker's own scores. The numbers in confidence.json say what they were fitted on.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from roleqa.index.load import Index
from roleqa.retrieve.evidence import coverage, term_weights
from roleqa.retrieve.search import Reading


@dataclass(frozen=True, slots=True)
class Signals:
    """What the confidence is judged from.

    `best` and `second` are reranker logits squashed to 0..1; `cosine` is the nearest passage's; `covered`
    and `covered_near` are the parts of the question's weight found in the best evidence and in its passage.
    """

    best: float
    second: float
    cosine: float
    covered: float
    covered_near: float


def signals(index: Index, reading: Reading) -> Signals:
    """The signals of a reading that found evidence."""
    best = reading.evidence[0]
    second = reading.evidence[1].score if len(reading.evidence) > 1 else best.score
    passage = index.passages[best.row]
    weights = term_weights(index, reading.query)
    near = " ".join((*passage.headings, index.text(passage, passage.document_id)))
    return Signals(
        best=_squash(best.score),
        second=_squash(second),
        cosine=reading.best_cosine,
        covered=coverage(weights, best.candidate.text),
        covered_near=coverage(weights, near),
    )


def confidence(index: Index, reading: Reading) -> float:
    """The probability, from 0 to 1, that the best evidence answers the question."""
    if not reading.evidence:
        return 0.0
    model = _model()
    found = signals(index, reading)
    logit = model.intercept + sum(weight * getattr(found, name) for name, weight in model.weights)
    return round(1 / (1 + math.exp(-logit)), 6)


def _squash(logit: float) -> float:
    """Logits of this cross-encoder run from about -11 to 11; the ends say no more than a third does."""
    return 1 / (1 + math.exp(-logit / 3))


@dataclass(frozen=True, slots=True)
class _Model:
    intercept: float
    weights: tuple[tuple[str, float], ...]


@lru_cache(maxsize=1)
def _model() -> _Model:
    data = json.loads(files("roleqa.answer").joinpath("confidence.json").read_text(encoding="utf-8"))
    return _Model(data["intercept"], tuple(sorted(data["weights"].items())))
