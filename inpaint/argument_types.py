"""Arguments of the command line that are more than a text or a number."""

import argparse
import math
from typing import NamedTuple

from inpaint.segmentation.kinds import check_kinds


class Shard(NamedTuple):
    """Which part of the work a run does, of several runs.

    Attributes:
        number: from 1.
        of: how many runs there are.
    """

    number: int = 1
    of: int = 1


ALL_PAGES = 0
"""The number of the page for --page all."""


def page(text: str) -> int:
    """Return the number of a page, or ALL_PAGES."""
    if text == "all":
        return ALL_PAGES
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no page: use a number from 1, or all")
    return int(text)


def shard(text: str) -> Shard:
    """Return the shard that a text such as "1/4" names."""
    number, _, of = text.partition("/")
    if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise argparse.ArgumentTypeError(f"{text!r} is no part of a whole: use one such as 1/4, the first of four")
    return Shard(int(number), int(of))


def kinds(text: str) -> frozenset[str]:
    """Return the kinds of damage that a text such as "lines,specks" names."""
    try:
        return check_kinds([kind.strip() for kind in text.split(",")])
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def megapixels(text: str) -> float:
    """Return a number of megapixels above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 1e-6 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of megapixels above 0: use one such as 120")
    return number
