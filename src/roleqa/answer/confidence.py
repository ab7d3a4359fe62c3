"""How likely it is that the documents answer: a logistic regression over a few signals.

After Gisserot-Boukhlef et al. 2024, "Towards Trustworthy Reranking" (arXiv 2402.12997): abstention judged
from the reranker's own scores. The numbers in confidence.json say what they were fitted on.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.resources import files

from roleqa.index.load import Index
from roleqa.index.terms import terms
from roleqa.question.expectation import asks_for_number, gives_number, named_terms
from roleqa.retrieve.search import Reading


@dataclass(frozen=True, slots=True)
class Signals:
    """What the confidence is judged from: the best evidence's logit, and 1.0 or 0.0 for what it lacks.

    `name_missing`: the question names something that the evidence's passage and headings do not.
    `number_missing`: it asks for a number and the evidence gives none.
    """

    logit: float
    name_missing: float
    number_missing: float


def signals(index: Index, reading: Reading) -> Signals:
    """The signals of a reading that found evidence."""
    best = reading.evidence[0]
    passage = index.passages[best.row]
    near = set(terms(" ".join((*passage.headings, index.text(passage, passage.document_id)))))
    named = named_terms(reading.query, index.manifest.roles)
    return Signals(
        logit=best.score,
        name_missing=float(not named <= near),
        number_missing=float(asks_for_number(reading.query) and not gives_number(best.candidate.body)),
    )


def confidence(index: Index, reading: Reading) -> float:
    """The probability, from 0 to 1, that the best evidence answers the question; 0 where there is none."""
    if not reading.evidence:
        return 0.0
    model = _model()
    found = asdict(signals(index, reading))
    logit = model.intercept + sum(weight * found[name] for name, weight in model.weights)
    return round(1 / (1 + math.exp(-logit)), 6)


@dataclass(frozen=True, slots=True)
class _Model:
    intercept: float
    weights: tuple[tuple[str, float], ...]


@lru_cache(maxsize=1)
def _model() -> _Model:
    data = json.loads(files("roleqa.answer").joinpath("confidence.json").read_text(encoding="utf-8"))
    return _Model(data["intercept"], tuple(sorted(data["weights"].items())))
