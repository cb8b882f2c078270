"""Colour masks: plain colours on a background."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageChops

from inpaint.photos.errors import MaskError
from inpaint.photos.modes import DEEP_MODES, strips, to_rgb

LOSSY = ("JPEG", "MPO", "WEBP", "AVIF", "HEIF", "JPEG2000")
NEAR = 32
"""Colours that differ by at most this value (of 255) in each channel are the same one, but for compression."""
FEW = 64
_SAMPLE_PIXELS = 1 << 18
_PLAIN_SHARE = 0.95
_DARK, _BRIGHT = 32, 223
_TRACE = 0.005
_PHOTO = (
    "the mask looks like a photo: it has many colours. Pass a picture that is white where the photo is to be filled, "
    "and black elsewhere"
)


class Colour(NamedTuple):
    """A plain colour of a picture.

    Attributes:
        rgb: its channels, 0 to 255.
        share: of the pixels that have it, 0 to 1.
    """

    rgb: tuple[int, int, int]
    share: float

    @property
    def luma(self) -> float:
        """Its brightness, 0 to 255."""
        return float(np.dot(self.rgb, (0.299, 0.587, 0.114)))


def is_lossy(picture: Image.Image) -> bool:
    """Return whether a picture comes from a file whose compression changes values a little."""
    return picture.format in LOSSY and not picture.info.get("lossless")


def sample(picture: Image.Image) -> Image.Image:
    """Return a picture of at most 512x512 pixels, each of which is one of the picture's own."""
    step = max(1, round((picture.width * picture.height / _SAMPLE_PIXELS) ** 0.5))
    size = -(-picture.width // step), -(-picture.height // step)
    return picture.resize(size, Image.Resampling.NEAREST) if step > 1 else picture


def plain_colours(
    pixels: np.ndarray, most: int = 8, share: float = _PLAIN_SHARE, near: int = NEAR
) -> list[Colour] | None:
    """Return the few plain colours that pixels have, the most common one first; None if there are not few.

    Args:
        pixels: uint8 (N, 3).
        most: the largest number of colours.
        share: of the pixels that these colours must cover.
        near: the largest difference in each channel from a plain colour.
    """
    left, total = pixels.astype(np.int16), len(pixels)
    found: list[Colour] = []
    while len(left) > (1 - share) * total:
        if len(found) == most:
            return None
        coded = (left >> 3) @ np.array([1 << 10, 1 << 5, 1])
        common = left[coded == np.bincount(coded).argmax()].mean(axis=0).round()
        of_colour = np.abs(left - common).max(axis=1) <= near
        found.append(Colour((int(common[0]), int(common[1]), int(common[2])), np.count_nonzero(of_colour) / total))
        left = left[~of_colour]
    return found


def has_colour(picture: Image.Image) -> bool:
    """Return whether a picture is more than shades of grey; the noise of compression is not a colour."""
    if picture.mode in ("1", "L", "LA", *DEEP_MODES):
        return False
    limit, coloured = NEAR if is_lossy(picture) else NEAR // 4, 0
    for _, strip in strips(picture):
        red, green, blue = (strip if strip.mode == "RGB" else Image.fromarray(to_rgb(strip))).split()
        first, second = ImageChops.difference(red, green), ImageChops.difference(green, blue)
        largest = ImageChops.lighter(ImageChops.lighter(first, second), ImageChops.difference(red, blue))
        coloured += sum(largest.histogram()[limit + 1 :])
    return coloured > (picture.width * picture.height * 1e-4 if is_lossy(picture) else 0)


def colours_to_hole(picture: Image.Image) -> np.ndarray:
    """Return where a colour mask differs from its background, which is black, or white where it has no black.

    Args:
        picture: of any mode with 8 bits; its alpha channel is ignored.

    Returns:
        bool (H, W), True = hole.

    Raises:
        MaskError: it is not a mask of plain colours, or it cannot be told which colour is the background.
    """
    background = _background(picture)
    limit = 2 * NEAR if is_lossy(picture) else NEAR - 1
    hole = np.empty((picture.height, picture.width), bool)
    for rows, strip in strips(picture):
        difference = np.abs(to_rgb(strip).astype(np.int16) - np.array(background, np.int16))
        np.greater(difference.max(axis=2), limit, out=hole[rows])
    return hole


def _colours_of(picture: Image.Image) -> list[Colour] | None:
    if not is_lossy(picture) and "transparency" not in picture.info:
        exact = (picture if picture.mode == "RGB" else picture.convert("RGB")).getcolors(FEW)
        if exact is not None:
            pixels = picture.width * picture.height
            return [Colour(rgb, count / pixels) for count, rgb in exact if isinstance(rgb, tuple) and len(rgb) == 3]
    return plain_colours(to_rgb(sample(picture)).reshape(-1, 3))


def _background(picture: Image.Image) -> tuple[int, int, int]:
    colours = _colours_of(picture)
    if colours is None:
        raise MaskError(_PHOTO)
    black = sum(colour.share for colour in colours if max(colour.rgb) <= _DARK)
    white = sum(colour.share for colour in colours if min(colour.rgb) >= _BRIGHT)
    if black > 0 and black >= white:
        return 0, 0, 0
    if white >= 0.5 and black < _TRACE:
        return 255, 255, 255
    if picture.mode == "P" and picture.getextrema()[0] == 0:  # label maps: index 0 is the background
        red, green, blue = (picture.getpalette("RGB") or [0, 0, 0])[:3]
        return red, green, blue
    darker, brighter = min(colours, key=lambda colour: colour.luma), max(colours, key=lambda colour: colour.luma)
    if len(colours) == 2 and brighter.luma - darker.luma >= 128:
        return darker.rgb
    if len(colours) > 2 and (picture if picture.mode == "RGB" else picture.convert("RGBA")).getcolors(FEW) is None:
        raise MaskError(_PHOTO)
    names = ", ".join(f"({red}, {green}, {blue})" for (red, green, blue), _ in colours[:4])
    raise MaskError(
        f"the mask has the colours {names}, and it cannot be told which of them is the background: make it black, and "
        "the hole white"
    )
