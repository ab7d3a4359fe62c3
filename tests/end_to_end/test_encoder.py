"""The packaged encoder in earnest: queries as torch would encode them and without it, passages whatever is beside them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from servers import ENVIRONMENT, REPOSITORY

from roleqa import Assistant, Settings
from roleqa.errors import BuildCancelledError
from roleqa.models.encoder import SentenceEncoder
from roleqa.models.onnx_encoder import KNOWN_FILE, OnnxEncoder
from roleqa.types import Answer

QUESTIONS = [json.loads(line)["question"] for line in (REPOSITORY / "tests/eval/questions.jsonl").read_text("utf-8").splitlines()]
ODD = [
    "", " ", "?", "\0", "a" * 3000, "word " * 1000, "caf\u00e9 na\u00efve \u0130stanbul", "\u4e2d\u6587\u6587\u6863 " * 200,
    "\u0645\u0646 \u064a\u062f\u0641\u0639\u061f", "\u041a\u0442\u043e \u043f\u043b\u0430\u0442\u0438\u0442?", "\U0001f600" * 300,
    "[CLS] [SEP] [MASK] [PAD]", "e\u0301 \u200b \ufeff x", "\n\n a \t b \r\n",
]  # fmt: skip
HEAVY = ["torch", "sentence_transformers", "transformers", "sklearn", "pandas", "matplotlib", "gradio"]


@pytest.fixture(scope="module")
def reference() -> SentenceEncoder:
    return SentenceEncoder()


def test_a_cold_question_loads_no_torch(shipped_index: Path) -> None:
    code = (
        "import sys; from roleqa.cli import main; code = main(sys.argv[1:]);"
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    for command in (["ask", QUESTIONS[0]], ["search", QUESTIONS[0]]):
        said = subprocess.run(
            [sys.executable, "-c", code, *command, "--index", shipped_index], env=ENVIRONMENT, capture_output=True, text=True
        )
        assert (said.returncode, said.stderr) == (0, "[]\n")
        assert said.stdout


def test_queries_lie_where_torch_has_them(reference: SentenceEncoder) -> None:
    encoder = OnnxEncoder(reference)
    texts = [*QUESTIONS[::20], *ODD]
    assert len(texts) >= 40
    for text in texts:
        assert float(encoder.encode_query(text) @ reference.encode_query(text)) >= 0.999999, text


def test_the_embeddings_said_to_be_torch_s_are(reference: SentenceEncoder) -> None:
    import roleqa.models

    known = json.loads((Path(roleqa.models.__file__).parent / KNOWN_FILE).read_text("utf-8"))
    assert [len(reference.token_ids(item["text"])) for item in known] == [5, 27, 89]
    for item in known:
        assert np.abs(reference.encode_query(item["text"]) - item["embedding"]).max() < 2e-5


def test_a_text_is_read_as_the_model_reads_it(reference: SentenceEncoder) -> None:
    for text in (*QUESTIONS[:10], *ODD):
        assert reference.token_ids(text) == reference._model.preprocess([text])["input_ids"][0].tolist(), text


def quotes(answer: Answer) -> list[tuple[str, int, int]]:
    return [
        (item.passage.document_id, item.evidence.start, item.evidence.end) for item in (*answer.citations, *answer.closest)
    ]


def test_both_adapters_give_the_same_answers(shipped_index: Path, reference: SentenceEncoder) -> None:
    settings = Settings(corpus=REPOSITORY / "corpus", index=shipped_index)
    one, other = Assistant.load(settings), Assistant.load(settings, encoder=reference)
    assert isinstance(one.retriever.encoder, OnnxEncoder)
    answered = 0
    for question in QUESTIONS[::30]:
        mine, theirs = one.ask(question), other.ask(question)
        assert quotes(mine) == quotes(theirs)
        assert (mine.kind, mine.text, mine.columns) == (theirs.kind, theirs.text, theirs.columns)
        assert mine.confidence == pytest.approx(theirs.confidence, abs=1e-4)
        answered += mine.answered
    assert answered >= 10


PASSAGES = [f"{sentence} " * times for times in (1, 9, 40) for sentence in QUESTIONS[:12]]


def test_passages_lie_where_sentence_transformers_has_them_in_float32(reference: SentenceEncoder) -> None:
    texts = [*PASSAGES, *QUESTIONS[:40], *ODD]
    known = reference._model.encode(texts, show_progress_bar=False, normalize_embeddings=True)
    cosines = (reference.encode_passages(texts) * known).sum(axis=1)
    assert cosines.min() > 0.9998, texts[int(cosines.argmin())]


def test_passages_have_the_same_bits_in_any_order_and_on_any_number_of_threads(reference: SentenceEncoder) -> None:
    together = reference.encode_passages(PASSAGES)
    assert np.array_equal(reference.encode_passages(PASSAGES[::-1]), together[::-1])
    assert np.array_equal(reference.encode_passages(PASSAGES[5:7]), together[5:7])
    threads = torch.get_num_threads()
    try:
        for count in (1, 3):
            torch.set_num_threads(count)
            assert np.array_equal(reference.encode_passages(PASSAGES[::3]), together[::3])
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(threads)


def test_two_who_encode_at_once_do_not_disturb_each_other(reference: SentenceEncoder) -> None:
    """They share a tokenizer, which each sets to the length of its own texts."""
    short, long = PASSAGES[:12], PASSAGES[-6:]
    alone = reference.encode_passages(short), reference.encode_passages(long), reference.encode_query("Who pays?")
    with ThreadPoolExecutor(3) as threads:
        jobs = [
            threads.submit(reference.encode_passages, short),
            threads.submit(reference.encode_passages, long),
            threads.submit(reference.encode_query, "Who pays?"),
        ]
        for job, made in zip(jobs, alone, strict=True):
            assert np.array_equal(job.result(), made)


def test_encoding_stops_when_it_is_told_to(reference: SentenceEncoder) -> None:
    told: list[int] = []

    def stop(done: int) -> None:
        told.append(done)
        raise BuildCancelledError("stopped")

    with pytest.raises(BuildCancelledError):
        reference.encode_passages(PASSAGES * 20, stop)
    assert len(told) == 1
    assert told[0] <= 8 < len(PASSAGES) * 20
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("encoder")]
