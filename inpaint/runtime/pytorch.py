"""Run a generator with PyTorch."""

from typing import TYPE_CHECKING, Any, Union

import numpy as np

from .graph_generators import check_finite
from .source import Source, module_of

if TYPE_CHECKING:  # PyTorch takes a second to import
    import torch


class PyTorchRuntime:
    """Run a generator with PyTorch, on any device, in float32.

    Args:
        source: weights; or a module, which is put into eval mode, float32, on the device.
        device: of PyTorch.

    Attributes:
        module: the generator.
        predict: what computes a prediction with it.

    Raises:
        ValueError: PyTorch cannot use the device.
    """

    name = "PyTorch"

    def __init__(self, source: Source, device: Union[str, "torch.device"] = "cpu") -> None:
        import torch

        self.device = str(device)
        _check_device(self.device)
        module = module_of(source).eval().requires_grad_(False).to(self.device, torch.float32)
        self.module: Any = module.to(memory_format=torch.channels_last)
        self.predict: Any = getattr(module, "unclamped", self.module)
        self.config = self.module.config
        self.multiple: int = self.module.multiple
        self.fixed_size: int | None = self.module.fixed_size

    def __call__(self, masked_image: np.ndarray, mask: np.ndarray, coarse_fill: np.ndarray | None = None) -> np.ndarray:
        """Return the generator's prediction, see `Runtime`."""
        import torch

        arrays = [array for array in (masked_image, mask, coarse_fill) if array is not None]
        with torch.inference_mode():
            tensors = [torch.from_numpy(np.require(array, np.float32, ["C", "W"])).to(self.device) for array in arrays]
            tensors[0] = tensors[0].contiguous(memory_format=torch.channels_last)
            prediction = self.predict(*tensors).float().cpu().numpy()
        check_finite(prediction)  # clipping would make a colour of an infinite value
        return np.clip(prediction, -1, 1)


def _check_device(device: str) -> None:
    import torch

    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:  # the latter from a build without CUDA
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ValueError(
            f"the device is {device!r}, which PyTorch cannot use on this machine ({reason}): use cpu, or leave the"
            " device out"
        ) from error
