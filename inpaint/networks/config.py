"""Generator configs: the `config.json` beside a set of weights, checked before a network is built from it."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar, get_args, get_origin, get_type_hints

DEFAULT_REPO_ID: str | None = None
"""Hub repository that `Inpainter.from_pretrained()` pulls; None means the weights bundled in `inpaint/weights`."""


class ConfigError(ValueError):
    """A generator config that is unknown, incomplete, of a wrong type, or too large to be meant."""


def _check_range(config: object, name: str, low: int, high: int) -> None:
    value = getattr(config, name)
    for item in value if isinstance(value, tuple) else (value,):
        if not low <= item <= high:
            raise ConfigError(f"{name} is {value}; it must lie between {low} and {high}.")


@dataclass(frozen=True)
class ContextEncoderConfig:
    """The encoder-decoder of Pathak et al. 2016 for pictures of 128x128.

    Attributes:
        region: "center" predicts the central 64x64 only; "full" predicts the whole 128x128, for free-form masks.
        bottleneck: what stands between encoder and decoder. "fc" is the release's fully connected bottleneck;
            "channelwise" the paper's channel-wise fully-connected layer (section 3.1); "conv" a plain convolution.
        bottleneck_channels: units of the "fc" bottleneck; 4000 in the authors' release. Unused by the others.
        channels: width of the first layer; 64 in the release, doubled on the way down to 8 times as many.

    Raises:
        ConfigError: a value is out of range.
    """

    architecture: ClassVar[str] = "context-encoder"
    region: Literal["center", "full"] = "center"
    bottleneck: Literal["fc", "channelwise", "conv"] = "fc"
    bottleneck_channels: int = 4000
    channels: int = 64

    def __post_init__(self) -> None:
        _check_types(self)
        _check_range(self, "bottleneck_channels", 1, 8192)
        _check_range(self, "channels", 1, 128)


@dataclass(frozen=True)
class FreeFormConfig:
    """The free-form generator for photos of any size.

    Attributes:
        channels: widths at 1/2, 1/4 and 1/8 of the resolution.
        blocks: ConvNeXt blocks in the body, at 1/8.
        attention_every: a global-context layer follows every so many blocks; 0 for none.
        attention_heads: heads of each global-context layer; must divide the last width.
        expansion: width of the ConvNeXt blocks' inner layer over the body's.
        borrow_channels: length of the vectors by which known cells are found to borrow from; 0 to borrow nothing.

    Raises:
        ConfigError: a value is out of range.
    """

    architecture: ClassVar[str] = "free-form"
    channels: tuple[int, int, int] = (40, 80, 160)
    blocks: int = 6
    attention_every: int = 2
    attention_heads: int = 4
    expansion: int = 3
    borrow_channels: int = 32

    def __post_init__(self) -> None:
        _check_types(self)
        _check_range(self, "channels", 1, 512)
        _check_range(self, "blocks", 1, 64)
        _check_range(self, "attention_every", 0, 64)
        _check_range(self, "attention_heads", 1, 32)
        _check_range(self, "expansion", 1, 8)
        _check_range(self, "borrow_channels", 0, 512)
        if self.channels[-1] % self.attention_heads:
            raise ConfigError(
                f"attention_heads is {self.attention_heads}; it must divide the last of channels, {self.channels[-1]}."
            )


@dataclass(frozen=True)
class DamageConfig:
    """The network that finds damage.

    Attributes:
        channels: widths at 1/2, 1/4, 1/8 and 1/16 of the resolution.
        blocks: residual blocks at 1/16.
        lite0_blocks: blocks of EfficientNet-Lite0 beside it, which know things when they see them: 6 to 11, or 0.

    Raises:
        ConfigError: a value is out of range.
    """

    architecture: ClassVar[str] = "damage"
    channels: tuple[int, int, int, int] = (16, 32, 96, 128)
    blocks: int = 2
    lite0_blocks: int = 8

    def __post_init__(self) -> None:
        _check_types(self)
        _check_range(self, "channels", 1, 512)
        _check_range(self, "blocks", 0, 16)
        if self.lite0_blocks:
            _check_range(self, "lite0_blocks", 6, 11)


GeneratorConfig = ContextEncoderConfig | FreeFormConfig
NetworkConfig = GeneratorConfig | DamageConfig
Config = TypeVar("Config", bound=NetworkConfig)
CONFIGS: dict[str, type[ContextEncoderConfig] | type[FreeFormConfig]] = {
    config.architecture: config for config in (ContextEncoderConfig, FreeFormConfig)
}


def _matches(value: Any, annotation: Any) -> bool:
    """Whether a value has the annotated type; only the few forms that configs use."""
    origin = get_origin(annotation)
    if origin is Literal:
        return isinstance(value, str) and value in get_args(annotation)
    if origin is tuple:
        kinds = get_args(annotation)
        return isinstance(value, tuple) and len(value) == len(kinds) and all(map(_matches, value, kinds))
    if origin in (typing.Union, types.UnionType):
        return any(_matches(value, kind) for kind in get_args(annotation))
    return type(value) is annotation


def _check_types(config: NetworkConfig) -> None:
    hints = get_type_hints(type(config))
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if not _matches(value, hints[field.name]):
            wanted = getattr(hints[field.name], "__name__", hints[field.name])
            if get_origin(hints[field.name]) is Literal:
                wanted = "one of " + ", ".join(map(repr, get_args(hints[field.name])))
            elif get_origin(hints[field.name]) is tuple:
                wanted = f"a list of {len(get_args(hints[field.name]))} whole numbers"
            raise ConfigError(f"{field.name} is {value!r}; it must be {wanted}.")


def config_to_dict(config: NetworkConfig) -> dict[str, Any]:
    """The config as plain JSON values, with its architecture's name."""
    return {"architecture": config.architecture, **dataclasses.asdict(config)}


def config_from_dict(values: Any) -> GeneratorConfig:
    """A generator's config from the content of a `config.json`. Nothing in it is ever imported or run.

    Args:
        values: a mapping with "architecture" and every field of that architecture's config.

    Raises:
        ConfigError: not a mapping, an unknown architecture, a missing or unknown key, a wrong type, an absurd size.
    """
    return _from_dict(values, CONFIGS)


def damage_config_from_dict(values: Any) -> DamageConfig:
    """As `config_from_dict`, for the network that finds damage."""
    return _from_dict(values, {DamageConfig.architecture: DamageConfig})


def _from_dict(values: Any, known: Mapping[str, type[Config]]) -> Config:
    if not isinstance(values, dict):
        raise ConfigError(f"The config is a {type(values).__name__}; it must be a JSON object.")
    architecture = values.get("architecture")
    if not isinstance(architecture, str) or architecture not in known:
        raise ConfigError(
            f"architecture is {architecture!r}; this version knows {', '.join(map(repr, sorted(known)))} here."
            " A newer version of the code may know more."
        )
    config_class = known[architecture]
    names = {field.name for field in dataclasses.fields(config_class)}
    given = set(values) - {"architecture"}
    if given != names:
        missing, unknown = sorted(names - given), sorted(map(str, given - names))
        raise ConfigError(
            f"The config of {architecture!r} has missing keys {missing} and unknown keys {unknown};"
            " it must hold exactly its own."
        )
    return config_class(**{name: _as_tuple(values[name]) for name in names})


def _as_tuple(value: Any) -> Any:
    """JSON has no tuples: a list stands for one."""
    return tuple(value) if isinstance(value, list) else value
