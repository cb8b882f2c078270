"""The compiled kernels that shrink, erode and join pictures (numba); see `kernels` for how they run."""

import numpy as np

from inpaint.compiled.jit import njit

from .kernels import INLINE, NEIGHBOURS, OPTIONS


@njit(**OPTIONS)
def shrink(start, stop, pixels, weight, factor, out, out_weight):
    """Write weighted means of blocks of pixels, for the rows from `start` to `stop` of the result.

    Blocks may extend beyond the lower and right edge; what lies outside does not count.

    Args:
        pixels: uint8 (h, w, 3).
        weight: bool (h, w).
        factor: side of a block in pixels.
        out: float32 (ceil(h / factor), ceil(w / factor), 3), written: in [0, 1], 0 where no pixel counts.
        out_weight: float32 of the same height and width, written: the share of pixels that count.
    """
    height, width = weight.shape
    for y in range(start, stop):
        for x in range(out.shape[1]):
            red, green, blue, count, size = 0, 0, 0, 0, 0
            for row in range(y * factor, min(y * factor + factor, height)):
                for column in range(x * factor, min(x * factor + factor, width)):
                    size += 1
                    if weight[row, column]:
                        red += pixels[row, column, 0]
                        green += pixels[row, column, 1]
                        blue += pixels[row, column, 2]
                        count += 1
            scale = np.float32(1) / (255 * max(count, 1))
            out[y, x, 0], out[y, x, 1], out[y, x, 2] = red * scale, green * scale, blue * scale
            out_weight[y, x] = np.float32(count) / size


@njit(**OPTIONS)
def gradient_energy(start, stop, pixels, known, factor, out, out_weight):
    """Write the mean absolute differences of the grey value, across and down, of blocks of pixels.

    Args:
        pixels: uint8 (h, w, 3).
        known: bool (h, w); differences that involve another pixel do not count.
        factor: side of a block in pixels.
        out: float32 (ceil(h / factor), ceil(w / factor), 2), written: grey values are in [0, 1].
        out_weight: float32 of the same height and width, written: the share of differences that count.
    """
    height, width = known.shape
    for y in range(start, stop):
        for x in range(out.shape[1]):
            across, down, count, size = np.float32(0), np.float32(0), 0, 0
            for row in range(y * factor, min(y * factor + factor, height - 1)):
                for column in range(x * factor, min(x * factor + factor, width - 1)):
                    size += 1
                    if known[row, column] and known[row, column + 1] and known[row + 1, column]:
                        grey = _grey(pixels, row, column)
                        across += abs(_grey(pixels, row, column + 1) - grey)
                        down += abs(_grey(pixels, row + 1, column) - grey)
                        count += 1
            scale = np.float32(1) / max(count, 1)
            out[y, x, 0], out[y, x, 1] = across * scale, down * scale
            out_weight[y, x] = np.float32(count) / max(size, 1)


@njit(**INLINE)
def _grey(pixels, y, x):
    return (
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
    for y in range(start, stop):
        for x in range(out.shape[1]):
            total, size = np.float32(0), 0
            for channel in range(out.shape[2]):
                out[y, x, channel] = 0
            for row in range(2 * y, min(2 * y + 2, height)):
                for column in range(2 * x, min(2 * x + 2, width)):
                    size += 1
                    total += weight[row, column]
                    for channel in range(out.shape[2]):
                        out[y, x, channel] += weight[row, column] * values[row, column, channel]
            scale = np.float32(1) / max(total, np.float32(1e-9))
            for channel in range(out.shape[2]):
                out[y, x, channel] *= scale
            out_weight[y, x] = total / size


@njit(**OPTIONS)
def source_rows(start, stop, usable, radius, out):
    """Write which pixels of a row have only usable ones within `radius` to the left and right, to `out` (h, w)."""
    width = usable.shape[1]
    for y in range(start, stop):
        run = 0
        for x in range(width + radius):
            run = run + 1 if x < width and usable[y, x] else 0
            if x >= radius:
                out[y, x - radius] = run > 2 * radius


@njit(**OPTIONS)
def source_columns(start, stop, rows, radius, out):
    """Write which pixels of columns have only set ones within `radius` above and below, to `out` (h, w).

    Args:
        rows: bool (h, w), as `source_rows` writes it.
        radius: in pixels.
        out: bool (h, w), written in the columns from `start` to `stop`.
    """
    height = rows.shape[0]
    run = np.zeros(stop - start, np.int32)
    for y in range(height + radius):
        for x in range(start, stop):
            run[x - start] = run[x - start] + 1 if y < height and rows[y, x] else 0
            if y >= radius:
                out[y - radius, x] = run[x - start] > 2 * radius


@njit(**OPTIONS)
def guidance_field(start, stop, picture, usable, top, left, pixels, pixel_at, offsets, field):
    """Write the differences to their neighbours that the pixels of a tile are to have.

    They are those of the copied run; where two runs meet, the mean of both runs' differences.

    Args:
        picture: uint8 (H, W, 3), copied from.
        usable: bool (H, W), pixels that may be copied; the colours of others do not count.
        top: row of the tile in the picture.
        left: column of the tile in the picture.
        pixels: int32 (m, 2), row and column in the tile of the pixels that are filled.
        pixel_at: int32 (h, w), the index of each of them, -1 elsewhere.
        offsets: int32 (m, 2), from each pixel to the one that is copied.
        field: float32 (m, 3), written: the sum of the differences to the neighbours inside the tile, in [0, 1].
    """
    height, width = usable.shape
    for index in range(start, stop):
        y, x = pixels[index]
        source_y, source_x = top + y + offsets[index, 0], left + x + offsets[index, 1]
        field[index, 0] = field[index, 1] = field[index, 2] = 0
        for direction in range(4):
            down, right = NEIGHBOURS[direction]
            if not (0 <= y + down < pixel_at.shape[0] and 0 <= x + right < pixel_at.shape[1]):
                continue
            other_y, other_x = source_y + down, source_x + right
            own = 0 <= other_y < height and 0 <= other_x < width and usable[other_y, other_x]
            neighbour = pixel_at[y + down, x + right]
            from_y, from_x, second = 0, 0, False
            if neighbour >= 0 and (
                offsets[neighbour, 0] != offsets[index, 0] or offsets[neighbour, 1] != offsets[index, 1]
            ):
                from_y, from_x = top + y + offsets[neighbour, 0], left + x + offsets[neighbour, 1]
                second = 0 <= from_y < height and 0 <= from_x < width and usable[from_y, from_x]
            scale = np.float32(1) / (255 * max(own + second, 1))
            for channel in range(3):
                total = np.float32(0)
                if own:
                    total += np.float32(picture[source_y, source_x, channel])
                    total -= np.float32(picture[other_y, other_x, channel])
                if second:
                    total += np.float32(picture[from_y, from_x, channel])
                    total -= np.float32(picture[from_y + down, from_x + right, channel])
                field[index, channel] += total * scale


@njit(**OPTIONS)
def relax(start, stop, filled, pixels, pull, screening, overrelaxation):
    """Move pixels of a tile towards the solution of the screened Poisson equation, in place.

    One step of red-black successive over-relaxation, if no two of the pixels are neighbours.

    Args:
        filled: float32 (h, w, 3) in [0, 1], the tile; other pixels are the boundary.
        pixels: int32 (m, 2), row and column in the tile.
        pull: float32 (m, 3), the desired differences to the neighbours plus the screened values.
        screening: weight of the copied values.
        overrelaxation: from 1 to 2.
    """
    height, width = filled.shape[:2]
    for index in range(start, stop):
        y, x = pixels[index]
        count = (y > 0) + (y + 1 < height) + (x > 0) + (x + 1 < width)
        scale = np.float32(1) / (count + screening)
        for channel in range(3):
            total = pull[index, channel]
            if y > 0:
                total += filled[y - 1, x, channel]
            if y + 1 < height:
                total += filled[y + 1, x, channel]
            if x > 0:
                total += filled[y, x - 1, channel]
            if x + 1 < width:
                total += filled[y, x + 1, channel]
            filled[y, x, channel] += overrelaxation * (total * scale - filled[y, x, channel])
