"""The network that is trained: what it begins with, that training changes what it should, and that what is run at the
end is the same network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from transformers import BertConfig, BertForQuestionAnswering

from roleqa.models import reader_weights
from roleqa.models.onnx_session import open_session
from roleqa.models.reader_graph import TOKENS, TYPES, reader_graph
from roleqa.models.reader_weights import load_weights
from roleqa.training.batches import Batch
from roleqa.training.network import CROSS_ENCODER, load_network, start_layers
from roleqa.training.quantise import save_quantised
from roleqa.training.train import Schedule, train


def test_the_learning_rate_rises_and_then_falls_in_a_line_to_nothing() -> None:
    schedule = Schedule(peak=1e-3, steps=1000)
    assert schedule.rate(0) == pytest.approx(1e-3 / 30)
    assert schedule.rate(14) == pytest.approx(1e-3 / 2)
    assert schedule.rate(500) == pytest.approx(0.5e-3)
    assert schedule.rate(1000) == schedule.rate(2000) == 0
    rates = [schedule.rate(step) for step in range(1001)]
    assert max(rates) <= 1e-3
    assert rates[30:] == sorted(rates[30:], reverse=True)


def batch(*rows: tuple[list[int], int, int], question: int = 3) -> Batch:
    """Rows of ids with an answer each; the first ids are the question's."""
    length = max(len(ids) for ids, _, _ in rows)
    ids, types, mask = (np.zeros((len(rows), length), dtype=np.int64) for _ in range(3))
    for row, (tokens, _, _) in enumerate(rows):
        ids[row, : len(tokens)] = tokens
        types[row, question : len(tokens)] = 1
        mask[row, : len(tokens)] = 1
    return Batch(ids, types, mask, np.array([row[1] for row in rows]), np.array([row[2] for row in rows]))


def small() -> BertForQuestionAnswering:
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=20, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    network = BertForQuestionAnswering(config)
    for parameter in network.bert.embeddings.parameters():
        parameter.requires_grad_(False)
    return network


# An answer, a shorter row with another, and one without.
DATA = batch(([1, 5, 2, 9, 10, 11, 2], 4, 5), ([1, 6, 2, 12, 2], 3, 3), ([1, 5, 2, 12, 13, 2], 0, 0))


def test_training_learns_the_answers_and_leaves_the_embeddings(tmp_path: Path) -> None:
    network, before = small(), small().state_dict()
    lines: list[str] = []
    train(network, [DATA] * 200, Schedule(1e-2, 200), tmp_path / "trained.safetensors", lines.append)
    assert len(lines) == 10
    losses = [float(line.rpartition(" ")[2]) for line in lines]
    assert losses[0] > 0.8
    assert losses[-1] < losses[0] / 2
    saved = load_file(tmp_path / "trained.safetensors")
    assert set(saved) == {name.replace("qa_outputs.", "span.") for name in before if ".embeddings." not in name}
    assert all(array.dtype == np.float16 for array in saved.values())
    assert not np.array_equal(saved["span.weight"], before["qa_outputs.weight"].numpy().astype(np.float16))
    assert list(tmp_path.iterdir()) == [tmp_path / "trained.safetensors"]
    # What was saved is what was learned: the answers are found by it.
    again = small().eval()
    tensors = {name.replace("span.", "qa_outputs."): torch.tensor(array).float() for name, array in saved.items()}
    again.load_state_dict(tensors, strict=False)
    with torch.inference_mode():
        output = again(*(torch.from_numpy(array) for array in (DATA.ids, DATA.mask, DATA.types)))
    barred = torch.from_numpy((DATA.types == 0) | (DATA.mask == 0))
    barred[:, 0] = False
    for logits, expected in ((output.start_logits, DATA.starts), (output.end_logits, DATA.ends)):
        assert logits.masked_fill(barred, -1e4).argmax(dim=1).tolist() == expected.tolist()


def test_the_question_and_padding_are_never_the_answer(tmp_path: Path) -> None:
    """Their logits have no part in the loss: of a row with one token that may answer, it is that of two tokens."""
    network = small()
    with torch.no_grad():
        network.qa_outputs.weight.zero_()
        network.qa_outputs.bias.zero_()
    lines: list[str] = []
    one = batch(([1, 5, 2, 9], 3, 3), ([1, 5, 2, 9, 9, 9, 9, 9], 3, 3))
    train(network, [one] * 20, Schedule(0.0, 20), tmp_path / "trained.safetensors", lines.append)
    # All logits being alike: the mean of ln 2 and ln 6.
    assert float(lines[0].rpartition(" ")[2]) == pytest.approx((np.log(2) + np.log(6)) / 2, abs=0.005)


@pytest.fixture(scope="module")
def begun() -> BertForQuestionAnswering:
    return load_network(start_layers(CROSS_ENCODER)).eval()


def test_what_onnxruntime_runs_in_8_bits_is_the_network_that_was_trained(
    begun: BertForQuestionAnswering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = {
        name.replace("qa_outputs.", "span."): tensor.numpy()
        for name, tensor in begun.state_dict().items()
        if ".embeddings." not in name
    }
    file = tmp_path / reader_weights.FILE
    monkeypatch.setattr(reader_weights, "SHA256", save_quantised(layers, file))
    monkeypatch.setattr(reader_weights, "packaged_file", lambda: file)
    graph, model = reader_graph(load_weights())
    session = open_session(model, graph.weights, threads=1)
    tokens = np.array([101, 2040, 4597, 1996, 10437, 102, 1996, 10684, 4597, 1996, 10437, 2012, 18406, 1012, 102])
    types = (np.arange(len(tokens)) > 5).astype(np.int64)
    (logits,) = session.run(None, {TOKENS: tokens, TYPES: types})
    with torch.inference_mode():
        output = begun(input_ids=torch.from_numpy(tokens)[None], token_type_ids=torch.from_numpy(types)[None])
    expected = torch.stack([output.start_logits[0], output.end_logits[0]], dim=-1).numpy()
    assert expected.std() > 0.05
    assert np.abs(logits - expected).max() < 0.25 * expected.std()
    # Segments count: the same tokens, all of the question's, are read otherwise.
    (other,) = session.run(None, {TOKENS: tokens, TYPES: np.zeros_like(types)})
    assert np.abs(logits - other).max() > np.abs(logits - expected).max()


def test_training_goes_on_from_a_file_of_layers(begun: BertForQuestionAnswering, tmp_path: Path) -> None:
    layers = {
        name.replace("qa_outputs.", "span."): tensor.numpy().astype(np.float16)
        for name, tensor in begun.state_dict().items()
        if ".embeddings." not in name
    }
    layers["span.bias"] = np.array([1.5, -2.5], dtype=np.float16)
    file = tmp_path / "layers.safetensors"
    save_file(layers, file)
    network = load_network(start_layers(str(file)))
    assert network.qa_outputs.bias.tolist() == [1.5, -2.5]
    assert {name for name, parameter in network.named_parameters() if not parameter.requires_grad} == {
        f"bert.embeddings.{name}.weight"
        for name in ("word_embeddings", "position_embeddings", "token_type_embeddings", "LayerNorm")
    } | {"bert.embeddings.LayerNorm.bias"}
    del layers["bert.encoder.layer.3.output.dense.bias"]
    save_file(layers, file)
    with pytest.raises(ValueError, match="the layers lack .*layer.3.output.dense.bias"):
        load_network(start_layers(str(file)))
