"""Photos with texture, and holes, for tests of the synthesis."""

import numpy as np
from scipy import ndimage

from inpaint.synthesis.synthesize import synthesize


def textured(height, width, seed=0):
    """Blotches of about four pixels: uint8 (H, W, 3)."""
    noise = np.random.default_rng(seed).normal(size=(height, width, 3))
    return np.clip(ndimage.gaussian_filter(noise, (2, 2, 0)) * 400 + 128, 0, 255).astype(np.uint8)


def with_hole(height, width, top, left, bottom, right):
    """A photo, and a mask of a rectangle."""
    hole = np.zeros((height, width), bool)
    hole[top:bottom, left:right] = True
    return textured(height, width), hole


def surface_bytes(photo, hole, thickness_px, **options):
    """The synthesised surface, as bytes."""
    surface = synthesize(photo.copy(), hole, ~hole, thickness_px, **options)
    return surface.pixels.tobytes() + surface.agreement.tobytes()


def bricks(shape, height=28, width=64, mortar=4):
    """A wall of bricks whose colours are those of skin, with pale mortar: uint8 (H, W, 3)."""
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    row = rows // height
    shifted = columns + row % 2 * (width // 2)
    tone = rng.uniform(105, 150, (99, 99))[row % 99, shifted // width % 99]
    is_mortar = (rows % height < mortar) | (shifted % width < mortar)
    grey = np.where(is_mortar, 205, tone) + rng.normal(0, 3, shape)
    return np.clip(np.stack([grey, 0.6 * grey + 20 * is_mortar, 0.5 * grey + 40 * is_mortar], -1), 0, 255).astype(
        np.uint8
    )
