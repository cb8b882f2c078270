"""The generators that run as graphs: what enters the network of each, and how its output becomes a prediction."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from inpaint.networks.activation_ranges import ConvRanges
from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig, GeneratorConfig
from inpaint.networks.errors import PredictionError
from inpaint.pyramid.fills import initial_fill

from .context_encoder_graph import INPUT, context_encoder_graph
from .free_form_graph import free_form_graph
from .window import window_of

Infer = Callable[[dict[str, np.ndarray]], np.ndarray]
"""Runs a graph: contiguous arrays by the names of its inputs -> its output."""


class GraphGenerator(Protocol):
    """A generator whose network is a graph.

    Attributes:
        multiple: sides of pictures must be multiples of this number of pixels.
        fixed_size: the only side that the generator accepts, in pixels; None: any multiple.
    """

    multiple: int
    fixed_size: int | None

    def graph(self, tensors: Mapping[str, np.ndarray], ranges: Mapping[str, ConvRanges]) -> bytes:
        """Return the network as the content of an ONNX file, with the activations of these ranges quantized."""
        ...

    def predict(
        self, infer: Infer, masked_image: np.ndarray, mask: np.ndarray, coarse_fill: np.ndarray | None
    ) -> np.ndarray:
        """Return the prediction, as `Runtime` describes it; `infer` runs the graph."""
        ...


class FreeForm:
    """The free-form generator: the initial fill in compiled kernels, the network on a window around the hole."""

    multiple = FreeFormConfig.multiple
    fixed_size: int | None = None

    def __init__(self, config: FreeFormConfig) -> None:
        self._config = config

    def graph(self, tensors: Mapping[str, np.ndarray], ranges: Mapping[str, ConvRanges]) -> bytes:
        """Return the network, see `GraphGenerator`."""
        return free_form_graph(self._config, tensors, ranges)

    def predict(
        self, infer: Infer, masked_image: np.ndarray, mask: np.ndarray, coarse_fill: np.ndarray | None
    ) -> np.ndarray:
        """Return the prediction, see `GraphGenerator`."""
        self._config.check_sides(*mask.shape[-2:])
        if coarse_fill is None:
            filled = [initial_fill(*picture) for picture in zip(masked_image, mask[:, 0], strict=True)]
            prediction = filled[0][None] if len(filled) == 1 else np.stack(filled)
        else:
            prediction = np.where(mask > 0, coarse_fill, masked_image)
        window = window_of(mask)
        residual = infer({"initial_fill": prediction, "mask": np.ascontiguousarray(mask),
                          "window": np.array(window, np.int64)})  # fmt: skip
        check_finite(residual)  # clipping would make a colour of an infinite value
        part = prediction[:, :, *window.slices]
        np.clip(np.add(part, residual, out=part), -1, 1, out=part)
        return prediction


class ContextEncoder:
    """The Context Encoder: the mean colour enters in place of the hole, and no mask."""

    multiple = ContextEncoderConfig.side
    fixed_size: int | None = ContextEncoderConfig.side

    def __init__(self, config: ContextEncoderConfig) -> None:
        self._config = config
        self._mean = np.array(config.mean_colour, np.float32)[:, None, None]

    def graph(self, tensors: Mapping[str, np.ndarray], ranges: Mapping[str, ConvRanges]) -> bytes:
        """Return the network, see `GraphGenerator`. Nothing is quantized: it runs on 128 x 128 px only."""
        return context_encoder_graph(self._config, tensors)

    def predict(
        self, infer: Infer, masked_image: np.ndarray, mask: np.ndarray, coarse_fill: np.ndarray | None
    ) -> np.ndarray:
        """Return the prediction, see `GraphGenerator`. A coarse fill is not used."""
        self._config.check_sides(*mask.shape[-2:])
        decoded = infer({INPUT: masked_image + mask * self._mean})
        check_finite(decoded)
        if self._config.region == "full":
            return np.clip(decoded, -1, 1)
        prediction, rim = masked_image.copy(), self._config.side // 4
        np.clip(decoded, -1, 1, out=prediction[..., rim:-rim, rim:-rim])
        return prediction


def graph_generator(config: GeneratorConfig) -> GraphGenerator:
    """Return the generator of a config, one for which `source.has_graph` is True."""
    generators: dict[str, Any] = {
        FreeFormConfig.architecture: FreeForm,
        ContextEncoderConfig.architecture: ContextEncoder,
    }
    generator: GraphGenerator = generators[config.architecture](config)
    return generator


def check_finite(prediction: np.ndarray) -> None:
    """Raise PredictionError unless all values of a prediction that has not been clipped are finite."""
    if not np.isfinite(prediction).all():
        raise PredictionError
