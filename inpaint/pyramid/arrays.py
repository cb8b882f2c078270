"""The pyramid in NumPy alone: for small pictures, and where there is no numba.

Results are those of the kernels, bit by bit; those of `transfer_low_frequencies` are equal up to rounding.
"""

import numpy as np

_ONE = np.float32(1)


def downscale(pixels: np.ndarray, hole: np.ndarray, factor: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a smaller copy of a picture with a hole, see `fills.downscale`."""
    height, width = (side // factor for side in hole.shape)
    known = ~hole
    if factor == 1:
        image = (pixels.astype(np.float32) / np.float32(127.5) - _ONE) * known[..., None]
        return np.ascontiguousarray(image.transpose(2, 0, 1)), hole.astype(np.float32)
    blocks = (height, factor, width, factor)
    count = known.reshape(blocks).sum((1, 3), dtype=np.float32)
    total = np.where(known[..., None], pixels, 0).reshape(*blocks, 3).sum((1, 3), dtype=np.int64).astype(np.float32)
    area = np.float32(factor * factor)
    is_known = count >= (area / 2 if (2 * count >= area).any() else 1)
    scale = is_known / (np.float32(127.5) * np.maximum(count, _ONE))
    image = np.minimum(total.transpose(2, 0, 1) * scale.astype(np.float32) - is_known.astype(np.float32), _ONE)
    return np.ascontiguousarray(image), (~is_known).astype(np.float32)


def halve(image: np.ndarray, hole: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean of the known pixels of 2 x 2 pixels, 0 where there is none, and where that is.

    Args:
        image: float32 (3, h, w).
        hole: float32 (h, w) in {0, 1}, 1 = hole.

    Returns:
        float32 (3, ceil(h / 2), ceil(w / 2)); float32 of the same height and width, 1 = hole; and int64 (h, 2), from
        the first hole pixel of each row to the one after the last, of no length if there is no hole.
    """
    inside = hole > 0
    is_open = inside.any(1)
    spans = np.stack([inside.argmax(1), is_open * (hole.shape[1] - inside[:, ::-1].argmax(1))], 1)
    spans[~is_open] = hole.shape[1], 0
    height, width = hole.shape
    padding = (0, height % 2), (0, width % 2)
    known = np.pad(_ONE - hole, padding)
    colour = np.pad(image, ((0, 0), *padding)) * known
    (first, second), (third, fourth) = ([known[y::2, x::2] for x in (0, 1)] for y in (0, 1))
    count = first + second + third + fourth
    (first, second), (third, fourth) = ([colour[:, y::2, x::2] for x in (0, 1)] for y in (0, 1))
    coarse = ((first + second) + (third + fourth)) * (_ONE / np.maximum(count, _ONE))
    return coarse, (count == 0).astype(np.float32), spans if is_open.any() else spans[:0]


def fill(
    coarse: np.ndarray,
    image: np.ndarray,
    hole: np.ndarray,
    spans: np.ndarray,
    jacobi_steps: int,
    biharmonic_steps: np.ndarray,
    limit: np.float32,
) -> None:
    """Fill the hole of a level from the filled level of half the size, and make the fill smooth, in place.

    Args:
        coarse: float32 (3, ceil(h / 2), ceil(w / 2)).
        image: float32 (3, h, w), changed.
        hole: float32 (h, w) in {0, 1}, 1 = hole.
        spans: as `halve` returns them: other pixels do not change.
        jacobi_steps: number of steps.
        biharmonic_steps: float32 (n,), step sizes.
        limit: largest absolute value of the result; 0: any.
    """
    inside = hole > 0
    np.copyto(image, _doubled(coarse, *hole.shape), where=inside)
    for _ in range(jacobi_steps):
        np.copyto(image, _mean_of_neighbours(image), where=inside)
    for step in biharmonic_steps:
        padded = np.pad(image, ((0, 0), (2, 2), (2, 2)), mode="edge")
        image -= step * hole * _laplacian(_laplacian(padded))
    if limit > 0:
        np.copyto(image, np.clip(image, -limit, limit), where=inside)


def _doubled(coarse: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return an image of twice the size, interpolated linearly: float32 (3, height, width)."""
    near, far = np.float32(0.75), np.float32(0.25)
    rows = np.arange(height)
    beside = np.clip(rows // 2 + np.where(rows % 2, 1, -1), 0, coarse.shape[1] - 1)
    mixed = np.pad(near * coarse[:, rows // 2] + far * coarse[:, beside], ((0, 0), (0, 0), (1, 1)), mode="edge")
    middle = near * mixed[..., 1:-1]
    return np.stack([middle + far * mixed[..., :-2], middle + far * mixed[..., 2:]], -1).reshape(
        len(coarse), height, -1
    )[..., :width]


def _mean_of_neighbours(image: np.ndarray) -> np.ndarray:
    """Return the mean of the 3 x 3 pixels around each pixel that lie in the image."""
    _, height, width = image.shape
    sums = image.copy()
    sums[..., 1:] = image[..., :-1] + image[..., 1:]
    sums[..., :-1] += image[..., 1:]
    rows = np.minimum(np.arange(height) + 1, height - 1) - np.maximum(np.arange(height) - 1, 0) + 1
    columns = np.full(width, 3)
    columns[[0, -1]] = min(width, 2)
    padded = np.pad(sums, ((0, 0), (1, 1), (0, 0)))
    return (padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) * (_ONE / np.outer(rows, columns).astype(np.float32))


def _laplacian(image: np.ndarray) -> np.ndarray:
    """Return the sum of the four neighbours minus four times the pixel: (3, h, w) -> (3, h - 2, w - 2)."""
    above, below = image[:, :-2, 1:-1], image[:, 2:, 1:-1]
    return above + below + image[:, 1:-1, :-2] + image[:, 1:-1, 2:] - np.float32(4) * image[:, 1:-1, 1:-1]


def transfer_low_frequencies(
    image: np.ndarray, source: np.ndarray, mask: np.ndarray, block: int, taps: np.ndarray
) -> np.ndarray:
    """Return an image with its low frequencies replaced by those of another, see `fills.transfer_low_frequencies`.

    Args:
        image: as there.
        source: as there.
        mask: as there, given.
        block: as there.
        taps: float32 (block, 4), the weights of four blocks for each pixel between the middles of the two inner ones.
    """
    _, height, width = image.shape
    blocks = (3, height // block, block, width // block, block)
    differences = (mask * (source - image)).reshape(blocks).mean((2, 4), dtype=np.float32)
    for axis, length in ((1, height), (2, width)):
        place = np.arange(length) + block - block // 2  # from the middle of the block before the image
        around = np.clip(place[:, None] // block + np.arange(-2, 2), 0, differences.shape[axis] - 1)
        weights = taps[place % block].reshape(-1, 4, *[1] * (2 - axis))
        differences = (np.take(differences, around, axis) * weights).sum(axis + 1)
    return image + differences


def composite_pixels(image: np.ndarray, prediction: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the pixels of the prediction inside the hole and of the image outside, see `fills.composite_pixels`."""
    value = (np.where(mask > 0.5, prediction, image) + _ONE) * np.float32(127.5)
    value = np.clip(np.where(np.isnan(value), np.float32(127.5), value), 0, 255)
    return np.ascontiguousarray(np.rint(value).astype(np.uint8).transpose(1, 2, 0))
