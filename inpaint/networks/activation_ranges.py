"""Ranges of a network's activations, by which a runtime may compute its convolutions in 8-bit integers."""

import json
import math
from pathlib import Path
from typing import TypeAlias

from .errors import WeightsError

Range: TypeAlias = tuple[float, float]
"""The least and the largest value that is represented, 0 at most and 0 at least; what is beyond is clipped."""
RANGES_FILE = "activation_ranges.json"


def read_ranges(folder: Path) -> dict[str, Range]:
    """Return the range of the input of each convolution that has one, by the name of the convolution.

    Args:
        folder: of weights that come with the package. `python -m train.calibrate` measures their ranges.

    Returns:
        Nothing if the folder has none.

    Raises:
        WeightsError: the file cannot be read, or holds something else.
    """
    file = folder / RANGES_FILE
    if not file.is_file():
        return {}
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        ranges = {str(name): (float(low), float(high)) for name, (low, high) in values.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise _damaged(file) from error
    if not all(math.isfinite(high - low) and low <= 0 <= high and low < high for low, high in ranges.values()):
        raise _damaged(file)
    return ranges


def _damaged(file: Path) -> WeightsError:
    message = f"{file} holds no ranges of activations: install the package again, or delete the file to do without."
    return WeightsError(message, "damaged")
