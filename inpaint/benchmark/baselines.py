"""Classical inpainting methods to compare with: of OpenCV, scikit-image and PyPatchMatch, and two simple ones.

The packages of the first three are in the dependency group "evaluate" and are imported when a method is loaded.
"""

import functools
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

FillPixels = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(pixels uint8 (H, W, 3), mask bool (H, W), True = hole) -> pixels of the same shape; only those in the hole count."""

TELEA = "OpenCV Telea"
RADIUS_PX = 3
"""Neighbourhood of a hole pixel that OpenCV uses, as in OpenCV's examples."""
PATCH_RADIUS_PX = 3
"""Patches of 7x7, as in PyPatchMatch's examples."""


class UnavailableError(RuntimeError):
    """A method cannot run on this machine; the message says why and how to install it."""


class Baseline(NamedTuple):
    """A classical method.

    Attributes:
        name: its name in tables.
        load: imports the packages that it needs and returns the fill; raises UnavailableError.
        slow: it takes seconds per photo, so that it is run on a subset only.
    """

    name: str
    load: Callable[[], FillPixels]
    slow: bool = False


def mean_fill(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Fill the hole with the mean colour of the known pixels, or with mid grey if there are none.

    Args:
        pixels: RGB uint8 (H, W, 3); not modified.
        mask: bool (H, W), True = hole.
    """
    filled = pixels.copy()
    known = pixels[~mask]
    filled[mask] = np.round(known.mean(axis=0)) if len(known) else 128
    return filled


def pyramid_fill(
    pixels: np.ndarray, mask: np.ndarray, method: Literal["push_pull", "initial_fill"] = "push_pull"
) -> np.ndarray:
    """Fill the hole from an image pyramid, with PyTorch.

    Args:
        pixels: RGB uint8 (H, W, 3); not modified.
        mask: bool (H, W), True = hole.
        method: function of `inpaint.networks.pyramid`.
    """
    import torch

    from inpaint.networks import pyramid
    from inpaint.networks.tensors import to_pixels, to_tensor

    fill = getattr(pyramid, method)
    image = to_tensor(pixels.copy())  # a copy, as PyTorch warns of read-only arrays
    hole = torch.from_numpy(mask.astype(np.float32))[None, None]
    return np.where(mask[:, :, None], to_pixels(fill(image * (1 - hole), hole)), pixels)


def load_opencv(method: str) -> FillPixels:
    """Return OpenCV's `cv2.inpaint`.

    Args:
        method: "INPAINT_TELEA" or "INPAINT_NS".

    Raises:
        UnavailableError: OpenCV is missing or does not load.

    Reference:
        Telea 2004, An image inpainting technique based on the fast marching method; Bertalmio, Bertozzi and Sapiro
        2001, Navier-Stokes, fluid dynamics, and image and video inpainting.
    """
    try:
        import cv2
    except ImportError as error:
        raise _unavailable(error, "opencv-python-headless") from error
    flag = getattr(cv2, method)
    return lambda pixels, mask: cv2.inpaint(pixels, mask.astype(np.uint8) * 255, RADIUS_PX, flag)


def load_biharmonic() -> FillPixels:
    """Return scikit-image's biharmonic fill.

    Raises:
        UnavailableError: scikit-image is missing or does not load.

    Reference:
        Damelin and Hoang 2018, arXiv:1707.06567.
    """
    try:
        from skimage.restoration import inpaint_biharmonic
    except ImportError as error:
        raise _unavailable(error, "scikit-image") from error

    def fill(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
        filled = inpaint_biharmonic(pixels / 255, mask, split_into_regions=True, channel_axis=-1)
        return np.round(filled.clip(0, 1) * 255).astype(np.uint8)

    return fill


def load_patchmatch() -> FillPixels:
    """Return the PatchMatch fill of the package pypatchmatch, whose wheels include OpenCV.

    Raises:
        UnavailableError: the package is missing, or its native library does not load on this machine.

    Reference:
        Barnes, Shechtman, Finkelstein and Goldman 2009, PatchMatch.
    """
    try:
        import patchmatch
    except ImportError as error:
        raise _unavailable(error, "pypatchmatch") from error
    if not patchmatch.patchmatch_available:
        raise UnavailableError(
            "its native library does not load: without a wheel for this machine it is built from source, which needs"
            " a C++ compiler, CMake and libopencv-dev; then"
            " pip install --force-reinstall --no-deps --no-cache-dir pypatchmatch"
        )
    patchmatch.set_random_seed(0)
    return lambda pixels, mask: patchmatch.inpaint(pixels, mask, patch_size=PATCH_RADIUS_PX)


def _unavailable(error: ImportError, package: str) -> UnavailableError:
    """Return the error that says whether a package is missing, or installed but broken, and how to install it."""
    reason = "not installed" if isinstance(error, ModuleNotFoundError) else f"does not load ({error})"
    return UnavailableError(f"{reason}: pip install {package}")


BASELINES = (
    Baseline("mean fill", lambda: mean_fill),
    Baseline("push-pull pyramid", lambda: pyramid_fill),
    Baseline("initial fill (ours)", lambda: functools.partial(pyramid_fill, method="initial_fill")),
    Baseline(TELEA, lambda: load_opencv("INPAINT_TELEA")),
    Baseline("OpenCV Navier-Stokes", lambda: load_opencv("INPAINT_NS")),
    Baseline("skimage biharmonic", load_biharmonic, slow=True),
    Baseline("PatchMatch", load_patchmatch, slow=True),
)
