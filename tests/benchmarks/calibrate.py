"""Fits the confidence that comes with roleqa again: src/roleqa/answer/confidence.json.

    python tests/benchmarks/calibrate.py [FOLDER ...] [--questions 400] [--seed 7] [--coverage 0.965]

Fitted on the tuning half of tests/eval/questions.jsonl, on the handbooks of tests/eval/tuning, and on a sample of each
FOLDER, which holds questions labelled as in SQuAD 2.0 (see squad_labels.py). Each set counts as much as the others, so that
the confidence holds for documents it has not seen. The threshold answers a share of the answerable questions on the shipped
corpus, which are like those that users ask.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from squad_labels import build, labelled_sample

from roleqa import Assistant, Settings, build_index
from roleqa.answer.confidence import Calibration
from roleqa.evaluate.calibrate import Sample, collect_samples, regression, with_certainty
from roleqa.evaluate.questions import load_questions
from roleqa.models.load import load_reader
from roleqa.models.weights import PACKAGED

REPOSITORY = Path(__file__).parents[2]
EVAL = REPOSITORY / "tests" / "eval"
CALIBRATION = REPOSITORY / "src" / "roleqa" / "answer" / "confidence.json"


def tell(stage: str, done: int, total: int) -> None:
    """Progress on one line of stderr."""
    print(f"\r{stage} {done} of {total}", end="" if done < total else "\n", file=sys.stderr, flush=True)


def own_samples(corpus: Path, labels: Path, scratch: Path, *, half: bool) -> tuple[Sample, ...]:
    """The questions of a file on a corpus; those of its tuning half only, if `half`."""
    settings = Settings(corpus=corpus, index=scratch)
    build_index(settings)
    assistant = Assistant.load(settings)
    questions = load_questions(labels, assistant.retriever.index.documents)
    return collect_samples(assistant, [item for item in questions if item.tuning or not half], tell)


def squad_samples(folder: Path, scratch: Path, each: int, seed: int) -> tuple[Sample, ...]:
    """`each` answerable and as many unanswerable questions of a folder."""
    assistant = Assistant.load(build(folder, scratch))
    return collect_samples(assistant, labelled_sample(folder, assistant.retriever.index, each, seed), tell)


def weighed(sets: Sequence[Sequence[Sample]]) -> list[Sample]:
    """All samples, each set of the same weight together."""
    whole = sum(map(len, sets)) / len(sets)
    return [replace(sample, weight=whole / len(samples)) for samples in sets for sample in samples]


def confidences(trial: Calibration, samples: Sequence[Sample]) -> np.ndarray:
    return np.array([trial.confidence(sample.signals) if sample.signals else 0.0 for sample in samples])


def threshold(trial: Calibration, sets: Sequence[Sequence[Sample]], coverage: float) -> float:
    """The highest confidence at which that share of the answerable questions is answered, on the average of the sets."""
    answerable = [confidences(trial, [sample for sample in samples if sample.answerable]) for samples in sets]
    steps = np.arange(0.99, 0.0, -0.001)
    return next(float(step) for step in steps if np.mean([(own >= step).mean() for own in answerable]) >= coverage)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folders", type=Path, nargs="*", help="Each holds corpus/ and questions.jsonl.")
    parser.add_argument("--questions", type=int, default=400, help="Answerable ones of each, and as many unanswerable.")
    parser.add_argument("--seed", type=int, default=7, help="Draws them.")
    parser.add_argument("--coverage", type=float, default=0.965, help="Share of the answerable questions to answer.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        shipped = own_samples(REPOSITORY / "corpus", EVAL / "questions.jsonl", Path(scratch) / "shipped", half=True)
        tuning = EVAL / "tuning"
        handbooks = own_samples(tuning / "corpus", tuning / "questions.jsonl", Path(scratch) / "tuning", half=False)
        squad = [
            squad_samples(folder, Path(scratch) / f"squad{i}", arguments.questions, arguments.seed)
            for i, folder in enumerate(arguments.folders)
        ]
    sets = [shipped, handbooks, *squad]
    weights, intercept = regression(weighed(sets))
    trial = Calibration(intercept, weights, 0.0, load_reader(PACKAGED).fingerprint, "")
    least = round(threshold(trial, sets[:1], arguments.coverage), 3)
    for name, samples in zip(("shipped", "handbooks", *map(str, arguments.folders)), sets, strict=True):
        sure = confidences(trial, samples) >= least
        can = np.array([sample.answerable for sample in samples])
        print(f"{name}: answers {sure[can].mean():.3f} of {can.sum()}, refuses {1 - sure[~can].mean():.3f} of {(~can).sum()}")
    described = (
        f"the tuning half of tests/eval/questions.jsonl, comparisons aside ({len(shipped)} questions), {len(handbooks)} "
        f"questions on the handbooks of tests/eval/tuning and {sum(map(len, squad))} on SQuAD 2.0 dev articles, each set of "
        f"the same weight; logistic regression, C = 1; the threshold answers {arguments.coverage:.1%} of the answerable "
        "questions of the first"
    )
    fitted = with_certainty(replace(trial, threshold=least, fitted_on=described), weighed(sets))
    CALIBRATION.write_text(fitted.to_json(), encoding="utf-8")
    print(CALIBRATION.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
