"""Find the dust, hairs and scratches that the infrared channel of a scan shows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from inpaint.engine.regions import check_grow_px, dilate
from inpaint.segmentation.thresholding import hysteresis

from .background import fit_background, holder_of
from .filters import (
    MAD_TO_SIGMA,
    block_medians,
    blur_once,
    box_mean,
    enlarged,
    maximum_around,
    median_of_neighbours,
    noise_of,
    shifted,
)
from .lines import elongated, line_response
from .scan import InfraredScan, Properties, blurred

BLOCK_PX = 16
STRIP_ROWS = 32 * BLOCK_PX
_MARGIN = 3 * BLOCK_PX  # rows beside a strip that its filters reach
SEED, WEAK = 5.0, 3.0
"""Dust is deeper than WEAK standard deviations of the noise of a 3 x 3 mean, and somewhere deeper than SEED."""
LINE_SEED, LINE_WEAK, LINE_PIXELS = 6.5, 4.2, 12
"""The same of lines, and their least number of pixels."""
LINE_CLIP = 3.0
"""Standard deviations as which deeper pixels count in lines: a single speck must not look like a part of many."""
LEAST_DEPTH = 0.01
"""Dust that takes a hundredth of the light is not visible."""
LEAST_NOISE = 0.002
"""Standard deviation of a channel of 8 bits, which the median absolute deviation of its few levels may miss."""
LEAKAGE_DOUBT, LINE_DOUBT = 0.2, 2.0
"""Share of the leakage's local contrast by which it may be wrong, and by what that is multiplied for lines, as edges of
the picture look like them."""

FOUND = "its damage was found in the scan's infrared channel"
BLANK = "the scan's infrared channel is blank, so its damage was searched in the colours"
PICTURE = (
    "the scan's infrared channel shows the picture itself, as that of silver black-and-white film and Kodachrome does,"
    " so its damage was searched in the colours"
)


class UselessInfraredError(ValueError):
    """An infrared channel does not show dust; the message says why."""


@dataclass(frozen=True)
class Dust:
    """The dust on a scan.

    Attributes:
        mask: bool (H, W), True = dust.
        depth: float16 (H, W), the negative logarithm of the share of infrared light that passes; 0 outside of the mask.
        properties: what scanner and film did to the infrared channel.
        noise: standard deviation of the depth where there is no dust.
    """

    mask: np.ndarray
    depth: np.ndarray
    properties: Properties
    noise: float


def dust_of(photo: Image.Image, *, threshold: float = 0.5, grow_px: float = 1.0) -> tuple[Dust | None, str]:
    """Return the dust that the infrared channel of a photo's file shows, and a sentence about that.

    Args:
        photo: as `open_photo` returned it.
        threshold: as for `find_dust`.
        grow_px: as for `find_dust`.

    Returns:
        (None, "") if the file has no infrared channel; None with a sentence if it is of no use.

    Raises:
        MaskError: `grow_px` is out of range.
    """
    from inpaint.photos.tiff.infrared import infrared_of

    infrared = infrared_of(photo)
    if infrared is None or infrared.shape != (photo.height, photo.width):
        return None, ""
    try:
        return find_dust(photo, infrared, threshold=threshold, grow_px=grow_px), FOUND
    except UselessInfraredError as error:
        return None, str(error)


def find_dust(photo: Image.Image, infrared: np.ndarray, *, threshold: float = 0.5, grow_px: float = 1.0) -> Dust:
    """Return the dust on a scan.

    Args:
        photo: upright, of any mode; not modified.
        infrared: uint16 (H, W), of the photo's size.
        threshold: above 0 and below 1; lower marks more. At 0.5 dust is deeper than SEED standard deviations of the
            noise, and otherwise in proportion.
        grow_px: dilate the mask by this number of pixels.

    Raises:
        UselessInfraredError: the infrared channel is blank, or shows the picture itself.
        MaskError: `grow_px` is out of range.
    """
    check_grow_px(grow_px)
    scan = InfraredScan(photo, infrared)
    if scan.is_blank:
        raise UselessInfraredError(BLANK)
    properties = scan.measure()
    if properties.leakage.is_picture:
        raise UselessInfraredError(PICTURE)
    factor = np.float32(2 * threshold)
    light, holder = _light(scan, properties)
    depth, score = np.zeros(scan.shape, np.float16), np.zeros(scan.shape, np.float32)
    lines = np.zeros(scan.shape, np.float32)
    noise: list[float] = []
    for rows, inner, outer in _strips(scan.shape[0]):
        found = _depth(scan, properties, light, outer)
        deviation = _deviation(found)
        noise.append(float(np.median(deviation[::BLOCK_PX, ::BLOCK_PX])))
        spots, of_lines = _scores(found, deviation, _doubt(scan, properties, outer), properties.defocus_px)
        outside = enlarged(holder.astype(np.float32), BLOCK_PX, outer, scan.shape[1]) > 0.5
        spots[outside] = of_lines[outside] = 0
        depth[rows], score[rows], lines[rows] = found[inner], spots[inner], of_lines[inner]
    mask = hysteresis(score, float(WEAK * factor), float(SEED * factor), 2)
    mask |= elongated(hysteresis(lines, float(LINE_WEAK * factor), float(LINE_SEED * factor), LINE_PIXELS))
    mask = dilate(mask, grow_px)
    depth[~mask] = 0
    return Dust(mask, depth, properties, float(np.median(noise)))


def _strips(height: int) -> Iterator[tuple[slice, slice, slice]]:
    """Yield the rows of each strip: in the scan, among those that are computed, and those that are computed."""
    for top in range(0, height, STRIP_ROWS):
        bottom = min(top + STRIP_ROWS, height)
        outer = slice(max(0, top - _MARGIN), min(height, bottom + _MARGIN))
        yield slice(top, bottom), slice(top - outer.start, bottom - outer.start), outer


def _aligned(scan: InfraredScan, properties: Properties, rows: slice) -> np.ndarray:
    """Return some rows of the infrared channel, registered with the colours and without leakage: float32."""
    down, right = properties.shift_px
    near = slice(max(0, rows.start - BLOCK_PX), min(scan.shape[0], rows.stop + BLOCK_PX))
    infrared = shifted(scan.infrared(near), -down, -right)
    infrared -= properties.leakage.of(blurred(scan.colours(near), properties.blurs))
    return infrared[rows.start - near.start : rows.stop - near.start]


def _light(scan: InfraredScan, properties: Properties) -> tuple[np.ndarray, np.ndarray]:
    """Return of each block the logarithm of the light without dust, and whether it is the film's holder."""
    parts = [block_medians(_aligned(scan, properties, rows), BLOCK_PX) for rows, _, _ in _strips(scan.shape[0])]
    medians = np.concatenate(parts)
    return fit_background(medians), holder_of(medians)


def _depth(scan: InfraredScan, properties: Properties, light: np.ndarray, rows: slice) -> np.ndarray:
    """Return how much infrared light is missing, as the negative logarithm of the share that passes."""
    return enlarged(light, BLOCK_PX, rows, scan.shape[1]) - _aligned(scan, properties, rows)


def _deviation(depth: np.ndarray) -> np.ndarray:
    """Return the standard deviation of the noise around each pixel, float32 (H, W)."""
    noise = block_medians(np.abs(depth), BLOCK_PX) * MAD_TO_SIGMA
    smooth = enlarged(median_of_neighbours(noise, 2), BLOCK_PX, slice(0, depth.shape[0]), depth.shape[1])
    return np.maximum(smooth, np.float32(LEAST_NOISE))


def _doubt(scan: InfraredScan, properties: Properties, rows: slice) -> np.ndarray:
    """Return by how much the leakage that was subtracted may be wrong: a share of its local contrast."""
    leakage = properties.leakage.of(blurred(scan.colours(rows), properties.blurs))
    return (maximum_around(leakage, 2) + maximum_around(-leakage, 2)) * np.float32(LEAKAGE_DOUBT / 2)


def _scores(
    depth: np.ndarray, deviation: np.ndarray, doubt: np.ndarray, defocus_px: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the depth of spots and of lines in standard deviations of their noise, float32 (H, W) twice.

    Where the depth is only a small share of that beside it, it is the blurred rim of dust, which ends in the colours
    farther inside.
    """
    mean = box_mean(depth, 1)
    quieter = noise_of(mean) / max(noise_of(depth), 1e-6)
    scale = np.sqrt((deviation * np.float32(min(max(quieter, 1 / 3), 1))) ** 2 + doubt**2)
    rim = np.float32(0.12 + 0.1 * defocus_px) * maximum_around(mean, 3)
    spots = np.where((mean > LEAST_DEPTH) & (mean > rim), mean / scale, 0).astype(np.float32)
    rest = np.minimum(depth / (deviation + np.float32(LINE_DOUBT) * doubt), LINE_CLIP).astype(np.float32)
    rest[maximum_around(spots, 2) > SEED] = 0
    lines = line_response(blur_once(rest))
    lines[lines < np.float32(0.6) * maximum_around(lines, 2)] = 0
    return spots, lines
