"""The compiled kernels that shrink, blur and compare pictures (numba); see `search_kernels` for how they run."""

import numpy as np

from inpaint.compiled.jit import njit

from .patch_kernels import CHANNELS, INLINE, OPTIONS


@njit(**OPTIONS)
def shrink(start, stop, pixels, hole, usable, factor, known, share, filled, may_copy):
    """Write means of blocks of pixels, for the rows from `start` to `stop` of the result.

    Blocks may extend beyond the lower and right edge; what lies outside does not count.

    Args:
        pixels: uint8 (H, W, 3).
        hole: bool (H, W).
        usable: bool (H, W).
        factor: side of a block in pixels.
        known: float32 (ceil(H / factor), ceil(W / factor), 3), written: of pixels outside the hole, in [0, 1], or 0.
        share: float32 of the same height and width, written: of pixels outside the hole.
        filled: float32 of the shape of `known`, written: of all pixels.
        may_copy: float32 of the shape of `share`, written: share of usable pixels.
    """
    height, width = hole.shape
    for y in range(start, stop):
        top, bottom = y * factor, min(y * factor + factor, height)
        for x in range(known.shape[1]):
            red, green, blue, unknown, copied = 0, 0, 0, 0, 0
            left, right = x * factor, min(x * factor + factor, width)
            for row in range(top, bottom):
                for column in range(left, right):
                    red += pixels[row, column, 0]
                    green += pixels[row, column, 1]
                    blue += pixels[row, column, 2]
                    unknown += hole[row, column]
                    copied += usable[row, column]
            size = (bottom - top) * (right - left)
            scale = np.float32(1 / 255) / np.float32(size)
            filled[y, x, 0], filled[y, x, 1], filled[y, x, 2] = red * scale, green * scale, blue * scale
            share[y, x], may_copy[y, x] = np.float32(size - unknown) / size, np.float32(copied) / size
            if unknown > 0:
                for row in range(top, bottom):
                    for column in range(left, right):
                        if hole[row, column]:
                            red -= pixels[row, column, 0]
                            green -= pixels[row, column, 1]
                            blue -= pixels[row, column, 2]
                scale = np.float32(1 / 255) / np.float32(max(size - unknown, 1))
            known[y, x, 0], known[y, x, 1], known[y, x, 2] = red * scale, green * scale, blue * scale


@njit(**OPTIONS)
def set_colours(start, stop, known, share, filled, features):
    """Write the colours of a level to its features, of rows from `start` to `stop`: where most is hole, the fill.

    Args:
        known: float32 (h, w, 3) in [0, 1].
        share: float32 (h, w), of known pixels.
        filled: float32 (h, w, 3).
        features: uint8 (PLANES, h, w, CHANNELS), written but for the texture.
    """
    for y in range(start, stop):
        for x in range(share.shape[1]):
            values = filled if share[y, x] < np.float32(0.5) else known
            for channel in range(3):
                value = np.uint8(values[y, x, channel] * np.float32(255) + np.float32(0.5))
                features[0, y, x, channel] = value
                features[1, y, x, channel] = value


@njit(**OPTIONS)
def set_picture(start, stop, picture, features):
    """Write the colours of a picture, uint8 (h, w, 3), to features, of rows from `start` to `stop`."""
    for y in range(start, stop):
        for x in range(picture.shape[1]):
            for channel in range(3):
                features[0, y, x, channel] = picture[y, x, channel]
                features[1, y, x, channel] = picture[y, x, channel]


@njit(**OPTIONS)
def set_texture(start, stop, texture, shift, scale, features):
    """Write the texture to the last channel of features: that across to the first plane, that down to the second.

    Args:
        texture: float32 (ceil(h / 2**shift), ceil(w / 2**shift), 2).
        shift: 1 if it is to be interpolated linearly, else 0.
        scale: of its values; they end at 255.
        features: uint8 (PLANES, h, w, CHANNELS), written.
    """
    height, width = texture.shape[0], texture.shape[1]
    mixed = np.empty((width, 2), np.float32)
    for y in range(start, stop):
        row = y >> shift
        beside = min(max(row + (1 if y & 1 else -1), 0), height - 1) if shift else row
        for x in range(width):
            for channel in range(2):
                mixed[x, channel] = scale * (
                    np.float32(0.75) * texture[row, x, channel] + np.float32(0.25) * texture[beside, x, channel]
                )
        for x in range(features.shape[2]):
            column = x >> shift
            near = min(max(column + (1 if x & 1 else -1), 0), width - 1) if shift else column
            for plane in range(2):
                value = np.float32(0.75) * mixed[column, plane] + np.float32(0.25) * mixed[near, plane]
                features[plane, y, x, CHANNELS - 1] = np.uint8(min(value + np.float32(0.5), np.float32(255)))


@njit(**OPTIONS)
def mean_texture(start, stop, energy, weight, share, out, is_known):
    """Write the energy of the texture averaged over 3 x 3 pixels, and where enough of it is known.

    Args:
        energy: float32 (h, w, 2).
        weight: float32 (h, w), share of the pixels that it is known of.
        share: float32 (h, w), of known pixels.
        out: float32 (h, w, 2), written.
        is_known: float32 (h, w), written: 0 or 1.
    """
    height, width = weight.shape
    sums = np.zeros((width + 2, 3), np.float32)  # of three rows, with a border
    for y in range(start, stop):
        sums[:] = 0
        for row in range(max(y - 1, 0), min(y + 2, height)):
            for x in range(width):
                share_of_pixel = weight[row, x]
                sums[x + 1, 0] += share_of_pixel * energy[row, x, 0]
                sums[x + 1, 1] += share_of_pixel * energy[row, x, 1]
                sums[x + 1, 2] += share_of_pixel
        for x in range(width):
            across = sums[x, 0] + sums[x + 1, 0] + sums[x + 2, 0]
            down = sums[x, 1] + sums[x + 1, 1] + sums[x + 2, 1]
            total = sums[x, 2] + sums[x + 1, 2] + sums[x + 2, 2]
            scale = np.float32(1) / max(total, np.float32(1e-5))
            out[y, x, 0], out[y, x, 1] = across * scale, down * scale
            is_known[y, x] = np.float32(total > np.float32(0.25 * 9) and share[y, x] >= np.float32(0.5))


@njit(**OPTIONS)
def gradient_energy(start, stop, pixels, hole, factor, out, out_weight):
    """Write the mean absolute differences of the grey value, across and down, of blocks of pixels.

    Args:
        pixels: uint8 (h, w, 3).
        hole: bool (h, w); differences that involve one of its pixels do not count.
        factor: side of a block in pixels.
        out: float32 (ceil(h / factor), ceil(w / factor), 2), written: grey values are in [0, 1].
        out_weight: float32 of the same height and width, written: the share of differences that count.
    """
    height, width = hole.shape
    above, below = np.empty(width, np.float32), np.empty(width, np.float32)
    across, down = np.empty(width, np.float32), np.empty(width, np.float32)
    counts = np.empty(width, np.float32)
    for y in range(start, stop):
        out[y] = 0
        out_weight[y] = 0
        last_row = min(y * factor + factor, height - 1)
        if y * factor < last_row:
            _grey(pixels, y * factor, below)
        for row in range(y * factor, last_row):
            for column in range(width):
                above[column] = below[column]
            _grey(pixels, row + 1, below)
            own, next_row, beside = hole[row], hole[row + 1], hole[row, 1:]
            right = above[1:]
            for column in range(width - 1):
                is_known = np.float32(1) if not (own[column] | beside[column] | next_row[column]) else np.float32(0)
                counts[column] = is_known
                across[column] = is_known * abs(right[column] - above[column])
                down[column] = is_known * abs(below[column] - above[column])
            for x in range(out.shape[1]):
                total_across, total_down, count = np.float32(0), np.float32(0), np.float32(0)
                for column in range(x * factor, min(x * factor + factor, width - 1)):
                    total_across += across[column]
                    total_down += down[column]
                    count += counts[column]
                out[y, x, 0] += total_across
                out[y, x, 1] += total_down
                out_weight[y, x] += count
        for x in range(out.shape[1]):
            scale = np.float32(1) / max(out_weight[y, x], np.float32(1))
            out[y, x, 0] *= scale
            out[y, x, 1] *= scale
            size = (last_row - y * factor) * (min(x * factor + factor, width - 1) - x * factor)
            out_weight[y, x] /= max(size, 1)


@njit(**INLINE)
def _grey(pixels, y, out):
    """Write the grey values of a row, from 0 to 1."""
    for x in range(pixels.shape[1]):
        out[x] = (
            np.float32(0.299 / 255) * pixels[y, x, 0]
            + np.float32(0.587 / 255) * pixels[y, x, 1]
            + np.float32(0.114 / 255) * pixels[y, x, 2]
        )


@njit(**OPTIONS)
def halve(start, stop, values, weight, out, out_weight):
    """Write weighted means of 2 x 2 pixels, for the rows from `start` to `stop` of the result.

    Args:
        values: float32 (h, w, c).
        weight: float32 (h, w).
        out: float32 (ceil(h / 2), ceil(w / 2), c), written; 0 where the weight is 0.
        out_weight: float32 of the same height and width, written: the mean weight.
    """
    height, width = weight.shape
    for y in range(np.uint64(start), np.uint64(stop)):  # of signed indices each access would test the sign
        top = np.uint64(2) * y
        bottom = min(top + np.uint64(1), np.uint64(height - 1))
        below = np.float32(bottom > top)  # 0: there is no such row
        for x in range(np.uint64(out.shape[1])):
            left = np.uint64(2) * x
            right = min(left + np.uint64(1), np.uint64(width - 1))
            beside = np.float32(right > left)
            first, second = weight[top, left], beside * weight[top, right]
            third, fourth = below * weight[bottom, left], below * beside * weight[bottom, right]
            total = first + second + third + fourth
            scale = np.float32(1) / max(total, np.float32(1e-9))
            for channel in range(np.uint64(out.shape[2])):
                upper = first * values[top, left, channel] + second * values[top, right, channel]
                lower = third * values[bottom, left, channel] + fourth * values[bottom, right, channel]
                out[y, x, channel] = scale * (upper + lower)
            out_weight[y, x] = total / ((np.float32(1) + below) * (np.float32(1) + beside))
