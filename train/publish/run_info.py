"""Facts about a training run that its model card states, read from the files in its folder."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open

from inpaint.hub.files import CONFIG_FILE, WEIGHTS_FILE

LOSSES_FILE = "losses.jsonl"
BUNDLED_NAMES = {
    "bundled": "the weights bundled with the program",
    "bundled-thin": "the weights for thin damage bundled with the program",
    "context-encoder": "the Context Encoder bundled with the program",
}
"""Name of bundled weights -> what a card calls them."""


def read_json(path: Path) -> Any:
    """Return the value in a JSON file; None if the file is missing or not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def run_config(run_dir: Path) -> dict[str, Any]:
    """Return the config of a run as plain values; empty if it is not recorded."""
    config = read_json(run_dir / CONFIG_FILE)
    return config if isinstance(config, dict) else {}


def section(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a nested part of a config, such as "data"; empty if there is none."""
    value = config.get(name)
    return value if isinstance(value, dict) else {}


def datasets(config: Mapping[str, Any]) -> list[str]:
    """Return the datasets of a config, with those mixed in and without subsets: "owner/name" of "owner/name:subset"."""
    data = section(config, "data")
    given = data.get("dataset") or config.get("dataset") or []
    names = [given] if isinstance(given, str) else [str(name) for name in given]
    names = list(dict.fromkeys([*names, *map(str, data.get("mixed") or [])]))
    return [name if Path(name).exists() else name.partition(":")[0] for name in names]


def hub_datasets(config: Mapping[str, Any]) -> list[str]:
    """Return the datasets of a config that are on the Hub; local folders and files are left out."""
    return [name for name in datasets(config) if is_hub_id(name)]


def is_hub_id(name: str) -> bool:
    """Return whether a name is a repository id and not an existing local path."""
    return re.fullmatch(r"[\w][\w.-]*(/[\w][\w.-]*)?", name) is not None and not Path(name).exists()


def initial_weights(config: Mapping[str, Any]) -> str | None:
    """Return what a run was initialised from, as text without local paths; None for random weights."""
    init_from = config.get("init_from")
    if not isinstance(init_from, str):
        return None
    if init_from in BUNDLED_NAMES:
        return BUNDLED_NAMES[init_from]
    if is_hub_id(init_from.partition("@")[0]):
        return init_from
    folder = Path(init_from)
    return f"the weights of {folder.parent.name if folder.name == 'weights' else folder.name}"


def images_seen(run_dir: Path) -> int:
    """Return the length of a run in images, from its losses file; 0 if it is not recorded."""
    try:
        return int(json.loads((run_dir / LOSSES_FILE).read_text().splitlines()[-1])["images_seen"])
    except (OSError, ValueError, LookupError):
        return 0


def parameter_count(folder: Path) -> int:
    """Return the number of weights in a folder's safetensors file, without the statistics of batch norms."""
    with safe_open(folder / WEIGHTS_FILE, framework="pt") as file:
        return sum(file.get_tensor(name).numel() for name in file.keys() if "running_" not in name)  # noqa: SIM118
