"""Image pyramids of a picture with a hole, on NumPy arrays: what the filler computes before and after the network.

These are twins of `inpaint.networks.pyramid` and `inpaint.networks.tensors` for one picture, in compiled kernels that
need no torch. Small pictures, and all where there is no numba, are computed by `arrays`.
"""

import functools
from typing import Any

import numpy as np

from inpaint.compiled.available import are_worth_it, is_available
from inpaint.compiled.parallel import parallel
from inpaint.networks.relaxation import BIHARMONIC_STEPS, JACOBI_STEPS

from . import arrays

_PARALLEL_PIXELS = 1 << 16
"""The channels of levels of at least this number of pixels are filled by several threads."""
_NUMPY_S = {"downscale": 1e-8, "fill": 3e-7, "composite": 1e-8}
"""Seconds that NumPy takes for a pixel."""


def downscale(pixels: np.ndarray, hole: np.ndarray, factor: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a smaller copy of a picture with a hole, without any colour from inside the hole.

    Args:
        pixels: RGB uint8 (H, W, 3); H and W multiples of `factor`. Pixels inside the hole are ignored. A rectangle of a
            larger array needs no copy.
        hole: bool (H, W), True = hole.
        factor: how many times smaller, a whole number. With 1, `to_pixels` returns exactly the same known pixels.

    Returns:
        The masked image, float32 (3, H / factor, W / factor) in [-1, 1], 0 in the hole, and its mask, float32
        (H / factor, W / factor) in {0, 1}. A pixel is the mean of the known pixels in its block. It is hole if fewer
        than half of them are known; if that would leave no known pixel in the picture, it is hole only if none of them
        is known.
    """
    if not are_worth_it(_NUMPY_S["downscale"] * hole.size):
        return arrays.downscale(pixels, hole, factor)
    from . import pixel_kernels

    height, width = (side // factor for side in hole.shape)
    image, mask = np.empty((3, height, width), np.float32), np.empty((height, width), np.float32)
    pixel_kernels.downscale(*_memory(pixels), *_memory(hole.view(np.uint8)), factor, image, mask)
    return image, mask


def push_pull(masked_image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Fill the hole smoothly from an image pyramid, see `inpaint.networks.pyramid.push_pull`.

    Args:
        masked_image: float32 (3, H, W). Values inside the hole are ignored.
        mask: float32 (H, W) in {0, 1}, 1 = hole.

    Returns:
        float32 (3, H, W): `masked_image` outside the hole, a smooth fill inside. 0 everywhere if no pixel is known.
    """
    return _filled(masked_image, mask, (0,), (), limit=0)


def initial_fill(masked_image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Fill the hole with a nearly biharmonic surface, see `inpaint.networks.pyramid.initial_fill`.

    Args:
        masked_image: float32 (3, H, W) in [-1, 1]. Values inside the hole are ignored.
        mask: float32 (H, W) in {0, 1}, 1 = hole.

    Returns:
        float32 (3, H, W) in [-1, 1], `masked_image` outside the hole.
    """
    return _filled(masked_image, mask, JACOBI_STEPS, BIHARMONIC_STEPS, limit=1)


def transfer_low_frequencies(
    image: np.ndarray, source: np.ndarray, mask: np.ndarray | None = None, block: int = 16
) -> np.ndarray:
    """Return an image with its low frequencies replaced by those of another.

    Args:
        image: float32 (3, H, W); H and W multiples of `block`.
        source: float32 (3, H, W); gives the low frequencies.
        mask: float32 (H, W) in {0, 1}: elsewhere the images count as equal. None: they may differ everywhere.
        block: side in pixels of the blocks whose means are transferred, see
            `inpaint.networks.pyramid.transfer_low_frequencies`.

    Returns:
        float32 (3, H, W); values may lie outside the range of both images.
    """
    mask = np.ones(image.shape[1:], np.float32) if mask is None else mask
    if not is_available():
        return arrays.transfer_low_frequencies(image, source, mask, block, _bicubic_taps(block))
    from . import pixel_kernels

    image, source, mask = _usable(image), _usable(source), _usable(mask)
    out = np.empty_like(image)
    pixel_kernels.transfer_low_frequencies(image, source, mask, block, _bicubic_taps(block), out)
    return out


def composite_pixels(image: np.ndarray, prediction: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the pixels of the prediction inside the hole and of the image outside.

    Args:
        image: float32 (3, H, W) in [-1, 1]. Values outside the range are clipped; NaN becomes mid grey.
        prediction: float32 (3, H, W), likewise.
        mask: float32 (H, W) in {0, 1}, 1 = hole.

    Returns:
        RGB uint8 (H, W, 3).
    """
    if not are_worth_it(_NUMPY_S["composite"] * mask.size):
        return arrays.composite_pixels(image, prediction, mask)
    from . import pixel_kernels

    image, prediction, mask = _usable(image), _usable(prediction), _usable(mask)
    out = np.empty((*mask.shape, 3), np.uint8)
    pixel_kernels.composite(image, prediction, mask, out)
    return out


def to_pixels(image: np.ndarray) -> np.ndarray:
    """Return an image as RGB pixels.

    Args:
        image: float32 (3, H, W) in [-1, 1]. Values outside the range are clipped; NaN becomes mid grey.

    Returns:
        RGB uint8 (H, W, 3).
    """
    return composite_pixels(image, image, image[0])  # with any mask


def compile_kernels() -> None:
    """Compile every kernel for the types that fills use, or load them from disk: by tiny fills."""
    image, mask = downscale(np.zeros((32, 32, 3), np.uint8), np.eye(32, dtype=bool), 2)
    composite_pixels(image, transfer_low_frequencies(image, initial_fill(image, mask), mask), mask)


def _filled(
    masked_image: np.ndarray,
    mask: np.ndarray,
    jacobi_steps: tuple[int, ...],
    biharmonic_steps: tuple[tuple[float, ...], ...],
    limit: float,
) -> np.ndarray:
    """Return `push_pull` with these steps, see there; absolute values are at most `limit`, if it is not 0."""
    halve, fill = (_halve, _fill) if are_worth_it(_NUMPY_S["fill"] * mask.size) else (arrays.halve, arrays.fill)
    filled, hole = np.array(masked_image, np.float32, order="C"), _usable(mask)
    levels: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    image = filled
    while not levels or max(hole.shape) > 1:
        coarse, coarse_hole, spans = halve(image, hole)
        if not len(spans):
            break
        levels.append((image, hole, spans))
        image, hole = coarse, coarse_hole
    coarse = image
    for level, (image, hole, spans) in reversed(list(enumerate(levels))):
        jacobi = jacobi_steps[min(level, len(jacobi_steps) - 1)]
        biharmonic = np.array(biharmonic_steps[level] if level < len(biharmonic_steps) else (), np.float32)
        fill(coarse, image, hole, spans, jacobi, biharmonic, np.float32(0 if level else limit))
        coarse = image
    return filled


def _halve(image: np.ndarray, hole: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Halve a level by the kernel, see `arrays.halve`."""
    from . import kernels

    height, width = hole.shape
    spans, coarse = np.empty((height, 2), np.int64), np.empty((4, (height + 1) // 2, (width + 1) // 2), np.float32)
    is_open = kernels.halve(image, hole, spans, coarse[:3], coarse[3])
    return coarse[:3], coarse[3], spans if is_open else spans[:0]


def _fill(
    coarse: np.ndarray,
    image: np.ndarray,
    hole: np.ndarray,
    spans: np.ndarray,
    jacobi_steps: int,
    biharmonic_steps: np.ndarray,
    limit: np.float32,
) -> None:
    """Fill a level by the kernel, see `arrays.fill`."""
    from . import kernels

    sums = np.empty((3, 3, hole.shape[1] + 2), np.float32)
    least = 1 if hole.size >= _PARALLEL_PIXELS else 3  # channels that are worth a thread
    parallel(kernels.fill, 3, coarse, image, hole, spans, jacobi_steps, biharmonic_steps, limit, sums, least=least)


@functools.cache
def _bicubic_taps(block: int) -> np.ndarray:
    """Return the weights of four values for `block` places between the two inner ones, float32 (block, 4).

    Reference:
        Keys 1981, Cubic convolution interpolation for digital image processing, IEEE TASSP 29(6), Eq. 15 with
        a = -3/4, as PyTorch has it.
    """
    a = -0.75
    distance = np.abs((np.arange(block) + (0 if block % 2 else 0.5)) / block - np.arange(-1, 3)[:, None])
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.ascontiguousarray(np.where(distance <= 1, near, far).T, np.float32)


def _memory(array: np.ndarray) -> tuple[np.ndarray, np.uint64]:
    """Return the bytes from the first to the last of an array uint8 (H, W, ...), and the distance of its rows in them.

    Where the rows are not contiguous, it is copied first.
    """
    length = array[0].size
    contiguous = np.empty_like(array[:1], order="C").strides[1:]
    if array.strides[1:] != contiguous or array.strides[0] < length or not array.flags.writeable:
        array = np.array(array, order="C")
    pitch = array.strides[0]
    size = (len(array) - 1) * pitch + length
    return np.lib.stride_tricks.as_strided(array, (size,), (1,)), np.uint64(pitch)


def _usable(array: np.ndarray, dtype: Any = np.float32) -> np.ndarray:
    """Return an array as the kernels are compiled for: contiguous and writable, which most arrays are."""
    return np.require(array, dtype, ["C", "W"])
