"""All generators by the name of their architecture, and how one is built from its config.

Each maps (masked_image, mask) to a prediction of the whole picture; the caller composites the prediction into the hole.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from .config import ContextEncoderConfig, FreeFormConfig, GeneratorConfig, extension
from .context_encoder import ContextEncoder
from .free_form import FreeFormGenerator
from .layout import check_parameters

Network = TypeVar("Network", bound=nn.Module)
GENERATORS: dict[str, type[ContextEncoder] | type[FreeFormGenerator]] = {
    ContextEncoderConfig.architecture: ContextEncoder,
    FreeFormConfig.architecture: FreeFormGenerator,
}


def build_generator(config: GeneratorConfig) -> ContextEncoder | FreeFormGenerator:
    """Return a generator with random weights.

    Args:
        config: its architecture and sizes.

    Raises:
        ConfigError: it would have more than `layout.MAX_PARAMETERS` parameters. Checked before memory is allocated.
    """
    check_parameters(config)
    name = config.architecture
    generator_class: Any = GENERATORS[name] if name in GENERATORS else extension(name)
    return generator_class(config)


def load_tensors(network: Network, tensors: Mapping[str, np.ndarray]) -> Network:
    """Copy arrays into a network and return it in eval mode.

    Args:
        network: modified.
        tensors: name in its state dict -> array; all of them, and no others.
    """
    network.load_state_dict({name: torch.from_numpy(value) for name, value in tensors.items()}, strict=True)
    return network.eval()
