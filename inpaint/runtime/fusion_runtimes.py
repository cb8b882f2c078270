"""Run the network that decides from the logits of three sizes: by OpenVINO, ONNX Runtime or PyTorch, in float32."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from inpaint.networks.config import DamageFusionConfig

from .fusion_graph import fusion_graph
from .one_input import OnnxRuntimeGraph, OpenVinoGraph, first_usable

if TYPE_CHECKING:  # PyTorch takes a second to import
    from inpaint.networks.damage_fusion import DamageFusion


class FusionRuntime(Protocol):
    """Run the network. Any number of threads may call it."""

    def __call__(self, fused: np.ndarray) -> np.ndarray:
        """Return what is added to the mean of the logits, float32 (H, W).

        Args:
            fused: float32 (24, H / 2, W / 2), see `segmentation.fusion_input`.
        """
        ...

    def release_memory(self) -> None:
        """Release the memory of the layers' outputs until the next call."""
        ...


class OpenVinoFusion(OpenVinoGraph):
    """The network in OpenVINO, in float32; arguments and errors are those of `OpenVinoGraph`."""

    def __init__(self, graph: bytes) -> None:
        super().__init__(graph, half=False)

    def __call__(self, fused: np.ndarray) -> np.ndarray:
        """Return what is added, see `FusionRuntime`."""
        return self.run(fused)


class OnnxRuntimeFusion(OnnxRuntimeGraph):
    """The network in ONNX Runtime; arguments and errors are those of `OnnxRuntimeGraph`."""

    def __call__(self, fused: np.ndarray) -> np.ndarray:
        """Return what is added, see `FusionRuntime`."""
        return self.run(fused)


class PyTorchFusion:
    """The network in PyTorch.

    Args:
        network: with trained weights, on any device; moved to `device`, in eval mode.
        device: where it runs, any device of PyTorch.
    """

    def __init__(self, network: "DamageFusion", device: str) -> None:
        self._network, self._device = network.eval().to(device), device

    def __call__(self, fused: np.ndarray) -> np.ndarray:
        """Return what is added, see `FusionRuntime`."""
        import torch

        with torch.inference_mode():
            added: np.ndarray = self._network(torch.from_numpy(fused[None]).to(self._device))[0, 0].cpu().numpy()
            return added

    def release_memory(self) -> None:
        """Do nothing: PyTorch keeps none on a CPU, and what it keeps on other devices serves all networks."""


def load_fusion_runtime(config: DamageFusionConfig, tensors: Mapping[str, np.ndarray]) -> FusionRuntime | None:
    """Return the network in OpenVINO or ONNX Runtime; None if neither can be used, and log why.

    Args:
        config: sizes.
        tensors: name in the network's state dict -> float32 array.
    """
    graph = fusion_graph(config, tensors)
    builders: dict[str, Callable[[], FusionRuntime]] = {
        "OpenVINO": lambda: OpenVinoFusion(graph),
        "ONNX Runtime": lambda: OnnxRuntimeFusion(graph),
    }
    return first_usable(builders)
