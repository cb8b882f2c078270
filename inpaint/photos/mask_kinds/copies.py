"""Masks that are a copy of the photo in which the unwanted thing was erased to transparency, or painted over."""

import numpy as np
from PIL import Image

from inpaint.photos.errors import MaskError
from inpaint.photos.modes import DEEP_MODES, grey_range, strips, to_rgb

from .colours import NEAR, Colour, plain_colours, sample

ERASED = "the mask is a copy of the photo with a part erased to transparency; that part is the hole"
PAINTED = "the mask is a copy of the photo with a part painted over; that part is the hole"
_DETAILS = (NEAR, 12, 5)
"""Pixels that differ by more (of 255) from the photo's most common colour are its details, by which a copy is
recognised. The smaller values are for photos without contrast, such as those of the night."""
_SAME = 0.75
"""Largest difference, relative to that of the details, of a pixel that was compressed, or scaled there and back."""
_LEAST = 64
"""Details without which a picture cannot be recognised."""
_PLAIN_SHARE = 0.8
"""A picture of which more has one brightness is plain there, and repeats nothing."""
_EDGE, _ROUNDING, _EDGES_SHARE = 8, 2, 0.1
"""Neighbours that differ by more are an edge; this share of the photo's edges shows that a picture is an exact copy."""
_BLEND_SHARE, _BLEND_ERROR = 0.95, 8
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
    opaque = few[..., 3] >= max(1, most // 2)
    colours = plain_colours(few[opaque][:, :3])
    shown = _shown(few[..., :3], photo, opaque & ~np.asarray(sample(Image.fromarray(erased))))
    share = np.count_nonzero(erased) / erased.size
    if (shown or (shown is None and colours is None)) and (share <= 0.5 or invert):
        return erased, True
    if invert:
        return alpha == 0, False
    if colours is not None and not shown and np.mean(alpha < max(most - _ALPHA_NOISE, 1)) >= 0.5:
        return alpha > 0, False
    what = "shows the photo" if shown else "has many colours" if colours is None else "is plain, but the larger one"
    raise MaskError(
        f"the mask is transparent in {100 * share:.3g} % of the picture, and its opaque part {what}, so it cannot be "
        "told which of them is the hole: if the transparent part is, pass --invert (invert=True in Python); if the "
        "opaque part is, paint it in one colour",
        "transparent",
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
    details, same = _details(before)
    if np.count_nonzero(details) < _LEAST or not _repeats(difference <= same, details, before, after):
        return None
    exact = np.quantile(difference[details & (difference <= same)], 0.9) <= 1  # but for rounding
    changed = _changed(picture, photo, 2) if exact else _solid(_changed(picture, photo, 2 * same))
    if not changed.any():
        raise MaskError("the mask is the photo itself: pass a picture that is white where the photo is to be filled")
    near = NEAR // 4 if exact else NEAR
    painted = _pixels_at(picture, changed)
    paint = plain_colours(painted, most=2, share=0.6, near=near)
    if paint is None and exact:
        paint = _soft_paint(_pixels_at(photo, changed), painted)
    if paint is None:
        raise MaskError(
            "the mask is a copy of the photo with changes in many colours: paint the thing over in one plain colour, "
            "or pass a picture that is white where the photo is to be filled, and black elsewhere"
        )
    colours = [np.array(colour.rgb, np.int16) for colour in paint]
    if not exact:  # plain areas stay nearly plain in compression, and may resemble the photo
        changed = _solid(changed | (_changed(picture, photo, same / 2) & _of_colours(picture, colours, NEAR // 8)))
    return changed | (_enclosed(changed) & _of_colours(picture, colours, near))


def _changed(picture: Image.Image, photo: Image.Image, noise: float) -> np.ndarray:
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
    details, same = _details(before)
    details &= where
    recognisable = np.count_nonzero(details) >= _LEAST
    near = np.abs(before - pixels).max(axis=2) <= same
    if np.mean(near[where]) >= 0.8:
        return bool(np.mean(near[details]) >= 0.5) if recognisable else None
    first, second = before[where].mean(axis=1), pixels[where].mean(axis=1)
    alike = min(first.std(), second.std()) > 1 and np.corrcoef(first, second)[0, 1] >= _CORRELATION
    return bool(recognisable and alike)


def _details(pixels: np.ndarray) -> tuple[np.ndarray, float]:
    """Return where a picture, int16 (H, W, 3), differs from its most common colour, and which differences are none.

    Returns:
        bool (H, W), and the largest difference (of 255) of a pixel of a copy.
    """
    coded = (pixels >> 4) @ np.array([256, 16, 1])
    common = pixels[coded == np.bincount(coded.ravel()).argmax()].mean(axis=0)
    contrast = np.abs(pixels - common).max(axis=2)
    least = next((least for least in _DETAILS if np.count_nonzero(contrast > least) >= _LEAST), NEAR)
    return np.asarray(contrast > least), _SAME * least


def _repeats(same: np.ndarray, details: np.ndarray, before: np.ndarray, after: np.ndarray) -> bool:
    """Return whether a picture repeats the details of a photo.

    The black of an ordinary mask equals that of a silhouette or a text by chance. So the picture must vary in what it
    repeats, or show the bright background of the photo as well.

    Args:
        same: where the picture equals the photo: bool (H, W).
        details: where the photo has details: bool (H, W).
        before: the photo, int16 (H, W, 3).
        after: the picture, int16 (H, W, 3).
    """
    if np.mean(same[details]) < 0.5:
        return _has_its_edges(before, after)
    levels = np.bincount(after[same & details].mean(axis=1).astype(int) >> 3)
    if levels.max() < _PLAIN_SHARE * levels.sum():
        return True
    background = ~details
    return bool(before[background].mean() > NEAR and np.mean(same[background]) >= 0.5)


def _has_its_edges(before: np.ndarray, after: np.ndarray) -> bool:
    """Return whether a picture has some edges that are exactly those of a photo, most of which may be painted over."""
    step = np.abs(np.diff(before, axis=1)).max(axis=2) >= _EDGE
    alike = np.abs(before - after).max(axis=2) <= _ROUNDING
    kept = np.count_nonzero(step & alike[:, 1:] & alike[:, :-1])
    return bool(kept >= max(_LEAST, _EDGES_SHARE * np.count_nonzero(step)))


def _soft_paint(before: np.ndarray, after: np.ndarray) -> list[Colour] | None:
    """Return the colour of a brush with a soft rim, of which all changed pixels have a part; None: there is none.

    Args:
        before: the changed pixels in the photo, uint8 (N, 3).
        after: the same pixels in the copy, uint8 (N, 3).
    """
    common = plain_colours(after, most=1, share=0.1, near=NEAR // 4)
    if common is None:
        return None
    way = np.array(common[0].rgb, np.float32) - before
    gone = after.astype(np.float32) - before
    part = (gone * way).sum(axis=1) / np.maximum((way * way).sum(axis=1), 1)
    error = np.abs(gone - part.clip(0, 1)[:, None] * way).max(axis=1)
    return common if np.mean(error <= _BLEND_ERROR) >= _BLEND_SHARE else None


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
