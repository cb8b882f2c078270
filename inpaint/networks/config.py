"""Configs of the networks: the `config.json` beside a set of weights, checked before a network is built from it."""

import dataclasses
import importlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

from .config_checks import ConfigError, check_range, check_types

CONFIG_VERSION = 1
"""Version of the form of a config; a `config.json` without a version has the first. A field whose default keeps what
older weights compute needs no new one; anything that an older program would compute wrongly does."""
log = logging.getLogger(__name__)
DEFAULT_REPO_ID: str | None = None
"""Hub repository that `Inpainter.from_pretrained()` loads; None: the weights bundled in `inpaint/weights`."""


@dataclass(frozen=True)
class ContextEncoderConfig:
    """Config of the encoder-decoder of Pathak et al. 2016 for pictures of 128x128.

    Attributes:
        region: "center" predicts the central 64x64 only; "full" predicts the whole 128x128, for free-form masks.
        bottleneck: the layer between encoder and decoder. "fc" is the fully connected layer of the authors' release,
            "channelwise" the channel-wise fully connected layer of the paper (section 3.1), "conv" a convolution.
        bottleneck_channels: units of the "fc" bottleneck; 4000 in the authors' release. The others ignore it.
        channels: width of the first layer; 64 in the release. The last layer of the encoder has 8 times as many.

    Raises:
        ConfigError: a value has the wrong type or is out of range.
    """

    architecture: ClassVar[str] = "context-encoder"
    side: ClassVar[int] = 128
    """The only side that pictures may have, in pixels."""
    mean_colour: ClassVar[tuple[float, float, float]] = (117 / 127.5 - 1, 104 / 127.5 - 1, 123 / 127.5 - 1)
    """What the hole is filled with before the network sees it: red, green and blue of the release, in [-1, 1]."""
    region: Literal["center", "full"] = "center"
    bottleneck: Literal["fc", "channelwise", "conv"] = "fc"
    bottleneck_channels: int = 4000
    channels: int = 64

    def __post_init__(self) -> None:
        check_types(self)
        check_range(self, "bottleneck_channels", 1, 8192)
        check_range(self, "channels", 1, 128)

    @classmethod
    def check_sides(cls, height: int, width: int) -> None:
        """Raise ValueError unless a picture has the only size that is possible."""
        if (height, width) != (cls.side, cls.side):
            raise ValueError(
                f"the picture is {width}x{height}; a Context Encoder takes {cls.side}x{cls.side}: resize or crop it"
            )


@dataclass(frozen=True)
class FreeFormConfig:
    """Config of the free-form generator for photos of any size.

    Attributes:
        channels: widths at 1/2, 1/4 and 1/8 of the resolution.
        blocks: number of ConvNeXt blocks in the body, at 1/8 of the resolution.
        attention_every: number of blocks between two global-context layers; 0 for no such layer.
        attention_heads: heads of each global-context layer; must divide the last width.
        expansion: width of the hidden layer of a ConvNeXt block as a multiple of the body's width.
        key_channels: length of the keys of the contextual attention; 0 for no such layer.
        deep_blocks: number of ConvNeXt blocks at 1/16 of the resolution, halfway through the body; 0 for none.
        deep_channels: width at 1/16 of the resolution; without blocks there it does not matter.
        thin_damage: what fills thin damage: "own", this network, or "bundled", the small one of the program. Configs
            that differ in it alone are equal, as it is no part of the network itself.

    Raises:
        ConfigError: a value has the wrong type or is out of range.
    """

    architecture: ClassVar[str] = "free-form"
    multiple: ClassVar[int] = 16
    """Sides of pictures must be multiples of this number of pixels."""
    old_names: ClassVar[dict[str, str]] = {"borrow_channels": "key_channels"}
    """Names in `config.json` files of earlier versions, and the current ones."""
    channels: tuple[int, int, int] = (40, 80, 160)
    blocks: int = 6
    attention_every: int = 2
    attention_heads: int = 4
    expansion: int = 3
    key_channels: int = 32
    deep_blocks: int = 0
    deep_channels: int = 256
    thin_damage: Literal["own", "bundled"] = dataclasses.field(default="own", compare=False)

    def __post_init__(self) -> None:
        check_types(self)
        check_range(self, "channels", 1, 512)
        check_range(self, "blocks", 1, 64)
        check_range(self, "attention_every", 0, 64)
        check_range(self, "attention_heads", 1, 32)
        check_range(self, "expansion", 1, 8)
        check_range(self, "key_channels", 0, 512)
        check_range(self, "deep_blocks", 0, 64)
        check_range(self, "deep_channels", 1, 512)
        if self.channels[-1] % self.attention_heads:
            raise ConfigError(
                f"attention_heads is {self.attention_heads}; it must divide the last of channels, {self.channels[-1]}"
            )

    @property
    def deep_after(self) -> int:
        """Index of the block that those at 1/16 of the resolution follow."""
        return (self.blocks - 1) // 2

    @classmethod
    def check_sides(cls, height: int, width: int) -> None:
        """Raise ValueError unless both sides of a picture, in pixels, are multiples of `multiple`."""
        if height % cls.multiple or width % cls.multiple:
            raise ValueError(
                f"the picture is {width}x{height}; both sides must be multiples of {cls.multiple}:"
                " pad it, or use Inpainter, which takes any size"
            )


@dataclass(frozen=True)
class DamageConfig:
    """Config of the network that segments damage.

    Attributes:
        channels: widths at 1/2, 1/4, 1/8 and 1/16 of the resolution.
        blocks: number of residual blocks at 1/16 of the resolution.
        lite0_blocks: number of pretrained EfficientNet-Lite0 blocks whose features are added: 6 to 11, or 0 for none.
        decoder_channels: width of the decoder at 1/8 of the resolution; 0: that of the features at 1/4.

    Raises:
        ConfigError: a value has the wrong type or is out of range.
    """

    architecture: ClassVar[str] = "damage"
    multiple: ClassVar[int] = 16
    """What the sides of a picture must be multiples of."""
    reach: ClassVar[int] = 112
    """Pixels further away than this have practically no effect on a logit: no more than what bfloat16 rounds."""
    channels: tuple[int, int, int, int] = (24, 32, 96, 128)
    blocks: int = 2
    lite0_blocks: int = 8
    decoder_channels: int = 0

    def __post_init__(self) -> None:
        check_types(self)
        check_range(self, "channels", 1, 512)
        check_range(self, "blocks", 0, 16)
        check_range(self, "decoder_channels", 0, 512)
        if self.lite0_blocks:
            check_range(self, "lite0_blocks", 6, 11)

    @property
    def decoder_width(self) -> int:
        """The width of the decoder at 1/8 of the resolution."""
        return self.decoder_channels or self.channels[1]


@dataclass(frozen=True)
class DamageFusionConfig:
    """Config of the network that decides from the damage network's logits at three sizes.

    Attributes:
        channels: width of all its maps, which have half of the photo's resolution.
        dilations: of its convolutions but the first.

    Raises:
        ConfigError: a value has the wrong type or is out of range.
    """

    architecture: ClassVar[str] = "damage-fusion"
    multiple: ClassVar[int] = 32
    """What the sides of a picture must be multiples of."""
    channels: int = 16
    dilations: tuple[int, int, int, int, int, int] = (1, 2, 4, 8, 16, 1)

    def __post_init__(self) -> None:
        check_types(self)
        check_range(self, "channels", 1, 256)
        check_range(self, "dilations", 1, 64)


GeneratorConfig = ContextEncoderConfig | FreeFormConfig
NetworkConfig = GeneratorConfig | DamageConfig | DamageFusionConfig
Config = TypeVar("Config", bound=NetworkConfig)
CONFIGS: dict[str, type[ContextEncoderConfig] | type[FreeFormConfig]] = {
    config.architecture: config for config in (ContextEncoderConfig, FreeFormConfig)
}


EXTENSIONS: dict[str, str] = {}
"""Architecture -> "module:class" of a further generator, whose class has its config's as `config_class`. The module is
imported, with PyTorch, when such weights are loaded; docs/extending.md has an example."""


def extension(architecture: str) -> Any:
    """Return the class of a further generator; KeyError if it is not registered."""
    module, _, name = EXTENSIONS[architecture].partition(":")
    return getattr(importlib.import_module(module), name)


def config_to_dict(config: NetworkConfig) -> dict[str, Any]:
    """Return the config as plain JSON values, with the name of its architecture."""
    return {"architecture": config.architecture, **dataclasses.asdict(config)}


def config_from_dict(values: Any) -> GeneratorConfig:
    """Return a generator's config from the content of a `config.json`. Nothing in it is ever imported or run.

    Args:
        values: a dict with "architecture" and fields of that architecture's config. Names of earlier versions are
            accepted; a field that is missing has its default, and one that is unknown is ignored with a warning: the
            tensors are compared with the config anyway.

    Raises:
        ConfigError: not a dict, an unknown architecture, a newer version, a value of the wrong type or out of range.
    """
    architecture = values.get("architecture") if isinstance(values, dict) else None
    if isinstance(architecture, str) and architecture in EXTENSIONS:
        further: Any = extension(architecture).config_class
        return _from_dict(values, {architecture: further})
    return _from_dict(values, CONFIGS)


def damage_config_from_dict(values: Any) -> DamageConfig:
    """Return a damage network's config from the content of a `config.json`.

    Args:
        values: a dict with "architecture" and fields of `DamageConfig`.

    Raises:
        ConfigError: as for `config_from_dict`.
    """
    return _from_dict(values, {DamageConfig.architecture: DamageConfig})


def damage_fusion_config_from_dict(values: Any) -> DamageFusionConfig:
    """Return the config of the network that decides from logits, see `damage_config_from_dict`."""
    return _from_dict(values, {DamageFusionConfig.architecture: DamageFusionConfig})


def _from_dict(values: Any, known: Mapping[str, type[Config]]) -> Config:
    if not isinstance(values, dict):
        raise ConfigError(f"the config is a {type(values).__name__}; it must be a JSON object")
    architecture = values.get("architecture")
    if not isinstance(architecture, str) or architecture not in known:
        raise ConfigError(
            f"architecture is {architecture!r}; it must be one of {', '.join(map(repr, sorted(known)))}: if the weights"
            " are newer than this program, update the program",
            "architecture",
        )
    config_class = known[architecture]
    old_names: Mapping[str, str] = getattr(config_class, "old_names", {})
    values = {new if (new := old_names.get(name, name)) not in values else name: values[name] for name in values}
    version = values.get("version", CONFIG_VERSION)
    if type(version) is not int or not 1 <= version <= CONFIG_VERSION:
        raise ConfigError(
            f"version is {version!r}; this program reads the versions up to {CONFIG_VERSION}: update the program"
        )
    names = {field.name for field in dataclasses.fields(config_class)}
    if old := sorted(set(old_names) & set(values)):
        raise ConfigError(f"{old[0]} is the old name of {old_names[old[0]]}, which is given too: leave one of them out")
    for unknown in sorted(map(str, set(values) - names - {"architecture", "version"})):
        log.warning("The config of the %r weights has %.80s, which this version ignores.", architecture, unknown)
    return config_class(**{name: _as_tuple(values[name]) for name in names & set(values)})


def _as_tuple(value: Any) -> Any:
    """Return a list as a tuple, which JSON does not have; other values as they are."""
    return tuple(value) if isinstance(value, list) else value
