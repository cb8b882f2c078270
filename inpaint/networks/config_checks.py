"""Checks of the fields of a config."""

import dataclasses
import types
import typing
from typing import Any, Literal, get_args, get_origin, get_type_hints

from .errors import Kind


class ConfigError(ValueError):
    """A network's config is unknown or incomplete, or a value has the wrong type or is out of range.

    Arguments are those of `WeightsError`.
    """

    def __init__(self, message: str, kind: Kind = "config", **values: str) -> None:
        super().__init__(message)
        self.kind, self.values = kind, values


def check_range(config: object, name: str, low: int, high: int) -> None:
    """Raise ConfigError unless a field, or each item of a tuple, lies between two numbers."""
    value = getattr(config, name)
    for item in value if isinstance(value, tuple) else (value,):
        if not low <= item <= high:
            raise ConfigError(
                f"{name} is {value}; it must lie between {low} and {high}",
                "config_range",
                field=name,
                value=str(value),
                low=str(low),
                high=str(high),
            )


def _matches(value: Any, annotation: Any) -> bool:
    """Return whether a value has the annotated type; covers the types that configs use."""
    origin = get_origin(annotation)
    if origin is Literal:
        return isinstance(value, str) and value in get_args(annotation)
    if origin is tuple:
        kinds = get_args(annotation)
        return isinstance(value, tuple) and len(value) == len(kinds) and all(map(_matches, value, kinds))
    if origin in (typing.Union, types.UnionType):
        return any(_matches(value, kind) for kind in get_args(annotation))
    return type(value) is annotation


def check_types(config: Any) -> None:
    """Raise ConfigError unless each field of a dataclass has its annotated type."""
    hints = get_type_hints(type(config))
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if not _matches(value, hints[field.name]):
            wanted = getattr(hints[field.name], "__name__", hints[field.name])
            if get_origin(hints[field.name]) is Literal:
                wanted = "one of " + ", ".join(map(repr, get_args(hints[field.name])))
            elif get_origin(hints[field.name]) is tuple:
                wanted = f"a list of {len(get_args(hints[field.name]))} whole numbers"
            raise ConfigError(f"{field.name} is {value!r}; it must be {wanted}")
