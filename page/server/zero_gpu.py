"""ZeroGPU: on a Space with shared GPUs, fills run on a GPU that is allocated for each stroke."""

import importlib
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from inpaint import Inpainter
from inpaint.engine.fills import Cancelled, Fill, without_drafts
from inpaint.engine.options import FillOptions
from inpaint.engine.regions import Box

DURATION_S = 30
"""For how long a GPU is requested per stroke; shorter requests are served sooner."""


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

    on_gpu = gpu(duration=DURATION_S)(fill_all)

    def fill_holes(
        pixels: np.ndarray, mask: np.ndarray, within: Box | None, options: FillOptions, _: Cancelled | None
    ) -> list[Fill]:
        return on_gpu(pixels, mask, within, options)  # a running allocation cannot be cancelled

    return inpainter.with_fills(fill_holes)
