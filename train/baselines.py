"""Classical inpainting methods to compare with; the packages behind them are the optional extra "evaluate"."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from inpaint.image import to_pixels, to_tensor
from inpaint.opencv import FillPixels, UnavailableError, import_reason, load_opencv
from inpaint.pyramid import push_pull, smooth_fill

PATCH_RADIUS = 3  # patches of 7x7, as in PyPatchMatch's own examples


class Baseline(NamedTuple):
    """A classical method.

    Attributes:
        name: as it stands in tables.
        load: imports what it needs and returns the fill; raises UnavailableError.
        slow: seconds per photo; run on a subset only.
    """

    name: str
    load: Callable[[], FillPixels]
    slow: bool = False


def mean_fill(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The mean colour of the known pixels in the hole; mid grey if none is known."""
    filled = pixels.copy()
    known = pixels[~mask]
    filled[mask] = np.round(known.mean(axis=0)) if len(known) else 128
    return filled


def pyramid_fill(
    pixels: np.ndarray, mask: np.ndarray, method: Callable[[Tensor, Tensor], Tensor] = push_pull
) -> np.ndarray:
    """Push-pull: known pixels averaged down an image pyramid and carried back up into the hole; or a like method."""
    image = to_tensor(pixels.copy())  # a copy, as PyTorch warns of arrays that are read-only
    hole = torch.from_numpy(mask.astype(np.float32))[None, None]
    return np.where(mask[:, :, None], to_pixels(method(image * (1 - hole), hole)), pixels)


def load_biharmonic() -> FillPixels:
    """scikit-image's biharmonic fill.

    Raises:
        UnavailableError: scikit-image is missing.

    Reference:
        Damelin and Hoang 2018.
    """
    try:
        from skimage.restoration import inpaint_biharmonic
    except ImportError as error:
        raise UnavailableError(f"{import_reason(error)}: pip install scikit-image") from error

    def fill(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
        filled = inpaint_biharmonic(pixels / 255, mask, split_into_regions=True, channel_axis=-1)
        return np.round(filled.clip(0, 1) * 255).astype(np.uint8)

    return fill


def load_patchmatch() -> FillPixels:
    """PatchMatch of the PyPI package pypatchmatch, which brings its own OpenCV where it has a wheel.

    Raises:
        UnavailableError: the package is missing or its native library does not load on this machine.

    Reference:
        Barnes, Shechtman, Finkelstein and Goldman 2009.
    """
    try:
        import patchmatch
    except ImportError as error:
        raise UnavailableError(f"{import_reason(error)}: pip install pypatchmatch") from error
    if not patchmatch.patchmatch_available:
        raise UnavailableError(
            "its native library does not load: without a wheel for this machine it is built from source, which needs"
            " a C++ compiler, CMake and libopencv-dev; then"
            " pip install --force-reinstall --no-deps --no-cache-dir pypatchmatch"
        )
    patchmatch.set_random_seed(0)
    return lambda pixels, mask: patchmatch.inpaint(pixels, mask, patch_size=PATCH_RADIUS)


BASELINES = (
    Baseline("mean fill", lambda: mean_fill),
    Baseline("push-pull pyramid", lambda: pyramid_fill),
    Baseline("our first guess", lambda: functools.partial(pyramid_fill, method=smooth_fill)),
    Baseline("OpenCV Telea", lambda: load_opencv("INPAINT_TELEA")),
    Baseline("OpenCV Navier-Stokes", lambda: load_opencv("INPAINT_NS")),
    Baseline("skimage biharmonic", load_biharmonic, slow=True),
    Baseline("PatchMatch", load_patchmatch, slow=True),
)
