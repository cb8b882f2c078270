"""The interface of runtimes, and what those of graphs have in common."""

from abc import ABC, abstractmethod
from typing import Any, Protocol

import numpy as np

from inpaint.networks.config import FreeFormConfig, GeneratorConfig
from inpaint.networks.errors import PredictionError
from inpaint.pyramid.fills import initial_fill

from .free_form_graph import free_form_graph
from .source import Source, is_free_form, tensors_of
from .window import Window, window_of


class Runtime(Protocol):
    """Run a generator. Any number of threads may call it.

    Attributes:
        name: library and number format, as text that is displayed.
        device: where it runs, as PyTorch names devices, such as "cpu".
        config: the generator's config.
        multiple: sides of pictures must be multiples of this number of pixels.
        fixed_size: the only side that the generator accepts, in pixels; None: any multiple.
    """

    name: str
    device: str
    config: GeneratorConfig
    multiple: int
    fixed_size: int | None

    def __call__(self, masked_image: np.ndarray, mask: np.ndarray, coarse_fill: np.ndarray | None = None) -> np.ndarray:
        """Return the generator's prediction.

        Args:
            masked_image: float32 (B, 3, H, W) in [-1, 1]; H and W as `multiple` and `fixed_size` say.
            mask: float32 (B, 1, H, W) in {0, 1}, 1 = hole.
            coarse_fill: float32 (B, 3, H, W) in [-1, 1], a fill to be refined; None: start without one.

        Returns:
            float32 (B, 3, H, W) in [-1, 1], a new array. Values outside the hole mean nothing.

        Raises:
            ValueError: a side is not a multiple.
            PredictionError: the network predicts values that are not finite.
        """
        ...


def check_finite(prediction: np.ndarray) -> None:
    """Raise PredictionError unless all values of a prediction that has not been clipped are finite."""
    if not np.isfinite(prediction).all():
        raise PredictionError


class GraphRuntime(ABC):
    """Run a free-form generator on a CPU from its graph: the initial fill in compiled kernels, the network elsewhere.

    Args:
        source: the weights or the module of a free-form generator.

    Raises:
        RuntimeError: it is of another generator.
    """

    name: str
    device = "cpu"
    multiple = FreeFormConfig.multiple
    fixed_size: int | None = None

    def __init__(self, source: Source) -> None:
        if not is_free_form(source):
            raise RuntimeError("it runs free-form generators on a CPU only")
        config: Any = source.config
        self.config: GeneratorConfig = config
        self._compile(free_form_graph(config, tensors_of(source)))

    def __call__(self, masked_image: np.ndarray, mask: np.ndarray, coarse_fill: np.ndarray | None = None) -> np.ndarray:
        """Return the generator's prediction, see `Runtime`."""
        FreeFormConfig.check_sides(*mask.shape[-2:])
        if coarse_fill is None:
            filled = [initial_fill(*picture) for picture in zip(masked_image, mask[:, 0], strict=True)]
            prediction = filled[0][None] if len(filled) == 1 else np.stack(filled)
        else:
            prediction = np.where(mask > 0, coarse_fill, masked_image)
        window = window_of(mask)
        residual = self._residual(prediction, np.ascontiguousarray(mask), window)
        check_finite(residual)  # clipping would make a colour of an infinite value
        part = prediction[:, :, *window.slices]
        np.clip(np.add(part, residual, out=part), -1, 1, out=part)
        return prediction

    @abstractmethod
    def _compile(self, graph: bytes) -> None:
        """Prepare inferences.

        Args:
            graph: the content of the ONNX file that `free_form_graph` describes.
        """

    @abstractmethod
    def _residual(self, initial: np.ndarray, mask: np.ndarray, window: Window) -> np.ndarray:
        """Return what the network adds to the initial fill in the window; all arrays are contiguous."""
