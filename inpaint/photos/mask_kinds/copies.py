"""Masks that are a copy of the photo in which the unwanted thing was erased to transparency, or painted over."""

import numpy as np
from PIL import Image

from inpaint.photos.errors import MaskError
from inpaint.photos.modes import DEEP_MODES, grey_range, strips, to_rgb

from .colours import NEAR, plain_colours, sample

ERASED = "the mask is a copy of the photo with a part erased to transparency; that part is the hole"
PAINTED = "the mask is a copy of the photo with a part painted over; that part is the hole"
_SAME = 24
"""Largest difference (of 255) of a pixel that was compressed, or scaled there and back."""
_LEAST = 64
"""Pixels that differ from the photo's most common colour, without which a picture cannot be recognised."""
_CORRELATION = 0.95
_ALPHA_NOISE = 5
_CORE_SHARE = 0.2
_NEAR_CORE_PX = 3


def layer_to_hole(picture: Image.Image, photo: Image.Image | None, invert: bool) -> tuple[np.ndarray | None, bool]:
    """Return where a mask with an alpha channel marks the hole.

    A copy of the photo is hole where it is transparent and the photo is not. A layer of plain colours is hole where it
    is not transparent, if this is the smaller part: some tools write plain pictures that are transparent in the hole.

    Args:
        picture: with an alpha channel.
        photo: the photo, of the same size; None: unknown.
        invert: the mask is transparent where the photo is to be filled.

    Returns:
        bool (H, W), True = hole, and whether the mask is a copy of the photo. None instead of the hole: the alpha
        channel says nothing, as all of the picture is as opaque as the photo.

    Raises:
        MaskError: it is neither, so that it cannot be told which side is meant.
    """
    alpha = _alpha_of(picture)
    most = int(alpha.max())
    if most == 0:
        return np.full(alpha.shape, invert), False
    own = _alpha_of(photo) if photo is not None and has_alpha(photo) else np.uint8(255)
    limit = np.maximum(np.minimum(own, most), _ALPHA_NOISE) - _ALPHA_NOISE
    erased = alpha < limit if most > _ALPHA_NOISE else alpha < most
    if not erased.any():
        return None, False
    few = np.asarray(sample(picture).convert("RGBA"))
    colours = plain_colours(few[few[..., 3] >= max(1, most // 2)][:, :3])
    shown = _shown(few[..., :3], photo, few[..., 3] > most - _ALPHA_NOISE)
    share = np.count_nonzero(erased) / erased.size
    if (shown or (shown is None and colours is None)) and (share <= 0.5 or invert):
        return erased, True
    if invert:
        return alpha == 0, False
    if colours is not None and not shown and share >= 0.5:
        return alpha > 0, False
    what = "shows the photo" if shown else "has many colours" if colours is None else "is plain, but the larger one"
    raise MaskError(
        f"the mask is transparent in {100 * share:.3g} % of the picture, and its opaque part {what}, so it cannot be "
        "told which of them is the hole: if the transparent part is, pass --invert (invert=True in Python); if the "
        "opaque part is, paint it in one colour"
    )


def has_alpha(picture: Image.Image) -> bool:
    """Return whether a picture has an alpha channel, or declares a colour as transparent."""
    return picture.mode in ("LA", "PA", "RGBA") or "transparency" in picture.info


def painted_to_hole(picture: Image.Image, photo: Image.Image) -> np.ndarray | None:
    """Return where a copy of the photo was painted over in plain colours; None if the picture is no copy.

    Args:
        picture: of any mode with 8 bits; its alpha channel is ignored.
        photo: the photo, of the same size.

    Returns:
        bool (H, W), True = hole.

    Raises:
        MaskError: nothing was painted over, or not in plain colours.
    """
    before, after = to_rgb(sample(photo)).astype(np.int16), to_rgb(sample(picture)).astype(np.int16)
    difference = np.abs(before - after).max(axis=2)
    busy = _busy(before)
    if np.count_nonzero(busy) < _LEAST or np.mean(difference[busy] <= _SAME) < 0.5:
        return None
    exact = np.quantile(difference[difference <= _SAME], 0.9) <= 1  # but for rounding
    changed = _changed(picture, photo, 2) if exact else _solid(_changed(picture, photo, 2 * _SAME))
    if not changed.any():
        raise MaskError("the mask is the photo itself: pass a picture that is white where the photo is to be filled")
    near = NEAR // 4 if exact else NEAR
    paint = plain_colours(_pixels_at(picture, changed), most=2, share=0.6, near=near)
    if paint is None:
        raise MaskError(
            "the mask is a copy of the photo with changes in many colours: paint the thing over in one plain colour, "
            "or pass a picture that is white where the photo is to be filled, and black elsewhere"
        )
    colours = [np.array(colour.rgb, np.int16) for colour in paint]
    if not exact:  # plain areas stay nearly plain in compression, and may resemble the photo
        changed = _solid(changed | (_changed(picture, photo, _SAME // 2) & _of_colours(picture, colours, NEAR // 8)))
    return changed | (_enclosed(changed) & _of_colours(picture, colours, near))


def _changed(picture: Image.Image, photo: Image.Image, noise: int) -> np.ndarray:
    """Return where a copy of the photo differs from it by more than `noise` (of 255)."""
    levels = grey_range(photo) if photo.mode in DEEP_MODES else None
    changed = np.empty((picture.height, picture.width), bool)
    for rows, strip in strips(picture):
        own = to_rgb(photo.crop((0, rows.start, photo.width, rows.stop)), levels).astype(np.int16)
        np.greater(np.abs(to_rgb(strip) - own).max(axis=2), noise, out=changed[rows])
    return changed


def _of_colours(picture: Image.Image, colours: list[np.ndarray], near: int) -> np.ndarray:
    """Return where a picture has one of some colours, but for `near` (of 255): bool (H, W)."""
    found = np.empty((picture.height, picture.width), bool)
    for rows, strip in strips(picture):
        pixels = to_rgb(strip).astype(np.int16)
        found[rows] = np.any([np.abs(pixels - colour).max(axis=2) <= near for colour in colours], axis=0)
    return found


def _alpha_of(picture: Image.Image) -> np.ndarray:
    alpha = np.empty((picture.height, picture.width), np.uint8)
    for rows, strip in strips(picture):
        alpha[rows] = np.asarray(strip.convert("RGBA").getchannel("A"))
    return alpha


def _shown(pixels: np.ndarray, photo: Image.Image | None, where: np.ndarray) -> bool | None:
    """Return whether a sample of a mask shows the photo where it is opaque, but for compression, scaling or tone.

    Returns:
        None if it has the photo's colours, but the photo is plain there, so that this says little.
    """
    if photo is None or not where.any():
        return False
    before = to_rgb(sample(photo)).astype(np.int16)
    busy = where & _busy(before)
    recognisable = np.count_nonzero(busy) >= _LEAST
    near = np.abs(before - pixels).max(axis=2) <= _SAME
    if np.mean(near[where]) >= 0.8:
        return bool(np.mean(near[busy]) >= 0.5) if recognisable else None
    first, second = before[where].mean(axis=1), pixels[where].mean(axis=1)
    alike = min(first.std(), second.std()) > 1 and np.corrcoef(first, second)[0, 1] >= _CORRELATION
    return bool(recognisable and alike)


def _busy(pixels: np.ndarray) -> np.ndarray:
    """Return where a picture, int16 (H, W, 3), differs from its most common colour: bool (H, W)."""
    coded = (pixels >> 4) @ np.array([256, 16, 1])
    common = pixels[coded == np.bincount(coded.ravel()).argmax()].mean(axis=0)
    return np.asarray(np.abs(pixels - common).max(axis=2) > NEAR)


def _pixels_at(picture: Image.Image, where: np.ndarray, most: int = 1 << 18) -> np.ndarray:
    """Return at most about `most` of the pixels at the marked places: uint8 (N, 3)."""
    step = max(1, np.count_nonzero(where) // most)
    return np.concatenate([to_rgb(strip)[where[rows]][::step] for rows, strip in strips(picture)])


def _solid(changed: np.ndarray) -> np.ndarray:
    """Return changed pixels near those whose neighbours have changed too; others are the noise of compression."""
    core = changed.copy()
    for axis in (0, 1):
        core &= np.roll(changed, 1, axis) & np.roll(changed, -1, axis)
    if np.count_nonzero(core) < _CORE_SHARE * np.count_nonzero(changed):
        return np.zeros_like(changed)
    for _ in range(_NEAR_CORE_PX):
        for axis in (0, 1):
            core |= np.roll(core, 1, axis) | np.roll(core, -1, axis)
    return changed & core


def _enclosed(changed: np.ndarray) -> np.ndarray:
    """Return the pixels between changed ones, in their row and in their column."""
    enclosed = np.ones_like(changed)
    for axis in (0, 1):
        enclosed &= np.logical_or.accumulate(changed, axis)
        enclosed &= np.flip(np.logical_or.accumulate(np.flip(changed, axis), axis), axis)
    return enclosed
