"""The only place that loads onnxruntime."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def open_session(model: str | bytes, weights: Mapping[str, NDArray[Any]] | None = None, threads: int = 0) -> Any:
    """An onnxruntime session of a model: a file's name, or the model itself and the weights that it lacks.

    It runs on so many threads; 0 is one for each core. Any number of threads may share it.
    """
    # onnxruntime reports its use to its maker unless this is set before it is imported.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # warnings about the machine's topology say nothing to a user
    options.intra_op_num_threads = threads
    # Threads that wait for work must not burn the time of those that have some.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if weights:
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(np.asarray(array)) for array in weights.values()]
        options.add_external_initializers(list(weights), values)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
