"""Targets and sources: which patches are to be found, and which may be copied."""

from typing import NamedTuple

import numpy as np

from inpaint.compiled.parallel import parallel
from inpaint.morphology.distance import nearest_background
from inpaint.morphology.squares import dilate

from . import source_kernels, upsampling_kernels
from .patch_kernels import RADIUS
from .search_kernels import NOWHERE

_NEAR = 4  # pixels in which doubled offsets find a source, but for rare cases


class Targets(NamedTuple):
    """The patches that overlap the hole. Their centres lie on some places of a lattice of rows and columns.

    Attributes:
        centres: int32 (n, 2), row and column of the centres of the patches that overlap the hole.
        cells: int32 (n, 2), the numbers of this row and this column.
        rows: int32 (r,), the rows of the lattice, ascending.
        columns: int32 (c,), its columns.
        index_at: int32 (r, c), the index of the target at each place of the lattice, -1 for none.
    """

    centres: np.ndarray
    cells: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    index_at: np.ndarray


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
    parallel(source_kernels.source_rows, len(usable), usable, RADIUS, rows, least=64)
    parallel(source_kernels.source_columns, usable.shape[1], rows, RADIUS, sources, least=64)
    return sources


def unused(is_source: np.ndarray) -> np.ndarray:
    """Return how often each source is used before any is: uint8 (h, w), 0, and NOWHERE where there is none."""
    return ~is_source * np.uint8(NOWHERE)


def positions(mask: np.ndarray) -> np.ndarray:
    """Return row and column of the set pixels of a mask: int32 (n, 2)."""
    counts = np.empty(len(mask), np.int64)
    parallel(source_kernels.count_rows, len(mask), mask, counts, least=256)
    ends = np.cumsum(counts)
    out = np.empty((int(ends[-1]) if len(ends) else 0, 2), np.int32)
    parallel(source_kernels.list_positions, len(mask), mask, ends - counts, out, least=256)
    return out


def find_targets(hole: np.ndarray, stride: int) -> Targets:
    """Return the patches that overlap the hole.

    Args:
        hole: bool (h, w), at least one pixel.
        stride: distance of their centres in pixels, at most RADIUS + 1, so that they cover every pixel of the hole.
    """
    top, bottom, left, right = bounds(hole, RADIUS)
    near = dilate(hole[top:bottom, left:right], RADIUS)
    rows = _centres(max(top, RADIUS), min(bottom, hole.shape[0] - RADIUS), stride)
    columns = _centres(max(left, RADIUS), min(right, hole.shape[1] - RADIUS), stride)
    return targets_on(near[rows[:, None] - top, columns - left], rows, columns)


def targets_on(chosen: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> Targets:
    """Return the targets at the chosen places of a lattice, bool (r, c), of rows and columns, int32."""
    cells = positions(chosen)
    index_at = np.full(chosen.shape, -1, np.int32)
    index_at[chosen] = np.arange(len(cells), dtype=np.int32)
    centres = np.stack([rows[cells[:, 0]], columns[cells[:, 1]]], 1)
    return Targets(centres, cells, rows, columns, index_at)


def upsampled_matches(coarse: Field, centres: np.ndarray, is_source: np.ndarray) -> np.ndarray:
    """Return matches at twice the resolution: the offset of the nearest coarse target, doubled.

    Args:
        coarse: the field of the next coarser level.
        centres: int32 (n, 2), the targets of the finer level.
        is_source: bool (h, w), of the finer level.

    Returns:
        int32 (n, 2); where the doubled offset leads to no source, the nearest one.
    """
    nearest = np.empty(len(centres), np.int32)
    parallel(upsampling_kernels.nearest_targets, len(centres), centres, *coarse.targets[2:], nearest)
    matches = (centres + 2 * (coarse.matches[nearest] - coarse.targets.centres[nearest])).astype(np.int32)
    parallel(upsampling_kernels.nearest_sources, len(matches), matches, is_source, _NEAR)
    return _on_sources(matches, is_source)


def _on_sources(matches: np.ndarray, is_source: np.ndarray) -> np.ndarray:
    """Return matches moved to the nearest source, however far; if there is none, they stay."""
    wrong = ~is_source[matches[:, 0], matches[:, 1]]
    if wrong.any() and is_source.any():
        row, column = nearest_background(~is_source)
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
    return np.unique(np.append(np.arange(start, stop, stride), stop - 1)).astype(np.int32)
