"""Losses and mask families beyond the built-in ones: a name and where the function is, one line each.

docs/extending.md has an example of each. The function is imported when a run uses it.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

LOSSES: dict[str, str] = {
    "rim_l1": "train.generator.surface_losses:rim_l1",
    "block_mean_l1": "train.generator.surface_losses:block_mean_l1",
    "style": "train.generator.surface_losses:style",
}
"""Name in `--loss.extra` -> "module:function"; the function takes a `train.generator.losses.LossInputs`."""
MASK_FAMILIES: dict[str, str] = {
    "thin": "train.masks.thin:thin_damage",
}
"""Name in `--data.masks.extra` -> "module:function"; the function is a `train.masks.families.MaskFamily`."""


def load(table: Mapping[str, str], name: str, setting: str) -> Callable[..., Any]:
    """Return the function that is registered under a name.

    Args:
        table: LOSSES or MASK_FAMILIES.
        name: of the function.
        setting: where the name was given, for the message.

    Raises:
        ValueError: there is no such name.
    """
    if name not in table:
        known = ", ".join(table) or "none"
        raise ValueError(f"{setting} names {name!r}; registered are {known}: add a line to train/registry.py.")
    module, _, function = table[name].partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found
