"""Load files of earlier versions, in which some layers and settings had other names."""

from collections.abc import Iterable, Mapping
from typing import Any

OLD_KEYS: Mapping[str, Mapping[str, str]] = {
    "free-form": {
        "borrow.match.": "contextual_attention.key.",
        "borrow.lend.": "contextual_attention.value.",
        "borrow.take.": "contextual_attention.output.",
        "borrow.sharpness": "contextual_attention.softmax_scale",
    }
}
"""Architecture -> beginnings of state-dict keys in files of earlier versions, and what they are now."""


def current_keys(keys: Iterable[str], old_keys: Mapping[str, str]) -> dict[str, str]:
    """Return the current name of each state-dict key.

    Args:
        keys: the keys of a state dict or of a weights file.
        old_keys: beginnings of old keys, and what replaces them.

    Returns:
        Key as given -> current key. A key that is current, or unknown, or whose current form is among `keys` as well,
        is unchanged.
    """
    keys = set(keys)
    names = {}
    for key in keys:
        new = next((to + key.removeprefix(start) for start, to in old_keys.items() if key.startswith(start)), key)
        names[key] = key if new in keys else new
    return names


def rename_in_place(state_dict: dict[str, Any], prefix: str, old_keys: Mapping[str, str]) -> None:
    """Rename the old keys of a module in a state dict, for `Module._load_from_state_dict`.

    Args:
        state_dict: modified.
        prefix: what the keys of the module start with: "" or, for example, "generator.".
        old_keys: as for `current_keys`, without the prefix.
    """
    prefixed = {prefix + start: prefix + to for start, to in old_keys.items()}
    for key, new in current_keys(list(state_dict), prefixed).items():
        if new != key:
            state_dict[new] = state_dict.pop(key)
