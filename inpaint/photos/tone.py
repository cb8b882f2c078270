"""Restore the contrast and colour balance of faded photos by an invertible tone curve for each channel."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from .modes import DEEP_MODES, LOW_BYTES, grey_range, low_bytes
from .opening import PhotoSource, open_photo
from .sixteen_bit import array_strips

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

Curve = tuple[np.ndarray, np.ndarray]
"""Ascending levels, and what they become; levels between two of them are interpolated."""


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
    picture = with_light_channels(open_photo(photo, copy=False))
    curve = find_tone_curve(picture)
    return curve.apply(picture), curve


def find_tone_curve(photo: Image.Image, mask: np.ndarray | None = None) -> ToneCurve:
    """Return the curve with which `restore_tone` restores a photo.

    Args:
        photo: as `open_photo` returns it.
        mask: bool (H, W), True = pixels that are not looked at, such as damage; None: all are.
    """
    picture = with_light_channels(photo)
    span = _span(picture)
    counts = _histograms(picture, span, None if mask is None or mask.all() else mask)
    medians = [_quantile(row, 0.5) for row in counts]
    target = float(np.mean([_stretched(row, median) for row, median in zip(counts, medians, strict=True)]))
    levels = np.stack([_curve(row, median, target) for row, median in zip(counts, medians, strict=True)])
    found = [np.flatnonzero(row) if row.any() else (0, _BINS - 1) for row in counts]  # none of it is finite
    return ToneCurve(levels, tuple((int(row[0]), int(row[-1])) for row in found), span)


def with_light_channels(picture: Image.Image) -> Image.Image:
    """Return a photo in a mode whose channels are intensities of light, as a tone curve needs them."""
    if picture.mode in ("L", "LA", "RGB", "RGBA", *DEEP_MODES):
        return picture
    alpha = picture.mode == "PA" or "transparency" in picture.info
    converted = picture.convert("L" if picture.mode == "1" else "RGBA" if alpha else "RGB")
    converted.format = picture.format
    return converted


def _channels(values: np.ndarray, mode: str) -> np.ndarray:
    """Return a view of the channels without alpha: (H, W, channels)."""
    values = values[..., None] if values.ndim == 2 else values
    return values[..., :-1] if mode in ("LA", "RGBA") else values


def _is_deep(photo: Image.Image) -> bool:
    return photo.mode in DEEP_MODES or low_bytes(photo) is not None


def _span(picture: Image.Image) -> tuple[float, float]:
    """Return the values that are levels 0 and 255."""
    if picture.mode in ("I", "F"):
        return grey_range(picture)
    return 0.0, 65535.0 if _is_deep(picture) else 255.0


def _histograms(picture: Image.Image, span: tuple[float, float], mask: np.ndarray | None) -> np.ndarray:
    """Return the number of pixels of each channel outside a mask that are nearest to each level: (channels, 256)."""
    if not _is_deep(picture):
        known = None if mask is None else Image.fromarray(~mask).convert("L")
        counts = np.array(picture.histogram(known), np.float64).reshape(-1, _BINS)
        return counts[:-1] if picture.mode in ("LA", "RGBA") else counts
    step = (span[1] - span[0]) / 255
    ends = span[0] - step / 2, span[1] + step / 2
    total: np.ndarray | float = 0.0
    for rows, strip in array_strips(picture):
        channels = np.moveaxis(_channels(strip, picture.mode), -1, 0)
        if mask is not None:
            channels = channels[:, ~mask[rows]]
        total = total + np.stack([np.histogram(channel, _BINS, ends)[0] for channel in channels])
    return np.asarray(total, np.float64)


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


def _mapped(photo: Image.Image, curves: list[Curve], span: tuple[float, float]) -> Image.Image:
    """Return a photo with the levels of each channel mapped from the first to the second array of its curve."""
    if not _is_deep(photo):
        tables = [_mapped_values(np.arange(_BINS, dtype=np.uint8), curve, span) for curve in curves]
        alpha = [np.arange(_BINS)] if photo.mode in ("LA", "RGBA") else []
        result = photo.point(np.concatenate([*tables, *alpha]).tolist())
    else:
        result = photo.copy()
        if (low := low_bytes(photo)) is not None:
            result.info[LOW_BYTES] = low.copy()
        _map_deep(result, curves, span)
    result.format = photo.format
    return result


def _map_deep(photo: Image.Image, curves: list[Curve], span: tuple[float, float]) -> None:
    """Map the levels of each channel of a 16-bit, integer or float photo, in place."""
    low = low_bytes(photo)
    tables = []
    if photo.mode not in ("I", "F"):
        tables = [_mapped_values(np.arange(1 << 16, dtype=np.uint16), curve, span) for curve in curves]
    for rows, strip in array_strips(photo):
        values = np.array(strip)
        channels = _channels(values, photo.mode)
        for channel, curve in enumerate(curves):
            old = channels[..., channel]
            channels[..., channel] = tables[channel][old] if tables else _mapped_values(old, curve, span)
        if low is None:
            size = photo.width, rows.stop - rows.start
            photo.paste(Image.frombytes(photo.mode, size, values.tobytes()), (0, rows.start))
        else:
            photo.paste(Image.fromarray((values >> 8).astype(np.uint8)), (0, rows.start))
            low.paste(Image.fromarray((values & 255).astype(np.uint8)), (0, rows.start))


def _mapped_values(values: np.ndarray, curve: Curve, span: tuple[float, float]) -> np.ndarray:
    """Return values of the same type, mapped by a curve."""
    step = (span[1] - span[0]) / 255
    mapped = np.interp((values.astype(np.float64) - span[0]) / step, *curve) * step + span[0]
    return mapped.astype(values.dtype) if values.dtype.kind == "f" else mapped.round().astype(values.dtype)
