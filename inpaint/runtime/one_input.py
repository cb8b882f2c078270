"""Run networks with one input and one output, of one picture at a time."""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np

from .onnxruntime import open_session
from .openvino import compile_graph

Runtime = TypeVar("Runtime")


class OpenVinoGraph:
    """A network in OpenVINO. Threads wait for each other.

    Args:
        graph: the content of an ONNX file.
        half: compute in bfloat16; None: if the CPU has instructions for it that are not slow.

    Raises:
        ImportError: openvino is missing.
        RuntimeError: OpenVINO cannot compile the network.
    """

    def __init__(self, graph: bytes, half: bool | None = None) -> None:
        self._model, _ = compile_graph(graph, half)
        self._request = self._model.create_infer_request()
        self._lock = threading.Lock()

    def run(self, picture: np.ndarray) -> np.ndarray:
        """Return the first channel of the output, float32 (H, W), for float32 (C, h, w)."""
        with self._lock:
            self._request.infer([picture[None]], share_inputs=True)
            result: np.ndarray = self._request.get_output_tensor().data[0, 0].copy()
            return result

    def release_memory(self) -> None:
        """Release the memory of the layers' outputs until the next call."""
        with self._lock:
            self._model.release_memory()


class OnnxRuntimeGraph:
    """A network in ONNX Runtime. Threads wait for each other.

    Args:
        graph: the content of an ONNX file.

    Raises:
        ImportError: onnxruntime is missing.
    """

    def __init__(self, graph: bytes) -> None:
        self._session = open_session(graph)
        self._input = self._session.get_inputs()[0].name
        self._lock = threading.Lock()

    def run(self, picture: np.ndarray) -> np.ndarray:
        """Return the first channel of the output, float32 (H, W), for float32 (C, h, w)."""
        with self._lock:
            result: np.ndarray = self._session.run(None, {self._input: picture[None]})[0][0, 0]
            return result

    def release_memory(self) -> None:
        """Do nothing: there is no way to."""


def first_usable(builders: Mapping[str, Callable[[], Runtime]]) -> Runtime | None:
    """Return what the first function returns that raises no ImportError or RuntimeError; None: all do.

    Args:
        builders: name of a library -> function. Why one cannot be used is logged.
    """
    for library, build in builders.items():
        try:
            return build()
        except (ImportError, RuntimeError) as error:
            reason = str(error).strip().partition("\n")[0]
            logging.getLogger(__name__).info("%s cannot be used: %s", library, reason)
    return None
