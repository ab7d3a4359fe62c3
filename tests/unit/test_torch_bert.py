"""The encoder's bfloat16 network, against the transformers library's own in float32, on small weights made by chance."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from roleqa.models.encoder import _has_bfloat16
from roleqa.models.torch_bert import TorchBert

pytestmark = pytest.mark.skipif(not _has_bfloat16(), reason="this processor multiplies no bfloat16 matrices")

TEXTS = [[5, 9, 2, 7, 7, 1, 3], [4, 4, 8, 1, 1, 2, 6, 9], [3], [2, 9, 9, 31, 16]]


@pytest.fixture(scope="module")
def model() -> BertModel:
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=40, hidden_size=64, num_hidden_layers=3, num_attention_heads=4, intermediate_size=96,
        max_position_embeddings=300, initializer_range=0.2,
    )  # fmt: skip
    return BertModel(config, add_pooling_layer=False).eval()


@pytest.fixture(scope="module")
def bert(model: BertModel) -> TorchBert:
    return TorchBert({name: weight.detach() for name, weight in model.named_parameters()}, model.config.to_dict())


def mean_of(model: BertModel, ids: list[int]) -> np.ndarray:
    with torch.inference_mode():
        return model(torch.tensor([ids])).last_hidden_state[0].mean(0).numpy()


@pytest.mark.parametrize("length", [8, 11])
def test_a_text_s_embedding_is_the_mean_that_float32_has_whatever_it_is_padded_by(
    model: BertModel, bert: TorchBert, length: int
) -> None:
    made = bert.encode(TEXTS, length)
    assert made.dtype == np.float32
    for row, ids in zip(made, TEXTS, strict=True):
        known = mean_of(model, ids)
        assert np.abs(row - known).max() < 0.02 * np.abs(known).max()
        assert row @ known / np.linalg.norm(row) / np.linalg.norm(known) > 0.9995


def test_long_texts_are_attended_one_by_one_and_short_ones_together_to_the_same_end(
    model: BertModel, bert: TorchBert
) -> None:
    long = [(TEXTS[0] * 40)[:count] for count in (255, 256, 250)]
    made = bert.encode(long, 256)
    for row, ids in zip(made, long, strict=True):
        known = mean_of(model, ids)
        assert row @ known / np.linalg.norm(row) / np.linalg.norm(known) > 0.9995


def test_a_row_has_the_same_bits_whatever_is_beside_it(bert: TorchBert) -> None:
    many = TEXTS * 16
    made = bert.encode(many, 8)
    assert np.array_equal(bert.encode(many[::-1], 8), made[::-1])
    assert np.array_equal(bert.encode([TEXTS[1]] * len(many), 8), made[[1] * len(many)])
