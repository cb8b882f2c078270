"""Names and shapes of a network's tensors, derived from its config without PyTorch: what its `state_dict` holds."""

import itertools
import math
from typing import Any

from .config import (
    EXTENSIONS,
    ConfigError,
    ContextEncoderConfig,
    DamageConfig,
    DamageFusionConfig,
    FreeFormConfig,
    NetworkConfig,
    extension,
)
from .lite0 import BLOCKS, STEM_CHANNELS

MAX_PARAMETERS = 200_000_000
_COUNTER = "num_batches_tracked"  # of a batch norm, the only whole number in a network
_BUFFERS = ("running_mean", "running_var", _COUNTER)


def tensor_shapes(config: NetworkConfig) -> dict[str, tuple[int, ...]]:
    """Return name -> shape of each tensor of a network.

    Args:
        config: of a generator or of a network that finds damage.
    """
    if isinstance(config, FreeFormConfig):
        return _free_form(config)
    if isinstance(config, DamageFusionConfig):
        return _damage_fusion(config)
    if config.architecture in EXTENSIONS:
        return _built_shapes(config)
    return _context_encoder(config) if isinstance(config, ContextEncoderConfig) else _damage(config)


def _built_shapes(config: Any) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a further generator by building it, without memory for its tensors."""
    import torch

    with torch.device("meta"):
        network = extension(config.architecture)(config)
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def is_whole_number(name: str) -> bool:
    """Return whether the tensor of this name holds int64 instead of floating-point numbers."""
    return name.endswith(_COUNTER)


def check_parameters(config: NetworkConfig) -> None:
    """Refuse a config of a network that would take too much memory.

    Raises:
        ConfigError: the network would have more than `MAX_PARAMETERS` parameters.
    """
    shapes = tensor_shapes(config)
    size = sum(math.prod(shape) for name, shape in shapes.items() if not name.endswith(_BUFFERS))
    if size > MAX_PARAMETERS:
        raise ConfigError(
            f"the config describes a generator of {size:,} parameters; at most {MAX_PARAMETERS:,} are allowed:"
            " reduce channels or bottleneck_channels",
            "parameters",
            size=f"{size:,}",
            limit=f"{MAX_PARAMETERS:,}",
        )


class _Shapes(dict[str, tuple[int, ...]]):
    """Shapes by name, to which layers are added."""

    def conv(self, name: str, channels_in: int, channels_out: int, side: int, *, bias: bool = True) -> None:
        """Add a convolution; `channels_in` are those of a group."""
        self[f"{name}.weight"] = (channels_out, channels_in, side, side)
        if bias:
            self[f"{name}.bias"] = (channels_out,)

    def transposed_conv(self, name: str, channels_in: int, channels_out: int) -> None:
        """Add a transposed convolution of 4x4."""
        self[f"{name}.weight"] = (channels_in, channels_out, 4, 4)
        self[f"{name}.bias"] = (channels_out,)

    def norm(self, name: str, channels: int) -> None:
        """Add a scale and a shift of each channel."""
        self[f"{name}.weight"] = self[f"{name}.bias"] = (channels,)

    def batch_norm(self, name: str, channels: int) -> None:
        """Add a batch norm."""
        self.norm(name, channels)
        self[f"{name}.running_mean"] = self[f"{name}.running_var"] = (channels,)
        self[f"{name}.{_COUNTER}"] = ()


def _free_form(config: FreeFormConfig) -> dict[str, tuple[int, ...]]:
    half, quarter, eighth = config.channels
    detail = max(4, half * 2 // 5)
    shapes = _Shapes()
    shapes.conv("stem.0", 16, half, 3)
    shapes.conv("stem.2", half, half, 3)
    shapes.conv("down_quarter.1", half, quarter, 4)
    shapes.conv("mix_quarter.1", quarter, quarter, 3)
    shapes.conv("down_eighth.1", quarter, eighth, 4)
    for index in range(config.blocks):
        _convnext_block(shapes, f"body.{index}", eighth, config.expansion)
    every = config.attention_every
    for index in range((config.blocks - 1) // every if every else 0):
        _global_context(shapes, f"context.{index}", eighth, config.attention_heads)
    if config.deep_blocks:
        shapes.conv("deep_body.down", eighth, config.deep_channels, 2)
        for index in range(config.deep_blocks):
            _convnext_block(shapes, f"deep_body.blocks.{index}", config.deep_channels, config.expansion)
        shapes.conv("deep_body.up", config.deep_channels, eighth, 1)
    if config.key_channels:
        value = max(1, quarter * 2 // 5)
        shapes["contextual_attention.softmax_scale"] = ()
        shapes.conv("contextual_attention.key", eighth, config.key_channels, 1)
        shapes.conv("contextual_attention.value", quarter, value, 1)
        shapes.conv("contextual_attention.output", value, quarter, 1)
    shapes.conv("up_quarter.0", eighth, quarter, 1)
    shapes.conv("up_half.1", quarter, half, 1)
    for name, channels in (("merge_quarter", quarter), ("merge_half", half)):
        shapes.conv(f"{name}.0", 2 * channels, channels, 3)
        shapes.conv(f"{name}.2", channels, channels, 3)
    shapes.conv("up_full.1", half, detail * 4, 1)
    shapes.conv("to_rgb", detail, 3, 3)
    shapes.conv("correct", 4, 3, 3, bias=False)
    return shapes


def _convnext_block(shapes: _Shapes, name: str, channels: int, expansion: int) -> None:
    shapes[f"{name}.scale"] = (channels, 1, 1)
    shapes.conv(f"{name}.spatial", 1, channels, 7)
    shapes.norm(f"{name}.norm.norm", channels)
    shapes.conv(f"{name}.expand", channels, channels * expansion, 1)
    shapes.conv(f"{name}.contract", channels * expansion, channels, 1)


def _global_context(shapes: _Shapes, name: str, channels: int, heads: int) -> None:
    shapes[f"{name}.discount"] = (heads, 1, 1)
    shapes[f"{name}.scale"] = (channels, 1, 1)
    shapes.conv(f"{name}.position", 1, channels, 3)
    shapes.norm(f"{name}.norm.norm", channels)
    shapes.conv(f"{name}.query_key_value", channels, channels * 3, 1)
    shapes.conv(f"{name}.project", channels, channels, 1)


def _context_encoder(config: ContextEncoderConfig) -> dict[str, tuple[int, ...]]:
    c, shapes = config.channels, _Shapes()
    shapes.conv("encoder.0", 3, c, 4)
    for index, (narrow, wide) in enumerate(itertools.pairwise((c, c, 2 * c, 4 * c, 8 * c))):
        shapes.conv(f"encoder.{3 * index + 2}", narrow, wide, 4)
        shapes.batch_norm(f"encoder.{3 * index + 3}", wide)
    _bottleneck(shapes, config, 8 * c)
    widths = [8 * c, 4 * c, 2 * c, c] + ([c] if config.region == "full" else [])
    for index, (wide, narrow) in enumerate(itertools.pairwise(widths)):
        shapes.transposed_conv(f"decoder.{3 * index}", wide, narrow)
        shapes.batch_norm(f"decoder.{3 * index + 1}", narrow)
    shapes.transposed_conv(f"decoder.{3 * len(widths) - 3}", c, 3)
    return shapes


def _bottleneck(shapes: _Shapes, config: ContextEncoderConfig, wide: int) -> None:
    if config.bottleneck == "fc":
        units = config.bottleneck_channels
        shapes.conv("bottleneck.0", wide, units, 4)
        shapes.batch_norm("bottleneck.1", units)
        shapes.transposed_conv("bottleneck.3", units, wide)
        shapes.batch_norm("bottleneck.4", wide)
        return
    mixes = config.bottleneck == "channelwise"
    if mixes:
        shapes["bottleneck.0.weight"], shapes["bottleneck.0.bias"] = (wide, 16, 16), (wide, 16)
    shapes.conv(f"bottleneck.{int(mixes)}", wide, wide, 1 if mixes else 3)
    shapes.batch_norm(f"bottleneck.{mixes + 1}", wide)


def _damage(config: DamageConfig) -> dict[str, tuple[int, ...]]:
    half, quarter, eighth, sixteenth = config.channels
    wide, shapes = half * 4 // 3, _Shapes()
    for name, channels_in, channels_out in (
        ("at_half.0", 24, half),
        ("at_half.1", half, half),
        ("at_quarter.0", half, quarter),
        ("at_quarter.1", quarter, quarter),
        ("at_eighth.0", quarter, eighth),
        ("at_eighth.1.first", eighth, eighth),
        ("at_sixteenth.0", eighth, sixteenth),
        *((f"at_sixteenth.{index + 1}.first", sixteenth, sixteenth) for index in range(config.blocks)),
        ("to_eighth", sixteenth + eighth, config.decoder_width),
        ("to_quarter", config.decoder_width + quarter, wide),
        ("to_half", wide + half, wide),
    ):
        shapes.conv(f"{name}.0", channels_in, channels_out, 3, bias=False)
        shapes.batch_norm(f"{name}.1", channels_out)
    seconds = [("at_eighth.1", eighth), *((f"at_sixteenth.{index + 1}", sixteenth) for index in range(config.blocks))]
    for name, channels in seconds:
        shapes.conv(f"{name}.second", channels, channels, 3, bias=False)
        shapes.batch_norm(f"{name}.norm", channels)
    if config.lite0_blocks:
        _lite0(shapes, config)
    shapes.conv("logits", wide, 4, 1)
    return shapes


def _damage_fusion(config: DamageFusionConfig) -> dict[str, tuple[int, ...]]:
    wide, shapes = config.channels, _Shapes()
    shapes.conv("first", 24, wide, 3)
    for name, channels_in in (("around.0", 4 * wide), ("around.2", wide)):
        shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (wide, channels_in), (wide,)
    for index in range(len(config.dilations)):
        shapes.conv(f"layers.{index}", wide, wide, 3)
    shapes.conv("last", wide, 4, 1)
    return shapes


def _lite0(shapes: _Shapes, config: DamageConfig) -> None:
    blocks = BLOCKS[: config.lite0_blocks]
    shapes.conv("lite0.stem", 3, STEM_CHANNELS, 3)
    for number, (narrow, out, side, _, expansion) in enumerate(blocks):
        name, wide = f"lite0.blocks.{number}", narrow * expansion
        if expansion > 1:
            shapes.conv(f"{name}.expand", narrow, wide, 1)
        shapes.conv(f"{name}.depthwise", 1, wide, side)
        shapes.conv(f"{name}.project", wide, out, 1)
    halved = [number for number, (_, _, _, stride, _) in enumerate(BLOCKS) if stride == 2]
    last = [min(following, len(blocks)) - 1 for following in halved]
    for index, (number, channels) in enumerate(zip(last, config.channels, strict=True)):
        shapes.conv(f"lite0.adapt.{index}", BLOCKS[number][1], channels, 1)
    shapes.conv("lite0.adapt_around", blocks[-1][1], config.channels[-1], 1)
