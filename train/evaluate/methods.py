"""The methods that an evaluation compares: our weights, and the classical baselines that run here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from inpaint.benchmark.baselines import Baseline, FillPixels, UnavailableError
from inpaint.inpainter import Inpainter
from train.masks.families import central_region

from .results import OURS

NETWORK = "our network alone"
"""The fills without the texture that the engine adds to them."""


class Method(NamedTuple):
    """A method ready to run; fill is None if it cannot run here, for the reason given."""

    name: str
    fill: FillPixels | None
    slow: bool = False
    reason: str = ""


def prepare(baseline: Baseline) -> Method:
    """The baseline ready to run, or with the reason why it cannot."""
    try:
        return Method(baseline.name, baseline.load(), baseline.slow)
    except UnavailableError as error:
        return Method(baseline.name, None, baseline.slow, str(error))


def our_method(weights: str | None) -> Method:
    """Our weights as a method.

    Args:
        weights: a folder, a Hub repo id, or REPO_ID@REVISION; None: the bundled weights.

    Raises:
        ValueError: they cannot be had; the message says why and what to do.
    """
    return _as_method(OURS, Inpainter.from_pretrained(weights))


def our_methods(weights: str | None) -> list[Method]:
    """Our weights as a method, and before it the network alone, where the engine adds texture to its fills.

    Arguments and errors are those of `our_method`.
    """
    inpainter = Inpainter.from_pretrained(weights)
    alone = inpainter.with_fills(inpainter.filler.without_texture().fills)
    network = [_as_method(NETWORK, alone)] if inpainter.filler.crop_sizes.textured_passes else []
    return [*network, _as_method(OURS, inpainter)]


def _as_method(name: str, inpainter: Inpainter) -> Method:
    tiny = np.zeros((64, 64, 3), dtype=np.uint8)
    inpainter(tiny, central_region(64, 64))  # the first call sets up more than it fills: not timed
    return Method(name, lambda pixels, mask: np.array(inpainter(pixels, mask)))
