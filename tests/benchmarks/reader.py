"""How well questions are answered, by set of labelled questions: what the card of the reader's weights reports.

    python tests/benchmarks/reader.py [--squad FOLDER [--questions N]] ... [--half reporting]

Without a folder: the shipped corpus' reporting half and the handbooks of tests/eval/handbooks, on which nothing was tuned. A
FOLDER holds questions labelled as in SQuAD 2.0 (see squad_labels.py): all of them, or N answerable and N unanswerable ones.
Intervals are Wilson's, at 95 %.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from squad_labels import build, labelled_sample

from roleqa import Assistant, Settings, build_index
from roleqa.evaluate.judge import answer_f1, best_is_gold, first_quote_right, gold_complete
from roleqa.evaluate.metrics import auroc
from roleqa.evaluate.questions import LabelledQuestion, load_questions
from roleqa.types import Answer

REPOSITORY = Path(__file__).parents[2]
EVAL = REPOSITORY / "tests" / "eval"
# The share of the answerable questions that is answered where refusals are compared.
COVERAGE = 0.93
ALL = 10**6


@dataclass(frozen=True, slots=True)
class Judged:
    """One answer held against its label. `holds` is whether the first quote, cited or not, holds a whole answer."""

    kind: str
    answerable: bool
    answered: bool
    confidence: float
    best_right: bool
    right: bool
    complete: bool
    holds: bool
    f1: float | None
    seconds: float


def judge(assistant: Assistant, questions: Sequence[LabelledQuestion]) -> list[Judged]:
    """Asks every question; progress goes to stderr."""
    assistant.warm_up()
    found = []
    for done, question in enumerate(questions, start=1):
        started = time.perf_counter()
        answer = assistant.ask(question.question, question.history)
        found.append(_judged(assistant, question, answer, time.perf_counter() - started))
        print(f"\rasking {done} of {len(questions)}", end="" if done < len(questions) else "\n", file=sys.stderr)
    return found


def _judged(assistant: Assistant, question: LabelledQuestion, answer: Answer, seconds: float) -> Judged:
    best = next(iter((*answer.citations, *answer.closest)), None)
    texts = [assistant.retriever.index.documents[gold.document].text[gold.start : gold.end] for gold in question.gold]
    best_right = best_is_gold(question, answer)
    return Judged(
        kind=question.kind,
        answerable=question.answerable,
        answered=answer.answered,
        confidence=answer.confidence,
        best_right=best_right,
        right=question.answerable and first_quote_right(question, answer),
        complete=question.answerable and gold_complete(question, answer),
        holds=best is not None and best_right and any(text in best.quote for text in texts),
        f1=answer_f1(question, answer) if question.answerable else None,
        seconds=seconds,
    )


def share(values: Sequence[bool]) -> str:
    """A share with its 95 % interval (Wilson 1927)."""
    n = len(values)
    if not n:
        return "-"
    p, z = sum(values) / n, 1.96
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)
    return f"{p:.3f} ({low:.2f} to {high:.2f}, n {n})"


def refused_at(judged: Sequence[Judged], coverage: float) -> str:
    """The share of unanswerable questions refused at the threshold that answers that share of the answerable ones."""
    can = np.sort([item.confidence for item in judged if item.answerable])[::-1]
    least = can[min(math.ceil(coverage * len(can)), len(can)) - 1]
    return share([item.confidence < least for item in judged if not item.answerable])


def report(name: str, judged: Sequence[Judged]) -> Iterator[str]:
    answerable = [item for item in judged if item.answerable]
    yield f"== {name}: {len(judged)} questions, {len(answerable)} answerable"
    yield f"first quote right     {share([item.right for item in answerable])}"
    yield f"best evidence right   {share([item.best_right for item in answerable])}"
    yield f"holds a whole answer  {share([item.holds for item in answerable])}"
    yield f"coverage              {share([item.answered for item in answerable])}"
    yield f"refused               {share([not item.answered for item in judged if not item.answerable])}"
    yield f"refused at {COVERAGE:.0%}        {refused_at(judged, COVERAGE)}"
    yield f"AUROC                 {auroc([item.answerable for item in judged], [item.confidence for item in judged]):.3f}"
    words = [item.f1 for item in judged if item.f1 is not None]
    if words:
        yield f"answering words F1    {np.mean(words):.3f} (n {len(words)})"
    times = [item.seconds for item in judged]
    yield f"seconds               p50 {np.median(times):.3f}, p95 {np.quantile(times, 0.95):.3f}"
    for kind in dict.fromkeys(item.kind for item in judged):
        own = [item for item in judged if item.kind == kind]
        if own[0].answerable:
            rights = (share([item.best_right for item in own]), share([item.right for item in own]))
            yield f"  {kind:18} best {rights[0]}  first {rights[1]}  complete {np.mean([item.complete for item in own]):.2f}"
        else:
            yield f"  {kind:18} refused {share([not item.answered for item in own])}"


def labelled(corpus: Path, labels: Path, scratch: Path, half: str) -> tuple[Assistant, list[LabelledQuestion]]:
    """An assistant on a corpus, and its questions: all, or those of a half."""
    settings = Settings(corpus=corpus, index=scratch)
    build_index(settings)
    assistant = Assistant.load(settings)
    questions = load_questions(labels, assistant.retriever.index.documents)
    return assistant, [item for item in questions if half == "all" or item.tuning == (half == "tuning")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--squad", type=Path, nargs="*", default=[], help="Each holds corpus/ and questions.jsonl.")
    parser.add_argument("--questions", type=int, default=ALL, help="Answerable ones of each, and as many unanswerable.")
    parser.add_argument("--seed", type=int, default=7, help="Draws them.")
    parser.add_argument("--half", choices=("reporting", "tuning"), default="reporting", help="Of the shipped questions.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for folder in arguments.squad:
            assistant = Assistant.load(build(folder, Path(scratch) / folder.name))
            questions = labelled_sample(folder, assistant.retriever.index, arguments.questions, arguments.seed)
            print("\n".join(report(str(folder), judge(assistant, questions))), flush=True)
        if not arguments.squad:
            shipped = labelled(REPOSITORY / "corpus", EVAL / "questions.jsonl", Path(scratch) / "a", arguments.half)
            print("\n".join(report(f"shipped, {arguments.half} half", judge(*shipped))), flush=True)
            handbooks = EVAL / ("handbooks" if arguments.half == "reporting" else "tuning")
            own = labelled(handbooks / "corpus", handbooks / "questions.jsonl", Path(scratch) / "b", "all")
            print("\n".join(report(f"handbooks, {handbooks.name}", judge(*own))), flush=True)


if __name__ == "__main__":
    main()
