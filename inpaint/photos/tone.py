"""Faded tones made even again: contrast and colour cast, by one rising curve for each channel, which can be undone."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from .modes import DEEP_MODES, low_bytes
from .opening import PhotoSource, open_photo
from .sixteen_bit import from_deep_array, to_array

FLATTEST, STEEPEST = 0.6, 3.0
"""A curve's slope: at least the first, so that undoing it is off by less than a level; at most the second, so that a
picture without contrast does not turn into its noise."""
TAIL = 0.004
"""Share of the pixels at either end that may be darker or brighter than black and white, such as specks."""
BLACK, WHITE = 10.0, 245.0
MIDDLE_SHARE = 0.5
"""How far the channels' medians move towards each other: all of it would turn a sunset grey."""
UNUSED = 0.02
"""The slope where the photo has no pixels."""
_BINS = 256
_FEWEST_LEVELS = 8


@dataclass(frozen=True)
class ToneCurve:
    """What `restore_tone` did to each channel.

    Attributes:
        levels: one row for each channel, 256 rising values in [0, 255]: what became of 0 to 255.
        used: for each channel the lowest and the highest level that the photo had.
        span: the values in the photo that are levels 0 and 255.
    """

    levels: np.ndarray
    used: tuple[tuple[int, int], ...]
    span: tuple[float, float]

    def apply(self, photo: Image.Image) -> Image.Image:
        """A photo of the same mode, with the curve applied."""
        levels = np.arange(_BINS, dtype=np.float64)
        return _mapped(photo, [(levels, row) for row in self.levels], self.span)

    def undo(self, photo: Image.Image) -> Image.Image:
        """The photo as it was before, up to rounding: no value of it is off by more than one level."""
        spans = [slice(low, high + 1) for low, high in self.used]
        levels = np.arange(_BINS, dtype=np.float64)
        curves = [(row[span], levels[span]) for row, span in zip(self.levels, spans, strict=True)]
        return _mapped(photo, curves, self.span)


def restore_tone(photo: PhotoSource) -> tuple[Image.Image, ToneCurve]:
    """Gives a faded photo its contrast back and takes off most of a colour cast.

    Args:
        photo: as for the inpainter. Palette, CMYK and the like become RGB; grey stays grey, and alpha as it is.

    Returns:
        The photo, and the curve that undoes it.

    Raises:
        PhotoError: the photo cannot be read.
    """
    picture = _curved(open_photo(photo))
    span = _span(picture)
    counts = _histograms(picture, span)
    medians = [_quantile(row, 0.5) for row in counts]
    wanted = float(np.mean([_stretched(row, middle) for row, middle in zip(counts, medians, strict=True)]))
    levels = np.stack([_curve(row, middle, wanted) for row, middle in zip(counts, medians, strict=True)])
    found = [np.flatnonzero(row) for row in counts]
    curve = ToneCurve(levels, tuple((int(row[0]), int(row[-1])) for row in found), span)
    return curve.apply(picture), curve


def _curved(picture: Image.Image) -> Image.Image:
    """A photo in a mode whose channels are light: those of the other modes are not."""
    if picture.mode in ("L", "LA", "RGB", "RGBA", *DEEP_MODES):
        return picture
    alpha = picture.mode == "PA" or "transparency" in picture.info
    converted = picture.convert("L" if picture.mode == "1" else "RGBA" if alpha else "RGB")
    converted.format = picture.format
    return converted


def _colours(values: np.ndarray, mode: str) -> np.ndarray:
    """The channels that are no alpha: (N, channels)."""
    values = values[..., None] if values.ndim == 2 else values
    return values[..., :-1] if mode in ("LA", "RGBA") else values


def _span(picture: Image.Image) -> tuple[float, float]:
    """The values that stand for levels 0 and 255."""
    values = to_array(picture)
    if picture.mode in ("I", "F"):
        finite = values[np.isfinite(values)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        return low, high if high > low else low + 1
    return 0.0, 65535.0 if values.dtype.itemsize == 2 else 255.0


def _histograms(picture: Image.Image, span: tuple[float, float]) -> np.ndarray:
    """How many pixels of each channel are nearest to each level: (channels, 256)."""
    colours = _colours(to_array(picture), picture.mode)
    step = (span[1] - span[0]) / 255
    ends = span[0] - step / 2, span[1] + step / 2
    counts = [np.histogram(colours[..., channel], _BINS, ends)[0] for channel in range(colours.shape[-1])]
    return np.stack(counts).astype(np.float64)


def _quantile(counts: np.ndarray, share: float) -> float:
    """The level below which so much of a channel lies."""
    below = np.cumsum(counts) / max(counts.sum(), 1)
    return float(np.searchsorted(below, share))


def _ends(counts: np.ndarray) -> tuple[float, float]:
    low, high = _quantile(counts, TAIL), _quantile(counts, 1 - TAIL)
    short = max(0.0, (WHITE - BLACK) / STEEPEST - (high - low)) / 2
    return low - short, high + short


def _stretched(counts: np.ndarray, middle: float) -> float:
    """Where a level comes to lie when a channel is stretched to full contrast."""
    low, high = _ends(counts)
    return BLACK + (middle - low) / (high - low) * (WHITE - BLACK)


def _curve(counts: np.ndarray, middle: float, wanted: float) -> np.ndarray:
    """Rising levels that stretch a channel, with its middle part of the way to where it is wanted."""
    used = np.flatnonzero(counts)
    levels = np.arange(_BINS, dtype=np.float64)
    if len(used) < _FEWEST_LEVELS:
        return levels
    low, high = _ends(counts)
    target = _stretched(counts, middle)
    target += MIDDLE_SHARE * (wanted - target)
    place = np.clip((levels - low) / (high - low), 0, 1)
    share, aim = (
        (value - start) / (end - start) for value, start, end in ((middle, low, high), (target, BLACK, WHITE))
    )
    bend = np.log(np.clip(aim, 0.05, 0.95)) / np.log(np.clip(share, 0.05, 0.95))
    rise = np.diff(place ** np.clip(bend, 0.6, 1.6)) * (WHITE - BLACK)
    between = (levels[1:] > used[0]) & (levels[1:] <= used[-1])
    least = np.where(between, FLATTEST, UNUSED)
    steps = _limited(np.clip(rise, least, np.where(between, STEEPEST, UNUSED)), least, 255.0)
    start = np.clip(BLACK - steps[: max(0, int(low))].sum(), 0, 255 - steps.sum())
    return np.concatenate([[start], start + np.cumsum(steps)])


def _limited(steps: np.ndarray, least: np.ndarray, room: float) -> np.ndarray:
    """Steps that add up to no more than there is room for: what is above the least gets smaller."""
    over = steps.sum() - room
    if over <= 0:
        return steps
    spare = steps - least
    return least + spare * (1 - over / spare.sum())


def _mapped(photo: Image.Image, curves: list[tuple[np.ndarray, np.ndarray]], span: tuple[float, float]) -> Image.Image:
    """A photo with each channel's levels taken from one row of a curve to the other."""
    result = np.array(to_array(photo))
    channels = result[..., None] if result.ndim == 2 else result
    step = (span[1] - span[0]) / 255
    for channel, (before, after) in enumerate(curves):
        places = (channels[..., channel].astype(np.float64) - span[0]) / step
        back = np.interp(places, before, after) * step + span[0]
        channels[..., channel] = back if result.dtype.kind == "f" else back.round().astype(result.dtype)
    return _like(photo, result)


def _like(photo: Image.Image, values: np.ndarray) -> Image.Image:
    """Values as a photo of the same mode that carries the same."""
    if photo.mode in DEEP_MODES:
        result = Image.frombytes(photo.mode, photo.size, values.tobytes())
    elif low_bytes(photo) is not None:
        result = from_deep_array(values)
    else:
        result = Image.fromarray(values, photo.mode) if photo.mode == "LA" else Image.fromarray(values)
    result.info = {**photo.info, **result.info}
    result.format = photo.format
    return result
