"""ZeroGPU: on a Space with shared GPUs, fills run on a GPU that is allocated for each stroke."""

import importlib
import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from inpaint import Inpainter
from inpaint.engine.fills import Cancelled, Fill, without_drafts
from inpaint.engine.options import FillOptions
from inpaint.engine.regions import Box

START_S, MAX_DURATION_S = 5, 60
"""Seconds that an allocation takes by itself, with a margin, and the longest one that is requested."""
S_PER_MEGAPIXEL = 44
"""Seconds per million pixels of holes: four times what the slowest kind, lines of 6 px, takes on one CPU core (11 s; a
square hole takes 1 to 5 s), as a worker's CPU is shared. `python -m inpaint.benchmark` measures such fills."""
REACH_PX = 512
"""How far around a changed box holes are filled anew, at most."""


def on_zero_gpu() -> bool:
    """Return whether this process runs on a ZeroGPU Space."""
    return os.getenv("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def zero_gpu() -> Callable[..., Any] | None:
    """Return the decorator `spaces.GPU` on a ZeroGPU Space that has the package, else None.

    Call it before anything is put on a GPU: importing the package makes PyTorch report a GPU.

    Reference:
        https://huggingface.co/docs/hub/spaces-zerogpu
    """
    if not on_zero_gpu():
        return None
    try:
        return importlib.import_module("spaces").GPU
    except ImportError:
        return None


def duration_s(pixels: np.ndarray, mask: np.ndarray, within: Box | None, options: FillOptions) -> int:
    """Return for how many seconds a GPU is requested for a fill; shorter requests are served sooner.

    The visitor's quota of the day must have room for what is requested, and pays for what is used.

    Args:
        pixels: as for `Inpainter.fills`.
        mask: as there.
        within: as there.
        options: as there.
    """
    if within is not None:
        top, left = max(0, within.top - REACH_PX), max(0, within.left - REACH_PX)
        mask = mask[top : within.bottom + REACH_PX, left : within.right + REACH_PX]
    seconds = START_S + S_PER_MEGAPIXEL * np.count_nonzero(mask) / 1e6
    return min(math.ceil(seconds), MAX_DURATION_S)


def with_zero_gpu(inpainter: Inpainter, gpu: Callable[..., Any] | None) -> Inpainter:
    """Return an Inpainter whose fills run on an allocated GPU; the same Inpainter if `gpu` is None.

    A whole stroke is one allocation, as each one has a fixed cost, so it returns the final fills without drafts. The
    function runs in another process: only NumPy arrays and options go in and come out, and the session stays in this
    one.

    Args:
        inpainter: fills the holes.
        gpu: what `zero_gpu` returned.
    """
    if gpu is None:
        return inpainter

    def fill_all(*arguments: Any) -> list[Fill]:
        return list(without_drafts(inpainter.fill_holes(*arguments, None)))

    on_gpu = gpu(duration=duration_s)(fill_all)

    def fill_holes(
        pixels: np.ndarray, mask: np.ndarray, within: Box | None, options: FillOptions, _: Cancelled | None
    ) -> list[Fill]:
        return on_gpu(pixels, mask, within, options)  # a running allocation cannot be cancelled

    return inpainter.with_fills(fill_holes)
