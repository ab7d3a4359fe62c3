"""The shipped corpus: an index is built, then all labelled questions are asked; seconds by stage, and quality.

    python tests/benchmarks/shipped.py [--corpus DIR] [--questions FILE] [--asked COUNT]

Quality is of the half of the questions on which nothing was tuned, as `roleqa eval` reports it; times are of all.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

from benchmarks.stages import BUILDING, answering, timed_stages, with_rest  # noqa: E402 (found by the line above)
from roleqa import Assistant, Settings, build_index  # noqa: E402
from roleqa.evaluate.metrics import latencies  # noqa: E402
from roleqa.evaluate.questions import LabelledQuestion, load_questions  # noqa: E402
from roleqa.evaluate.results import HEADLINE  # noqa: E402
from roleqa.evaluate.run import evaluate  # noqa: E402
from roleqa.models.load import load_encoder  # noqa: E402


def build(settings: Settings) -> dict[str, Any]:
    """What is in the index, and seconds by stage; the model that encodes is loaded before."""
    encoder = load_encoder(settings.encoder)
    started = time.perf_counter()
    encoder.encode_passages(["warm up"])
    loading = time.perf_counter() - started
    with timed_stages(BUILDING) as stages:
        report = build_index(settings, encoder=encoder)
    seconds = {name: round(value, 3) for name, value in with_rest(stages, report.seconds).items()}
    counts = {name: getattr(report, name) for name in ("documents", "passages", "evidence")}
    return {**counts, "loading_the_model": round(loading, 2), "seconds": report.seconds, "seconds_by_stage": seconds}


def ask(assistant: Assistant, questions: list[LabelledQuestion]) -> dict[str, Any]:
    """Seconds by stage of an answer, half of the questions and 19 of 20."""
    assistant.warm_up()
    taken = []
    for question in questions:
        with timed_stages(answering(assistant.retriever)) as stages:
            answer = assistant.ask(question.question, question.history)
        taken.append(with_rest(stages, answer.seconds))
    names = list(dict.fromkeys(name for own in taken for name in own))
    found = latencies([{name: own.get(name, 0.0) for name in names} for own in taken], names)
    return {name: asdict(own) for name, own in found.items()}


def quality(assistant: Assistant, questions: list[LabelledQuestion]) -> dict[str, Any]:
    """The figures of the half to report, without the curves."""
    own = [question for question in questions if not question.tuning]
    figures = asdict(evaluate(assistant, own).groups[HEADLINE])
    return {name: value for name, value in figures.items() if name not in ("risk_coverage", "reliability")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=TESTS.parent / "corpus")
    parser.add_argument("--questions", type=Path, default=TESTS / "eval" / "questions.jsonl")
    parser.add_argument("--asked", type=int, help="how many of the questions [default: all]")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(corpus=given.corpus, index=Path(folder))
        built = build(settings)
        assistant = Assistant.load(settings)
        questions = list(load_questions(given.questions, assistant.retriever.index.documents))[: given.asked]
        found = {"build": built, "asked": len(questions), "ask": ask(assistant, questions)}
        found["quality"] = quality(assistant, questions)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
