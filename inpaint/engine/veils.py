"""Lift half-transparent damage off the picture below it, instead of replacing that: dust, hairs, faint stains.

What damage does to a picture depends on where in it a pixel lies, so the mean difference between scan and fill is taken
at each depth below the edge of the hole: that is the veil. What differs from it is the picture, which a fill can only
guess. Where the veil is too thick to see through, or the picture too plain to need it, the fill stays.
"""

import collections
from typing import NamedTuple

import numpy as np
from PIL import Image

from inpaint.compiled.ordered import ordered
from inpaint.compiled.parallel import threads
from inpaint.morphology.distance import distance_transform
from inpaint.morphology.labels import bounding_boxes, label

DEPTHS = 12
"""Number of depths below the edge of a hole, in pixels, that are told apart; the last one includes all deeper ones."""
CELL_PX = 48
"""The veil of a large piece is measured in cells of this side, and interpolated between them."""
SMALL_PX = 24
"""A piece of at most this extent has one veil."""
MOST_OPACITY, MOST_OPACITY_OF_PIECE = 0.4, 0.45
"""Highest opacity, in a place and over three quarters of a piece, below which the picture is still to be seen."""
LEAST_TEXTURE = 2.0
"""Mean difference of the fill's pixels from their neighbours, in levels of 255, from which the picture is worth it."""
CERTAIN = 0.7
"""Contrast is raised for this share of the opacity only: what is raised too much turns grain into spots."""
LEAST_CORRELATION, LEAST_CORRELATION_OF_THICK = 0.3, 0.05
"""Between scan and fill at the same depth, in each piece: what lies in front of the picture has nothing to do with it.
Less is asked of pieces with all DEPTHS, in whose middle a fill only guesses."""
LEAST_CONTRAST = 0.35
"""Of the scan in a piece, as a multiple of the fill's: paper and paint are plain."""
_CELL_OF_PIECE_PX = 16
_STRIP_PIXELS, _OVERLAP_PX = 3_000_000, 2 * CELL_PX


class Veiled(NamedTuple):
    """What lay in a hole before it was filled.

    Attributes:
        hole: bool (H, W).
        pixels: uint8 (N, 3) or (N,), those of the hole, row by row.
    """

    hole: np.ndarray
    pixels: np.ndarray


def veiled_in(photo: Image.Image, hole: np.ndarray) -> Veiled | None:
    """Return what lies in a hole; None if there is nothing, and of photos that are not 8-bit RGB or grey.

    Args:
        photo: before its hole is filled; not modified.
        hole: bool (H, W).
    """
    if photo.mode not in ("RGB", "L") or not hole.any():
        return None
    return Veiled(hole, np.asarray(photo)[hole])


def lift_veils(photo: Image.Image, veiled: Veiled) -> int:
    """Write what is visible below half-transparent damage into the filled hole of a photo, in place.

    Args:
        photo: after the fill.
        veiled: of `veiled_in`, before the fill.

    Returns:
        The number of pixels that no longer are those of the fill.
    """
    filled = np.array(photo)
    values, visible = lifted(veiled.pixels, filled, veiled.hole)
    if not visible.any():
        return 0
    where = veiled.hole.copy()
    where[where] = visible
    filled[where] = values[visible]
    photo.paste(Image.fromarray(filled), (0, 0), Image.fromarray(where))
    return int(visible.sum())


def lifted(pixels: np.ndarray, filled: np.ndarray, hole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the picture below the damage in a hole, and where it is visible.

    Args:
        pixels: uint8 (N, 3) or (N,), those of the hole before it was filled, row by row.
        filled: uint8 (H, W, 3) or (H, W), after that; not modified.
        hole: bool (H, W).

    Returns:
        uint8 of the shape of `pixels`, which means nothing where it is not visible, and bool (N,).
    """
    values, visible = np.zeros_like(pixels), np.zeros(len(pixels), bool)
    ends = np.concatenate([[0], np.cumsum(np.count_nonzero(hole, axis=1))])
    rows = max(CELL_PX, _STRIP_PIXELS // hole.shape[1])
    tops = [top for top in range(0, len(hole), rows) if ends[top] < ends[min(top + rows, len(hole))]]

    def lift(number: int) -> None:
        top = tops[number]
        bottom = min(top + rows, len(hole))
        first, last = max(0, top - _OVERLAP_PX), min(len(hole), bottom + _OVERLAP_PX)
        own, strip = slice(ends[top], ends[bottom]), slice(ends[first], ends[last])
        inside = slice(own.start - strip.start, own.stop - strip.start)
        found = _lifted(pixels[strip], filled[first:last], hole[first:last])
        values[own], visible[own] = found[0][inside], found[1][inside]

    collections.deque(ordered(len(tops), lambda number: (), lift, min(2, threads())), 0)  # strips limit the memory
    return values, visible


def _lifted(pixels: np.ndarray, filled: np.ndarray, hole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what `lifted` does, of a strip with a pixel of the hole at least."""
    scan = pixels.reshape(len(pixels), -1).astype(np.float32)
    fill = filled[hole].reshape(len(pixels), -1).astype(np.float32)
    places = _Places(hole)
    opacity = _opacity(*places.means(scan - fill, fill))
    visible = opacity <= MOST_OPACITY
    for condition in (
        lambda: places.means(_texture(filled, places.rows, places.columns)[:, None])[0][:, 0] >= LEAST_TEXTURE,
        lambda: places.share_of_piece(places.opacity_nearby(scan - fill, fill) > MOST_OPACITY_OF_PIECE) <= 0.25,
        lambda: places.resembles(scan.mean(axis=1, keepdims=True), fill.mean(axis=1, keepdims=True)),
    ):
        if not visible.any():  # as in most prints: nothing more is computed
            return pixels, visible
        visible &= condition()
    contrast = 1 - CERTAIN * np.clip(opacity, 0, MOST_OPACITY)
    picture = fill + (scan - fill - places.mean_at_depth(scan - fill)) / contrast[:, None].astype(np.float32)
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8).reshape(pixels.shape), visible


def _texture(filled: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the difference of some pixels from the mean of their four neighbours, float32 (N,)."""
    last_row, last_column = filled.shape[0] - 1, filled.shape[1] - 1

    def grey(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        return filled[rows, columns].reshape(len(rows), -1).mean(axis=1, dtype=np.float32)

    around = grey(np.maximum(rows - 1, 0), columns) + grey(np.minimum(rows + 1, last_row), columns)
    around += grey(rows, np.maximum(columns - 1, 0)) + grey(rows, np.minimum(columns + 1, last_column))
    return np.abs(grey(rows, columns) - around / 4)


def _opacity(difference: np.ndarray, fill: np.ndarray) -> np.ndarray:
    """Return the least opacity with which some colour changes a mean by a difference, (..., C) -> (...)."""
    return np.maximum(difference / (256 - fill), -difference / (fill + 1)).max(axis=-1)


class _Places:
    """Where the pixels of a hole lie: at which depth, in which piece and in which cell.

    Small pieces are a group each, and so is each cell of the rest of the hole.
    """

    def __init__(self, hole: np.ndarray) -> None:
        labels, self.pieces = label(hole)
        top, bottom, left, right = bounding_boxes(labels, self.pieces).T
        is_small = np.maximum(bottom - top, right - left) <= SMALL_PX
        self.rows, self.columns = np.nonzero(hole)
        self.piece = labels[hole] - 1
        self.small = is_small[self.piece]
        self.depth = np.minimum(np.ceil(distance_transform(hole)[hole] - 0.01), DEPTHS).astype(np.int64) - 1
        self.weight = (self.depth + 0.1) ** 2  # the edge of a hole is undamaged
        self.shape = -(-hole.shape[0] // CELL_PX), -(-hole.shape[1] // CELL_PX)
        self.cell = self.rows // CELL_PX * self.shape[1] + self.columns // CELL_PX

    def mean_at_depth(self, values: np.ndarray) -> np.ndarray:
        """Return the mean of values, (N, C), of the same depth in the same group: float32 (N, C)."""
        out = np.empty_like(values)
        small, large = self.small, ~self.small
        if small.any():
            key = self.piece[small] * DEPTHS + self.depth[small]
            sums, counts = _sums(key, values[small], self.pieces * DEPTHS)
            out[small] = (sums / np.maximum(counts, 1)[:, None])[key]
        if large.any():
            key = self.cell[large] * DEPTHS + self.depth[large]
            sums, counts = _sums(key, values[large], self.shape[0] * self.shape[1] * DEPTHS)
            grid = (*self.shape, DEPTHS)
            out[large] = self._interpolated(_smooth(sums.reshape(*grid, -1)), _smooth(counts.reshape(*grid)), large)
        return out

    def _interpolated(self, sums: np.ndarray, counts: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Return means of cells at their depth, interpolated between the middles of the cells."""
        means = sums / np.maximum(counts, 1e-9)[..., None]
        depth, total, weights = self.depth[which], np.zeros(()), np.zeros(())
        ends = []
        for at, length in zip((self.rows[which], self.columns[which]), self.shape, strict=True):
            place = np.clip((at + 0.5) / CELL_PX - 0.5, 0, length - 1)
            low = place.astype(np.int64)
            ends.append(((low, 1 - place + low), (np.minimum(low + 1, length - 1), place - low)))
        for row, row_share in ends[0]:
            for column, column_share in ends[1]:
                share = row_share * column_share * (counts[row, column, depth] > 0)
                total, weights = total + share[:, None] * means[row, column, depth], weights + share
        return total / np.maximum(weights, 1e-9)[:, None]

    def means(self, *values: np.ndarray) -> list[np.ndarray]:
        """Return the weighted mean of each pixel's group of values, (N, C) each: as many of these, likewise."""
        together = np.concatenate(values, axis=1)
        means = np.empty_like(together)
        for which, key, count in (
            (self.small, self.piece, self.pieces),
            (~self.small, self.cell, self.shape[0] * self.shape[1]),
        ):
            sums, weights = _sums(key[which], together[which], count, self.weight[which])
            if which is not self.small:
                sums, weights = (
                    _smooth(sums.reshape(*self.shape, -1)).reshape(count, -1),
                    _smooth(weights.reshape(self.shape)).ravel(),
                )
            means[which] = (sums / np.maximum(weights, 1e-9)[:, None])[key[which]]
        return np.split(means, np.cumsum([each.shape[1] for each in values])[:-1], axis=1)

    def opacity_nearby(self, difference: np.ndarray, fill: np.ndarray) -> np.ndarray:
        """Return the least opacity in small cells, (N,): that of patches that hide the picture between others."""
        across = -(-(self.columns.max() + 1) // _CELL_OF_PIECE_PX)
        key = self.rows // _CELL_OF_PIECE_PX * across + self.columns // _CELL_OF_PIECE_PX
        sums, weights = _sums(key, np.concatenate([difference, fill], axis=1), int(key.max()) + 1, self.weight)
        means = sums / np.maximum(weights, 1e-9)[:, None]
        return _opacity(means[:, : fill.shape[1]], means[:, fill.shape[1] :])[key]

    def resembles(self, scan: np.ndarray, fill: np.ndarray) -> np.ndarray:
        """Return whether the greys of a scan, (N, 1), vary like those of the fill in each one's piece, bool (N,)."""
        scan, fill = (grey - self.mean_at_depth(grey) for grey in (scan, fill))
        products = np.concatenate([scan * fill, scan**2, fill**2], axis=1)
        both, of_scan, of_fill = _sums(self.piece, products, self.pieces, self.weight)[0].T
        depth = np.zeros(self.pieces, np.int64)
        np.maximum.at(depth, self.piece, self.depth)
        least = np.where(depth == DEPTHS - 1, LEAST_CORRELATION_OF_THICK, LEAST_CORRELATION)
        correlates = both >= least * np.sqrt(of_scan * of_fill)
        return (correlates & (of_scan >= LEAST_CONTRAST**2 * of_fill))[self.piece]

    def share_of_piece(self, which: np.ndarray) -> np.ndarray:
        """Return the share, by weight, of the pixels of each one's piece for which something holds, (N,)."""
        sums, weights = _sums(self.piece, which[:, None], self.pieces, self.weight)
        return (sums[:, 0] / np.maximum(weights, 1e-9))[self.piece]


def _sums(
    key: np.ndarray, values: np.ndarray, count: int, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums of values, (N, C), with the same key, (count, C), and the sums of the weights, (count,)."""
    total = np.bincount(key, weights, count).astype(np.float64)
    columns = (
        values[:, column] if weights is None else values[:, column] * weights for column in range(values.shape[1])
    )
    return np.stack([np.bincount(key, column, count) for column in columns], axis=1), total


def _smooth(cells: np.ndarray) -> np.ndarray:
    """Return binomially weighted sums over 3x3 cells, (h, w, ...)."""
    for axis in (0, 1):
        cells = np.moveaxis(cells, axis, 0)
        padded = np.pad(cells, [(1, 1)] + [(0, 0)] * (cells.ndim - 1))
        cells = np.moveaxis(padded[:-2] + 2 * padded[1:-1] + padded[2:], 0, axis)
    return cells
