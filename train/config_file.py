"""A training run as JSON: `python -m train --config FILE`.

The JSON names a preset and holds the settings that differ from it, nested like a config:
`{"preset": "tiny", "images": 40, "data": {"dataset": ["me/photos"]}}`. The config.json in the folder of a run is such
a file as well; it holds all settings.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import tyro

from .config import TrainConfig, flatten
from .presets import current_flags, differences, with_overrides

Config = TypeVar("Config")


def config_to_json(config: TrainConfig) -> str:
    """Return the JSON of a config in one line: its preset, and what differs from the preset.

    Raises:
        ValueError: the config belongs to no preset, or has a generator of another architecture than its preset.
    """
    values: dict[str, Any] = {"preset": config.preset}
    for name, value in differences(config).items():
        *parts, last = name.split(".")
        part = values
        for each in parts:
            part = part.setdefault(each, {})
        part[last] = value
    return json.dumps(values)


def read_config(source: str, presets: Mapping[str, tuple[str, Config]]) -> Config:
    """Return the config that JSON describes.

    Args:
        source: the path of a JSON file, or the JSON itself, which starts with "{".
        presets: name -> (description, config).

    Raises:
        ValueError: the file cannot be read, is not such JSON, or a setting is unknown or out of range.
    """
    is_text = source.lstrip().startswith("{")
    name = "The config" if is_text else source
    try:
        values = json.loads(source if is_text else Path(source).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{source} cannot be read ({error.strerror}): give a JSON file, or JSON.") from error
    except ValueError as error:
        raise ValueError(f"{name} is not JSON ({error}).") from error
    preset = values.pop("preset", None) if isinstance(values, dict) else None
    if not isinstance(preset, str) or preset not in presets:
        raise ValueError(f'{name} names the preset {preset!r}; "preset" must be one of {", ".join(presets)}.')
    base = presets[preset][1]
    for part, value in values.items():
        expected = getattr(getattr(base, part, None), "architecture", None)
        given = value.pop("architecture", expected) if isinstance(value, dict) else expected
        if given != expected:
            raise ValueError(f"{part}.architecture is {given!r}; with the preset {preset} it must be {expected!r}.")
    return with_overrides(base, flatten(values))


def parse_config(
    arguments: Sequence[str], presets: Mapping[str, tuple[str, Config]], prog: str, description: str | None = None
) -> Config:
    """Return the config of a command line: `PRESET [--flags]` or `--config FILE [--flags]`.

    Args:
        arguments: the command line. Flags override the settings of the preset or file.
        presets: name -> (description, config).
        prog: the command, for --help.
        description: for --help; None: none.

    Raises:
        ValueError: the file is wrong, see `read_config`, or a setting is out of range.
        SystemExit: --help, or flags that cannot be parsed.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config")
    options, flags = parser.parse_known_args(current_flags(arguments))
    if options.config is None:
        return tyro.extras.overridable_config_cli(dict(presets), args=flags, prog=prog, description=description)
    chosen = {"FILE": ("the settings of the file", read_config(options.config, presets))}
    return tyro.extras.overridable_config_cli(chosen, args=["FILE", *flags], prog=f"{prog} --config")
