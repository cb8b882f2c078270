"""Run a generator with ONNX Runtime."""

import threading
from typing import Any

import numpy as np

from inpaint.compiled.parallel import threads
from inpaint.networks.activation_ranges import ConvRanges

from .base import GraphRuntime
from .quantization import int8_is_fast
from .source import Source, ranges_of


class OnnxRuntimeRuntime(GraphRuntime):
    """Run a generator with ONNX Runtime on the CPU.

    On x86, convolutions whose ranges of input and output are known are computed from 8-bit integers to 8-bit integers,
    all else in float32.
    Inferences of several threads run one after the other.

    Args:
        source: the weights or the module of a free-form generator or a Context Encoder.

    Raises:
        ImportError: onnxruntime is missing.
        RuntimeError: the weights are of another generator.
    """

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.name = f"ONNX Runtime, {'int8 and ' if self._ranges(source) else ''}float32"

    def _ranges(self, source: Source) -> dict[str, ConvRanges]:
        if not int8_is_fast():
            return {}
        return {name: ranges for name, ranges in ranges_of(source).items() if ranges.output is not None}

    def _compile(self, graph: bytes) -> None:
        self._session = open_session(graph)
        self._lock = threading.Lock()

    def _infer(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        with self._lock:
            return self._session.run(None, inputs)[0]


def open_session(graph: bytes) -> Any:
    """Return an `onnxruntime.InferenceSession` on the CPU.

    Args:
        graph: the content of an ONNX file.

    Raises:
        ImportError: onnxruntime is missing.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # threads that wait leave their core
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
