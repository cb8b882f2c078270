"""Methods that an evaluation compares: our weights and classical baselines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from inpaint.benchmark.baselines import Baseline, FillPixels, UnavailableError
from inpaint.inpainter import Inpainter
from train.masks.families import central_region

from .results import OURS

NETWORK_ONLY = "network only (ours)"
"""Our fills without the synthesis of thick holes."""


class Method(NamedTuple):
    """An inpainting method.

    Attributes:
        name: in tables and sheets.
        fill: maps RGB uint8 (H, W, 3) and bool (H, W), True = hole, to pixels; None if the method cannot run here.
        slow: run it on the first photos only.
        reason: why it cannot run; empty if it can.
    """

    name: str
    fill: FillPixels | None
    slow: bool = False
    reason: str = ""


def load_baseline(baseline: Baseline) -> Method:
    """Return a baseline ready to run, or with the reason why it cannot run on this machine."""
    try:
        return Method(baseline.name, baseline.load(), baseline.slow)
    except UnavailableError as error:
        return Method(baseline.name, None, baseline.slow, str(error))


def our_method(weights: str | None) -> Method:
    """Return a method that fills with the given weights.

    Args:
        weights: a folder, a Hub repository, or REPO_ID@REVISION; None: the bundled weights.

    Raises:
        ValueError: the weights cannot be loaded.
    """
    return inpainter_method(OURS, Inpainter.from_pretrained(weights))


def our_methods(weights: str | None) -> list[Method]:
    """Return our method, preceded by the network alone where the engine synthesises thick holes.

    Args:
        weights: as in `our_method`.

    Raises:
        ValueError: the weights cannot be loaded.
    """
    inpainter = Inpainter.from_pretrained(weights)
    ours = [inpainter_method(OURS, inpainter)]
    if not inpainter.filler.synthesises:
        return ours
    return [inpainter_method(NETWORK_ONLY, without_synthesis(inpainter)), *ours]


def without_synthesis(inpainter: Inpainter) -> Inpainter:
    """Return an inpainter whose fills are those of the network alone."""
    return inpainter.with_fills(inpainter.filler.without_synthesis().fills)


def inpainter_method(name: str, inpainter: Inpainter) -> Method:
    """Return an Inpainter as a method."""
    return warmed_up(Method(name, lambda pixels, mask: np.array(inpainter(pixels, mask))))


def warmed_up(method: Method) -> Method:
    """Run a method once, so that the time of its first measured fill does not include its set-up."""
    assert method.fill is not None
    method.fill(np.zeros((64, 64, 3), dtype=np.uint8), central_region(64, 64))
    return method
