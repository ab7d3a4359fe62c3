"""Fits the confidence that comes with roleqa anew: src/roleqa/answer/confidence.json.

    python tests/benchmarks/calibrate.py FOLDER [--index DIR] [--questions 700] [--seed 7] [--refusal-recall 0.87]

FOLDER holds questions labelled as in SQuAD 2.0 (see squad_labels.py), DIR the index of the shipped corpus. Fitted on the
tuning half of tests/eval/questions.jsonl, which alone decides the threshold, and on a sample of FOLDER's questions.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from squad_labels import build, labelled_sample

from roleqa import Assistant, Settings
from roleqa.answer.confidence import Calibration
from roleqa.evaluate.calibrate import Sample, choose_threshold, collect_samples, regression
from roleqa.evaluate.questions import load_questions

REPOSITORY = Path(__file__).parents[2]
LABELS = REPOSITORY / "tests" / "eval" / "questions.jsonl"
CALIBRATION = REPOSITORY / "src" / "roleqa" / "answer" / "confidence.json"
# The corpus' own questions are few and like those that users ask. SQuAD's unanswerable ones are near misses made to
# mislead, rarer in use.
OWN, ANSWERABLE, UNANSWERABLE = 4.0, 0.25, 0.125


def tell(stage: str, done: int, total: int) -> None:
    """Progress on one line of stderr."""
    print(f"\r{stage} {done} of {total}", end="" if done < total else "\n", file=sys.stderr, flush=True)


def own_samples(index: Path) -> list[Sample]:
    """The tuning half of the questions on the shipped corpus."""
    assistant = Assistant.load(Settings(index=index))
    questions = [item for item in load_questions(LABELS, assistant.retriever.index.documents) if item.tuning]
    return [replace(sample, weight=OWN) for sample in collect_samples(assistant, questions, tell)]


def squad_samples(folder: Path, index: Path, each: int, seed: int) -> list[Sample]:
    """`each` answerable and as many unanswerable questions of a folder."""
    assistant = Assistant.load(build(folder, index))
    questions = labelled_sample(folder, assistant.retriever.index, each, seed)
    found = collect_samples(assistant, questions, tell)
    return [replace(sample, weight=ANSWERABLE if sample.answerable else UNANSWERABLE) for sample in found]


def fit(own: Sequence[Sample], squad: Sequence[Sample], refused: float) -> Calibration:
    """One regression over both; the threshold refuses that share of the unanswerable ones of `own`."""
    weights, intercept = regression([*own, *squad])
    trial = Calibration(intercept, weights, 0.0, "", "")
    confidences = [trial.confidence(sample.signals) if sample.signals else 0.0 for sample in own]
    threshold = choose_threshold(confidences, [sample.answerable for sample in own], refused)
    return replace(trial, threshold=round(threshold, 3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="Holds corpus/ and questions.jsonl.")
    parser.add_argument("--index", type=Path, default=REPOSITORY / "index", help="The index of the shipped corpus.")
    parser.add_argument("--questions", type=int, default=700, help="How many answerable ones, and as many unanswerable.")
    parser.add_argument("--seed", type=int, default=7, help="Draws them.")
    parser.add_argument("--refusal-recall", type=float, default=0.87, help="Share of the unanswerable to refuse.")
    arguments = parser.parse_args()
    own = own_samples(arguments.index)
    with tempfile.TemporaryDirectory() as scratch:
        squad = squad_samples(arguments.folder, Path(scratch), arguments.questions, arguments.seed)
    found = fit(own, squad, arguments.refusal_recall)
    reader = Assistant.load(Settings(index=arguments.index)).retriever.reader.fingerprint
    described = (
        f"the tuning half of tests/eval/questions.jsonl, comparisons aside ({len(own)} questions, weight {OWN:g} each), "
        f"and {len(squad)} questions of SQuAD 2.0 dev articles (weight {ANSWERABLE:g} answerable, {UNANSWERABLE:g} not); "
        f"logistic regression, C = 1; the threshold refuses {arguments.refusal_recall:.0%} of that half's unanswerable ones"
    )
    CALIBRATION.write_text(replace(found, reader=reader, fitted_on=described).to_json(), encoding="utf-8")
    print(CALIBRATION.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
