"""Choose what runs the generator: OpenVINO or ONNX Runtime on a CPU, PyTorch elsewhere."""

import importlib.util
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Union

from .base import Runtime
from .device import best_device
from .onnxruntime import OnnxRuntimeRuntime
from .openvino import OpenVinoRuntime
from .pytorch import PyTorchRuntime
from .source import Source, has_graph

if TYPE_CHECKING:  # PyTorch takes a second to import
    import torch

RuntimeName = Literal["auto", "openvino", "onnxruntime", "pytorch"]
_GRAPH_RUNTIMES: dict[str, tuple[str, Callable[[Source], Runtime]]] = {
    "openvino": ("OpenVINO", OpenVinoRuntime),
    "onnxruntime": ("ONNX Runtime", OnnxRuntimeRuntime),
}
"""Name, which is that of the Python package -> name of the library and class, the fastest first."""


def choose_runtime(
    source: Source, device: Union[str, "torch.device", None] = None, wanted: RuntimeName = "auto"
) -> Runtime:
    """Return the runtime for a generator.

    Args:
        source: the weights of a generator as `inpaint.hub.weights.load_weights` returns them, or its module in
            PyTorch. PyTorch puts a module into eval mode, float32, on the device.
        device: of PyTorch; None: a GPU if there is one, else the CPU. Without a sign of a GPU, PyTorch is not imported.
        wanted: "auto" takes the first of OpenVINO, ONNX Runtime and PyTorch that is installed and works, for a
            generator of this package on a CPU; otherwise PyTorch.

    Raises:
        ValueError: the runtime that is wanted, or every runtime, cannot be used, or the name is unknown. The message
            says why and what to install.
    """
    if wanted not in ("auto", "pytorch", *_GRAPH_RUNTIMES):
        raise ValueError(f"the runtime is {wanted!r}; it must be auto, openvino, onnxruntime or pytorch")
    if device is None:
        device = "cpu" if wanted in _GRAPH_RUNTIMES else best_device()
    suits = has_graph(source) and str(device) == "cpu"
    if wanted in _GRAPH_RUNTIMES:
        return _required(wanted, source, suits)
    if wanted == "auto" and suits:
        for name in _GRAPH_RUNTIMES:
            if importlib.util.find_spec(name) and (runtime := _working(name, source)):
                return runtime
    check_library(source, device, "torch")
    return PyTorchRuntime(source, device)


def check_library(source: Source, device: Union[str, "torch.device"], *packages: str) -> None:
    """Raise ValueError, with what to install, unless one of some packages is installed that can run a generator.

    Args:
        source: the generator.
        device: where it is to run.
        packages: names of Python packages.
    """
    if any(importlib.util.find_spec(package) for package in packages):
        return
    alternatives = "openvino  or  pip install torch" if has_graph(source) else "torch"
    raise ValueError(
        f"no library that can run this generator on {device} is installed: run  pip install {alternatives}"
    )


def _required(wanted: str, source: Source, suits: bool) -> Runtime:
    library, build = _GRAPH_RUNTIMES[wanted]
    try:
        if not suits:
            raise RuntimeError("it runs free-form generators and Context Encoders on a CPU only")
        return build(source)
    except (ImportError, RuntimeError) as error:
        raise ValueError(
            f"{library} cannot be used ({error}): run  pip install {wanted}  or choose the runtime auto"
        ) from error


def _working(name: str, source: Source) -> Runtime | None:
    """Return a runtime; None, with a warning, if it cannot be used."""
    library, build = _GRAPH_RUNTIMES[name]
    try:
        return build(source)
    except Exception as error:  # a broken installation may raise anything
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        warnings.warn(f"{library} cannot be used ({reason}), so fills take longer.", stacklevel=3)
        return None
