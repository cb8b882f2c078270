"""What a runtime is made from: the weights of a generator, or its module in PyTorch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, Union

import numpy as np

from inpaint.networks.activation_ranges import ConvRanges
from inpaint.networks.config import ContextEncoderConfig, FreeFormConfig

if TYPE_CHECKING:  # PyTorch takes a second to import
    from torch import nn


class StoredWeights(Protocol):
    """Weights as `inpaint.hub.weights.load_weights` returns them."""

    @property
    def config(self) -> Any:
        """The config of the generator."""
        ...

    @property
    def tensors(self) -> dict[str, np.ndarray]:
        """Name in the state dict -> array."""
        ...

    @property
    def ranges(self) -> Mapping[str, ConvRanges] | None:
        """Name of a convolution -> its ranges; None: nothing is quantized."""
        ...


Source: TypeAlias = Union[StoredWeights, "nn.Module"]


def has_graph(source: Source) -> bool:
    """Return whether a source is a generator of this package, which can be run without PyTorch."""
    if hasattr(source, "tensors"):
        return isinstance(source.config, FreeFormConfig | ContextEncoderConfig)
    from inpaint.networks.context_encoder import ContextEncoder
    from inpaint.networks.free_form import FreeFormGenerator

    return isinstance(source, FreeFormGenerator | ContextEncoder)


def tensors_of(source: Any) -> dict[str, np.ndarray]:
    """Return name in the state dict of a `Source` -> float32 array; batch norms' counters are int64."""
    if hasattr(source, "tensors"):
        return dict(source.tensors)
    state = source.state_dict()
    return {
        name: (value.float() if value.is_floating_point() else value).detach().cpu().numpy()
        for name, value in state.items()
    }


def ranges_of(source: Any) -> dict[str, ConvRanges]:
    """Return the ranges of the activations of a `Source` that are quantized; empty for a module of PyTorch."""
    return dict(getattr(source, "ranges", None) or {})


def module_of(source: Any) -> Any:
    """Return the module of a `Source` in PyTorch; weights are copied into a new one."""
    if not hasattr(source, "tensors"):
        return source
    from inpaint.networks.generators import build_generator, load_tensors

    return load_tensors(build_generator(source.config), source.tensors)
