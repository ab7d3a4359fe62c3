"""A BERT that encodes passages by torch with bfloat16 matrices (Devlin et al. 2019, arXiv 1810.04805).

What sentence-transformers computes under torch's autocast, in fewer and smaller steps: the weights are rounded and
laid out for the processor once, queries, keys and values are one product, and attention takes a text at a time, whose
scores stay in a core's cache. What is added up stays float32: sums within products, states, their norms and their mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

# About how many tokens a batch should have: what it works on fits into a core's cache, and its products are no slower.
TOKENS_AT_ONCE = 512
# How many tokens' attention is computed at a time: a long text's, or that of several short ones.
_ATTENDED_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class _Affine:
    """A matrix and what is added to its product, or what a norm is scaled and shifted by."""

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True, slots=True)
class _Layer:
    heads: _Affine
    attended: _Affine
    attention_norm: _Affine
    inner: _Affine
    outer: _Affine
    norm: _Affine


class TorchBert:
    """`weights` have the names that the transformers library saves them under, `config` is the model's config.json."""

    def __init__(self, weights: Mapping[str, Tensor], config: Mapping[str, Any]) -> None:
        self.size = int(config["hidden_size"])
        self._heads = int(config["num_attention_heads"])
        self._epsilon = float(config["layer_norm_eps"])
        self._words = weights["embeddings.word_embeddings.weight"]
        segment = weights["embeddings.token_type_embeddings.weight"][0]
        self._places = weights["embeddings.position_embeddings.weight"] + segment
        self._norm = _of(weights, "embeddings.LayerNorm")
        self._layers = [
            self._layer(weights, f"encoder.layer.{number}") for number in range(config["num_hidden_layers"])
        ]

    def encode(self, texts: Sequence[Sequence[int]], length: int) -> NDArray[np.float32]:
        """The mean of each text's states, of shape (len(texts), size); none has more token ids than `length`."""
        import torch

        counts = [len(ids) for ids in texts]
        tokens = torch.zeros((len(texts), length), dtype=torch.int32)
        for row, ids in enumerate(texts):
            tokens[row, : len(ids)] = torch.as_tensor(ids)
        with torch.inference_mode():
            states = self._states(tokens, self._padding(counts, length)).view(-1, length, self.size)
            means = [text[:count].mean(0) for text, count in zip(states, counts, strict=True)]
            made: NDArray[np.float32] = torch.stack(means).numpy()
        return made

    def _states(self, tokens: Tensor, padding: Tensor | None) -> Tensor:
        """The last layer's, a token a row, text behind text."""
        from torch.nn.functional import embedding, gelu

        state = embedding(tokens, self._words) + self._places[: tokens.shape[1]]
        state = self._normalised(state.view(-1, self.size), self._norm)
        for layer in self._layers:
            attended = _product(self._attention(_product(state, layer.heads), tokens.shape[0], padding), layer.attended)
            state = self._normalised(attended + state, layer.attention_norm)
            inner = gelu(_product(state, layer.inner))
            state = self._normalised(_product(inner, layer.outer) + state, layer.norm)
        return state

    def _attention(self, heads: Tensor, texts: int, padding: Tensor | None) -> Tensor:
        """Queries, keys and values of each token (a row), mixed."""
        import torch

        length, width = heads.shape[0] // texts, self.size // self._heads
        split = heads.view(texts, length, 3, self._heads, width).permute(2, 0, 3, 1, 4)
        parts = split.reshape(3, texts * self._heads, length, width)
        at_once = max(_ATTENDED_AT_ONCE // length, 1) * self._heads
        mixed = []
        for first in range(0, texts * self._heads, at_once):
            query, key, value = parts[:, first : first + at_once]
            scores = torch.bmm(query, key.transpose(1, 2))
            if padding is not None:
                hidden = padding[first : first + at_once]
                scores[..., -hidden.shape[-1] :].masked_fill_(hidden, float("-inf"))
            torch.softmax(scores, -1, out=scores)
            mixed.append(torch.bmm(scores, value))
        return torch.cat(mixed).view(texts, self._heads, length, width).transpose(1, 2).reshape(-1, self.size)

    def _padding(self, counts: Sequence[int], length: int) -> Tensor | None:
        """Which of the last tokens each head of each text must not see, as they are none of the text's own.

        Texts of like length differ in few tokens, so that few scores need be looked at.
        """
        import torch

        shortest = min(counts)
        if shortest == length:
            return None
        hidden = torch.arange(shortest, length) >= torch.tensor(counts).unsqueeze(1)
        return hidden.repeat_interleave(self._heads, 0).unsqueeze(1)

    def _normalised(self, state: Tensor, norm: _Affine) -> Tensor:
        from torch.nn.functional import layer_norm

        return layer_norm(state, (self.size,), norm.weight, norm.bias, self._epsilon)

    def _layer(self, weights: Mapping[str, Tensor], name: str) -> _Layer:
        import torch

        attention = f"{name}.attention"
        query, key, value = (_of(weights, f"{attention}.self.{part}") for part in ("query", "key", "value"))
        # What scores are divided by may as well be what queries are.
        scale = (self.size // self._heads) ** -0.5
        heads = _Affine(
            torch.cat([query.weight * scale, key.weight, value.weight]),
            torch.cat([query.bias * scale, key.bias, value.bias]),
        )
        return _Layer(
            heads=_rounded(heads),
            attended=_rounded(_of(weights, f"{attention}.output.dense")),
            attention_norm=_of(weights, f"{attention}.output.LayerNorm"),
            inner=_rounded(_of(weights, f"{name}.intermediate.dense")),
            outer=_rounded(_of(weights, f"{name}.output.dense")),
            norm=_of(weights, f"{name}.output.LayerNorm"),
        )


def _of(weights: Mapping[str, Tensor], name: str) -> _Affine:
    return _Affine(weights[f"{name}.weight"], weights[f"{name}.bias"])


def _rounded(affine: _Affine) -> _Affine:
    """In bfloat16, the weights as oneDNN would lay them out anew for every product."""
    import torch

    weight = torch.ops.mkldnn._reorder_linear_weight(affine.weight.bfloat16(), TOKENS_AT_ONCE)
    return _Affine(weight, affine.bias.bfloat16())


def _product(state: Tensor, affine: _Affine) -> Tensor:
    """torch.nn.functional.linear of weights that are laid out: the same numbers, sooner."""
    import torch

    made: Tensor = torch.ops.mkldnn._linear_pointwise(state.bfloat16(), affine.weight, affine.bias, "none", [], "")
    return made
