"""The interface of runtimes, and what those of graphs have in common."""

from abc import ABC, abstractmethod
from typing import Any, Protocol

import numpy as np

from inpaint.networks.activation_ranges import ConvRanges
from inpaint.networks.config import GeneratorConfig

from .graph_generators import graph_generator
from .source import Source, has_graph, tensors_of


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


class GraphRuntime(ABC):
    """Run a generator on a CPU from its graph.

    Args:
        source: the weights or the module of a free-form generator or a Context Encoder.

    Raises:
        RuntimeError: it is of another generator.
    """

    name: str
    device = "cpu"

    def __init__(self, source: Source) -> None:
        if not has_graph(source):
            raise RuntimeError("it runs free-form generators and Context Encoders on a CPU only")
        config: Any = source.config
        self.config: GeneratorConfig = config
        self._generator = graph_generator(config)
        self.multiple, self.fixed_size = self._generator.multiple, self._generator.fixed_size
        self._compile(self._generator.graph(tensors_of(source), self._ranges(source)))

    def __call__(self, masked_image: np.ndarray, mask: np.ndarray, coarse_fill: np.ndarray | None = None) -> np.ndarray:
        """Return the generator's prediction, see `Runtime`."""
        return self._generator.predict(self._infer, masked_image, mask, coarse_fill)

    def _ranges(self, source: Source) -> dict[str, ConvRanges]:
        """Return the ranges of the activations that this library computes in 8-bit integers; by default none."""
        return {}

    @abstractmethod
    def _compile(self, graph: bytes) -> None:
        """Prepare inferences.

        Args:
            graph: the content of an ONNX file.
        """

    @abstractmethod
    def _infer(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """Return the output of the network; the inputs are contiguous."""
