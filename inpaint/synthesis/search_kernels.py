"""The compiled kernels of the search for the nearest patches (numba).

Each kernel works on a range of targets or pixels and releases the GIL, so that `compiled.parallel` can run it on
several threads. Every sweep reads the matches of the previous one and writes new ones (Jacobi), and random candidates
come from a hash of the target, the seed and the sweep: the result does not depend on the number of threads.

Pairs are read one by one, as unpacking a row makes a view of it.

Arrays of all kernels:
    features: uint8 (PLANES, h, w * CHANNELS), what patches are compared by, see `Level`. Rows are flat.
    targets: int32 (n, 2), row and column of the centres of the patches that overlap the hole.
    cells: int32 (n, 2), the numbers of their rows and columns in their lattice.
    rows, columns: int32 (r,) and (c,), of the lattice, ascending.
    index_at: int32 (r, c), the index of the target at each place of the lattice, -1 for none.
    matches: int32 (n, 2), row and column of the source of each target.
    is_source: bool (h, w), the centres of patches without a hole pixel.
    guide: float32 (ceil(h / 2**shift), ceil(w / 2**shift), 8), low frequencies of the picture with the network's fill:
        RGB blurred a little, RGB blurred much, and the position.
    guide_weight: float32 (n, 8), of the channels of the guide.

Reference:
    Barnes et al. 2009, PatchMatch, ACM TOG 28(3), section 3: propagation and random search.
"""

import numpy as np

from inpaint.compiled.jit import njit

from .patch_kernels import FORCED, INLINE, OPTIONS, RADIUS, colour_distance, guide_distance, patch_distance

NOWHERE = 255
"""Stands for the uses of a source that does not exist, or may not be copied."""

TOO_FAR = np.float32(1e30)
"""A distance that is more than any other; a finite number, as the kernels are compiled without infinities."""

NEIGHBOURS = ((-1, 0), (1, 0), (0, -1), (0, 1))


@njit(**INLINE)
def _hash(first, second, third):
    """Return 32 well mixed bits of three numbers; numba computes with uint32 in 64 bits."""
    bits = np.uint32(first) * np.uint32(0x9E3779B1)
    bits ^= np.uint32(second) * np.uint32(0x85EBCA77)
    bits ^= np.uint32(third) * np.uint32(0xC2B2AE3D)
    bits ^= bits >> np.uint32(15)
    bits *= np.uint32(0x2C1B3C6D)
    bits ^= bits >> np.uint32(12)
    bits *= np.uint32(0x297A2D39)
    return bits ^ (bits >> np.uint32(15))


@njit(**INLINE)
def _below(bits, limit):
    """Return a number from 0 to `limit` - 1; a product is much faster than a division."""
    return np.int64(((np.uint64(bits) & np.uint64(0xFFFFFFFF)) * np.uint64(limit)) >> np.uint64(32))


@njit(**INLINE)
def target_at(index_at, row, column):
    """Return the index of the target at a place of the lattice, -1 for none or outside the lattice."""
    found = -1  # with two returns numba would count references to the array
    if 0 <= row < index_at.shape[0] and 0 <= column < index_at.shape[1]:
        found = index_at[np.uint64(row), np.uint64(column)]
    return found


@njit(**OPTIONS)
def distances(start, stop, features, targets, matches, guide, shift, guide_weight, out):
    """Write the distance of each target to its match to `out` (n,), without a price for uses."""
    for index in range(start, stop):
        y, x = targets[index, 0], targets[index, 1]
        source_y, source_x = matches[index, 0], matches[index, 1]
        total = guide_distance(
            guide, y >> shift, x >> shift, source_y >> shift, source_x >> shift, guide_weight, index
        )  # fmt: skip
        out[index] = total + patch_distance(features, y, x, source_y, source_x)


@njit(**FORCED)
def _without_patches(guide, shift, guide_weight, uses, prices, index, y, x, source_y, source_x):
    """Return the distance of a target to a source without that of their patches: its price, and that in the guide."""
    total = prices[uses[np.uint64(source_y), np.uint64(source_x)]]
    return total + guide_distance(
        guide, y >> shift, x >> shift, source_y >> shift, source_x >> shift, guide_weight, index
    )  # fmt: skip


@njit(**FORCED)
def _priced(features, guide, shift, guide_weight, uses, prices, index, y, x, source_y, source_x):
    """Return the distance of a target to a source with its price.

    If there is no such source, which its price tells, a patch may lie partly beside the picture: another one is read,
    as a branch would take longer.
    """
    total = _without_patches(guide, shift, guide_weight, uses, prices, index, y, x, source_y, source_x)
    inside_y = min(max(source_y, RADIUS), uses.shape[0] - 1 - RADIUS)
    inside_x = min(max(source_x, RADIUS), uses.shape[1] - 1 - RADIUS)
    return total + patch_distance(features, y, x, inside_y, inside_x)


@njit(**FORCED)
def _priced_below(features, guide, shift, guide_weight, uses, prices, index, y, x, source_y, source_x, limit):
    """Return the same; TOO_FAR if it is `limit` or more without the patches, which are not read then.

    With another early return numba would count references to the arrays, which takes longer than all else.
    """
    total = _without_patches(guide, shift, guide_weight, uses, prices, index, y, x, source_y, source_x)
    if total >= limit:
        return TOO_FAR
    return total + patch_distance(features, y, x, source_y, source_x)


@njit(**OPTIONS)
def sweep(
    start, stop, features, targets, cells, rows, columns, index_at, matches, distance, guide, shift, guide_weight,
    uses, prices, sources, offsets, step, window, offset_tries, random_tries, min_offset, seed, new_matches,
    new_distance,
):  # fmt: skip
    """Write better matches to `new_matches` (n, 2) and their distances to `new_distance` (n,).

    Candidates are the continuations of four neighbours' matches, `offset_tries` of the offsets that repeat in the
    photo, positions around the match in shrinking windows, and `random_tries` sources. Most of the first and third are
    about as good as the match, so that their patches are compared at once; most others are much worse.

    Args:
        uses: uint8 (h, w), of each source, see `count_uses`.
        prices: float32 (NOWHERE + 1,), what is added to the distance of a source, by the number of its uses; the last
            one is TOO_FAR.
        sources: int32 (m, 2), all sources.
        offsets: int32 (k, 2), candidates for the vector from a target to its source.
        step: distance of the neighbours in the lattice.
        window: largest distance of random candidates from the match, halved from try to try.
        min_offset: sources nearer than this, across and down, are no candidates; 0: all are.
    """
    height, width = uses.shape
    first_window, first_random = 4 + offset_tries, 4 + offset_tries
    while (window >> (first_random - first_window)) >= 1:
        first_random += 1
    for index in range(np.uint64(start), np.uint64(stop)):  # of signed ones each access would test the sign
        y, x = targets[index, 0], targets[index, 1]
        best_y, best_x = matches[index, 0], matches[index, 1]
        best = distance[index]
        row, column = cells[index, 0], cells[index, 1]
        for down, right in NEIGHBOURS:
            neighbour = target_at(index_at, row + down * step, column + right * step)
            if neighbour < 0:
                continue
            other = np.uint64(neighbour)
            new_y, new_x = matches[other, 0] + y - targets[other, 0], matches[other, 1] + x - targets[other, 1]
            if (new_y == best_y and new_x == best_x) or (abs(new_y - y) < min_offset and abs(new_x - x) < min_offset):
                continue
            if not (0 <= new_y < height and 0 <= new_x < width):
                continue
            total = _priced(features, guide, shift, guide_weight, uses, prices, index, y, x, new_y, new_x)
            if total < best:
                best, best_y, best_x = total, new_y, new_x
        for attempt in range(4, first_window):
            chosen = np.uint64(_below(_hash(index, seed, attempt), len(offsets)))
            new_y, new_x = y + offsets[chosen, 0], x + offsets[chosen, 1]
            if not (0 <= new_y < height and 0 <= new_x < width):
                continue
            total = _priced_below(features, guide, shift, guide_weight, uses, prices, index, y, x, new_y, new_x, best)
            if total < best and not (new_y == best_y and new_x == best_x):
                best, best_y, best_x = total, new_y, new_x
        for attempt in range(first_window, first_random):
            reach = window >> (attempt - first_window)
            bits = _hash(index, seed, attempt)
            new_y = best_y + _below(bits, 2 * reach + 1) - reach
            new_x = best_x + _below(bits * np.uint32(0x9E3779B1), 2 * reach + 1) - reach
            if abs(new_y - y) < min_offset and abs(new_x - x) < min_offset:
                continue
            if not (0 <= new_y < height and 0 <= new_x < width):
                continue
            total = _priced(features, guide, shift, guide_weight, uses, prices, index, y, x, new_y, new_x)
            if total < best and not (new_y == best_y and new_x == best_x):
                best, best_y, best_x = total, new_y, new_x
        for attempt in range(first_random, first_random + random_tries):
            chosen = np.uint64(_below(_hash(index, seed, attempt), len(sources)))
            new_y, new_x = sources[chosen, 0], sources[chosen, 1]
            if abs(new_y - y) < min_offset and abs(new_x - x) < min_offset:
                continue
            total = _priced_below(features, guide, shift, guide_weight, uses, prices, index, y, x, new_y, new_x, best)
            if total < best:
                best, best_y, best_x = total, new_y, new_x
        new_matches[index, 0], new_matches[index, 1], new_distance[index] = best_y, best_x, best


@njit(**OPTIONS)
def count_uses(matches, uses):
    """Count in `uses` (h, w), at the 3 x 3 pixels around every match, how often sources near are used.

    It stays NOWHERE where there is no source, and ends below that where there is one. In bytes it stays in the cache.
    """
    for index in range(len(matches)):
        y, x = matches[index, 0], matches[index, 1]
        for row in range(y - 1, y + 2):
            for column in range(x - 1, x + 2):
                if uses[row, column] < NOWHERE - 1:
                    uses[row, column] += 1


@njit(**OPTIONS)
def add_prices(matches, uses, prices, distance):
    """Add the price of each match that is a source to its distance (n,), see `sweep`."""
    for index in range(len(matches)):
        used = uses[matches[index, 0], matches[index, 1]]
        if used != NOWHERE:
            distance[index] += prices[used]


@njit(**OPTIONS)
def forget_uses(matches, uses):
    """Set `uses` (h, w) to 0 at the 3 x 3 pixels around every match, where there are sources."""
    for index in range(len(matches)):
        y, x = matches[index, 0], matches[index, 1]
        for row in range(y - 1, y + 2):
            for column in range(x - 1, x + 2):
                if uses[row, column] != NOWHERE:
                    uses[row, column] = 0


@njit(**OPTIONS)
def refine(
    start, stop, picture, targets, cells, rows, columns, index_at, is_source, matches, new_matches, new_distance
):  # fmt: skip
    """Write better matches at a finer level: continuations of neighbours' matches, and positions one pixel beside.

    Args:
        picture: uint8 (h, w * 3), the level with its present fill.
        new_matches: int32 (n, 2), written.
        new_distance: float32 (n,), written: squared distances of colours in [0, 1].
    """
    height, width = is_source.shape
    for index in range(start, stop):
        y, x = targets[index, 0], targets[index, 1]
        best_y, best_x = matches[index, 0], matches[index, 1]
        own_y, own_x = best_y, best_x
        best = colour_distance(picture, y, x, best_y, best_x)
        for attempt in range(8):
            down, right = NEIGHBOURS[attempt % 4]
            new_y, new_x = own_y + down, own_x + right
            if attempt < 4:
                neighbour = target_at(index_at, cells[index, 0] + down, cells[index, 1] + right)
                if neighbour < 0:
                    continue
                new_y = matches[neighbour, 0] + y - targets[neighbour, 0]
                new_x = matches[neighbour, 1] + x - targets[neighbour, 1]
            if not (0 <= new_y < height and 0 <= new_x < width) or not is_source[new_y, new_x]:
                continue
            if new_y == best_y and new_x == best_x:
                continue
            total = colour_distance(picture, y, x, new_y, new_x)
            if total < best:
                best, best_y, best_x = total, new_y, new_x
        new_matches[index, 0], new_matches[index, 1], new_distance[index] = best_y, best_x, best
