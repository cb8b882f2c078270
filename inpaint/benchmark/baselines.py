"""OpenCV's classical fills, to compare with; the package is in the dependency group "evaluate"."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from inpaint.inpainter import Inpainter
from inpaint.networks.pyramid import drop_unknown, initial_fill, push_pull
from inpaint.networks.tensors import to_pixels, to_tensor

FillPixels = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(pixels uint8 (H, W, 3), mask bool (H, W), True = hole) -> pixels of the same shape; only the hole counts."""

RADIUS_PX = 3  # what OpenCV looks at around a hole pixel, as in its own examples


class UnavailableError(RuntimeError):
    """A method cannot run on this machine; the message says why and how to install it."""


def load_opencv(method: str) -> FillPixels:
    """OpenCV's cv2.inpaint.

    Args:
        method: "INPAINT_TELEA" or "INPAINT_NS".

    Raises:
        UnavailableError: OpenCV is missing or does not load.

    Reference:
        Telea 2004; Bertalmio, Bertozzi and Sapiro 2001.
    """
    try:
        import cv2
    except ImportError as error:
        raise UnavailableError(f"{import_reason(error)}: pip install opencv-python-headless") from error
    flag = getattr(cv2, method)
    return lambda pixels, mask: cv2.inpaint(pixels, mask.astype(np.uint8) * 255, RADIUS_PX, flag)


def import_reason(error: ImportError) -> str:
    """Missing, or there but broken (a system library, a wrong Python)."""
    return "not installed" if isinstance(error, ModuleNotFoundError) else f"does not load ({error})"


WHOLE_PX = 512


def whole_picture(inpainter: Inpainter, side_px: int = WHOLE_PX) -> FillPixels:
    """A fill by one pass over the whole photo.

    Args:
        inpainter: whose generator and runtime are used. A generator with a size of its own gets that.
        side_px: the longer side of the shrunk photo; a smaller photo keeps its size. Sides are rounded to what the
            generator takes.
    """
    fixed, multiple = inpainter.generator.fixed_size, inpainter.generator.multiple

    @torch.inference_mode()
    def fill(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
        height, width = mask.shape
        scale = min(1, side_px / max(height, width))
        sides = [fixed or max(1, round(side * scale / multiple)) * multiple for side in (width, height)]
        colour, weight = _shrink(pixels, mask, (sides[0], sides[1]))
        image, hole = (part.to(inpainter.device) for part in drop_unknown(to_tensor(colour), weight))
        prediction = Image.fromarray(to_pixels(inpainter.runtime(image, hole)))
        filled = np.array(prediction.resize((width, height), Image.Resampling.BICUBIC))
        return np.where(mask[..., None], filled, pixels)

    return fill


def _shrink(pixels: np.ndarray, mask: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, torch.Tensor]:
    """Mean colour of the known pixels (uint8), so that none from under the hole shows, and their share (1, 1, h, w)."""
    known = np.where(mask, np.uint8(0), np.uint8(255))
    weight = np.asarray(Image.fromarray(known).resize(size, Image.Resampling.BOX)).astype(np.float32) / 255
    dark = Image.fromarray(np.where(mask[..., None], np.uint8(0), pixels))
    small = np.asarray(dark.resize(size, Image.Resampling.BOX)).astype(np.float32)
    colour = np.clip(small / np.maximum(weight, 1 / 255)[..., None], 0, 255).round().astype(np.uint8)
    return colour, torch.from_numpy(weight)[None, None]


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
    Baseline("initial fill (ours)", lambda: functools.partial(pyramid_fill, method=initial_fill)),
    Baseline("OpenCV Telea", lambda: load_opencv("INPAINT_TELEA")),
    Baseline("OpenCV Navier-Stokes", lambda: load_opencv("INPAINT_NS")),
    Baseline("skimage biharmonic", load_biharmonic, slow=True),
    Baseline("PatchMatch", load_patchmatch, slow=True),
)
