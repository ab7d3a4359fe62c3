"""The layers of the packaged cross-encoder, out of its 8-bit file: where training from nothing begins."""

from __future__ import annotations

from roleqa.models.onnx_file import read_nodes
from roleqa.models.reader_weights import Arrays, base_tensors, dequantised
from roleqa.models.weights import CROSS_ENCODER_WEIGHTS

_PRODUCT = "MatMulInteger"
_ENCODER = "bert.encoder."
_NODE_END = "/MatMul_quant"
_QUANTISED = "_quantized"


def base_layers() -> Arrays:
    """Weights in float32 by the names of transformers' BertModel. Raises ModelError where the package is missing."""
    tensors = base_tensors()
    layers = {name: array for name, array in tensors.items() if name.startswith(_ENCODER)}
    nodes = read_nodes(CROSS_ENCODER_WEIGHTS.locate() / CROSS_ENCODER_WEIGHTS.file, _PRODUCT)
    for node, inputs in nodes.items():
        name = node.removesuffix(_NODE_END).strip("/").replace("/", ".")
        if name.startswith(_ENCODER):
            matrix = next(value for value in inputs if value.endswith(_QUANTISED) and value in tensors)
            layers[f"{name}.weight"] = dequantised(tensors, matrix.removesuffix(_QUANTISED)).T
    return layers
