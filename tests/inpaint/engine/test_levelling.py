"""Half-transparent stains: levelled where the picture below is visible, left to the fill where it is not."""

import numpy as np
import pytest
from PIL import Image

from inpaint.benchmark.workloads import synthetic_photo
from inpaint.engine.levelling import level_stains, levelled, stains_of

SHAPE = 240, 320
ROWS, COLUMNS = np.mgrid[: SHAPE[0], : SHAPE[1]]
DISTANCE = np.hypot(ROWS - 120, COLUMNS - 160)
HOLE = DISTANCE < 70
BROWN = np.array([110, 75, 35])


def picture():
    """Stripes and waves, as a fill could continue them."""
    waves = 128 + 50 * np.sin(COLUMNS / 7) + 30 * np.sin(ROWS / 11 + COLUMNS / 23)
    return np.clip(waves[..., None] + [10, 0, -15], 0, 255).astype(np.uint8)


def stained(opacity, seed=0):
    alpha = (opacity * np.clip((64 - DISTANCE) / 4, 0, 1))[..., None]
    noise = np.random.default_rng(seed).normal(0, 1, (*SHAPE, 3))
    return np.clip(picture() + alpha * (BROWN - picture()) + noise, 0, 255).astype(np.uint8)


def filled():
    """What a fill makes of the hole: right at the rim, a plain tone inside."""
    fading = np.clip((70 - DISTANCE - 16) / 6, 0, 1)[..., None]
    return (picture() * (1 - fading) + picture().mean((0, 1)) * fading).astype(np.uint8)


def psnr(pixels, where):
    return -10 * np.log10((((pixels.astype(float) - picture())[where] / 255) ** 2).mean())


@pytest.mark.parametrize("opacity", [0.2, 0.45, 0.6])
def test_the_picture_below_a_stain_comes_back(opacity):
    pixels, core = levelled(stained(opacity), filled(), HOLE)
    assert psnr(pixels, core) > 28 > 22 > psnr(filled(), core)
    assert psnr(pixels, core) > psnr(stained(opacity), core) + 6
    assert not core[~HOLE].any() and core[120, 160]


def test_a_grey_photo_is_levelled_too():
    grey = [np.asarray(Image.fromarray(pixels).convert("L")) for pixels in (stained(0.5), filled())]
    pixels, core = levelled(*grey, HOLE)
    assert pixels.shape == SHAPE
    assert np.abs(pixels.astype(int) - np.asarray(Image.fromarray(picture()).convert("L")))[core].mean() < 8


def test_what_an_opaque_stain_hides_is_left_to_the_fill():
    assert levelled(stained(1.0), filled(), HOLE) is None
    torn = stained(0)
    torn[DISTANCE < 66] = synthetic_photo(320, 240, 5)[DISTANCE < 66]  # another picture
    assert levelled(torn, filled(), HOLE) is None


def test_only_thick_holes_of_common_photos_are_considered():
    photo = Image.fromarray(stained(0.5))
    assert len(stains_of(photo, HOLE)) == 1
    assert not stains_of(photo, np.abs(ROWS - 120) < 6)
    assert not stains_of(photo, np.zeros(SHAPE, bool))
    assert not stains_of(photo.convert("CMYK"), HOLE)


def test_a_filled_photo_is_changed_only_inside_the_hole():
    photo = Image.fromarray(stained(0.5))
    stains = stains_of(photo, HOLE)
    photo.paste(Image.fromarray(filled()), (0, 0), Image.fromarray(HOLE))
    before = np.array(photo)
    assert level_stains(photo, stains) == 1
    after = np.asarray(photo)
    assert np.array_equal(after[~HOLE], before[~HOLE])
    assert psnr(after, HOLE) > psnr(before, HOLE) + 5


def test_a_stain_at_the_edge_of_the_photo_is_levelled():
    shifted = [np.roll(pixels, -120, axis=0)[:150] for pixels in (stained(0.5), filled())]
    hole = np.roll(HOLE, -120, axis=0)[:150]
    photo = Image.fromarray(shifted[0])
    stains = stains_of(photo, hole)
    photo.paste(Image.fromarray(shifted[1]), (0, 0), Image.fromarray(hole))
    assert level_stains(photo, stains) == 1
