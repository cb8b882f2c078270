"""Ranges of a network's activations, by which a runtime may compute its convolutions in 8-bit integers."""

import json
import math
from pathlib import Path
from typing import NamedTuple, TypeAlias

from .errors import WeightsError

Range: TypeAlias = tuple[float, float]
"""The least and the largest value that is represented, 0 at most and 0 at least; what is beyond is clipped."""
RANGES_FILE = "activation_ranges.json"


class ConvRanges(NamedTuple):
    """The ranges of a convolution.

    Attributes:
        input: of its input.
        output: of its output, or of that of the ReLU behind it; None: not measured.
    """

    input: Range
    output: Range | None = None


def read_ranges(folder: Path) -> dict[str, ConvRanges]:
    """Return the ranges of each convolution that has some, by its name.

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
        return {str(name): _conv_ranges(*map(float, numbers)) for name, numbers in values.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise _damaged(file) from error


def _conv_ranges(low: float, high: float, *of_output: float) -> ConvRanges:
    """Return ranges from two or four numbers; raise ValueError or TypeError if they cannot be ranges."""
    return ConvRanges(_range(low, high), _range(*of_output) if of_output else None)


def _range(low: float, high: float) -> Range:
    if not (math.isfinite(high - low) and low <= 0 <= high and low < high):
        raise ValueError
    return low, high


def _damaged(file: Path) -> WeightsError:
    message = f"{file} holds no ranges of activations: install the package again, or delete the file to do without."
    return WeightsError(message, "damaged")
