"""The compiled kernels of the patch synthesis (numba).

Each kernel works on a range of targets or pixels and releases the GIL, so that `compiled.parallel` can run it on
several threads. Every sweep reads the matches of the previous one and writes new ones (Jacobi), and random candidates
come from a hash of the target, the seed and the sweep: the result does not depend on the number of threads.

Patches are read with unsigned indices: signed ones may be negative and count from the end, so that LLVM would gather
value by value. The length of a row is computed, since it would unroll a constant one instead of vectorising it. Pairs
are read one by one, as unpacking a row makes a view of it. Together this takes a quarter of the time off a synthesis.

Arrays of all kernels:
    features: float32 (h, w * CHANNELS), what patches are compared by: RGB, then the energy of the texture. Rows are
        flat, as LLVM then computes several products at once.
    targets: int32 (n, 2), row and column of the centres of the patches that overlap the hole.
    target_at: int32 (rows, columns), the index of the target at each pixel of a box, -1 for none.
    top, left: where that box lies.
    matches: int32 (n, 2), row and column of the source of each target.
    is_source: bool (h, w), the centres of patches without a hole pixel.
    guide: float32 (h >> shift, w >> shift, 8), low frequencies of the picture with the network's fill: RGB blurred a
        little, RGB blurred much, and the position.
    guide_weight: float32 (n, 2), of the first three channels of the guide and of the others.

Reference:
    Barnes et al. 2009, PatchMatch, ACM TOG 28(3), section 3: propagation and random search.
"""

import numpy as np

from inpaint.compiled.jit import njit

RADIUS = 3
CHANNELS = 5
SIDE = 2 * RADIUS + 1
NEIGHBOURS = ((-1, 0), (1, 0), (0, -1), (0, 1))

OPTIONS = {"nogil": True, "fastmath": True}
INLINE = {**OPTIONS, "inline": "always"}


@njit(**INLINE)
def _hash(first, second, third):
    """Return well mixed bits of three numbers; more than 32, as numba computes with uint32 in 64 bits."""
    bits = np.uint32(first) * np.uint32(0x9E3779B1)
    bits ^= np.uint32(second) * np.uint32(0x85EBCA77)
    bits ^= np.uint32(third) * np.uint32(0xC2B2AE3D)
    bits ^= bits >> np.uint32(15)
    bits *= np.uint32(0x2C1B3C6D)
    bits ^= bits >> np.uint32(12)
    bits *= np.uint32(0x297A2D39)
    return bits ^ (bits >> np.uint32(15))


@njit(**INLINE)
def _target(target_at, row, column):
    """Return the index of the target at a pixel of the box, -1 for none or outside the box."""
    if 0 <= row < target_at.shape[0] and 0 <= column < target_at.shape[1]:
        return target_at[row, column]
    return -1


@njit(**INLINE)
def _patch_distance(features, y, x, source_y, source_x, limit):
    """Return the squared distance of two patches; a sum that exceeds `limit` is not completed."""
    total = np.float32(0)
    top, source_top = np.uint64(y - RADIUS), np.uint64(source_y - RADIUS)
    left, source_left = np.uint64((x - RADIUS) * CHANNELS), np.uint64((source_x - RADIUS) * CHANNELS)
    length = np.uint64(min(SIDE * CHANNELS, features.shape[1]))  # the former, see above
    for row in range(np.uint64(SIDE)):
        for index in range(length):
            difference = features[top + row, left + index] - features[source_top + row, source_left + index]
            total += difference * difference
        if total > limit:
            return total
    return total


@njit(**INLINE)
def _guide_distance(guide, shift, weights, index, y, x, source_y, source_x):
    """Return the weighted squared distance of the guide at two pixels."""
    y, x, source_y, source_x = y >> shift, x >> shift, source_y >> shift, source_x >> shift
    fine, coarse = np.float32(0), np.float32(0)
    for channel in range(3):
        difference = guide[y, x, channel] - guide[source_y, source_x, channel]
        fine += difference * difference
    for channel in range(3, 8):
        difference = guide[y, x, channel] - guide[source_y, source_x, channel]
        coarse += difference * difference
    return fine * weights[index, 0] + coarse * weights[index, 1]


@njit(**OPTIONS)
def distances(start, stop, features, targets, matches, guide, shift, guide_weight, out):
    """Write the distance of each target to its match, without the occurrence penalty, to `out` (n,)."""
    for index in range(start, stop):
        y, x = targets[index, 0], targets[index, 1]
        source_y, source_x = matches[index, 0], matches[index, 1]
        out[index] = _guide_distance(guide, shift, guide_weight, index, y, x, source_y, source_x) + _patch_distance(
            features, y, x, source_y, source_x, np.float32(1e30)
        )


@njit(**OPTIONS)
def sweep(
    start, stop, features, targets, target_at, top, left, is_source, matches, distance, guide, shift, guide_weight,
    penalty, sources, offsets, step, window, offset_tries, random_tries, min_offset, seed, new_matches, new_distance,
):  # fmt: skip
    """Write better matches to `new_matches` (n, 2) and their distances to `new_distance` (n,).

    Candidates are the continuations of four neighbours' matches, `offset_tries` of the offsets that repeat in the
    photo, positions around the match in shrinking windows, and `random_tries` sources.

    Args:
        penalty: float32 (h, w), added to the distance of a source: more where it is used often already.
        sources: int32 (m, 2), all sources.
        offsets: int32 (k, 2), candidates for the vector from a target to its source.
        step: distance of the neighbours in pixels.
        window: largest distance of random candidates from the match, halved from try to try.
        min_offset: sources nearer than this, across and down, are no candidates; 0: all are.
    """
    height, width = is_source.shape
    for index in range(start, stop):
        y, x = targets[index, 0], targets[index, 1]
        best_y, best_x = matches[index, 0], matches[index, 1]
        best = distance[index]
        window_tries = 0
        while (window >> window_tries) >= 1:
            window_tries += 1
        for attempt in range(4 + offset_tries + window_tries + random_tries):
            if attempt < 4:
                down, right = NEIGHBOURS[attempt]
                down, right = down * step, right * step
                neighbour = _target(target_at, y + down - top, x + right - left)
                if neighbour < 0:
                    continue
                new_y, new_x = matches[neighbour, 0] - down, matches[neighbour, 1] - right
            elif attempt < 4 + offset_tries:
                bits = _hash(index, seed, attempt)
                chosen = np.int64(bits % np.uint32(len(offsets)))
                new_y, new_x = y + offsets[chosen, 0], x + offsets[chosen, 1]
            elif attempt < 4 + offset_tries + window_tries:
                reach = window >> (attempt - 4 - offset_tries)
                bits = _hash(index, seed, attempt)
                new_y = best_y + np.int64(bits % np.uint32(2 * reach + 1)) - reach
                new_x = best_x + np.int64((bits >> np.uint32(16)) % np.uint32(2 * reach + 1)) - reach
            else:
                chosen = np.int64(_hash(index, seed, attempt) % np.uint32(len(sources)))
                new_y, new_x = sources[chosen, 0], sources[chosen, 1]
            if not (0 <= new_y < height and 0 <= new_x < width) or not is_source[new_y, new_x]:
                continue
            if (new_y == best_y and new_x == best_x) or (abs(new_y - y) < min_offset and abs(new_x - x) < min_offset):
                continue
            known = _guide_distance(guide, shift, guide_weight, index, y, x, new_y, new_x) + penalty[new_y, new_x]
            if known >= best:
                continue
            total = known + _patch_distance(features, y, x, new_y, new_x, best - known)
            if total < best:
                best, best_y, best_x = total, new_y, new_x
        new_matches[index, 0], new_matches[index, 1], new_distance[index] = best_y, best_x, best


@njit(**OPTIONS)
def vote_mean(start, stop, features, pixels, target_at, top, left, matches, weight, out):
    """Write the weighted mean of what the patches over each hole pixel propose to `out` (m, CHANNELS).

    Args:
        pixels: int32 (m, 2), row and column of the hole's pixels.
        weight: float32 (n,), of each target's vote.
    """
    rows, columns = target_at.shape
    for index in range(start, stop):
        y, x = pixels[index, 0], pixels[index, 1]
        total = np.float32(1e-20)
        for channel in range(CHANNELS):
            out[index, channel] = 0
        for row in range(max(y - RADIUS, top), min(y + RADIUS + 1, top + rows)):
            for column in range(max(x - RADIUS, left), min(x + RADIUS + 1, left + columns)):
                target = target_at[row - top, column - left]
                if target < 0:
                    continue
                down, right = row - y, column - x
                total += weight[target]
                for channel in range(CHANNELS):
                    place = (matches[target, 1] - right) * CHANNELS + channel
                    out[index, channel] += weight[target] * features[matches[target, 0] - down, place]
        for channel in range(CHANNELS):
            out[index, channel] /= total


@njit(**OPTIONS)
def vote_offset(start, stop, pixels, target_at, top, left, matches, weight, offsets, share):
    """Write the offset with the largest weight among the patches over each hole pixel, and its share of the weight.

    Args:
        pixels: int32 (m, 2), row and column of the hole's pixels.
        weight: float32 (n,), of each target's vote.
        offsets: int32 (m, 2), written: the vector from the pixel to the one that is copied.
        share: float32 (m,), written: in (0, 1].
    """
    rows, columns = target_at.shape
    found_y, found_x = np.empty(SIDE * SIDE, np.int32), np.empty(SIDE * SIDE, np.int32)
    votes = np.empty(SIDE * SIDE, np.float32)
    for index in range(start, stop):
        y, x = pixels[index, 0], pixels[index, 1]
        count = 0
        total = np.float32(1e-20)
        for row in range(max(y - RADIUS, top), min(y + RADIUS + 1, top + rows)):
            for column in range(max(x - RADIUS, left), min(x + RADIUS + 1, left + columns)):
                target = target_at[row - top, column - left]
                if target < 0:
                    continue
                down, right = matches[target, 0] - row, matches[target, 1] - column
                total += weight[target]
                place = count - 1
                while place >= 0 and (found_y[place] != down or found_x[place] != right):
                    place -= 1
                if place < 0:
                    place = count
                    found_y[place], found_x[place], votes[place] = down, right, 0
                    count += 1
                votes[place] += weight[target]
        if count == 0:
            offsets[index, 0], offsets[index, 1], share[index] = 0, 0, 0
            continue
        best = 0
        for place in range(1, count):
            if votes[place] > votes[best]:
                best = place
        offsets[index, 0], offsets[index, 1], share[index] = found_y[best], found_x[best], votes[best] / total


@njit(**OPTIONS)
def count_uses(matches, uses, amount):
    """Add `amount` to `uses` (h, w) at every match."""
    for index in range(len(matches)):
        uses[matches[index, 0], matches[index, 1]] += amount


@njit(**OPTIONS)
def nearest_sources(start, stop, matches, is_source, reach):
    """Move matches into the picture, and to the nearest source within `reach` pixels across and down, in place."""
    height, width = is_source.shape
    for index in range(start, stop):
        y = min(max(matches[index, 0], 0), height - 1)
        x = min(max(matches[index, 1], 0), width - 1)
        matches[index, 0], matches[index, 1] = y, x
        if is_source[y, x]:
            continue
        best = 2 * reach * reach + 1
        for row in range(max(y - reach, 0), min(y + reach + 1, height)):
            for column in range(max(x - reach, 0), min(x + reach + 1, width)):
                distance = (row - y) ** 2 + (column - x) ** 2
                if is_source[row, column] and distance < best:
                    best = distance
                    matches[index, 0], matches[index, 1] = row, column


@njit(**OPTIONS)
def refine(start, stop, picture, targets, target_at, top, left, is_source, matches, step, new_matches, new_distance):
    """Write better matches at a finer level: continuations of neighbours' matches, and positions one pixel beside.

    Args:
        picture: uint8 (h, w * 3), the level with its present fill.
        step: distance of neighbouring targets in pixels.
        new_matches: int32 (n, 2), written.
        new_distance: float32 (n,), written: squared distances of colours in [0, 1].
    """
    height, width = is_source.shape
    for index in range(start, stop):
        y, x = targets[index, 0], targets[index, 1]
        best_y, best_x = matches[index, 0], matches[index, 1]
        own_y, own_x = best_y, best_x
        best = _colour_distance(picture, y, x, best_y, best_x, np.float32(1e30))
        for attempt in range(8):
            down, right = NEIGHBOURS[attempt % 4]
            new_y, new_x = own_y + down, own_x + right
            if attempt < 4:
                down, right = down * step, right * step
                neighbour = _target(target_at, y + down - top, x + right - left)
                if neighbour < 0:
                    continue
                new_y, new_x = matches[neighbour, 0] - down, matches[neighbour, 1] - right
            if not (0 <= new_y < height and 0 <= new_x < width) or not is_source[new_y, new_x]:
                continue
            if new_y == best_y and new_x == best_x:
                continue
            total = _colour_distance(picture, y, x, new_y, new_x, best)
            if total < best:
                best, best_y, best_x = total, new_y, new_x
        new_matches[index, 0], new_matches[index, 1], new_distance[index] = best_y, best_x, best


@njit(**INLINE)
def _colour_distance(picture, y, x, source_y, source_x, limit):
    """Return the squared distance of two patches' colours in [0, 1]; beyond `limit` it is not completed."""
    total = np.float32(0)
    top, source_top = np.uint64(y - RADIUS), np.uint64(source_y - RADIUS)
    left, source_left = np.uint64((x - RADIUS) * 3), np.uint64((source_x - RADIUS) * 3)
    length = np.uint64(min(SIDE * 3, picture.shape[1]))  # the former, see above
    for row in range(np.uint64(SIDE)):
        for index in range(length):
            value, source_value = picture[top + row, left + index], picture[source_top + row, source_left + index]
            difference = (np.float32(value) - np.float32(source_value)) * np.float32(1 / 255)
            total += difference * difference
        if total > limit:
            return total
    return total
