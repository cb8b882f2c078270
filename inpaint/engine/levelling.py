"""Level half-transparent stains: the picture below them is still there, only veiled."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.morphology.distance import distance_transform
from inpaint.morphology.labels import bounding_boxes, label
from inpaint.pyramid.fills import push_pull

RIM_PX = 10.0
"""The outer part of a stain's mask, where its opacity falls to nothing, is filled; what lies deeper may be levelled."""
BAND_PX = 5.0
"""The outer part of the rest, where the fill still continues what is around, tells what the stain does to it."""
LEAST_CORE_PX = 200
LEAST_CORRELATION = 0.5
"""Between fill and scan in the band: opaque damage has none, and a stain on a plain ground needs no levelling."""
LEAST_VISIBLE, MOST_VISIBLE = 0.3, 1.3
"""Bounds of the share of the picture's contrast that the stain leaves: dividing by less multiplies grain."""
_MARGIN_PX = 4

Window = tuple[slice, slice]


class Stain(NamedTuple):
    """A thick piece of a hole, before it is filled.

    Attributes:
        window: its rows and columns in the photo.
        pixels: uint8 (h, w) or (h, w, 3), the photo there.
        hole: bool (h, w), this piece only.
    """

    window: Window
    pixels: np.ndarray
    hole: np.ndarray


def stains_of(photo: Image.Image, hole: np.ndarray) -> list[Stain]:
    """Return the pieces of a hole that are thick enough to be levelled; none of photos but 8-bit RGB and grey ones.

    Args:
        photo: before its hole is filled; not modified.
        hole: bool (H, W).
    """
    if photo.mode not in ("RGB", "L") or not hole.any():
        return []
    labels, count = label(distance_transform(hole) > RIM_PX)
    if not count:
        return []
    found, reach = [], int(RIM_PX) + _MARGIN_PX
    for number, (top, bottom, left, right) in enumerate(bounding_boxes(labels, count).tolist(), 1):
        rows, columns = slice(max(0, top - reach), bottom + reach), slice(max(0, left - reach), right + reach)
        core = labels[rows, columns] == number
        if np.count_nonzero(core) >= LEAST_CORE_PX:
            pixels = np.asarray(photo.crop((columns.start, rows.start, *_ends(photo, rows, columns))))
            found.append(Stain((rows, columns), pixels, hole[rows, columns] & (distance_transform(~core) < reach)))
    return found


def _ends(photo: Image.Image, rows: slice, columns: slice) -> tuple[int, int]:
    return min(columns.stop, photo.width), min(rows.stop, photo.height)


def level_stains(photo: Image.Image, stains: list[Stain]) -> int:
    """Write the levelled picture into filled holes, in place, where it is still visible below a stain.

    Args:
        photo: after the fill.
        stains: of `stains_of`, before the fill.

    Returns:
        How many were levelled; the others keep their fill.
    """
    count = 0
    for (rows, columns), before, hole in stains:
        filled = np.asarray(photo.crop((columns.start, rows.start, *_ends(photo, rows, columns))))
        result = levelled(before, filled, hole)
        if result is not None:
            pixels, core = result
            photo.paste(Image.fromarray(pixels), (columns.start, rows.start), Image.fromarray(core))
            count += 1
    return count


def levelled(stained: np.ndarray, filled: np.ndarray, hole: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return a picture without the veil of a stain; None if it is not visible enough below it.

    The scan in the stain is a linear function of the picture, the same everywhere: it is fitted where the fill still
    continues what is around. What remains of the difference there is interpolated into the stain.

    Args:
        stained: uint8 (h, w) or (h, w, 3), the scan.
        filled: the same with its hole filled.
        hole: bool (h, w), the stain with its rim.

    Returns:
        uint8 of the same shape, and bool (h, w), where it is to be used.
    """
    depth = distance_transform(hole)
    core = depth > RIM_PX
    band = core & (depth <= RIM_PX + BAND_PX)
    scan, fill = (np.atleast_3d(array).astype(np.float32) for array in (stained, filled))
    if np.count_nonzero(band) < LEAST_CORE_PX // 4:
        return None
    if _correlation(scan[band].mean(axis=1), fill[band].mean(axis=1)) < LEAST_CORRELATION:
        return None
    result = np.empty_like(scan)
    for channel in range(scan.shape[2]):
        seen, wanted = scan[band][:, channel], fill[band][:, channel]
        visible = float(seen.std() / max(float(wanted.std()), 1e-3))
        if not LEAST_VISIBLE <= visible <= MOST_VISIBLE:
            return None
        result[..., channel] = (scan[..., channel] - seen.mean()) / visible + wanted.mean()
    difference = np.broadcast_to(np.where(band[..., None], fill - result, 0), (*hole.shape, 3)) / np.float32(255)
    rest = push_pull(np.ascontiguousarray(difference.transpose(2, 0, 1)), (~band).astype(np.float32))
    result += rest.transpose(1, 2, 0)[..., : result.shape[2]] * 255
    pixels = np.clip(np.rint(result), 0, 255).astype(np.uint8)
    return pixels.reshape(stained.shape), core


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    deviations = float(first.std() * second.std())
    if deviations < 1e-3:
        return 0.0
    return float(np.mean((first - first.mean()) * (second - second.mean()))) / deviations
