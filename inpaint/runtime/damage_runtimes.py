"""Run the damage network: on a CPU by OpenVINO or ONNX Runtime, elsewhere and otherwise by PyTorch."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from inpaint.networks.activation_ranges import ConvRanges
from inpaint.networks.config import DamageConfig
from inpaint.segmentation.network_input import unshuffled_with_contrast

from .bfloat16 import pytorch_bfloat16_is_fast
from .damage_graph import damage_graph
from .one_input import OnnxRuntimeGraph, OpenVinoGraph, first_usable
from .quantization import int8_is_fast

if TYPE_CHECKING:  # PyTorch takes a second to import
    from inpaint.networks.damage import DamageNetwork


WINDOW_PIXELS = 2_600_000
"""Larger windows save some percent of the time and take up to 260 bytes for each pixel."""


class DamageRuntime(Protocol):
    """Run a damage network. Any number of threads may call it.

    Attributes:
        window_pixels: larger pictures are better run in windows of this number of pixels, as a matter of memory.
    """

    window_pixels: int

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Return the logits of damage, float32 (H, W), of uint8 (H, W, 3); H and W are multiples of 16."""
        ...

    def release_memory(self) -> None:
        """Release the memory of the layers' outputs until the next call."""
        ...


class OpenVinoDamage(OpenVinoGraph):
    """The damage network in OpenVINO, in bfloat16 where the CPU has fast instructions for it.

    A picture takes some 130 bytes per pixel in bfloat16, hardly less in windows, so threads wait for each other.
    Arguments and errors are those of `OpenVinoGraph`.
    """

    window_pixels = WINDOW_PIXELS

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Return the logits of damage, float32 (H, W), of uint8 (H, W, 3); H and W are multiples of 16."""
        return self.run(unshuffled_with_contrast(pixels))


class OnnxRuntimeDamage(OnnxRuntimeGraph):
    """The damage network in ONNX Runtime; arguments and errors are those of `OnnxRuntimeGraph`."""

    window_pixels = WINDOW_PIXELS

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Return the logits of damage, float32 (H, W), of uint8 (H, W, 3); H and W are multiples of 16."""
        return self.run(unshuffled_with_contrast(pixels))


class PyTorchDamage:
    """The damage network in PyTorch, on a CPU in bfloat16 where it has fast instructions for it.

    Args:
        network: with trained weights, on any device; not modified.
        device: where it runs, any device of PyTorch.
    """

    window_pixels = WINDOW_PIXELS

    def __init__(self, network: "DamageNetwork", device: str) -> None:
        import torch

        from inpaint.networks.damage import fused

        self._network = fused(network).to(device, torch.float32).to(memory_format=torch.channels_last)
        self._device, self._bfloat16 = device, torch.device(device).type == "cpu" and pytorch_bfloat16_is_fast()

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Return the logits of damage, float32 (H, W), of uint8 (H, W, 3); H and W are multiples of 16."""
        import torch

        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self._bfloat16):
            image = torch.from_numpy(np.array(pixels)).to(self._device).permute(2, 0, 1)[None].float() / 127.5 - 1
            logits = self._network(image.contiguous(memory_format=torch.channels_last))
            return logits[0, 0].float().cpu().numpy()

    def release_memory(self) -> None:
        """Do nothing: PyTorch keeps none on a CPU, and what it keeps on other devices serves all networks."""


def load_damage_runtime(
    config: DamageConfig, tensors: Mapping[str, np.ndarray], ranges: Mapping[str, ConvRanges] | None = None
) -> DamageRuntime | None:
    """Return the damage network in OpenVINO or ONNX Runtime; None if neither can be used, and log why.

    Args:
        config: sizes.
        tensors: name in the network's state dict -> float32 array.
        ranges: of the activations that OpenVINO computes in 8-bit integers; None: it quantizes nothing.
    """
    builders: dict[str, Callable[[], DamageRuntime]] = {
        "OpenVINO": lambda: OpenVinoDamage(damage_graph(config, tensors, ranges if int8_is_fast() else None)),
        "ONNX Runtime": lambda: OnnxRuntimeDamage(damage_graph(config, tensors)),
    }
    return first_usable(builders)
