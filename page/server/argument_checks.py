"""Checks of the arguments that several endpoints have."""

import reprlib
from typing import Any

from inpaint.damage import THRESHOLD, check_threshold
from inpaint.engine.options import FillOptions
from page.server.api_calls import call_error
from page.server.checks import MAX_GROW_PX

LARGE = 1e9
"""Beyond the range of every number of a call."""


def check_numbers(*, threshold: object = THRESHOLD, grow_px: object = 0, seed: Any = 0) -> None:
    """Check numbers of a call.

    Raises:
        gr.Error: says which number, the rule and the next step.
    """
    level = _number("threshold", threshold)  # not below: its error is a ValueError too
    try:
        check_threshold(level)
        FillOptions(seed)
    except ValueError as error:
        raise call_error(str(error)) from None
    if not 0 <= _number("grow_px", grow_px) <= MAX_GROW_PX:
        raise call_error(f"grow_px is {reprlib.repr(grow_px)}; it must be a number of pixels from 0 to {MAX_GROW_PX}")


def _number(name: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
        raise call_error(f"{name} is {reprlib.repr(value)}; it must be a number")
    return float(min(max(value, -LARGE), LARGE))  # whole numbers may be too large for a float


def check_flag(name: str, value: object) -> None:
    """Raise gr.Error unless a value is true or false."""
    if not isinstance(value, bool):
        raise call_error(f"{name} is {reprlib.repr(value)}; it must be true or false")
