"""Ranges of a network's activations, by which a runtime may compute its convolutions in 8-bit integers."""

import json
from pathlib import Path
from typing import TypeAlias

Range: TypeAlias = tuple[float, float]
"""The least and the largest value that is represented, 0 at most and 0 at least; what is beyond is clipped."""
RANGES_FILE = "activation_ranges.json"


def read_ranges(folder: Path) -> dict[str, Range]:
    """Return the range of the input of each convolution that has one, by the name of the convolution.

    Args:
        folder: of weights that come with the package. `python -m train.calibrate` measures their ranges.

    Returns:
        Nothing if the folder has none.
    """
    file = folder / RANGES_FILE
    if not file.is_file():
        return {}
    ranges: dict[str, list[float]] = json.loads(file.read_text(encoding="utf-8"))
    return {name: (low, high) for name, (low, high) in ranges.items()}
