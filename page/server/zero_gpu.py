"""ZeroGPU: on a Space with shared GPUs, fills run where one is lent."""

import importlib
import os
from collections.abc import Callable
from typing import Any

from inpaint import Inpainter

LEND_S = 30
"""How long a GPU is asked for, for one stroke; a shorter time waits less."""


def on_zero_gpu() -> bool:
    """Whether this runs on a ZeroGPU Space."""
    return os.getenv("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def zero_gpu() -> Callable[..., Any] | None:
    """What borrows a GPU (`spaces.GPU`) where this runs on a ZeroGPU Space, else None.

    It must be called before anything is put on a GPU: the package makes PyTorch believe that there is one.

    Reference: https://huggingface.co/docs/hub/spaces-zerogpu
    """
    if not on_zero_gpu():
        return None
    try:
        return importlib.import_module("spaces").GPU
    except ImportError:
        return None


def lend_gpu(inpainter: Inpainter, gpu: Callable[..., Any] | None) -> Inpainter:
    """Return an Inpainter whose fills run with a borrowed GPU; without one, the Inpainter itself.

    A whole stroke is one loan, as each has its price. The function runs in another process: only numpy arrays go in
    and come out, and the visitor's session stays here.
    """
    if gpu is None:
        return inpainter
    fills = inpainter.fills

    def fill_holes(*arguments: Any) -> list:
        return list(fills(*arguments))

    return inpainter.with_fills(gpu(duration=LEND_S)(fill_holes))
