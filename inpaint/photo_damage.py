"""The damage of a photo as it was opened: from its infrared channel if it has one, else as a network finds it."""

from collections.abc import Collection

import numpy as np
from PIL import Image

from inpaint.infrared.detect import dust_of
from inpaint.photos.modes import low_bytes, to_rgb
from inpaint.photos.transparency import has_transparency, transparent_pixels
from inpaint.segmentation.kinds import check_kinds, chosen_kinds

from .damage import DamageFinder, OnProgress
from .damage_masks import check_threshold

NOTES, DUST = "notes", "dust"
"""Keys in the `info` of a mask that `find_photo_damage` returns."""


def find_photo_damage(
    photo: Image.Image,
    finder: DamageFinder,
    *,
    threshold: float,
    grow_px: float,
    kinds: Collection[str],
    on_progress: OnProgress | None,
) -> tuple[Image.Image, np.ndarray]:
    """Return the mask of a photo's damage and its probability; see `Inpainter.find_damage`.

    Args:
        photo: as `open_photo` returns it; not modified.
        finder: asked where no infrared channel shows the damage.
        threshold: as for `Inpainter.find_damage`.
        grow_px: as for `Inpainter.find_damage`.
        kinds: as for `Inpainter.find_damage`.
        on_progress: as for `Inpainter.find_damage`.
    """
    check_threshold(threshold)
    chosen = check_kinds(kinds)
    dust, note = dust_of(photo, threshold=threshold, grow_px=grow_px)
    if dust is None:
        mask, probability = finder.find_damage(
            to_rgb(photo), threshold=threshold, grow_px=grow_px, kinds=chosen, on_progress=on_progress
        )
    else:
        mask, probability = chosen_kinds(dust.mask, chosen), dust.mask.astype(np.float32)
    if has_transparency(photo):
        visible = ~transparent_pixels(photo, low_bytes(photo))
        mask &= visible
        probability *= visible
    found = Image.fromarray(mask.astype(np.uint8) * 255)
    found.info[NOTES] = (note,) if note else ()
    if dust is not None:
        found.info[DUST] = dust
    return found, probability
