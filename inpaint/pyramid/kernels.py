"""The compiled kernels of push-pull and the initial fill (numba): `halve` down the pyramid, then `fill` back up.

They change hole pixels only, in the rows and columns between the first and the last hole pixel of each row. A step
reads the pixels as they were before it, although it writes in place: the sums that a row needs are kept for three rows,
and are computed before the pixels are overwritten. So a step passes through memory once.

Operations are those of `arrays`, in the same order and without shortcuts (fastmath): both give the same bytes.

Indices are unsigned, see `inpaint.synthesis.kernels`; numbers that are compared or may be -1 are signed.

Arrays of all kernels:
    image: float32 (3, h, w), a level of the pyramid.
    hole: float32 (h, w) in {0, 1}, 1 = hole.
    spans: int64 (h, 2), from the first hole pixel of each row to the one after the last; (w, 0) where there is none.
"""

import numpy as np

from inpaint.compiled.jit import njit

OPTIONS = {"nogil": True, "error_model": "numpy"}  # a check for 0 would keep loops scalar
INLINE = {**OPTIONS, "inline": "always"}
ONE = np.uint64(1)
TWO = np.uint64(2)
UNIT = np.float32(1)
FOUR = np.float32(4)


@njit(**OPTIONS)
def halve(image, hole, spans, out, out_hole):
    """Write the mean of the known pixels of 2 x 2 pixels, 0 where there is none, unless all pixels are known.

    Odd sizes are padded with unknown pixels.

    Args:
        spans: written.
        out: float32 (3, ceil(h / 2), ceil(w / 2)), written.
        out_hole: float32 of the same height and width, written.

    Returns:
        Whether there is any hole pixel.
    """
    height, width = hole.shape
    if not _find_spans(hole, spans):
        return False
    even = np.uint64(width // 2)
    for y in range(np.uint64((height + 1) // 2)):
        top = TWO * y
        below = min(top + ONE, np.uint64(height - 1))
        weight = np.float32(1) if below > top else np.float32(0)  # of the row below
        for x in range(even):
            left, right = TWO * x, TWO * x + ONE
            first, second = UNIT - hole[top, left], UNIT - hole[top, right]
            third, fourth = weight * (UNIT - hole[below, left]), weight * (UNIT - hole[below, right])
            count = first + second + third + fourth
            scale = np.float32(1) / max(count, np.float32(1))
            out_hole[y, x] = np.float32(1) if count == 0 else np.float32(0)
            for channel in range(np.uint64(3)):
                total = first * image[channel, top, left] + second * image[channel, top, right]
                total += third * image[channel, below, left] + fourth * image[channel, below, right]
                out[channel, y, x] = total * scale
        if width % 2:
            left = np.uint64(width - 1)
            first, third = UNIT - hole[top, left], weight * (UNIT - hole[below, left])
            scale = np.float32(1) / max(first + third, np.float32(1))
            out_hole[y, even] = np.float32(1) if first + third == 0 else np.float32(0)
            for channel in range(np.uint64(3)):
                out[channel, y, even] = (
                    first * image[channel, top, left] + third * image[channel, below, left]
                ) * scale
    return True


@njit(**OPTIONS)
def fill(first, stop, coarse, image, hole, spans, jacobi_steps, biharmonic_steps, limit, sums):
    """Fill the hole of a level from the filled level of half the size, and make the fill smooth.

    Args:
        first: the first channel, int64.
        stop: the one after the last.
        coarse: float32 (3, ceil(h / 2), ceil(w / 2)).
        jacobi_steps: int64, number of steps.
        biharmonic_steps: float32 (n,), step sizes.
        limit: float32, largest absolute value of the result; 0: any.
        sums: float32 (3, 3, w + 2), overwritten: a part for each channel, as they may be filled at the same time.
    """
    for channel in range(np.uint64(first), np.uint64(stop)):
        own_sums = sums[channel]
        _upsample(coarse, image, channel, hole, spans, own_sums)
        for _ in range(jacobi_steps):
            _jacobi_step(image, channel, hole, spans, own_sums)
        for step in biharmonic_steps:
            _biharmonic_step(image, channel, hole, spans, step, own_sums)
        if limit > 0:
            _clamp(image, channel, spans, limit)


@njit(**INLINE)
def _find_spans(hole, spans):
    """Write the spans of the hole, and return whether there is any hole pixel."""
    height, width = hole.shape
    is_open = False
    for y in range(height):
        total = np.float32(0)
        for x in range(width):
            total += hole[y, x]
        start, stop = width, 0
        if total > 0:
            is_open = True
            start = 0
            while hole[y, start] == 0:
                start += 1
            stop = width
            while hole[y, stop - 1] == 0:
                stop -= 1
        spans[y, 0], spans[y, 1] = start, stop
    return is_open


@njit(**INLINE)
def _upsample(coarse, image, channel, hole, spans, sums):
    """Fill a channel of the hole with that of an image of half the size, interpolated linearly.

    Args:
        coarse: float32 (3, ceil(h / 2), ceil(w / 2)).
        sums: float32 (n, w + 2), overwritten.
    """
    height = len(hole)
    rows, columns = coarse.shape[1], coarse.shape[2]
    zero = np.uint64(0)
    for row in range(height):
        start, stop = spans[row, 0], spans[row, 1]
        if start >= stop:
            continue
        y = np.uint64(row)
        near = np.uint64(row // 2)
        beside = np.uint64(min(row // 2 + 1, rows - 1)) if row % 2 else np.uint64(max(row // 2 - 1, 0))
        # coarse pixels from one before the first that is needed, at offset 1
        first, last = max(start // 2 - 1, 0), min((stop - 1) // 2 + 2, columns)
        for x in range(np.uint64(first), np.uint64(last)):
            sums[zero, x + ONE] = (
                np.float32(0.75) * coarse[channel, near, x] + np.float32(0.25) * coarse[channel, beside, x]
            )
        if first == 0:
            sums[zero, zero] = sums[zero, ONE]
        if last == columns:
            sums[zero, np.uint64(columns + 1)] = sums[zero, np.uint64(columns)]
        for x in range(np.uint64(start // 2), np.uint64((stop - 1) // 2 + 1)):
            middle = np.float32(0.75) * sums[zero, x + ONE]
            sums[ONE, TWO * x] = middle + np.float32(0.25) * sums[zero, x]
            sums[ONE, TWO * x + ONE] = middle + np.float32(0.25) * sums[zero, x + TWO]
        for x in range(np.uint64(start), np.uint64(stop)):
            image[channel, y, x] = sums[ONE, x] if hole[y, x] > 0 else image[channel, y, x]


@njit(**INLINE)
def _reach(spans, row):
    """Return the span of three rows: those of which a step needs the sums of this row."""
    start, stop = spans[row, 0], spans[row, 1]
    if row > 0:
        start, stop = min(start, spans[row - 1, 0]), max(stop, spans[row - 1, 1])
    if row + 1 < len(spans):
        start, stop = min(start, spans[row + 1, 0]), max(stop, spans[row + 1, 1])
    return start, stop


@njit(**INLINE)
def _jacobi_step(image, channel, hole, spans, sums):
    """Set the hole pixels of a channel to the mean of the 3 x 3 pixels around each that lie in the image.

    Args:
        sums: float32 (3, w + 2), overwritten.
    """
    height, width = hole.shape
    sums[2] = 0  # what lies above the image
    for row in range(height + 1):
        if row < height:
            _sum_row(image, channel, row, spans, sums)
        else:
            sums[row % 3] = 0
        if row == 0:
            continue
        y = np.uint64(row - 1)
        start, stop = spans[row - 1, 0], spans[row - 1, 1]
        if start >= stop:
            continue
        rows = min(row, height - 1) - max(row - 2, 0) + 1
        first, second, third = np.uint64((row + 1) % 3), np.uint64((row + 2) % 3), np.uint64(row % 3)
        scale = np.float32(1) / np.float32(3 * rows)
        for x in range(np.uint64(max(start, 1)), np.uint64(min(stop, width - 1))):
            mean = (sums[first, x] + sums[second, x] + sums[third, x]) * scale
            image[channel, y, x] = mean if hole[y, x] > 0 else image[channel, y, x]
        scale = np.float32(1) / np.float32(min(width, 2) * rows)
        for edge in (0, width - 1):
            x = np.uint64(edge)
            if hole[y, x] > 0:
                image[channel, y, x] = (sums[first, x] + sums[second, x] + sums[third, x]) * scale


@njit(**INLINE)
def _sum_row(image, channel, row, spans, sums):
    """Write the sums of each pixel of a row and its neighbours to the left and right that lie in the image."""
    width = image.shape[2]
    start, stop = _reach(spans, row)
    y, place = np.uint64(row), np.uint64(row % 3)
    for x in range(np.uint64(max(start, 1)), np.uint64(min(stop, width - 1))):
        sums[place, x] = image[channel, y, x - ONE] + image[channel, y, x] + image[channel, y, x + ONE]
    if start < stop:
        zero, last = np.uint64(0), np.uint64(width - 1)
        sums[place, zero] = image[channel, y, zero]
        sums[place, last] = image[channel, y, last]
        if width > 1:
            sums[place, zero] += image[channel, y, ONE]
            sums[place, last] += image[channel, y, last - ONE]


@njit(**INLINE)
def _biharmonic_step(image, channel, hole, spans, step, sums):
    """Subtract `step` times the Laplacian of the Laplacian from the hole pixels of a channel.

    The image is continued by its outermost pixels.

    Args:
        sums: float32 (3, w + 2), overwritten: the Laplacian of three rows, from one column before the image on.
    """
    height = len(hole)
    for row in range(-2, height):
        _laplacian_row(image, channel, row + 1, spans, sums)
        if row < 0:
            continue
        start, stop = spans[row, 0], spans[row, 1]
        y = np.uint64(row)
        above, place, below = np.uint64(row % 3), np.uint64((row + 1) % 3), np.uint64((row + 2) % 3)
        for x in range(np.uint64(start), np.uint64(stop)):
            middle = x + ONE
            value = sums[above, middle] + sums[below, middle] + sums[place, x] + sums[place, x + TWO]
            value -= FOUR * sums[place, middle]
            image[channel, y, x] -= step * hole[y, x] * value


@njit(**INLINE)
def _laplacian_row(image, channel, row, spans, sums):
    """Write the sum of the four neighbours minus four times the pixel, of a row of the image or one beside it."""
    _, height, width = image.shape
    start, stop = _reach(spans, min(max(row, 0), height - 1))
    if start >= stop:
        return
    start, stop = start - 1, stop + 1
    place = np.uint64((row + 1) % 3)
    above, y = np.uint64(min(max(row - 1, 0), height - 1)), np.uint64(min(max(row, 0), height - 1))
    below = np.uint64(min(max(row + 1, 0), height - 1))
    for x in range(np.uint64(max(start, 1)), np.uint64(max(min(stop, width - 1), 0))):
        value = image[channel, above, x] + image[channel, below, x] + image[channel, y, x - ONE]
        sums[place, x + ONE] = value + image[channel, y, x + ONE] - FOUR * image[channel, y, x]
    for column in (-1, 0, width - 1, width):
        x = np.uint64(min(max(column, 0), width - 1))
        left, right = np.uint64(min(max(column - 1, 0), width - 1)), np.uint64(min(max(column + 1, 0), width - 1))
        value = image[channel, above, x] + image[channel, below, x] + image[channel, y, left]
        sums[place, np.uint64(column + 1)] = value + image[channel, y, right] - FOUR * image[channel, y, x]


@njit(**INLINE)
def _clamp(image, channel, spans, limit):
    """Limit the absolute values in the spans of a channel."""
    for row in range(len(spans)):
        y = np.uint64(row)
        for x in range(np.uint64(spans[row, 0]), np.uint64(spans[row, 1])):
            image[channel, y, x] = min(max(image[channel, y, x], -limit), limit)
