"""Run a generator with OpenVINO."""

import contextlib
import functools
import queue
import threading
from typing import Any

import numpy as np

from inpaint.compiled.parallel import threads
from inpaint.networks.activation_ranges import ConvRanges

from .base import GraphRuntime
from .bfloat16 import bfloat16_is_slow
from .openvino_import import import_openvino
from .quantization import int8_is_fast
from .source import Source, ranges_of

_CACHED_LAYERS = 800
"""Number of layers whose code for a size is kept; by default it is 5000. Measured with the bundled weights, in random
order: the 49 sizes of crops of a large photo take 261 MB and 1.5 CPU seconds with 800 or more, 242 MB and 1.8 s with
200. Of 144 other sizes, as small photos have them, 200 layers take 314 MB and 7.0 s, 800 take 405 MB and 6.9 s, and
2000 take 511 MB and 5.2 s.
"""
_CACHED_LAYERS_OF_STREAMS = 200
"""The same where several crops run at a time: each stream keeps its own, which took 70 MB more and no less time."""
_MOST_STREAMS = 4
_FIRST = threading.Lock()
"""Held while the process's only Core is created."""


class OpenVinoRuntime(GraphRuntime):
    """Run a generator with OpenVINO on the CPU, in bfloat16 where the CPU has fast instructions for it.

    Convolutions for which weights have ranges of activations are computed in 8-bit integers.

    One compiled model serves all sizes; the first inference at each size takes about a third longer.

    bfloat16 and 8-bit integers round what the network adds to its initial fill. Predictions of the bundled generator in
    [-1, 1] differ from those of PyTorch in float32 by about 0.0015 (root mean square over the hole) in bfloat16, a
    fifth of a level of 255, and by about 0.007 with 8-bit integers, nine tenths of a level.

    Args:
        source: the weights or the module of a free-form generator or a Context Encoder.
        half: compute in bfloat16; None: if the CPU has instructions for it that are not slow.
        streams: how many inferences of several threads run at the same time, on an equal share of the cores each.

    Raises:
        ImportError: openvino is missing.
        RuntimeError: OpenVINO cannot compile the network, or it is of another generator.
    """

    def __init__(self, source: Source, half: bool | None = None, streams: int = 1) -> None:
        self._source, self._half, self._streams = source, half, streams
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._compiling = threading.Lock()
        self._for_throughput: OpenVinoRuntime | None = None
        super().__init__(source)

    def for_throughput(self) -> "tuple[OpenVinoRuntime, int]":
        """Return a runtime with the same results for many crops, and how many of them it runs at the same time.

        A crop takes longer than with all cores, and all of them together take an eighth less CPU time, as fewer threads
        wait for each other. It is compiled by the first call, and takes the memory of a second network.
        """
        streams = min(threads(), _MOST_STREAMS)
        with self._compiling:
            if self._for_throughput is None:
                self._for_throughput = OpenVinoRuntime(self._source, self._half, streams) if streams > 1 else self
            return self._for_throughput, streams

    def release_memory(self) -> None:
        """Release what is kept for later calls: outputs of layers, idle requests, and the runtime for many crops.

        Code for sizes is kept. Fills that run at the same time are not disturbed, and keep their memory; the next one
        takes 0.3 s more if it has many crops.
        """
        with self._compiling:
            self._for_throughput = None
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait()
        with contextlib.suppress(RuntimeError):  # an inference runs just now, and keeps all
            self._model.release_memory()

    def _compile(self, graph: bytes) -> None:
        self._model, precision = compile_graph(graph, self._half, self._streams)
        floats = "bfloat16" if precision == "bf16" else "float32"
        self.name = f"OpenVINO, {'int8 and ' if self._ranges(self._source) else ''}{floats}"

    def _ranges(self, source: Source) -> dict[str, ConvRanges]:
        if not int8_is_fast():
            return {}
        return {name: ConvRanges(ranges.input) for name, ranges in ranges_of(source).items()}

    def _infer(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        try:
            request = self._idle.get_nowait()
        except queue.Empty:  # one request for each thread that calls at the same time
            request = self._model.create_infer_request()
        try:
            (result,) = request.infer(inputs, share_inputs=True).values()
            return result
        finally:
            self._idle.put(request)


def compile_graph(graph: bytes, half: bool | None = None, streams: int = 1) -> tuple[Any, str]:
    """Return a network compiled for the CPU, an `openvino.CompiledModel`, and its precision, "bf16" or "f32".

    Args:
        graph: the content of an ONNX file.
        half: compute in bfloat16; None: if the CPU has instructions for it that are not slow.
        streams: how many inferences run at the same time.

    Raises:
        ImportError: openvino is missing.
        RuntimeError: OpenVINO cannot compile the network.
    """
    openvino = import_openvino()
    with _FIRST:
        core = _core(openvino)
    precisions = ["bf16"] if half else ["f32"]
    if half is None and _has_bfloat16(core) and not bfloat16_is_slow():
        precisions = ["bf16", "f32"]
    return _compiled(core, core.read_model(graph), precisions, streams)


@functools.cache
def _core(openvino: Any) -> Any:
    """Return the only Core of the process, which is never released.

    The CPU plugin of each Core sets the thread's alternate signal stack, and restores the one before when it is
    released. If two are released in the order of their creation, the stack that is restored is that of the first,
    unmapped by then, and the next signal ends the process: Ctrl+C is a segmentation fault (OpenVINO 2026.4).

    Before threads may use it, the first conversion of an element type is done: of two threads that do it at the same
    time, one holds the GIL and waits for the other, which waits for the GIL, and both do so for ever (OpenVINO 2026.4).

    Args:
        openvino: the module.
    """
    openvino.Type.f32.to_dtype()
    return openvino.Core()


def _has_bfloat16(core: Any) -> bool:
    """Return whether OpenVINO reports bfloat16 instructions."""
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _compiled(core: Any, network: Any, precisions: list[str], streams: int) -> tuple[Any, str]:
    """Return a network compiled for the CPU in the first precision that works, and the precision."""
    settings = {
        **({"PERFORMANCE_HINT": "LATENCY"} if streams == 1 else {"NUM_STREAMS": streams}),
        "INFERENCE_NUM_THREADS": threads(),
        "ENABLE_CPU_PINNING": False,  # a pinned thread waits for its core while another core is free
        "CPU_RUNTIME_CACHE_CAPACITY": _CACHED_LAYERS if streams == 1 else _CACHED_LAYERS_OF_STREAMS,
    }
    *preferred, last = precisions
    for precision in preferred:
        # a CPU's instructions may be disabled, such as by ONEDNN_MAX_CPU_ISA
        with contextlib.suppress(RuntimeError):
            return core.compile_model(network, "CPU", settings | {"INFERENCE_PRECISION_HINT": precision}), precision
    return core.compile_model(network, "CPU", settings | {"INFERENCE_PRECISION_HINT": last}), last
