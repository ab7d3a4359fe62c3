"""The reader as transformers trains it: a BERT with a start and an end for each token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from roleqa.models.reader_weights import Arrays, base_embeddings, base_tensors, packaged_file
from roleqa.training.base import base_layers
from roleqa.training.quantise import restored

if TYPE_CHECKING:
    import torch
    from transformers import BertForQuestionAnswering

CROSS_ENCODER = "cross-encoder"
# Of the packaged cross-encoder: 12 layers, 384 wide.
_SHAPE: dict[str, Any] = {
    "vocab_size": 30522,
    "hidden_size": 384,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}


def start_layers(name: str | None) -> Arrays:
    """The layers to train from: the package's, the cross-encoder's, or those of a safetensors file."""
    from safetensors.numpy import load_file

    if name == CROSS_ENCODER:
        return base_layers()
    layers: Arrays = load_file(name or packaged_file())
    return layers if name else restored(layers)


def load_network(layers: Arrays) -> BertForQuestionAnswering:
    """The network with these layers, above the embeddings of the packaged cross-encoder.

    Raises:
        ValueError: layers are missing; those that mark the answer may be, where training begins.
    """
    import torch
    from transformers import BertConfig, BertForQuestionAnswering

    torch.manual_seed(0)
    config = BertConfig(**_SHAPE)
    config._attn_implementation = "eager"  # on a CPU half as slow again as torch's fused one, backwards
    network = BertForQuestionAnswering(config)
    tensors = {name.replace("span.", "qa_outputs."): array for name, array in layers.items()}
    tensors |= {f"bert.{name}": array for name, array in base_embeddings(base_tensors()).items()}
    state = {name: torch.tensor(np.asarray(array, dtype=np.float32)) for name, array in tensors.items()}
    missing, unexpected = network.load_state_dict(state, strict=False)
    left = [name for name in missing if not name.startswith("qa_outputs.")]
    if left or unexpected:
        raise ValueError(f"the layers lack {left} and have {unexpected} besides")
    for parameter in network.bert.embeddings.parameters():
        parameter.requires_grad_(False)
    return network


def saved_layers(masters: dict[str, torch.Tensor]) -> dict[str, NDArray[np.float16]]:
    """The trained weights in the form that `load_network` and `quantise` take."""
    return {
        name.replace("qa_outputs.", "span."): np.ascontiguousarray(tensor.detach().float().cpu().numpy(), np.float16)
        for name, tensor in masters.items()
    }
