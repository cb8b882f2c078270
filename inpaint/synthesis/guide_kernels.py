"""The compiled kernels of blurs and of the guide (numba); see `search_kernels` for how they run."""

import numpy as np

from inpaint.compiled.jit import njit

from .patch_kernels import INLINE, OPTIONS


@njit(**OPTIONS)
def blur_down(start, stop, values, taps, out):
    """Write the rows from `start` to `stop` of an array correlated with taps along its columns; borders are mirrored.

    Args:
        values: float32 (h, n).
        taps: float32 (odd,).
        out: float32 (h, n), written.
    """
    height, radius = values.shape[0], len(taps) // 2
    for y in range(start, stop):
        target = out[y]
        target[:] = 0
        for tap in range(len(taps)):
            row, weight = values[_mirrored(y + tap - radius, height)], taps[tap]
            for index in range(len(target)):
                target[index] += weight * row[index]


@njit(**OPTIONS)
def blur_across(start, stop, values, channels, taps, out):
    """Write the rows from `start` to `stop` of an array correlated with taps along them; borders are mirrored.

    Args:
        values: float32 (h, w * channels).
        channels: number of values per pixel.
        taps: float32 (odd,).
        out: float32 (h, w * channels), written.
    """
    length, radius = values.shape[1], len(taps) // 2
    width = length // channels
    wide = np.empty(length + 2 * radius * channels, np.float32)
    for y in range(start, stop):
        for x in range(-radius, 0):
            for channel in range(channels):
                wide[(x + radius) * channels + channel] = values[y, _mirrored(x, width) * channels + channel]
                end = _mirrored(width - 1 - x, width) * channels + channel
                wide[(width - 1 - x + radius) * channels + channel] = values[y, end]
        inner = wide[radius * channels :]
        for index in range(length):  # an assignment of arrays would compile what raises errors about shapes
            inner[index] = values[y, index]
        target = out[y]
        target[:] = 0
        for tap in range(len(taps)):
            weight, moved = taps[tap], wide[tap * channels : tap * channels + length]
            for index in range(length):
                target[index] += weight * moved[index]


@njit(**INLINE)
def _mirrored(place, length):
    """Return the place in a row of some length that a place beside it mirrors: ... 1 0 | 0 1 2 ..."""
    while place < 0 or place >= length:
        place = -1 - place if place < 0 else 2 * length - 1 - place
    return place


@njit(**OPTIONS)
def double(start, stop, values, out):
    """Write rows of an array at twice the resolution, interpolated linearly.

    Args:
        values: float32 (h, w, c).
        out: float32 (2 h or one less, 2 w or one less, c), written from row `start` to `stop`.
    """
    height, width, channels = values.shape
    mixed = np.empty((width, channels), np.float32)
    for y in range(start, stop):
        row = y >> 1
        beside = min(max(row + (1 if y & 1 else -1), 0), height - 1)
        for x in range(width):
            for channel in range(channels):
                mixed[x, channel] = (
                    np.float32(0.75) * values[row, x, channel] + np.float32(0.25) * values[beside, x, channel]
                )
        for x in range(out.shape[1]):
            column = x >> 1
            near = min(max(column + (1 if x & 1 else -1), 0), width - 1)
            for channel in range(channels):
                out[y, x, channel] = np.float32(0.75) * mixed[column, channel] + np.float32(0.25) * mixed[near, channel]


@njit(**OPTIONS)
def compose_guide(start, stop, fine, coarse, stretch, out):
    """Write rows of the guide: two blurs with colour differences stretched, and the position.

    Args:
        fine: float32 (h, w, 3).
        coarse: float32 (h, w, 3).
        stretch: factor of colour differences.
        out: float32 (h, w, 8), written.
    """
    height, width = fine.shape[0], fine.shape[1]
    scale = np.float32(1) / max(height, width)
    for y in range(start, stop):
        for x in range(width):
            mean = (fine[y, x, 0] + fine[y, x, 1] + fine[y, x, 2]) * np.float32(1 / 3)
            wide_mean = (coarse[y, x, 0] + coarse[y, x, 1] + coarse[y, x, 2]) * np.float32(1 / 3)
            for channel in range(3):
                out[y, x, channel] = mean + stretch * (fine[y, x, channel] - mean)
                out[y, x, 3 + channel] = wide_mean + stretch * (coarse[y, x, channel] - wide_mean)
            out[y, x, 6], out[y, x, 7] = 2 * y * scale, x * scale
