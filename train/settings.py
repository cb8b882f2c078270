"""Settings of training configs by their dotted names: differences, overrides, and what keeps a run from resuming."""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from .presets import PRESETS
from .run_config import LENGTHS, RunConfig, to_dict

Config = TypeVar("Config")

MAY_CHANGE = (
    "version", "images", "epochs", "cooldown_images", "log_every", "sample_every", "sample_epochs", "sample_split",
    "checkpoint_every", "checkpoint_minutes", "push_to_hub", "private", "if_better", "even_if_worse", "held_out",
    "evaluations", "patience", "other_photos", "max_minutes", "pause_minutes", "workers", "data.workers",
    "data.patience_s", "run_dir", "device", "checkpoint_repo", "checkpoint_folder",
    "event_log", "trackio",
)  # fmt: skip
"""Settings that may differ when a run is resumed, under their dotted names."""
OLD_NAMES = {"generator.borrow_channels": "generator.key_channels"}
"""Dotted names of settings in earlier versions, and the current ones."""


def differences(config: RunConfig, presets: Mapping[str, tuple[str, RunConfig]] = PRESETS) -> dict[str, Any]:
    """Return the settings in which a config differs from its preset: dotted names and values, in the config's order.

    Raises:
        ValueError: there is no such preset, or the generator's architecture is not the preset's.
    """
    if config.preset not in presets:
        raise ValueError(f"There is no preset {config.preset!r}; choose one of {', '.join(presets)}.")
    preset = presets[config.preset][1]
    own, usual = getattr(config, "generator", None), getattr(preset, "generator", None)
    if own is not None and usual is not None and type(own) is not type(usual):
        raise ValueError(
            f"The preset {config.preset} trains a {usual.architecture} generator and not a {own.architecture} one:"
            " start from another preset."
        )
    found = dict(_differences(config, preset, ""))
    if any(name in found for name in LENGTHS):  # a length replaces the others, so that all must be told
        found |= {name: value for name in LENGTHS if (value := getattr(config, name)) is not None}
    return found


def _differences(config: Any, base: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for field in dataclasses.fields(config):
        value, usual = getattr(config, field.name), getattr(base, field.name)
        if dataclasses.is_dataclass(value):
            yield from _differences(value, usual, f"{prefix}{field.name}.")
        elif value != usual:
            yield prefix + field.name, value


def with_overrides(config: Config, overrides: Mapping[str, Any]) -> Config:
    """Return the config with other values for some settings, given by dotted names such as {"data.resolution": 128}.

    A list is accepted for a tuple, as JSON has no tuples, and a whole number for a float. A new length replaces the
    config's: with epochs, `images` is None unless it is given too.

    Raises:
        ValueError: there is no such setting, or a value has the wrong type or is out of its range.
    """
    current = {OLD_NAMES.get(name, name): value for name, value in overrides.items()}
    given = [name for name in LENGTHS if current.get(name) is not None]
    others = {name: None for name in LENGTHS if name not in current and hasattr(config, name)} if given else {}
    return _replaced(config, others | current, "")


def _replaced(part: Any, overrides: Mapping[str, Any], prefix: str) -> Any:
    values: dict[str, Any] = {}
    inside: dict[str, dict[str, Any]] = {}
    types = get_type_hints(type(part))
    for name, value in overrides.items():
        first, _, rest = name.partition(".")
        known = first in {field.name for field in dataclasses.fields(part)}
        if not known or (rest and not dataclasses.is_dataclass(getattr(part, first))):
            raise ValueError(f"There is no setting {prefix + name!r}; `python -m train PRESET --help` lists them.")
        if rest:
            inside.setdefault(first, {})[rest] = value
        elif not _matches(value, types[first]):
            kind = types[first]
            expected = kind.__name__ if isinstance(kind, type) else str(kind).removeprefix("typing.")
            raise ValueError(f"{prefix + name} is {value!r}; it must be of type {expected}.")
        else:
            values[first] = _as_tuple(value)
    values |= {name: _replaced(getattr(part, name), more, f"{prefix}{name}.") for name, more in inside.items()}
    return dataclasses.replace(part, **values)


def _as_tuple(value: Any) -> Any:
    """Return a list, and the lists in it, as tuples, which JSON does not have; other values as they are."""
    return tuple(map(_as_tuple, value)) if isinstance(value, list | tuple) else value


def _matches(value: Any, annotation: Any) -> bool:
    """Return whether a value, which may come from JSON, has the type of a setting."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return value in arguments
    if origin is tuple:
        kinds = arguments[:1] * len(value) if arguments[1:] == (...,) and isinstance(value, list | tuple) else arguments
        return isinstance(value, list | tuple) and len(value) == len(kinds) and all(map(_matches, value, kinds))
    if origin in (Union, UnionType):
        return any(_matches(value, kind) for kind in arguments)
    return type(value) is annotation or (annotation is float and type(value) is int)


def unknown_settings(config: Any, names: Iterable[str]) -> list[str]:
    """Return those of some dotted names that are no settings of a config."""
    known = set(flatten(dataclasses.asdict(config)))
    return [name for name in names if name not in known]


def current_flags(arguments: Sequence[str]) -> list[str]:
    """Return the arguments of a command line with flags of earlier versions replaced by the current ones."""
    flags = {f"--{old}".replace("_", "-"): f"--{new}".replace("_", "-") for old, new in OLD_NAMES.items()}
    split = (argument.partition("=") for argument in arguments)
    return [flags.get(flag.replace("_", "-"), flag) + equals + value for flag, equals, value in split]


def conflicts(saved: dict[str, Any], config: RunConfig) -> dict[str, tuple[Any, Any]]:
    """Return the settings that keep a config from resuming a run.

    Args:
        saved: the content of the run's config.json. It may be of an older version of the code: a setting that it lacks
            counts as its default, and one that no longer exists is ignored.
        config: of the run that is about to start.

    Returns:
        For each setting that differs, apart from those in MAY_CHANGE, its saved and its new value.
    """
    old, new = flatten(saved), flatten(json.loads(json.dumps(to_dict(config))))
    old = json.loads(json.dumps(defaults_of(config))) | old
    return {
        name: (old.get(name), value) for name, value in new.items() if name not in MAY_CHANGE and old.get(name) != value
    }


def kept(saved: dict[str, Any], config: RunConfig, presets: Mapping[str, tuple[str, RunConfig]]) -> dict[str, Any]:
    """Return the settings of a run that a config does not choose itself: its values there are those of its preset.

    They may differ since the preset has changed from one version of the code to the next.

    Args:
        saved: the content of the run's config.json, see `conflicts`.
        config: of the run that is about to start.
        presets: name -> (description, config).

    Returns:
        The saved values by dotted names, for `with_overrides`; empty if the run has another preset.
    """
    if saved.get("preset") != config.preset or config.preset not in presets:
        return {}
    usual = flatten(json.loads(json.dumps(to_dict(presets[config.preset][1]))))
    return {name: old for name, (old, new) in conflicts(saved, config).items() if new == usual.get(name)}


def defaults_of(part: Any, prefix: str = "") -> dict[str, Any]:
    """Return the default of each setting of a config under its dotted name."""
    defaults: dict[str, Any] = {}
    for item in dataclasses.fields(part):
        value = getattr(part, item.name)
        if dataclasses.is_dataclass(value):
            defaults |= defaults_of(value, f"{prefix}{item.name}.")
        elif item.default_factory is not dataclasses.MISSING:
            defaults[prefix + item.name] = item.default_factory()
        elif item.default is not dataclasses.MISSING:
            defaults[prefix + item.name] = item.default
    return defaults


def flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested values under dotted names, such as {"data.resolution": 128}; old names become the current ones."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        dotted = prefix + name
        flat.update(flatten(value, f"{dotted}.") if isinstance(value, dict) else {OLD_NAMES.get(dotted, dotted): value})
    return flat
