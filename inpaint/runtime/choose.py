"""What runs the generator: PyTorch, or OpenVINO where it is installed and faster."""

import importlib.util
import queue
import warnings
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from inpaint.networks.generators import FreeFormGenerator

from .onnx import to_onnx

RuntimeName = Literal["auto", "pytorch", "openvino"]
TOLERANCE = 0.02
"""How far OpenVINO's bfloat16 may be from PyTorch's float32, in the range of [-1, 1]; a tested bound."""


class Runtime(Protocol):
    """Runs a generator; any number of threads may call it."""

    name: str

    def __call__(self, masked_image: Tensor, mask: Tensor, *guide: Tensor) -> Tensor: ...


class PyTorchRuntime:
    """The generator itself, on its device."""

    def __init__(self, generator: nn.Module) -> None:
        self.name = "PyTorch"
        self._generator = generator

    def __call__(self, masked_image: Tensor, mask: Tensor, *guide: Tensor) -> Tensor:
        return self._generator(masked_image, mask, *guide)


class OpenVinoRuntime:
    """A free-form generator on the CPU, in bfloat16 where the CPU computes in it.

    The first guess is PyTorch's, the network OpenVINO's: one model for all sizes, so that nothing is compiled while
    someone paints. It uses as many threads as PyTorch does when it is built. One picture at a time.

    Args:
        generator: in eval mode, on the CPU.
        half: compute in bfloat16; None: where the CPU does.

    Raises:
        ImportError: openvino or onnx is missing.
        RuntimeError: OpenVINO cannot take the network.
    """

    def __init__(self, generator: FreeFormGenerator, half: bool | None = None) -> None:
        import openvino

        core = openvino.Core()
        if half is None:
            half = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self.name = f"OpenVINO, {'bfloat16' if half else 'float32'}"
        self._generator = generator
        example = torch.zeros(1, 3, 48, 32), torch.ones(1, 1, 48, 32)
        graph = to_onnx(_Refine(generator).eval(), example, ("guess", "mask"), {2: "height", 3: "width"})
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
        }
        self._model: Any = core.compile_model(core.read_model(graph), "CPU", settings)
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def __call__(self, masked_image: Tensor, mask: Tensor, *guide: Tensor) -> Tensor:
        guess = self._generator.first_guess(masked_image, mask, *guide)
        try:
            request = self._idle.get_nowait()
        except queue.Empty:  # as many as there are threads at work
            request = self._model.create_infer_request()
        try:
            inputs = [np.ascontiguousarray(part.detach().float().numpy()) for part in (guess, mask)]
            (result,) = request.infer(inputs).values()
            return torch.from_numpy(result.copy())
        finally:
            self._idle.put(request)


class _Refine(nn.Module):
    def __init__(self, generator: FreeFormGenerator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, guess: Tensor, mask: Tensor) -> Tensor:
        return self.generator.refine(guess, mask)


def choose_runtime(generator: nn.Module, device: torch.device, wanted: RuntimeName = "auto") -> Runtime:
    """The runtime for a generator.

    Args:
        generator: in eval mode, on the device.
        device: where it is.
        wanted: "auto" takes OpenVINO for a free-form generator on a CPU that computes in bfloat16, if the packages
            openvino and onnx are there and it works, else PyTorch.

    Raises:
        ValueError: "openvino" is wanted and cannot be had, or the name is unknown; the message says why.
    """
    if wanted not in ("auto", "pytorch", "openvino"):
        raise ValueError(f"the runtime is {wanted!r}; it must be auto, pytorch or openvino")
    if wanted == "pytorch" or (wanted == "auto" and not _worth_it(generator, device)):
        return PyTorchRuntime(generator)
    try:
        if not isinstance(generator, FreeFormGenerator) or device.type != "cpu":
            raise RuntimeError("it runs free-form generators on a CPU only")
        return OpenVinoRuntime(generator)
    except (ImportError, RuntimeError) as error:
        if wanted == "openvino":
            raise ValueError(
                f"OpenVINO cannot be used: {error}. Run  pip install openvino onnx  or take runtime pytorch."
            ) from error
        warnings.warn(f"OpenVINO cannot be used ({error}), so fills take about twice as long.", stacklevel=2)
        return PyTorchRuntime(generator)


def _worth_it(generator: nn.Module, device: torch.device) -> bool:
    """Whether OpenVINO is there and can gain something: in float32 it is no faster than PyTorch."""
    if not isinstance(generator, FreeFormGenerator) or device.type != "cpu":
        return False
    if not all(importlib.util.find_spec(package) for package in ("openvino", "onnx")):
        return False
    import openvino

    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
