"""Choose what runs the generator: PyTorch, or OpenVINO where it is installed and faster."""

import contextlib
import importlib.util
import queue
import warnings
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from inpaint.networks.free_form import FreeFormGenerator

from .onnx import to_onnx

RuntimeName = Literal["auto", "pytorch", "openvino"]


class Runtime(Protocol):
    """Run a generator. Any number of threads may call it.

    Attributes:
        name: library and number format, as text that is displayed.
    """

    name: str

    def __call__(self, masked_image: Tensor, mask: Tensor, *coarse_fill: Tensor) -> Tensor:
        """Return the prediction of the generator, as its `forward` does."""
        ...


class PyTorchRuntime:
    """Run the generator with PyTorch, on the device that it is on.

    Args:
        generator: in eval mode.
    """

    def __init__(self, generator: nn.Module) -> None:
        self.name = "PyTorch"
        self._generator = generator

    def __call__(self, masked_image: Tensor, mask: Tensor, *coarse_fill: Tensor) -> Tensor:
        """Return the prediction of the generator, as its `forward` does."""
        return self._generator(masked_image, mask, *coarse_fill)


class OpenVinoRuntime:
    """Run a free-form generator with OpenVINO on the CPU, in bfloat16 where the CPU has instructions for it.

    PyTorch computes the initial fill, OpenVINO the network. One compiled model serves all sizes, so that nothing is
    compiled during editing. It uses as many threads as PyTorch does when it is built. Batches must have one image.

    bfloat16 rounds what the network adds to its initial fill. Predictions in [-1, 1] then differ from those of PyTorch
    in float32 by about 0.001 (root mean square), a tenth of a level of 255.

    Args:
        generator: in eval mode, on the CPU.
        half: compute in bfloat16; None: if the CPU has instructions for it.

    Raises:
        ImportError: openvino or onnx is missing.
        RuntimeError: OpenVINO cannot compile the network.
    """

    def __init__(self, generator: FreeFormGenerator, half: bool | None = None) -> None:
        import openvino

        core = openvino.Core()
        self._generator = generator
        example = torch.zeros(1, 3, 48, 32), torch.ones(1, 1, 48, 32)
        graph = to_onnx(_Refine(generator).eval(), example, ("initial_fill", "mask"), {2: "height", 3: "width"})
        if half is None:
            precisions = ["bf16", "f32"] if _has_bfloat16(core) else ["f32"]
        else:
            precisions = ["bf16" if half else "f32"]
        self._model, precision = _compiled(core, core.read_model(graph), precisions)
        self.name = f"OpenVINO, {'bfloat16' if precision == 'bf16' else 'float32'}"
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def __call__(self, masked_image: Tensor, mask: Tensor, *coarse_fill: Tensor) -> Tensor:
        """Return the prediction of the generator, as its `forward` does."""
        initial = self._generator.initial_fill(masked_image, mask, *coarse_fill)
        try:
            request = self._idle.get_nowait()
        except queue.Empty:  # one request for each thread that calls at the same time
            request = self._model.create_infer_request()
        try:
            inputs = [np.ascontiguousarray(part.detach().float().numpy()) for part in (initial, mask)]
            (result,) = request.infer(inputs).values()
            return torch.from_numpy(result.copy())
        finally:
            self._idle.put(request)


def _has_bfloat16(core: Any) -> bool:
    """Return whether OpenVINO reports bfloat16 instructions."""
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _compiled(core: Any, network: Any, precisions: list[str]) -> tuple[Any, str]:
    """Return a network compiled for the CPU in the first precision that works, and the precision."""
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    *preferred, last = precisions
    for precision in preferred:
        # a CPU's instructions may be disabled, such as by ONEDNN_MAX_CPU_ISA
        with contextlib.suppress(RuntimeError):
            return core.compile_model(network, "CPU", settings | {"INFERENCE_PRECISION_HINT": precision}), precision
    return core.compile_model(network, "CPU", settings | {"INFERENCE_PRECISION_HINT": last}), last


class _Refine(nn.Module):
    """The part of a generator that OpenVINO runs."""

    def __init__(self, generator: FreeFormGenerator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, initial: Tensor, mask: Tensor) -> Tensor:
        return self.generator.refine(initial, mask)


def choose_runtime(generator: nn.Module, device: torch.device, wanted: RuntimeName = "auto") -> Runtime:
    """Return the runtime for a generator.

    Args:
        generator: in eval mode, on the device.
        device: the generator's device.
        wanted: "auto" takes OpenVINO for a free-form generator on a CPU with bfloat16 instructions, if the packages
            openvino and onnx are installed and work, otherwise PyTorch.

    Raises:
        ValueError: "openvino" is wanted and cannot be used, or the name is unknown. The message says why.
    """
    if wanted not in ("auto", "pytorch", "openvino"):
        raise ValueError(f"the runtime is {wanted!r}; it must be auto, pytorch or openvino")
    if wanted == "pytorch" or (wanted == "auto" and not _is_faster(generator, device)):
        return PyTorchRuntime(generator)
    try:
        if not isinstance(generator, FreeFormGenerator) or device.type != "cpu":
            raise RuntimeError("it runs free-form generators on a CPU only")
        return OpenVinoRuntime(generator)
    except (ImportError, RuntimeError) as error:
        if wanted == "openvino":
            raise ValueError(
                f"OpenVINO cannot be used ({error}): run  pip install openvino onnx  or choose the runtime pytorch"
            ) from error
        warnings.warn(f"OpenVINO cannot be used ({error}), so fills take about twice as long.", stacklevel=2)
        return PyTorchRuntime(generator)


def _is_faster(generator: nn.Module, device: torch.device) -> bool:
    """Return whether OpenVINO is installed and faster than PyTorch; in float32 it is not."""
    if not isinstance(generator, FreeFormGenerator) or device.type != "cpu":
        return False
    if not all(importlib.util.find_spec(package) for package in ("openvino", "onnx")):
        return False
    import openvino

    return _has_bfloat16(openvino.Core())
