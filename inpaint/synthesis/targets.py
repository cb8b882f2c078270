"""Targets and sources: which patches are to be found, and which may be copied."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from inpaint.compiled.parallel import parallel

from . import kernels, picture_kernels

_NEAR = 4  # pixels in which doubled offsets find a source, but for rare cases


class Targets(NamedTuple):
    """The patches that overlap the hole, and a map to find the neighbours of each.

    Attributes:
        centres: int32 (n, 2), row and column of the centres of the patches that overlap the hole.
        target_at: int32 (rows, columns), the index of the target at each pixel of a box, -1 for none.
        top: row of the box.
        left: column of the box.
    """

    centres: np.ndarray
    target_at: np.ndarray
    top: int
    left: int


class Field(NamedTuple):
    """A nearest-neighbour field: for each target patch the source patch that resembles it most.

    Attributes:
        targets: n targets.
        matches: int32 (n, 2), row and column of the centre of each target's source.
    """

    targets: Targets
    matches: np.ndarray


def find_sources(usable: np.ndarray) -> np.ndarray:
    """Return where the centres of patches lie all of whose pixels may be copied: bool (h, w)."""
    rows, sources = np.zeros_like(usable), np.zeros_like(usable)
    parallel(picture_kernels.source_rows, len(usable), usable, kernels.RADIUS, rows, least=64)
    parallel(picture_kernels.source_columns, usable.shape[1], rows, kernels.RADIUS, sources, least=64)
    return sources


def positions(mask: np.ndarray) -> np.ndarray:
    """Return row and column of the set pixels of a mask: int32 (n, 2).

    The rows are contiguous, which those of `np.argwhere` are only if there is just one: the kernels would be compiled
    for both layouts.
    """
    return np.ascontiguousarray(np.argwhere(mask), np.int32)


def find_targets(hole: np.ndarray, stride: int) -> Targets:
    """Return the patches that overlap the hole.

    Args:
        hole: bool (h, w), at least one pixel.
        stride: distance of their centres in pixels, at most RADIUS + 1, so that they cover every pixel of the hole.
    """
    radius = kernels.RADIUS
    top, bottom, left, right = bounds(hole, radius)
    near = ndimage.maximum_filter(hole[top:bottom, left:right], kernels.SIDE)
    rows = _centres(max(top, radius), min(bottom, hole.shape[0] - radius), stride)
    columns = _centres(max(left, radius), min(right, hole.shape[1] - radius), stride)
    chosen = np.argwhere(near[rows[:, None] - top, columns - left])
    centres = np.stack([rows[chosen[:, 0]], columns[chosen[:, 1]]], 1).astype(np.int32)
    return indexed(centres, top, left, near.shape)


def indexed(centres: np.ndarray, top: int, left: int, shape: tuple[int, ...]) -> Targets:
    """Return targets with their map, given the box that holds their centres."""
    target_at = np.full(shape, -1, np.int32)
    target_at[centres[:, 0] - top, centres[:, 1] - left] = np.arange(len(centres))
    return Targets(centres, target_at, top, left)


def upsampled_matches(coarse: Field, centres: np.ndarray, is_source: np.ndarray) -> np.ndarray:
    """Return matches at twice the resolution: the offset of the nearest coarse target, doubled.

    Args:
        coarse: the field of the next coarser level.
        centres: int32 (n, 2), the targets of the finer level.
        is_source: bool (h, w), of the finer level.

    Returns:
        int32 (n, 2); where the doubled offset leads to no source, the nearest one.
    """
    target_at = coarse.targets.target_at
    rows = np.clip(centres[:, 0] // 2 - coarse.targets.top, 0, target_at.shape[0] - 1)
    columns = np.clip(centres[:, 1] // 2 - coarse.targets.left, 0, target_at.shape[1] - 1)
    nearest = target_at[rows, columns]
    if (nearest < 0).any():
        row, column = ndimage.distance_transform_edt(target_at < 0, return_distances=False, return_indices=True)
        nearest = target_at[row[rows, columns], column[rows, columns]]
    matches = (centres + 2 * (coarse.matches[nearest] - coarse.targets.centres[nearest])).astype(np.int32)
    parallel(kernels.nearest_sources, len(matches), matches, is_source, _NEAR)
    return _on_sources(matches, is_source)


def _on_sources(matches: np.ndarray, is_source: np.ndarray) -> np.ndarray:
    """Return matches moved to the nearest source, however far; if there is none, they stay."""
    wrong = ~is_source[matches[:, 0], matches[:, 1]]
    if wrong.any() and is_source.any():
        row, column = ndimage.distance_transform_edt(~is_source, return_distances=False, return_indices=True)
        y, x = matches[wrong].T
        matches[wrong] = np.stack([row[y, x], column[y, x]], 1)
    return matches


def bounds(hole: np.ndarray, margin: int = 0) -> tuple[int, int, int, int]:
    """Return the bounding box of a hole with a margin inside the array: top, bottom, left, right; ends exclusive."""
    spans = []
    for axis, length in ((1, hole.shape[0]), (0, hole.shape[1])):
        places = np.flatnonzero(hole.any(axis=axis))
        spans += [max(int(places[0]) - margin, 0), min(int(places[-1]) + margin + 1, length)]
    top, bottom, left, right = spans
    return top, bottom, left, right


def _centres(start: int, stop: int, stride: int) -> np.ndarray:
    """Return positions from `start` to `stop` - 1, `stride` apart, the last one included."""
    return np.unique(np.append(np.arange(start, stop, stride), stop - 1))
