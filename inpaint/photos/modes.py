"""Convert between a photo's own mode (palette, CMYK, 16-bit greyscale ...) and the RGB pixels of a fill."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from .transparency import has_transparent_colour, is_colour, palette_alpha, transparent_pixels

DEEP_MODES = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", *DEEP_MODES)
LOW_BYTES = "low_bytes"
"""Key in a photo's `info`. Pillow has no mode for 16-bit colour: such a photo is an image of the upper bytes, and under
this key a second image of the same size and mode has the lower bytes."""
GREY_BITS = "grey_bits"
"""Key in a photo's `info`: the bits of a sample, 2 or 4, where an image of mode L comes from a file with so few. Its
values are multiples of 85 or 17."""
_STRIP_PIXELS = 1 << 18
_COLOURS = 4096  # at a time, whose distances to the entries of a palette take a few megabytes


class Patch(NamedTuple):
    """RGB pixels to paste into a photo.

    Attributes:
        left: column of their first pixel in the photo.
        top: row of their first pixel in the photo.
        pixels: uint8 (h, w, 3).
    """

    left: int
    top: int
    pixels: np.ndarray


def grey_range(photo: Image.Image, hole: np.ndarray | None = None) -> tuple[float, float]:
    """Return the darkest and the brightest value of a deep greyscale photo, which become 0 and 255 in 8 bits.

    Args:
        photo: as `open_photo` returns it.
        hole: bool (H, W), pixels that do not count, which may have the number of missing values, far from all others;
            None: all count.
    """
    low, high = np.inf, -np.inf
    for rows, strip in strips(photo):
        values = np.asarray(strip)
        if hole is not None:
            values = values[~hole[rows]]
        finite = values[np.isfinite(values)] if photo.mode == "F" else values
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if low > high:
        return 0.0, 1.0
    return low, high if high > low else low + 1.0


def is_grey(pixels: np.ndarray) -> bool:
    """Return whether all pixels of RGB uint8 (H, W, 3) are grey."""
    for step in (16, 1):  # in most colour photos the subsample has a colour already
        some = pixels[::step, ::step]
        if (some[..., 0] != some[..., 1]).any() or (some[..., 1] != some[..., 2]).any():
            return False
    return True


def without_colour(pixels: np.ndarray) -> np.ndarray:
    """Return pixels with their luma in all three channels: RGB uint8 (H, W, 3). Grey pixels do not change."""
    return np.array(Image.fromarray(pixels).convert("L").convert("RGB"))


def strips(photo: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    """Yield the rows of a photo in strips, as NumPy, Pillow's conversions and comparisons each make a copy.

    Yields:
        The rows, and the part of the photo in them.
    """
    height = max(1, _STRIP_PIXELS // max(1, photo.width))
    for top in range(0, photo.height, height):
        bottom = min(top + height, photo.height)
        yield slice(top, bottom), photo.crop((0, top, photo.width, bottom))


def low_bytes(photo: Image.Image) -> Image.Image | None:
    """Return the lower bytes of a photo with 16-bit colour (see LOW_BYTES), or None if it has none that fit it."""
    low = photo.info.get(LOW_BYTES)
    fits = isinstance(low, Image.Image) and (low.size, low.mode) == (photo.size, photo.mode)
    return low if fits else None


def to_rgb(photo: Image.Image, levels: tuple[float, float] | None = None) -> np.ndarray:
    """Return the RGB pixels of a photo in any supported mode, without its alpha channel.

    Args:
        photo: as `open_photo` returns it, or a crop of it.
        levels: for the deep greyscale modes, the `grey_range` of the whole photo; None: of this image.

    Returns:
        uint8 (H, W, 3).
    """
    pixels = np.empty((photo.height, photo.width, 3), np.uint8)
    low, high = (levels or grey_range(photo)) if photo.mode in DEEP_MODES else (0.0, 0.0)
    for rows, strip in strips(photo):
        if photo.mode in DEEP_MODES:
            values = np.nan_to_num(np.asarray(strip).astype(np.float64), nan=low, posinf=high, neginf=low)
            pixels[rows] = np.clip((values - low) * (255 / (high - low)), 0, 255).round()[..., None]
            continue
        if photo.mode == "P" and "transparency" in photo.info:
            strip = strip.convert("RGBA")  # Pillow warns of a palette with transparency that becomes RGB
        pixels[rows] = np.asarray(strip if strip.mode == "RGB" else strip.convert("RGB"))
    return pixels


def write_patches(photo: Image.Image, patches: Iterable[Patch], mask: np.ndarray) -> Image.Image:
    """Return a copy of a photo in its own mode, with patches pasted inside the mask, see `PhotoWriter`.

    Args:
        photo: as `open_photo` returns it; not modified.
        patches: RGB pixels; those outside the mask are ignored.
        mask: bool (H, W), True = hole.
    """
    result = photo.copy()
    result.format = photo.format
    if (low := low_bytes(photo)) is not None:
        result.info[LOW_BYTES] = low.copy()
    writer = PhotoWriter(result)
    for patch in patches:
        height, width = patch.pixels.shape[:2]
        writer.write(patch, mask[patch.top : patch.top + height, patch.left : patch.left + width])
    return result


class PhotoWriter:
    """Writes RGB pixels into a photo in its own mode, in place. All other pixels stay identical.

    Alpha does not change anywhere: where a colour is declared transparent, its pixels stay, and no fill has it. In a
    palette photo the fill has the nearest opaque colours of the palette. In CMYK the fill has no black (Pillow's plain
    conversion). Deep greyscale keeps its depth; the fill has 256 levels between the photo's darkest and brightest
    values. 16-bit colour keeps its depth too; there the levels of the fill are multiples of 257.

    Args:
        photo: as `open_photo` returns it.
        hole: as for `grey_range`.
    """

    def __init__(self, photo: Image.Image, hole: np.ndarray | None = None) -> None:
        self.photo = photo
        low = low_bytes(photo)
        self._layers = [photo] if low is None else [photo, low]
        self._levels = grey_range(photo, hole) if photo.mode in DEEP_MODES else None
        self._palette = _Palette(photo) if photo.mode in ("P", "PA") else None

    def write(self, patch: Patch, hole: np.ndarray) -> None:
        """Write a patch where it is hole.

        Args:
            patch: lies within the photo.
            hole: bool (h, w), of the patch's size.
        """
        photo, (left, top, pixels) = self.photo, patch
        box = (left, top, left + hole.shape[1], top + hole.shape[0])
        before = [layer.crop(box) for layer in self._layers]
        keyed = has_transparent_colour(photo)
        if keyed:
            hole = hole & ~transparent_pixels(*before)
        if self._levels is not None:
            fill = _deep_fill(before[0], pixels, hole, self._levels)
        elif self._palette is not None:
            fill = self._palette.nearest(pixels, hole, photo.mode)
        else:
            fill = Image.fromarray(pixels)
            fill = fill if photo.mode == "RGB" else fill.convert(photo.mode)
            fill = _with_bits(fill, photo.info.get(GREY_BITS)) if photo.mode == "L" else fill
        if keyed and photo.mode != "P":
            fill = _opaque(fill, hole, photo.info, 257 if len(before) > 1 else 1)
        if self._levels is not None:
            photo.paste(fill, box)
            return
        shape = Image.fromarray(np.ascontiguousarray(hole))
        for layer, part in zip(self._layers, before, strict=True):
            if photo.mode in ("LA", "PA", "RGBA"):
                fill.putalpha(part.getchannel("A"))
            layer.paste(fill, box, shape)


def _with_bits(fill: Image.Image, bits: int | None) -> Image.Image:
    """Return a greyscale image with the nearest of the values that a few bits can hold; all, if there are 8."""
    if bits is None:
        return fill
    step = 255 // (2**bits - 1)
    return Image.fromarray(((np.asarray(fill).astype(np.uint16) + step // 2) // step * step).astype(np.uint8))


def _opaque(fill: Image.Image, hole: np.ndarray, info: Mapping[Any, Any], factor: int) -> Image.Image:
    """Return a fill whose pixels of the transparent colour have the next one.

    Args:
        fill: mode 1, L, I;16 or RGB.
        hole: bool (h, w): the pixels that are filled; others stay.
        info: of the photo.
        factor: by which the values of the fill have to be multiplied to be those of the photo.
    """
    values, colour = np.array(fill), info["transparency"]
    if fill.mode == "1":
        values[hole] = colour == 0
        return Image.fromarray(values)
    step = 255 // (2 ** info[GREY_BITS] - 1) if GREY_BITS in info else 1
    hit = hole & is_colour(values.astype(np.uint16) * np.uint16(factor), colour)
    values[hit] = (values[hit] // step ^ 1) * step
    return Image.frombytes(fill.mode, fill.size, values.tobytes())


def _deep_fill(before: Image.Image, pixels: np.ndarray, hole: np.ndarray, levels: tuple[float, float]) -> Image.Image:
    values = np.array(before)
    low, high = levels
    grey = pixels.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    fill = low + grey * ((high - low) / 255)
    values[hole] = (fill if values.dtype.kind == "f" else fill.round())[hole].astype(values.dtype)
    return Image.frombytes(before.mode, before.size, values.tobytes())


class _Palette:
    """Nearest-colour search among the entries of a photo's palette that are not transparent."""

    def __init__(self, photo: Image.Image) -> None:
        colours = np.array(photo.getpalette("RGBA"), np.uint8).reshape(-1, 4).copy()
        colours[:, 3] = np.minimum(colours[:, 3], palette_alpha(photo)[: len(colours)])
        self.photo = photo
        self.entries = np.flatnonzero(colours[:, 3] > 0) if (colours[:, 3] > 0).any() else np.arange(len(colours))
        chosen = colours[self.entries, :3].astype(np.float32)
        # times (r, g, b, 1): the squared distance without the colour's own square, exact as all are integers
        self.distance = np.concatenate([-2 * chosen, (chosen**2).sum(axis=1, keepdims=True)], axis=1).T

    def nearest(self, pixels: np.ndarray, hole: np.ndarray, mode: str) -> Image.Image:
        """Return an image in the photo's palette, mode P or PA. Pixels outside the hole are of the first entry."""
        indices = np.zeros(hole.shape, np.uint8)
        colours = pixels[hole]
        found = np.empty(len(colours), np.intp)
        for first in range(0, len(colours), _COLOURS):
            some = np.pad(colours[first : first + _COLOURS].astype(np.float32), ((0, 0), (0, 1)), constant_values=1)
            found[first : first + _COLOURS] = (some @ self.distance).argmin(axis=1)
        indices[hole] = self.entries[found]
        image = Image.fromarray(indices)
        image.putpalette(self.photo.getpalette() or [])
        return image if mode == "P" else image.convert("PA")


def without_info(photo: Image.Image) -> Image.Image:
    """Return a photo that shares the pixels, without metadata and format, of which Pillow would write some."""
    plain = photo._new(photo.im)
    plain.info = {}
    return plain
