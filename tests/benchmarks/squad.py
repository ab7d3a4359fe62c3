"""Answers measured on questions labelled as in SQuAD 2.0, half of them near misses that the documents do not answer.

    python tests/benchmarks/squad.py FOLDER [--questions 400] [--seed 7] [--index DIR] [--json FILE]

FOLDER holds `corpus/` and `questions.jsonl` (see squad_labels.py). The index is built in a temporary folder, or in
`--index`, where passages that did not change keep their embeddings.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from squad_labels import build, labelled_sample

from roleqa import Assistant
from roleqa.errors import RoleqaError
from roleqa.evaluate.metrics import RiskPoint
from roleqa.evaluate.results import Figures, Report, Result
from roleqa.evaluate.run import evaluate
from roleqa.types import MODES

COVERAGES = (0.1, 0.25, 0.5, 0.75, 1.0)


def measure(folder: Path, index: Path, each: int, seed: int) -> Report:
    """`each` answerable and as many unanswerable questions of a folder, asked of an index of its corpus."""
    assistant = Assistant.load(build(folder, index))
    return evaluate(assistant, labelled_sample(folder, assistant.retriever.index, each, seed), progress=tell)


def tell(stage: str, done: int, total: int) -> None:
    """Progress on one line of stderr."""
    print(f"\r{stage} {done} of {total}", end="" if done < total else "\n", file=sys.stderr, flush=True)


def holds_answer(result: Result) -> bool:
    """Whether the first quote, cited or not, is at the marked place and holds a whole answer."""
    return result.best_right and any(gold in (result.first_quote or "") for gold in result.gold_quotes)


def risk_at(curve: Sequence[RiskPoint], coverage: float) -> float:
    """The share of wrong first quotes where at least that share of all questions is answered."""
    return next(point.risk for point in curve if point.coverage >= coverage - 1e-9)


def show(report: Report) -> str:
    """The figures as Markdown tables."""
    return "\n".join((*_passages(report.groups["all"]), "", *_answers(report), "", *_times(report)))


def _passages(figures: Figures) -> Iterator[str]:
    yield "| passages | hit@1 | hit@5 | MRR@10 | nDCG@10 |"
    yield "| --- " * 5 + "|"
    for mode in MODES:
        if found := figures.modes[mode]:
            values = (found.hit_at_1, found.hit_at_5, found.mrr_at_10, found.ndcg_at_10)
            yield f"| {mode} | " + " | ".join(f"{value:.4f}" for value in values) + " |"


def _answers(report: Report) -> Iterator[str]:
    figures = report.groups["all"]
    answerable = [result for result in report.results if result.answerable]
    holding = sum(holds_answer(result) for result in answerable) / len(answerable)
    yield "| answers | |"
    yield "| --- | --- |"
    yield f"| questions: answerable, unanswerable | {figures.answerable}, {figures.questions - figures.answerable} |"
    yield f"| first quote holds a whole answer, refused or not | {holding:.4f} |"
    yield f"| exact quotes | {figures.exact_quotes:.4f} |"
    yield f"| AUROC of confidence, answerable against not | {figures.auroc:.4f} |"
    yield f"| answerable questions answered | {figures.coverage:.4f} |"
    yield f"| unanswerable questions refused | {figures.refusals.recall:.4f} |"
    for coverage in COVERAGES:
        risk = risk_at(figures.risk_coverage, coverage)
        yield f"| first quotes that are wrong, where {coverage:.0%} of all questions are answered | {risk:.4f} |"


def _times(report: Report) -> Iterator[str]:
    yield "| an answer, warm | p50 ms | p95 ms |"
    yield "| --- | --- | --- |"
    for stage, latency in report.timing.groups["all"].items():
        p95 = "" if latency.p95 is None else f"{latency.p95 * 1000:.1f}"
        yield f"| {stage} | {(latency.p50 or 0.0) * 1000:.1f} | {p95} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="Holds corpus/ and questions.jsonl.")
    parser.add_argument("--questions", type=int, default=400, help="How many answerable ones, and as many unanswerable.")
    parser.add_argument("--seed", type=int, default=7, help="Draws them.")
    parser.add_argument("--index", type=Path, help="Folder of the index; otherwise a temporary one.")
    parser.add_argument("--json", type=Path, help="Write the whole report there, too.")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as scratch:
            index = arguments.index or Path(scratch)
            report = measure(arguments.folder, index, arguments.questions, arguments.seed)
    except (RoleqaError, OSError) as error:
        parser.exit(1, f"{error}\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(report.to_dict(), ensure_ascii=False, indent=1), encoding="utf-8")
    print(show(report))


if __name__ == "__main__":
    main()
