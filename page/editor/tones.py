"""Tone curves as the browser shows them."""

import numpy as np
from PIL import Image

from inpaint import ToneCurve
from page.editor.patches import srgb_transform

FADED_GAIN = 1.15
"""A photo is faded if its curve raises the contrast of any channel by this factor."""


def is_faded(curve: ToneCurve) -> bool:
    """Return whether a photo with this curve has lost contrast, or has a colour cast."""
    gains = [
        (row[high] - row[low]) / (high - low)
        for row, (low, high) in zip(curve.levels, curve.used, strict=True)
        if high > low
    ]
    return bool(max(gains, default=1.0) >= FADED_GAIN)


def display_levels(curve: ToneCurve, photo: Image.Image) -> list[list[float]]:
    """Return the levels that the browser is to show instead of 0 to 255, for red, green and blue, from 0 to 255.

    The browser shows a photo in sRGB, converted by its colour profile, while the curve is one of the photo's own
    values. So both sides of the curve are converted, as greys: faded photos have hardly any colour.
    """
    rows = np.broadcast_to(curve.levels, (3, 256))
    profile = photo.info.get("icc_profile") if photo.mode in ("RGB", "RGBA") else None
    transform = None if profile is None else srgb_transform(profile)
    if transform is None:
        return rows.round(2).tolist()
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    shown = np.maximum.accumulate(np.asarray(transform.apply(Image.fromarray(ramp)), np.float64)[0].mean(axis=1))
    own = np.interp(np.arange(256), shown + np.arange(256) * 1e-6, np.arange(256))  # the photo's value of what is shown
    return [np.interp(np.interp(own, np.arange(256), row), np.arange(256), shown).round(2).tolist() for row in rows]
