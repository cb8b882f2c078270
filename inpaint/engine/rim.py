"""Masks that are drawn too tight: find out from the photo by how many pixels they have to be dilated."""

import numpy as np
from PIL import Image

from inpaint.morphology.distance import distance_transform
from inpaint.photos.modes import to_rgb

from .regions import Box, Part, covering_boxes, dilate, find_regions

MAX_RIM_PX = 6
"""A rim is at most as wide: what goes on farther outside the hole belongs to the photo."""
_AROUND_PX = 8
"""The pixels farther out, up to this distance, are the surroundings of a hole."""
_BOX_PX = 256
_CELL = 16
_LEAST_CELLS = 4
_FEW_CELLS = 12
_SAME_COLOUR = 48
_LEAST_CONTRAST = 24
_EDGE_SHARE = 0.03
_PLAIN_SHARE = 0.35
_MOST_EDGE = 0.2
_DEVIATIONS = 2.8
_MAX_REGIONS = 256
_MOST_BOXES = 32  # of a region, evenly spread: the rim of a long scratch is the same everywhere
_SURROUNDINGS = MAX_RIM_PX


def dilate_tight(photo: Image.Image, mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Return a mask that is dilated where the photo still has the colour of the removed thing around its holes.

    A mask of exactly the pixels of a thing leaves its smooth or blurred edge, from which the thing would be continued
    into the hole. A hole with some background around the thing is not changed.

    Args:
        photo: of the mask's size, in any mode.
        mask: bool (H, W), True = hole; not modified.

    Returns:
        The mask, and the largest number of pixels by which a hole was dilated; 0: the mask itself.
    """
    dilated, most = mask, 0
    parts = sorted(find_regions(mask), key=lambda part: -part.hole.size)[:_MAX_REGIONS]
    rings = [_rings_of(photo, mask, part) for part in parts]
    colours = np.array([_rim_colour(each) for each in rings])
    for part, own, colour in zip(parts, rings, colours, strict=True):
        rim_px = _rim_px(own)
        if not rim_px and np.count_nonzero(own[:, 1, 0]) < _FEW_CELLS:  # such as one of the letters of a text
            alike = np.flatnonzero(np.abs(colours - colour).max(axis=1) <= _SAME_COLOUR)
            rim_px = _rim_px(np.concatenate([rings[index] for index in alike]))
        if rim_px:
            dilated = mask.copy() if dilated is mask else dilated
            window = part.box.expanded(rim_px).intersection(_whole(mask))
            hole = np.zeros((window.height, window.width), bool)
            hole[part.box.relative_to(window.left, window.top).slices] = part.hole
            dilated[window.slices] |= dilate(hole, rim_px)
            most = max(most, rim_px)
    return dilated, most


def _rim_colour(rings: np.ndarray) -> np.ndarray:
    """Return the colour of a hole's own rim: (3,)."""
    total = rings[:, 0].sum(axis=0)
    return np.asarray(total[1:] / max(total[0], 1))


def _whole(mask: np.ndarray) -> Box:
    return Box(0, 0, mask.shape[1], mask.shape[0])


def _rings_of(photo: Image.Image, mask: np.ndarray, part: Part) -> np.ndarray:
    """Return sums over the pixels in and around a region, by cells of the photo and by their distance from the hole.

    Returns:
        (C, MAX_RIM_PX + 1, 4): the number of pixels and the sums of red, green and blue in each cell. The first entry
        of the second axis is of the hole's own rim, the others of the rings 1, 2, ... pixels outside, but the last one
        of all the surroundings.
    """
    cells = []
    boxes = covering_boxes(part.hole, _BOX_PX)
    for box in boxes[:: -(-len(boxes) // _MOST_BOXES)]:
        own = Box(*(np.array(box) + (part.box.left, part.box.top) * 2).tolist())
        window = own.expanded(_AROUND_PX).intersection(_whole(mask))
        ring = _ring_numbers(mask[window.slices], part, window)
        rows, columns = np.nonzero(ring >= 0)
        width = -(-window.width // _CELL)
        index = (rows // _CELL * width + columns // _CELL) * (MAX_RIM_PX + 1) + ring[rows, columns]
        pixels = to_rgb(photo.crop(window))[rows, columns]
        length = -(-window.height // _CELL) * width * (MAX_RIM_PX + 1)
        weights = (None, *pixels.T)
        sums = [np.bincount(index, each, length).reshape(-1, MAX_RIM_PX + 1) for each in weights]
        cells.append(np.stack(sums, axis=-1))
    return np.concatenate(cells)


def _ring_numbers(mask: np.ndarray, part: Part, window: Box) -> np.ndarray:
    """Return to which ring of `_rings_of` the pixels of a window belong; -1: to none, or to that of another region."""
    inner = part.box.intersection(window)
    own = np.zeros_like(mask)
    own[inner.relative_to(window.left, window.top).slices] = part.hole[
        inner.relative_to(part.box.left, part.box.top).slices
    ]
    numbers = np.full(mask.shape, -1, np.int64)
    if mask.all() or not own.any():
        return numbers
    outside = distance_transform(~mask)
    nearest_own = distance_transform(~own) if (mask & ~own).any() else outside
    rings = np.minimum(np.floor(outside + 0.5), _SURROUNDINGS).astype(np.int64)
    is_ring = ~mask & (outside <= _AROUND_PX) & (nearest_own <= outside)
    numbers[is_ring] = rings[is_ring]
    numbers[own & (distance_transform(mask) <= 2)] = 0
    return numbers


def _rim_px(rings: np.ndarray) -> int:
    """Return by how many pixels a region has to be dilated.

    The share of the removed colour that a ring has is measured along the line from the colour of the surroundings to
    that of the hole's own rim. A ring belongs to the thing if it has more of it than the ring two pixels farther out,
    as smooth edges do, or much more than the surroundings; and more than the differences between cells explain.

    Args:
        rings: as `_rings_of` returns it.
    """
    total = rings.sum(axis=0)
    if total[[0, -1], 0].min() == 0:
        return 0
    mean = total[:, 1:] / np.maximum(total[:, :1], 1)
    removed = mean[0] - mean[-1]
    contrast = float(np.linalg.norm(removed))
    if contrast < _LEAST_CONTRAST:
        return 0
    count = rings[..., 0]
    along = (rings[..., 1:] @ removed) / (np.maximum(count, 1) * contrast**2)
    rim_px = 0
    for ring in range(1, MAX_RIM_PX):
        drop, deviations = _drop(along, count, ring, min(ring + 2, MAX_RIM_PX), _MOST_EDGE)
        more, more_deviations = _drop(along, count, ring, MAX_RIM_PX, 1.0)
        is_edge = drop >= _EDGE_SHARE and deviations >= _DEVIATIONS
        if not is_edge and not (more >= _PLAIN_SHARE and more_deviations >= _DEVIATIONS):
            break
        rim_px = ring + 1
    return rim_px


def _drop(along: np.ndarray, count: np.ndarray, inner: int, outer: int, most: float) -> tuple[float, float]:
    """Return by how much the share falls from one ring to another, and how many standard errors this is.

    In each cell the fall counts as at most `most`, so that an edge of the photo in a few of them does not decide. The
    number of standard errors is less where there are few cells, of which the error is uncertain.
    """
    weight = np.minimum(count[:, inner], count[:, outer])
    both = weight > 0
    cells = np.count_nonzero(both)
    if cells < _LEAST_CELLS:
        return 0.0, 0.0
    weight, drop = weight[both], (along[:, inner] - along[:, outer])[both].clip(-most, most)
    average = float(np.average(drop, weights=weight))
    error = float(np.sqrt(((drop - average) ** 2 * weight**2).sum()) / weight.sum())
    return average, average / max(error, 1e-9) * (1 - 2 / cells)
