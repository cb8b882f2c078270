"""Restore the contrast and colour balance of faded photos by an invertible tone curve for each channel."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from .modes import DEEP_MODES, low_bytes
from .opening import PhotoSource, open_photo
from .sixteen_bit import from_deep_array, to_array

MIN_SLOPE, MAX_SLOPE = 0.6, 3.0
"""Slope of a curve: at least the first, so that undoing it is off by less than a level; at most the second, so that the
noise of a photo without contrast is not amplified."""
TAIL = 0.004
"""Share of the pixels at either end that may be darker than black or brighter than white, such as specks."""
BLACK, WHITE = 10.0, 245.0
MEDIAN_SHIFT = 0.5
"""How far the medians of the channels move towards their mean: 1 would turn a sunset grey."""
UNUSED_SLOPE = 0.02
"""Slope at levels that the photo does not have."""
_BINS = 256
_MIN_LEVELS = 8


@dataclass(frozen=True)
class ToneCurve:
    """The curve that `restore_tone` applied to each channel.

    Attributes:
        levels: one row for each channel: 256 ascending values in [0, 255], the output levels of 0 to 255.
        used: for each channel the lowest and the highest level that the photo had.
        span: the values of the photo that are levels 0 and 255.
    """

    levels: np.ndarray
    used: tuple[tuple[int, int], ...]
    span: tuple[float, float]

    def apply(self, photo: Image.Image) -> Image.Image:
        """Return a photo of the same mode with the curve applied."""
        levels = np.arange(_BINS, dtype=np.float64)
        return _mapped(photo, [(levels, row) for row in self.levels], self.span)

    def undo(self, photo: Image.Image) -> Image.Image:
        """Return the photo as it was before `apply`, up to rounding: each value is off by at most one level."""
        spans = [slice(low, high + 1) for low, high in self.used]
        levels = np.arange(_BINS, dtype=np.float64)
        curves = [(row[span], levels[span]) for row, span in zip(self.levels, spans, strict=True)]
        return _mapped(photo, curves, self.span)


def restore_tone(photo: PhotoSource) -> tuple[Image.Image, ToneCurve]:
    """Restore the contrast of a faded photo and reduce its colour cast.

    Args:
        photo: as for `open_photo`. Palette, CMYK and similar modes become RGB; greyscale stays greyscale. Alpha does
            not change.

    Returns:
        The restored photo, and the curve, which can undo it.

    Raises:
        PhotoError: the photo cannot be read.
    """
    picture = _with_light_channels(open_photo(photo))
    span = _span(picture)
    counts = _histograms(picture, span)
    medians = [_quantile(row, 0.5) for row in counts]
    target = float(np.mean([_stretched(row, median) for row, median in zip(counts, medians, strict=True)]))
    levels = np.stack([_curve(row, median, target) for row, median in zip(counts, medians, strict=True)])
    found = [np.flatnonzero(row) for row in counts]
    curve = ToneCurve(levels, tuple((int(row[0]), int(row[-1])) for row in found), span)
    return curve.apply(picture), curve


def _with_light_channels(picture: Image.Image) -> Image.Image:
    """Return a photo in a mode whose channels are intensities of light, as a tone curve needs them."""
    if picture.mode in ("L", "LA", "RGB", "RGBA", *DEEP_MODES):
        return picture
    alpha = picture.mode == "PA" or "transparency" in picture.info
    converted = picture.convert("L" if picture.mode == "1" else "RGBA" if alpha else "RGB")
    converted.format = picture.format
    return converted


def _colours(values: np.ndarray, mode: str) -> np.ndarray:
    """Return the channels without alpha: (..., channels)."""
    values = values[..., None] if values.ndim == 2 else values
    return values[..., :-1] if mode in ("LA", "RGBA") else values


def _span(picture: Image.Image) -> tuple[float, float]:
    """Return the values that are levels 0 and 255."""
    values = to_array(picture)
    if picture.mode in ("I", "F"):
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        return low, high if high > low else low + 1
    return 0.0, 65535.0 if values.dtype.itemsize == 2 else 255.0


def _histograms(picture: Image.Image, span: tuple[float, float]) -> np.ndarray:
    """Return the number of pixels of each channel that are nearest to each level: (channels, 256)."""
    colours = _colours(to_array(picture), picture.mode)
    step = (span[1] - span[0]) / 255
    ends = span[0] - step / 2, span[1] + step / 2
    counts = [np.histogram(colours[..., channel], _BINS, ends)[0] for channel in range(colours.shape[-1])]
    return np.stack(counts).astype(np.float64)


def _quantile(counts: np.ndarray, share: float) -> float:
    """Return the level below which a share of a channel's pixels lies."""
    below = np.cumsum(counts) / max(counts.sum(), 1)
    return float(np.searchsorted(below, share))


def _ends(counts: np.ndarray) -> tuple[float, float]:
    low, high = _quantile(counts, TAIL), _quantile(counts, 1 - TAIL)
    missing = max(0.0, (WHITE - BLACK) / MAX_SLOPE - (high - low)) / 2
    return low - missing, high + missing


def _stretched(counts: np.ndarray, middle: float) -> float:
    """Return what a level becomes when a channel is stretched to full contrast."""
    low, high = _ends(counts)
    return BLACK + (middle - low) / (high - low) * (WHITE - BLACK)


def _curve(counts: np.ndarray, median: float, target_median: float) -> np.ndarray:
    """Return ascending levels that stretch a channel and move its median towards a target."""
    used = np.flatnonzero(counts)
    levels = np.arange(_BINS, dtype=np.float64)
    if len(used) < _MIN_LEVELS:
        return levels
    low, high = _ends(counts)
    target = _stretched(counts, median)
    target += MEDIAN_SHIFT * (target_median - target)
    relative = np.clip((levels - low) / (high - low), 0, 1)
    before, after = (
        (value - start) / (end - start) for value, start, end in ((median, low, high), (target, BLACK, WHITE))
    )
    gamma = np.log(np.clip(after, 0.05, 0.95)) / np.log(np.clip(before, 0.05, 0.95))
    slopes = np.diff(relative ** np.clip(gamma, 0.6, 1.6)) * (WHITE - BLACK)
    is_used = (levels[1:] > used[0]) & (levels[1:] <= used[-1])
    least = np.where(is_used, MIN_SLOPE, UNUSED_SLOPE)
    steps = _limited(np.clip(slopes, least, np.where(is_used, MAX_SLOPE, UNUSED_SLOPE)), least, 255.0)
    start = np.clip(BLACK - steps[: max(0, int(low))].sum(), 0, 255 - steps.sum())
    return np.concatenate([[start], start + np.cumsum(steps)])


def _limited(steps: np.ndarray, least: np.ndarray, total: float) -> np.ndarray:
    """Return steps whose sum is at most a total: what they have above the least is scaled down."""
    excess = steps.sum() - total
    if excess <= 0:
        return steps
    above = steps - least
    return least + above * (1 - excess / above.sum())


def _mapped(photo: Image.Image, curves: list[tuple[np.ndarray, np.ndarray]], span: tuple[float, float]) -> Image.Image:
    """Return a photo with each channel's levels mapped from the first to the second array of its curve."""
    result = np.array(to_array(photo))
    channels = result[..., None] if result.ndim == 2 else result
    step = (span[1] - span[0]) / 255
    for channel, (before, after) in enumerate(curves):
        levels = (channels[..., channel].astype(np.float64) - span[0]) / step
        mapped = np.interp(levels, before, after) * step + span[0]
        channels[..., channel] = mapped if result.dtype.kind == "f" else mapped.round().astype(result.dtype)
    return _like(photo, result)


def _like(photo: Image.Image, values: np.ndarray) -> Image.Image:
    """Return values as a photo of the same mode and with the same metadata as another."""
    if photo.mode in DEEP_MODES:
        result = Image.frombytes(photo.mode, photo.size, values.tobytes())
    elif low_bytes(photo) is not None:
        result = from_deep_array(values)
    else:
        result = Image.fromarray(values, photo.mode) if photo.mode == "LA" else Image.fromarray(values)
    result.info = {**photo.info, **result.info}
    result.format = photo.format
    return result
