"""Logits of damage from several scales of a photo: specks are seen enlarged, stains in copies of lower resolution."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .full_resolution import write_tile_logits
from .fusion_input import fusion_input
from .resize import average_with_enlarged, box_downscale, enlarged_at_most, maximum_with_enlarged, twice_as_large

FULL_PIXELS = 26_000_000
"""Photos of up to this number of pixels are searched everywhere at full resolution; in larger ones the copy of half the
size decides where."""
ENLARGED_PIXELS = 2_200_000
"""Photos of up to this number of pixels are also searched at twice their size: a print of 10 x 15 cm at 300 dpi has 2.1
million. A speck of two pixels is hardly more than a point to a network whose maps have half of the resolution."""
ENLARGED_SHARE, ENLARGED_OFFSET = 0.5, 2.0
"""Weight of the enlarged copy in the mean with the photo's own logits, and what is added to its logits, which are
lower: what is damage at both sizes is to have the same logit at both."""
HALF_BELOW = 1.5
"""What the mean of a small photo with its half counts less than that with its double: it adds folds and soft stains."""
LEAST_LONG_SIDE = 480
"""The copies in which large damage is searched have a long side of at least this number of pixels."""
HALF_SHARE, MOST_DOUBT = 0.5, 2.0
"""Weight of the copy of half the size in the mean with a picture's own logits, and how far below these the copy's count
at most: hairs and specks fade in the copy, which is then sure that there is nothing."""
RIM_PX = 2
"""In a copy, damage ends up to this number of pixels too late."""
CLEARLY = 2.0
"""Difference of two logits from which one is clearly lower."""
CANDIDATE = -3.0
"""In the largest photos, damage is looked at in tiles of full resolution where its logit exceeds this in the copy."""
TILES_COST = 0.5
"""What the tiles of the largest photos are taken to cost, as a share of a search everywhere: for the progress only."""
_REMOVED = np.float32(-30)

LogitsOf = Callable[[np.ndarray], np.ndarray]
"""Maps uint8 (h, w, 3) of any size to float32 (h, w)."""
Fusion = Callable[[np.ndarray], np.ndarray]
"""Maps what `fusion_input` returns, float32 (24, h, w), to what is added to the mean of the logits, (2 h, 2 w)."""


def searched_pixels(height: int, width: int) -> float:
    """Return the number of pixels that `multi_scale_logits` searches in a photo and its copies.

    Those that it reports for the tiles of the largest photos count too.
    """
    small = _half_size(height, width)
    if height * width > FULL_PIXELS:
        return TILES_COST * height * width + searched_pixels(*small)
    if height * width <= ENLARGED_PIXELS:
        return 4 * height * width + _pixels_of_scale(height, width)
    return _pixels_of_scale(height, width)


def _pixels_of_scale(height: int, width: int) -> int:
    small = _half_size(height, width)
    return height * width + (small[0] * small[1] if max(small) < LEAST_LONG_SIDE else _pixels_of_scale(*small))


def _half_size(height: int, width: int) -> tuple[int, int]:
    return max(1, round(height / 2)), max(1, round(width / 2))


def multi_scale_logits(
    pixels: np.ndarray,
    logits_of: LogitsOf,
    tile_logits_of: LogitsOf,
    done: Callable[[float], object] = lambda pixels: None,
    fusion: Fusion | None = None,
) -> np.ndarray:
    """Return the logits of damage of a photo at its own size.

    At each scale they are a weighted mean of those of the picture and of its half, or of its double if it is small: a
    branch may look like a scratch at one of them, but seldom at both. Each coarser scale adds what the finer ones do
    not see, and not the soft rim that damage has in a small copy.

    Args:
        pixels: RGB uint8 (H, W, 3); not modified.
        logits_of: the network, for a picture of any size.
        tile_logits_of: the network, for small pictures whose sides are multiples of 16.
        done: called while tiles of the largest photos are searched, with the number of pixels that these count as; see
            `searched_pixels`.
        fusion: decides in small photos; None: the mean does.

    Returns:
        float32 (H, W).
    """
    if pixels.shape[0] * pixels.shape[1] <= ENLARGED_PIXELS:
        return _of_small(pixels, logits_of, fusion)
    if pixels.shape[0] * pixels.shape[1] <= FULL_PIXELS:
        return _of_scale(pixels, logits_of, None)[0]
    half = box_downscale(pixels, 0.5)
    coarse = multi_scale_logits(half, logits_of, tile_logits_of, done)
    logits = np.full(pixels.shape[:2], _REMOVED, np.float32)
    maximum_with_enlarged(logits, coarse)
    candidates = ~enlarged_at_most(coarse, logits.shape, CANDIDATE)
    cost_of_row = TILES_COST * pixels.shape[1]
    write_tile_logits(pixels, candidates, tile_logits_of, logits, lambda rows: done(cost_of_row * rows))
    average_with_enlarged(logits, coarse, HALF_SHARE, MOST_DOUBT)
    return logits


class SmallPhoto(NamedTuple):
    """A small photo at three sizes, and the logits of the network that sees each of them alone.

    Attributes:
        pixels: RGB uint8 (H, W, 3).
        of_double: float32 (H, W), of the photo at twice its size, the means of squares of 2x2 pixels.
        alone: float32 (H, W), of the photo itself.
        of_half: float32 (h, w), of the copy of half the size.
    """

    pixels: np.ndarray
    of_double: np.ndarray
    alone: np.ndarray
    of_half: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """The mean of the double and the photo itself, with what the half adds: float32 (H, W), a new array."""
        logits = np.float32(ENLARGED_SHARE) * (self.of_double + np.float32(ENLARGED_OFFSET))
        logits += np.float32(1 - ENLARGED_SHARE) * self.alone
        with_half = self.alone.copy()
        average_with_enlarged(with_half, self.of_half, HALF_SHARE, MOST_DOUBT)
        with_half -= np.float32(HALF_BELOW)
        return np.maximum(logits, with_half, out=logits)

    def fusion_input(self, mean: np.ndarray) -> np.ndarray:
        """Return the input of a `Fusion`."""
        return fusion_input(self.pixels, self.of_double, self.alone, self.of_half, mean)


def small_photo(pixels: np.ndarray, half: np.ndarray, logits_of: LogitsOf) -> SmallPhoto:
    """Return a photo with its logits at three sizes.

    Args:
        pixels: RGB uint8 (H, W, 3); not modified.
        half: its copy of half the size, uint8 (h, w, 3).
        logits_of: the network, for a picture of any size.
    """
    return SmallPhoto(pixels, _of_double(pixels, logits_of), logits_of(pixels), logits_of(half))


def _of_small(pixels: np.ndarray, logits_of: LogitsOf, fusion: Fusion | None) -> np.ndarray:
    """Return the logits of a picture, with those of its enlarged copy and what its smaller copies add."""
    half = box_downscale(pixels, 0.5)
    photo = small_photo(pixels, half, logits_of)
    logits = photo.mean
    if fusion is not None:
        logits += fusion(photo.fusion_input(logits))[: logits.shape[0], : logits.shape[1]]
    if max(half.shape) >= LEAST_LONG_SIDE:
        coarser, _ = _of_scale(half, logits_of, photo.of_half)
        maximum_with_enlarged(logits, without_rims(coarser, logits))
    return logits


def _of_double(pixels: np.ndarray, logits_of: LogitsOf) -> np.ndarray:
    """Return the mean logits of the four pixels that each becomes in a copy of twice the size, float32 (H, W)."""
    logits = logits_of(twice_as_large(pixels))
    rows = logits[0::2] + logits[1::2]
    return (rows[:, 0::2] + rows[:, 1::2]) / 4


def _of_scale(pixels: np.ndarray, logits_of: LogitsOf, own: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the logits of a picture with what its copies add, and those of the picture alone."""
    alone = logits_of(pixels) if own is None else own
    half = box_downscale(pixels, 0.5)
    is_last = max(half.shape) < LEAST_LONG_SIDE
    of_half = logits_of(half)
    coarser = None if is_last else _of_scale(half, logits_of, of_half)[0]
    logits = alone.copy() if own is not None else alone
    average_with_enlarged(logits, of_half, HALF_SHARE, MOST_DOUBT)
    if coarser is not None:
        maximum_with_enlarged(logits, without_rims(coarser, logits))
    return logits, alone


def without_rims(coarse: np.ndarray, fine: np.ndarray) -> np.ndarray:
    """Return the logits of a copy without the rim and the thin lines that are also seen at twice the resolution.

    Args:
        coarse: float32 (h, w), of the copy.
        fine: float32 (2 h, 2 w), or a pixel less or more.

    Returns:
        float32 (h, w): far below 0 where `fine` has about the same logit within RIM_PX, and `coarse` falls clearly
        within as many.
    """
    nearby = _maximum_within(_maximum_of_blocks(fine, coarse.shape), RIM_PX)
    falls = -_maximum_within(-coarse, RIM_PX) < coarse - CLEARLY
    return np.where(falls & (nearby > coarse - CLEARLY / 2), _REMOVED, coarse)


def _maximum_of_blocks(fine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the maximum of each block of 2x2 pixels, float32 of a shape; what is missing at the edges is repeated."""
    missing = [(0, max(0, 2 * small - large)) for small, large in zip(shape, fine.shape, strict=True)]
    if any(after for _, after in missing):
        fine = np.pad(fine, missing, mode="edge")
    fine = fine[: 2 * shape[0], : 2 * shape[1]]
    rows = np.maximum(fine[0::2], fine[1::2])
    return np.maximum(rows[:, 0::2], rows[:, 1::2])


def _maximum_within(values: np.ndarray, radius: int) -> np.ndarray:
    """Return the maximum over a square of 2 radius + 1 pixels around each, float32 (h, w)."""
    out = values.copy()
    for step in range(1, radius + 1):
        np.maximum(out[step:], values[:-step], out=out[step:])
        np.maximum(out[:-step], values[step:], out=out[:-step])
    rows = out.copy()
    for step in range(1, radius + 1):
        np.maximum(out[:, step:], rows[:, :-step], out=out[:, step:])
        np.maximum(out[:, :-step], rows[:, step:], out=out[:, :-step])
    return out
