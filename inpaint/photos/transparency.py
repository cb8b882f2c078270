"""Which pixels of a photo are transparent: by an alpha channel, a palette with alpha, or a transparent colour."""

import numpy as np
from PIL import Image

ALPHA_MODES = ("LA", "PA", "RGBA")
KEY_MODES = ("1", "L", "P", "RGB", "I;16")
"""Modes in which a colour can be declared transparent, under "transparency" in a photo's `info`."""


def has_transparency(photo: Image.Image) -> bool:
    """Return whether pixels of a photo may be transparent."""
    return photo.mode in ALPHA_MODES or has_transparent_colour(photo)


def has_transparent_colour(photo: Image.Image) -> bool:
    """Return whether a photo declares colours transparent, and so has no alpha channel to keep."""
    return photo.mode in KEY_MODES and photo.info.get("transparency") is not None


def transparent_pixels(photo: Image.Image, low: Image.Image | None = None) -> np.ndarray:
    """Return which pixels are fully transparent.

    Args:
        photo: has transparency; or a crop of such a photo.
        low: the lower bytes of 16-bit colour, see `modes.LOW_BYTES`, of the photo's size.

    Returns:
        bool (H, W).
    """
    if photo.mode in ALPHA_MODES:
        clear = np.asarray(photo.getchannel("A")) == 0
        return clear if low is None else clear & (np.asarray(low.getchannel("A")) == 0)
    if photo.mode == "P":
        return palette_alpha(photo)[np.asarray(photo)] == 0
    values = np.asarray(photo)
    if photo.mode == "1":
        values = values.astype(np.uint8) * np.uint8(255)
    if low is not None:
        values = values.astype(np.uint16) << 8 | np.asarray(low)
    return is_colour(values, photo.info["transparency"])


def alpha_of(photo: Image.Image, low: Image.Image | None = None) -> Image.Image:
    """Return the alpha of a photo that has transparency, or of a crop of it: mode L.

    Args:
        photo: has transparency.
        low: as for `transparent_pixels`.
    """
    if photo.mode in ALPHA_MODES:
        return photo.getchannel("A")
    if photo.mode == "P":
        return Image.fromarray(palette_alpha(photo)[np.asarray(photo)])
    return Image.fromarray(np.where(transparent_pixels(photo, low), 0, 255).astype(np.uint8))


def with_alpha(photo: Image.Image, low: Image.Image | None = None) -> tuple[Image.Image, Image.Image | None]:
    """Return a photo that declares a colour transparent with an alpha channel instead, and its lower bytes.

    Args:
        photo: mode 1, L, P or RGB.
        low: the lower bytes of 16-bit colour, of the photo's size.
    """
    if photo.mode == "P":
        return photo.convert("RGBA"), None
    alpha = alpha_of(photo, low)
    layers = []
    for layer in (photo, low):
        turned = None if layer is None else layer.convert("L") if layer.mode == "1" else layer.copy()
        if turned is not None:
            turned.info.pop("transparency", None)
            turned.putalpha(alpha)
        layers.append(turned)
    return layers[0] or photo, layers[1]


def is_colour(values: np.ndarray, colour: int | tuple[int, ...] | bytes) -> np.ndarray:
    """Return which pixels have a colour.

    Args:
        values: (H, W) or (H, W, channels).
        colour: one value per channel, of the depth of `values`.

    Returns:
        bool (H, W).
    """
    if isinstance(colour, bytes):  # belongs to a palette that is gone
        return np.zeros(values.shape[:2], bool)
    matches = values == np.asarray(colour)
    return matches if matches.ndim == 2 else matches.all(axis=2)


def palette_alpha(photo: Image.Image) -> np.ndarray:
    """Return the alpha of each index of a photo's palette, as its `info` declares it: uint8 (256,)."""
    alpha = np.full(256, 255, np.uint8)
    declared = photo.info.get("transparency")
    if isinstance(declared, bytes):
        alpha[: len(declared)] = np.frombuffer(declared[:256], np.uint8)
    elif isinstance(declared, int) and 0 <= declared < len(alpha):
        alpha[declared] = 0
    return alpha
