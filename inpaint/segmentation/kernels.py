"""The compiled kernels around the damage network (numba): its input, resizing, hysteresis.

Each works on a range of rows and releases the GIL. No two rows depend on each other, except in `hysteresis`, so that
the result is the same with any number of threads.
"""

import numpy as np

from inpaint.compiled.jit import njit

OPTIONS = {"nogil": True}
FAST = {**OPTIONS, "fastmath": True}

CELL = 8
"""Side of the cells of the local contrast."""


@njit(**OPTIONS)
def box_downscale(start, stop, pixels, row_bounds, column_bounds, out):
    """Write the mean of a rectangle of pixels, rounded, to each pixel of `out`, for rows start to stop - 1.

    Args:
        pixels: uint8 (H, W * 3).
        row_bounds: int32 (h, 2), first row and last but one of the rectangles.
        column_bounds: int32 (w, 2).
        out: uint8 (h, w, 3), written.
    """
    length = np.uint64(pixels.shape[1])
    sums = np.empty(length, np.uint32)
    for y in range(start, stop):
        first, end = row_bounds[y, 0], row_bounds[y, 1]
        for index in range(length):
            sums[index] = 0
        for row in range(first, end):
            for index in range(length):
                sums[index] += pixels[row, index]
        for x in range(len(column_bounds)):
            left, right = np.uint32(column_bounds[x, 0] * 3), np.uint32(column_bounds[x, 1] * 3)
            red, green, blue = np.uint32(0), np.uint32(0), np.uint32(0)
            for index in range(left, right, np.uint32(3)):
                red += sums[index]
                green += sums[index + np.uint32(1)]
                blue += sums[index + np.uint32(2)]
            scale = np.float32(1) / np.float32((end - first) * (column_bounds[x, 1] - column_bounds[x, 0]))
            out[y, x, 0] = np.uint8(np.float32(red) * scale + np.float32(0.5))
            out[y, x, 1] = np.uint8(np.float32(green) * scale + np.float32(0.5))
            out[y, x, 2] = np.uint8(np.float32(blue) * scale + np.float32(0.5))


@njit(**FAST)
def cell_means(start, stop, pixels, means):
    """Write the means of cells of pixels, for rows start to stop - 1 of cells.

    Args:
        pixels: uint8 (h * CELL, w * CELL, 3).
        means: float32 (h, w, 4), written: red, green and blue in [-1, 1], and the mean of their squares.
    """
    scale = np.float32(1 / 127.5)
    for y in range(start, stop):
        for x in range(means.shape[1]):
            red, green, blue, square = np.int32(0), np.int32(0), np.int32(0), np.int32(0)
            for row in range(CELL):
                for column in range(CELL):
                    pixel = pixels[y * CELL + row, x * CELL + column]
                    r, g, b = np.int32(pixel[0]), np.int32(pixel[1]), np.int32(pixel[2])
                    red += r
                    green += g
                    blue += b
                    square += r * r + g * g + b * b
            mean = np.float32(square) / np.float32(3 * CELL * CELL) * scale * scale
            mean -= np.float32(red + green + blue) / np.float32(3 * CELL * CELL) * scale * np.float32(2)
            means[y, x, 0] = np.float32(red) / np.float32(CELL * CELL) * scale - np.float32(1)
            means[y, x, 1] = np.float32(green) / np.float32(CELL * CELL) * scale - np.float32(1)
            means[y, x, 2] = np.float32(blue) / np.float32(CELL * CELL) * scale - np.float32(1)
            means[y, x, 3] = mean + np.float32(1)


@njit(**FAST)
def unshuffle_with_contrast(start, stop, pixels, around, left, weight, out):
    """Write pixels and a quarter of their local contrast, 2x2 pixels to the channels of one.

    Rows start to stop - 1 of `out` are written.

    Args:
        pixels: uint8 (2 h, 2 w, 3).
        around: float32 (h / 4, w / 4 + 1, 4), means around each cell, the last column repeated.
        left: int32 (2 w,), the cell at the left of each column of pixels.
        weight: float32 (2 w,), weight of the cell at the right of it.
        out: float32 (24, h, w), written.
    """
    scale, one = np.float32(1 / 127.5), np.float32(1)
    last = len(around) - 1
    line = np.empty(around.shape[1:], np.float32)
    for y in range(start, stop):
        for below in range(2):
            row = 2 * y + below
            at = max((np.float32(row) + np.float32(0.5)) / np.float32(CELL) - np.float32(0.5), np.float32(0))
            upper = int(at)
            lower, share = min(upper + 1, last), at - np.float32(upper)
            for x in range(len(line)):
                for channel in range(4):
                    value = around[upper, x, channel]
                    line[x, channel] = value + (around[lower, x, channel] - value) * share
            for x in range(out.shape[2]):
                for beside in range(2):
                    column = np.uint32(2 * x + beside)
                    cell, part = np.uint32(left[column]), weight[column]
                    following = cell + np.uint32(1)
                    red = line[cell, 0] + (line[following, 0] - line[cell, 0]) * part
                    green = line[cell, 1] + (line[following, 1] - line[cell, 1]) * part
                    blue = line[cell, 2] + (line[following, 2] - line[cell, 2]) * part
                    square = line[cell, 3] + (line[following, 3] - line[cell, 3]) * part
                    variance = max(square - (red * red + green * green + blue * blue) / np.float32(3), np.float32(0))
                    inverse = np.float32(0.25) / (np.sqrt(variance) + np.float32(0.06))
                    r = np.float32(pixels[row, column, 0])
                    g = np.float32(pixels[row, column, 1])
                    b = np.float32(pixels[row, column, 2])
                    channel = (2 * below + beside) * 6
                    out[channel, y, x] = (r - np.float32(127)) * np.float32(1 / 128)
                    out[channel + 1, y, x] = (g - np.float32(127)) * np.float32(1 / 128)
                    out[channel + 2, y, x] = (b - np.float32(127)) * np.float32(1 / 128)
                    out[channel + 3, y, x] = min(max((r * scale - one - red) * inverse, -one), one)
                    out[channel + 4, y, x] = min(max((g * scale - one - green) * inverse, -one), one)
                    out[channel + 5, y, x] = min(max((b * scale - one - blue) * inverse, -one), one)


@njit(**OPTIONS, inline="always")
def _interpolate_rows(small, at, line):
    """Write the row of `small` (h, w) at a position between two rows to `line` (w,)."""
    upper = int(at)
    lower, share = min(upper + 1, len(small) - 1), at - np.float32(upper)
    for x in range(len(line)):
        line[x] = small[upper, x] + (small[lower, x] - small[upper, x]) * share


@njit(**OPTIONS)
def average_with_enlarged(start, stop, small, rows, left, right, weight, share, most_below, values):
    """Write the weighted mean of `values` and of the enlarged `small` to `values`, for rows start to stop - 1.

    Args:
        small: float32 (h, w).
        rows: float32 (H,), position of each row between those of `small`.
        left: int32 (W,), the column of `small` at the left of each column.
        right: int32 (W,), the column at the right of it.
        weight: float32 (W,), weight of the latter.
        share: float32, weight of the enlarged `small` in the mean.
        most_below: float32, how far below a value the enlarged `small` counts at most.
        values: float32 (H, W), overwritten.
    """
    line = np.empty(small.shape[1], np.float32)
    for y in range(start, stop):
        _interpolate_rows(small, rows[y], line)
        for x in range(len(left)):
            value = line[left[x]]
            value += (line[right[x]] - value) * weight[x]
            values[y, x] += max(value - values[y, x], -most_below) * share


@njit(**OPTIONS)
def maximum_with_enlarged(start, stop, small, rows, left, right, weight, values):
    """Write the maximum of `values` and of the enlarged `small` to `values`: as `average_with_enlarged`."""
    line = np.empty(small.shape[1], np.float32)
    for y in range(start, stop):
        _interpolate_rows(small, rows[y], line)
        for x in range(len(left)):
            value = line[left[x]]
            value += (line[right[x]] - value) * weight[x]
            values[y, x] = max(values[y, x], value)


@njit(**OPTIONS)
def enlarged_at_most(start, stop, small, rows, left, right, weight, limit, out):
    """Write where the enlarged `small` is at most `limit` to `out`, bool (H, W): as `average_with_enlarged`."""
    line = np.empty(small.shape[1], np.float32)
    for y in range(start, stop):
        _interpolate_rows(small, rows[y], line)
        for x in range(len(left)):
            value = line[left[x]]
            out[y, x] = value + (line[right[x]] - value) * weight[x] <= limit


@njit(**OPTIONS)
def hysteresis(values, low, high, least, queue, found):
    """Mark the 8-connected components of values above `low` that hold one above `high`.

    Args:
        values: float32 (h, w).
        low: the lower threshold.
        high: the higher threshold.
        least: components of fewer pixels are not marked.
        queue: int32, as many as values exceed `low`, at least.
        found: bool (h, w), False everywhere; written.
    """
    height, width = values.shape
    for y in range(height):
        for x in range(width):
            if values[y, x] <= high or found[y, x]:
                continue
            queue[0], done, count = y * width + x, 0, 1
            found[y, x] = True
            while done < count:
                row, column = queue[done] // width, queue[done] % width
                done += 1
                for below in range(max(row - 1, 0), min(row + 2, height)):
                    for beside in range(max(column - 1, 0), min(column + 2, width)):
                        if values[below, beside] > low and not found[below, beside]:
                            found[below, beside] = True
                            queue[count] = below * width + beside
                            count += 1
            if count < least:
                for index in range(count):
                    found[queue[index] // width, queue[index] % width] = False
