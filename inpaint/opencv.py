"""OpenCV's classical fills, to compare with; the package is in the dependency group "evaluate"."""

from collections.abc import Callable

import numpy as np

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
