"""All generators by the name of their architecture, and how one is built from its config.

Each maps (masked_image, mask) to a prediction of the whole picture; the caller composites the prediction into the hole.
"""

from typing import Any

import torch

from .config import ConfigError, ContextEncoderConfig, FreeFormConfig, GeneratorConfig
from .context_encoder import ContextEncoder
from .free_form import FreeFormGenerator

GENERATORS: dict[str, type[ContextEncoder] | type[FreeFormGenerator]] = {
    ContextEncoderConfig.architecture: ContextEncoder,
    FreeFormConfig.architecture: FreeFormGenerator,
}
MAX_PARAMETERS = 200_000_000


def build_generator(config: GeneratorConfig) -> ContextEncoder | FreeFormGenerator:
    """Return a generator with random weights.

    Args:
        config: its architecture and sizes.

    Raises:
        ConfigError: it would have more than `MAX_PARAMETERS` parameters. Checked before memory is allocated.
    """
    generator_class: Any = GENERATORS[config.architecture]
    with torch.device("meta"):
        size = sum(parameter.numel() for parameter in generator_class(config).parameters())
    if size > MAX_PARAMETERS:
        raise ConfigError(
            f"the config describes a generator of {size:,} parameters; at most {MAX_PARAMETERS:,} are allowed:"
            " reduce channels or bottleneck_channels"
        )
    return generator_class(config)
