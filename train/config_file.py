"""A training run as YAML or JSON: `python -m train --config FILE`.

The file names a preset and holds the settings that differ from it, nested like a config:
`{"preset": "tiny", "images": 40, "data": {"dataset": ["me/photos"]}}`. The folder of a run holds two such files:
run.yaml has the settings that differ from the preset, and config.json has all of them.
"""

import argparse
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from inpaint.os_errors import words_of

from .presets import PRESETS
from .run_config import CONFIG_VERSION, LENGTHS, RunConfig
from .settings import current_flags, defaults_of, differences, flatten, unknown_settings, with_overrides

Config = TypeVar("Config")
log = logging.getLogger(__name__)


def config_to_json(config: RunConfig, presets: Mapping[str, tuple[str, RunConfig]] = PRESETS) -> str:
    """Return the JSON of a config in one line: its preset, and what differs from the preset.

    Raises:
        ValueError: the config belongs to no preset, or has a generator of another architecture than its preset.
    """
    return json.dumps(nested_differences(config, presets))


def nested_differences(config: RunConfig, presets: Mapping[str, tuple[str, RunConfig]] = PRESETS) -> dict[str, Any]:
    """Return the preset of a config and what differs from it, nested like a config; errors as for `config_to_json`."""
    values: dict[str, Any] = {"preset": config.preset}
    for name, value in differences(config, presets).items():
        *parts, last = name.split(".")
        part = values
        for each in parts:
            part = part.setdefault(each, {})
        part[last] = value
    return values


def read_config(source: str, presets: Mapping[str, tuple[str, Config]]) -> Config:
    """Return the config that YAML or JSON describes.

    Args:
        source: the path of a file of YAML (.yaml, .yml) or JSON, or JSON itself, which starts with "{". Settings that
            it lacks are those of its preset; in a run's config.json, which has a version, those that the program did
            not have yet, and they count as their defaults.
        presets: name -> (description, config).

    Raises:
        ValueError: the file cannot be read, is not such JSON, or a setting is unknown or out of range.
    """
    is_text = source.lstrip().startswith("{")
    name_of = "The config" if is_text else source
    try:
        text = source if is_text else Path(source).read_text(encoding="utf-8")
        values = yaml.safe_load(text) if source.endswith((".yaml", ".yml")) else json.loads(text)
    except OSError as error:
        raise ValueError(f"{source} cannot be read ({words_of(error)}): give a file of YAML or JSON.") from error
    except yaml.YAMLError as error:
        raise ValueError(f"{name_of} is not YAML ({' '.join(str(error).split())}).") from error
    except ValueError as error:
        raise ValueError(f"{name_of} is not JSON ({error}).") from error
    preset = values.pop("preset", None) if isinstance(values, dict) else None
    written = isinstance(values, dict) and "version" in values  # by a program, perhaps a newer one
    version = values.pop("version") if written else CONFIG_VERSION
    if written:
        values.pop("ran", None)  # no setting: what has run, see `train.run.checkpoint.record_ran`
    if not isinstance(version, int) or version > CONFIG_VERSION:
        raise ValueError(
            f"{name_of} has version {version!r}; this program reads versions up to {CONFIG_VERSION}: update it."
        )
    if not isinstance(preset, str) or preset not in presets:
        raise ValueError(f'{name_of} names the preset {preset!r}; "preset" must be one of {", ".join(presets)}.')
    base = presets[preset][1]
    for part, value in values.items():
        expected = getattr(getattr(base, part, None), "architecture", None)
        given = value.pop("architecture", expected) if isinstance(value, dict) else expected
        if given != expected:
            raise ValueError(f"{part}.architecture is {given!r}; with the preset {preset} it must be {expected!r}.")
    settings = flatten(values)
    if written:
        for name in unknown_settings(base, settings):
            log.warning("%s has the setting %s, which this version does not know: it is ignored.", name_of, name)
            del settings[name]
        # an older program has left out what it did not know, and the preset may have other values for that by now
        settings = {**defaults_of(base), "preset": preset, **settings}
    return with_overrides(base, settings)


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
    import tyro  # not on every machine that reads a file

    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config")
    options, flags = parser.parse_known_args(current_flags(arguments))
    if options.config is None:
        offered = {name: (text, _without_length(config, flags)) for name, (text, config) in presets.items()}
        return tyro.extras.overridable_config_cli(offered, args=flags, prog=prog, description=description)
    of_file = _without_length(read_config(options.config, presets), flags)
    chosen = {"FILE": ("the settings of the file", of_file)}
    return tyro.extras.overridable_config_cli(chosen, args=["FILE", *flags], prog=f"{prog} --config")


def _without_length(config: Config, flags: Sequence[str]) -> Config:
    """Return the config without its own length if the command line has another one: with --epochs, without `images`."""
    given = {flag.partition("=")[0].removeprefix("--").replace("-", "_") for flag in flags if flag.startswith("--")}
    chosen = [name for name in LENGTHS if name in given]
    return with_overrides(config, {chosen[0]: 1}) if chosen else config
