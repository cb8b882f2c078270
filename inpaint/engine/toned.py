"""Toned photos, such as sepia prints: their fills get the tint of the print.

In the scan of such a print colour depends on brightness alone. Damage does not have the tint, and JPEG, which stores
colour coarsely, smears its white or blue some pixels beyond its edge. A fill that continues from there has a colour
cast: faint, until the fading is corrected.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.compiled.parallel import Cancelled
from inpaint.photos.modes import to_rgb
from inpaint.photos.pixels import sampled, sampled_mask
from inpaint.photos.transparency import has_transparency, transparent_pixels
from inpaint.pyramid.fills import push_pull

from .fills import Fill, FillHoles
from .options import FillOptions
from .regions import Box, dilate

SAMPLES = 250_000
"""Number of pixels from which the tint is taken, about."""
MOST_OFF, TONED_SHARE, AROUND_SHARE = 5.0, 0.985, 0.95
"""A photo is toned if this share of it is no farther from the tint of its brightness, in levels of 255, and so are the
surroundings of a fill with the second share. What is farther is damage, or painted."""
SMEARED_PX = 4
"""Within this distance of a hole colours are not to be relied on."""
AROUND_PX = 16
"""Pixels around a fill that decide its colour."""
MOST_PIXELS = 4_000_000
"""Larger fills keep their colours, as this takes 40 bytes a pixel: their surface is copied from the photo anyway."""
_GROUPS, _LEAST_OF_GROUP = 24, 8
"""Groups of pixels of about the same luma, and how many pixels there must be in each."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_TO_RGB = np.array([[0.0, -0.344136, 1.772], [1.402, -0.714136, 0.0]], np.float32)
"""BT.601 in full range, as JPEG and Pillow have it: the luma of RGB, and what Cb and Cr add to it."""
_NO_COLOUR = 128


class Tint(NamedTuple):
    """The colour of a toned photo.

    Attributes:
        chroma: float32 (2, 256), Cb and Cr of each luma, 128 = no colour.
    """

    chroma: np.ndarray

    def residual(self, pixels: np.ndarray) -> np.ndarray:
        """Return how far Cb and Cr of pixels, uint8 (H, W, 3), are from the tint: float32 (2, H, W)."""
        luma, *chroma = _luma_and_chroma(pixels)
        return np.stack([plane - row[luma] for plane, row in zip(chroma, self.chroma, strict=True)])


def _luma_and_chroma(pixels: np.ndarray) -> list[np.ndarray]:
    """Return luma, Cb and Cr of pixels, uint8 (H, W) each."""
    return [np.asarray(plane) for plane in Image.fromarray(pixels).convert("YCbCr").split()]


def tint_of(photo: Image.Image, hole: np.ndarray | None = None) -> Tint | None:
    """Return the tint of a toned photo, None of any other.

    Args:
        photo: as `open_photo` returns it; not modified.
        hole: bool (H, W), pixels that do not count; None: all do.
    """
    step = max(1, round((photo.width * photo.height / SAMPLES) ** 0.5))
    small = sampled(photo, step)
    pixels = to_rgb(small)
    seen = ~transparent_pixels(small) if has_transparency(small) else np.ones(pixels.shape[:2], bool)
    if hole is not None:
        seen &= ~sampled_mask(hole, step)
    luma, *chroma = (plane[seen] for plane in _luma_and_chroma(pixels))
    order = np.argsort(luma, kind="stable")
    groups = np.array_split(order, _GROUPS) if len(order) >= _GROUPS * _LEAST_OF_GROUP else []
    if not groups:
        return None
    at = [float(np.mean(luma[group])) for group in groups]
    medians = [[float(np.median(plane[group])) for group in groups] for plane in chroma]
    tint = Tint(np.stack([np.interp(np.arange(256), at, row) for row in medians]).astype(np.float32))
    is_near = np.abs(tint.residual(pixels)).max(axis=0) <= MOST_OFF
    return tint if is_near[seen].mean() >= TONED_SHARE else None


def toned_fills(fill_holes: FillHoles, tint: Tint) -> FillHoles:
    """Return a function that fills holes of a toned photo like this one, but with the tint of their surroundings."""

    def fill_toned(
        pixels: np.ndarray, mask: np.ndarray, within: Box | None, options: FillOptions, cancelled: Cancelled | None
    ) -> Iterator[Fill]:
        for fill in fill_holes(pixels, mask, within, options, cancelled):
            yield fill if fill.ends_drafts else _toned(fill, pixels, mask, options.unknown, tint)

    return fill_toned


def _toned(fill: Fill, pixels: np.ndarray, mask: np.ndarray, unknown: np.ndarray | None, tint: Tint) -> Fill:
    """Return a fill with its luma, and the tint of that luma with what the surroundings differ from theirs.

    If they are not of the tint, such as painted ones, the fill keeps its colours.
    """
    if fill.hole.size > MOST_PIXELS:
        return fill
    whole = Box(0, 0, mask.shape[1], mask.shape[0])
    window = fill.box.expanded(AROUND_PX).intersection(whole)
    wider = window.expanded(SMEARED_PX).intersection(whole)
    smeared = dilate(mask[wider.slices], SMEARED_PX)[window.relative_to(wider.left, wider.top).slices]
    if unknown is not None:
        smeared = smeared | unknown[window.slices]
    residual = tint.residual(pixels[window.slices])
    is_near = np.abs(residual).max(axis=0)[~smeared] <= MOST_OFF
    if not len(is_near) or is_near.mean() < AROUND_SHARE:
        return fill
    planes = np.zeros((3, *smeared.shape), np.float32)
    np.multiply(residual, ~smeared, out=planes[:2])
    inside = fill.box.relative_to(window.left, window.top)
    smooth = push_pull(planes, smeared.astype(np.float32))[:2, *inside.slices][:, fill.hole]
    luma = fill.pixels[fill.hole] @ _LUMA
    chroma = tint.chroma[:, np.rint(luma).astype(np.intp)] + smooth - _NO_COLOUR
    coloured = fill.pixels.copy()
    coloured[fill.hole] = np.clip(np.rint(luma[:, None] + chroma.T @ _TO_RGB), 0, 255)
    return fill._replace(pixels=coloured)
