"""What the results of an archive are made of: recorded beside them, and the same in every run that continues them.

Names of folders that lie above the photos or the weights are left out, since the results may be published.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from inpaint.hub.files import WEIGHTS_FILE
from inpaint.photos.patterns import fixed_part, is_pattern

from .hub_paths import is_hub_path


def wanted_manifest(place: str, settings: Mapping[str, Any], files: str, parts: int) -> dict[str, Any]:
    """Return what must be the same when a run is resumed.

    Args:
        place: of the photos, as the user named it.
        settings: what else decides the results, in JSON's types.
        files: changes with the files of the source.
        parts: number of parts.
    """
    return {"source": place_name(place), "place": _place_id(place), **settings, "files": files, "parts": parts}


def check_same(known: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Raise ValueError if results are there of other photos or settings.

    Args:
        known: the manifest that is there.
        wanted: as `wanted_manifest` returns it.
    """
    source = wanted["source"]
    if "place" not in known and "source" in known:  # of an earlier version, which wrote the source as it was typed
        known = {**known, "source": place_name(known["source"]), "place": _place_id(known["source"])}
        known["model"] = model_name(known.get("model"))
    for name, value in wanted.items():
        if known.get(name) == value:
            continue
        if name == "files":
            raise ValueError(
                f"files were added to {source}, removed or renamed since the output was begun, and its parts would "
                "hold other photos: choose another OUT"
            )
        if name == "place":
            raise ValueError(
                f"the output holds results of another place that is called {source}: name the photos as in the first "
                "run, or choose another OUT"
            )
        raise ValueError(
            f"the output holds results of a run with {name} {known.get(name)!r}, and now it is {value!r}: use the "
            "same, or choose another OUT"
        )


def place_name(place: str) -> str:
    """Return the name of a place without the folders above it; names on the Hub stay whole.

    Args:
        place: a folder, file or pattern, or a place on the Hub.
    """
    if is_hub_path(place):
        return place
    if not is_pattern(place):
        return os.path.basename(os.path.abspath(place)) or "a disk"
    base = fixed_part(Path(place))
    return f"{os.path.basename(os.path.abspath(base))}/{Path(place).relative_to(base).as_posix()}"


def _place_id(place: str) -> str:
    """Return a text that differs between places of the same name, such as box1/scans and box2/scans."""
    return hashlib.sha256((place if is_hub_path(place) else os.path.normpath(place)).encode()).hexdigest()[:16]


def model_name(model: str | None) -> str | None:
    """Return what identifies weights on every computer: a repository's name, or the name and contents of a folder."""
    if model is None or not Path(model).is_dir():
        return model
    weights = Path(model) / WEIGHTS_FILE
    digest = hashlib.sha256(weights.read_bytes() if weights.exists() else b"").hexdigest()[:16]
    return f"{place_name(model)} (sha256 {digest})"
