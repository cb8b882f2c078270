"""The compiled kernel that follows lines through the hole (numba); see `search_kernels` for how it runs."""

import numpy as np

from inpaint.compiled.jit import njit

from .patch_kernels import OPTIONS


@njit(**OPTIONS)
def first_known(start, stop, pixels, usable, values, down, right, step, longest, ends, distances):
    """Write what lies at the first usable pixel on the way from each pixel in a direction.

    Args:
        pixels: int32 (n, 2).
        usable: bool (h, w).
        values: float32 (h, w, c).
        down: of a way of one pixel, in rows.
        right: in columns.
        step: length of the steps in pixels.
        longest: way in pixels.
        ends: float32 (n, c), written: the values one pixel further, where nothing of the hole mixes in.
        distances: float32 (n,), written: length of the way; 0 if there is no such pixel.
    """
    height, width = usable.shape
    for index in range(start, stop):
        y, x = pixels[index, 0], pixels[index, 1]
        distances[index] = 0
        length = step
        while length <= longest:
            row, column = int(np.rint(y + down * length)), int(np.rint(x + right * length))
            if not (0 <= row < height and 0 <= column < width):
                break
            if usable[row, column]:
                distances[index] = length
                break
            length += step
        length = distances[index] + 1
        row, column = min(max(y + down * length, 0), height - 1), min(max(x + right * length, 0), width - 1)
        top, left = int(row), int(column)
        bottom, end = min(top + 1, height - 1), min(left + 1, width - 1)
        low, far = np.float32(row - top), np.float32(column - left)
        for channel in range(values.shape[2]):
            above = values[top, left, channel] + far * (values[top, end, channel] - values[top, left, channel])
            below = values[bottom, left, channel] + far * (values[bottom, end, channel] - values[bottom, left, channel])
            ends[index, channel] = above + low * (below - above)
