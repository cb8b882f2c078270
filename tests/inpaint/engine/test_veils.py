"""Half-transparent damage: lifted where the picture below is visible, left to the fill where it is not."""

import numpy as np
import pytest
from PIL import Image

from inpaint.engine import veils
from inpaint.engine.regions import dilate
from inpaint.engine.veils import lift_veils, lifted, veiled_in
from inpaint.morphology.distance import distance_transform

SHAPE = 240, 320
ROWS, COLUMNS = np.mgrid[: SHAPE[0], : SHAPE[1]]
BROWN, WHITE, BLACK = (np.array(color) for color in ((110, 75, 35), (245, 245, 240), (15, 15, 20)))
STAIN = np.clip((64 - np.hypot(ROWS - 120, COLUMNS - 160)) / 4, 0, 1)
HAIR = np.clip(2.6 - np.abs(ROWS - 60 - 20 * np.sin(COLUMNS / 50)), 0, 1) * (np.abs(COLUMNS - 160) < 120)
SPECKS = np.max([np.clip(4.5 - np.hypot(ROWS - y, COLUMNS - x), 0, 1) for y, x in ((40, 50), (150, 90), (200, 290))], 0)
SHAPES = {"stain": STAIN, "hair": HAIR, "specks": SPECKS}


def picture(seed=1):
    """Waves and texture."""
    waves = 128 + 45 * np.sin(COLUMNS / 7) + 30 * np.sin(ROWS / 11 + COLUMNS / 23)
    texture = np.random.default_rng(seed).normal(0, 6, SHAPE)
    return np.clip((waves + texture)[..., None] + [10, 0, -15], 0, 255).astype(np.uint8)


def veiled(alpha, opacity, color, seed=0):
    noise = np.random.default_rng(seed).normal(0, 1, (*SHAPE, 3))
    return np.clip(picture() + opacity * alpha[..., None] * (color - picture()) + noise, 0, 255).astype(np.uint8)


def hole_of(alpha):
    return dilate(alpha > 0.05, 2)


def filled(hole):
    """What a fill makes of the hole: waves that run wrong the deeper they are, and a texture of its own."""
    sure = np.clip(1 - distance_transform(hole) / 16, 0, 1)[..., None]
    other = np.roll(picture(2), (0, 7), (0, 1))
    fill = picture(2) * sure + other * (1 - sure)
    return np.where(hole[..., None], fill, picture()).astype(np.uint8)


def restored(scan, hole):
    fill = filled(hole)
    values, visible = lifted(scan[hole], fill, hole)
    fill[hole] = np.where(visible[:, None], values, fill[hole])
    return fill, visible


def psnr(pixels, where):
    return -10 * np.log10((((pixels.astype(float) - picture())[where] / 255) ** 2).mean())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("color", [BROWN, WHITE, BLACK], ids=["brown", "white", "black"])
def test_the_picture_below_half_transparent_damage_comes_back(shape, color):
    alpha = SHAPES[shape]
    hole, scan = hole_of(alpha), veiled(alpha, 0.3, color)
    result, visible = restored(scan, hole)
    assert visible.mean() > 0.9
    assert psnr(result, hole) > psnr(filled(hole), hole) + {"stain": 5, "hair": 0, "specks": 0.4}[shape]
    assert psnr(result, alpha > 0.9) > psnr(scan, alpha > 0.9) + 1
    missing, added = ((pixels.astype(float) - filled(hole))[hole].ravel() for pixels in (picture(), result))
    assert np.corrcoef(missing, added)[0, 1] > 0.55  # what is not in the fill comes from the picture


def test_no_trace_of_a_hair_stays():
    hole, scan = hole_of(HAIR), veiled(HAIR, 0.35, WHITE)
    result, _ = restored(scan, hole)
    along = [(pixels.astype(float) - picture())[HAIR > 0.9].mean() for pixels in (scan, result)]
    assert along[0] > 30 and abs(along[1]) < 6


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("color", [WHITE, BLACK], ids=["white", "black"])
def test_what_opaque_damage_hides_is_left_to_the_fill(shape, color):
    alpha = SHAPES[shape]
    result, _ = restored(veiled(alpha, 1.0, color), hole := hole_of(alpha))
    assert np.array_equal(result, filled(hole))


def test_paint_of_the_pictures_own_tone_is_left_to_the_fill():
    mean = picture()[hole := hole_of(STAIN)].mean(0)
    assert not restored(veiled(STAIN, 1.0, mean), hole)[1].any()


def test_a_plain_picture_is_left_to_the_fill():
    plain = np.full((*SHAPE, 3), 150, np.uint8)
    scan = np.clip(plain + 0.3 * SPECKS[..., None] * (WHITE - plain), 0, 255).astype(np.uint8)
    hole = hole_of(SPECKS)
    assert not lifted(scan[hole], plain, hole)[1].any()
    photo = Image.fromarray(plain)
    assert lift_veils(photo, veiled_in(Image.fromarray(scan), hole)) == 0
    assert np.array_equal(np.asarray(photo), plain)


def test_grey_photos_and_parts_of_colour_photos_give_the_same_kind_of_result():
    hole = hole_of(HAIR)
    scan, fill = (
        np.asarray(Image.fromarray(pixels).convert("L")) for pixels in (veiled(HAIR, 0.3, WHITE), filled(hole))
    )
    values, visible = lifted(scan[hole], fill, hole)
    assert values.shape == visible.shape == (np.count_nonzero(hole),) and visible.mean() > 0.9


def test_photos_without_holes_and_those_of_other_modes_have_no_veil():
    photo = Image.fromarray(picture())
    assert veiled_in(photo, np.zeros(SHAPE, bool)) is None
    assert veiled_in(photo.convert("CMYK"), hole_of(HAIR)) is None


@pytest.mark.parametrize("strip_pixels", [None, 320 * 100])
def test_a_photo_changes_only_inside_of_its_hole_also_when_it_is_done_in_strips(monkeypatch, strip_pixels):
    if strip_pixels:
        monkeypatch.setattr(veils, "_STRIP_PIXELS", strip_pixels)
    alpha = np.maximum(HAIR, SPECKS)
    hole = hole_of(alpha)
    before = veiled_in(Image.fromarray(veiled(alpha, 0.3, WHITE)), hole)
    photo = Image.fromarray(filled(hole))
    count = lift_veils(photo, before)
    after = np.asarray(photo)
    assert 0.85 * hole.sum() < count <= hole.sum()
    assert np.array_equal(after[~hole], filled(hole)[~hole])
    assert psnr(after, hole) > psnr(filled(hole), hole)
