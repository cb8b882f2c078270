"""All generators by the name of their architecture, and how one is built from its config.

Each maps (masked_image, mask) to a prediction of the whole picture; the caller composites the prediction into the hole.
"""

from typing import Any

from .config import ContextEncoderConfig, FreeFormConfig, GeneratorConfig
from .context_encoder import ContextEncoder
from .free_form import FreeFormGenerator
from .layout import check_parameters

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
    generator_class: Any = GENERATORS[config.architecture]
    return generator_class(config)
